#include "ops/broadcast.h"

#include <algorithm>

namespace zeropoint {
namespace {

std::int64_t dim_from_end(const Shape& shape, std::size_t back) {
  return back < shape.size() ? shape[shape.size() - 1 - back] : 1;
}

std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

}  // namespace

Shape broadcast_shape(const OpSite& site) {
  Shape shape;
  for (std::size_t k = 0; k < site.inputs.size(); ++k) {
    const Shape& operand = site.input(k).shape;
    if (operand.size() > shape.size()) shape.insert(shape.begin(), operand.size() - shape.size(), 1);
    for (std::size_t back = 0; back < operand.size(); ++back) {
      std::int64_t& dim = shape[shape.size() - 1 - back];
      const std::int64_t other = dim_from_end(operand, back);
      if (dim != other && dim != 1 && other != 1) {
        std::string shapes;
        for (const ValueFacts& facts : site.inputs) shapes += (shapes.empty() ? "" : " and ") + to_string(facts.shape);
        site.invalid("shapes {} cannot be broadcast together", shapes);
      }
      if (dim == 1) dim = other;
    }
  }
  return shape;
}

Broadcast::Broadcast(const Shape& output, std::initializer_list<const Shape*> operands, std::int64_t grain) {
  std::vector<Loop> loops;  // innermost first
  Offsets dense{};
  dense.fill(1);
  for (std::size_t back = 0; back < output.size(); ++back) {
    const std::int64_t size = dim_from_end(output, back);
    Loop loop{size, {}};
    std::size_t k = 0;
    for (const Shape* operand : operands) {
      const std::int64_t own = dim_from_end(*operand, back);
      loop.step[k] = own == 1 ? 0 : dense[k];
      dense[k] *= own;
      ++k;
    }
    if (size == 1) continue;
    const auto continues = [&](std::size_t i) { return loop.step[i] == loops.back().step[i] * loops.back().size; };
    if (!loops.empty() && continues(0) && continues(1) && continues(2)) {
      loops.back().size *= size;
    } else {
      loops.push_back(loop);
    }
  }
  if (!loops.empty()) cols_ = loops[0];
  if (loops.size() > 1) rows_ = loops[1];
  if (loops.size() > 2) outer_.assign(loops.begin() + 2, loops.end());

  tile_cols_ = std::clamp<std::int64_t>(cols_.size, 1, grain);
  tile_rows_ = std::clamp<std::int64_t>(grain / tile_cols_, 1, std::max<std::int64_t>(rows_.size, 1));
  row_tiles_ = ceil_div(rows_.size, tile_rows_);
  col_tiles_ = ceil_div(cols_.size, tile_cols_);
  tiles_ = row_tiles_ * col_tiles_;
  for (const Loop& loop : outer_) tiles_ *= loop.size;
  tiles_per_chunk_ = std::max<std::int64_t>(1, grain / (tile_rows_ * tile_cols_));
}

Broadcast::Tile Broadcast::tile(std::int64_t index) const {
  const std::int64_t col = index % col_tiles_ * tile_cols_;
  index /= col_tiles_;
  const std::int64_t row = index % row_tiles_ * tile_rows_;
  index /= row_tiles_;
  Tile tile{.out = (index * rows_.size + row) * cols_.size + col,
            .rows = std::min(tile_rows_, rows_.size - row),
            .cols = std::min(tile_cols_, cols_.size - col),
            .in = {},
            .row_step = rows_.step,
            .col_step = cols_.step};
  for (std::size_t k = 0; k < tile.in.size(); ++k) tile.in[k] = row * rows_.step[k] + col * cols_.step[k];
  for (const Loop& loop : outer_) {
    const std::int64_t i = index % loop.size;
    index /= loop.size;
    for (std::size_t k = 0; k < tile.in.size(); ++k) tile.in[k] += i * loop.step[k];
  }
  return tile;
}

}  // namespace zeropoint
