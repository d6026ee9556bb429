#include "kernels/movement/strided_copy.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/parallel.h"
#include "kernels/movement/transpose_tile.h"

namespace zeropoint {
namespace {

constexpr std::int64_t kChunkBytes = 128 << 10;  // a few microseconds of copying: worth handing to a thread
constexpr std::int64_t kTileRows = 64;           // of a transposition: a multiple of a cache line of any element
constexpr std::int64_t kTileColumns = 512;
constexpr std::size_t kMaxLoops = 64;  // every loop that is left counts to 2 or more

struct Bytes16 {
  std::uint64_t low, high;
};

std::int64_t chunk_units(std::int64_t bytes_per_unit) {
  return std::max<std::int64_t>(1, kChunkBytes / std::max<std::int64_t>(1, bytes_per_unit));
}

template <class Element>
Element load(const std::byte* p) {
  Element value;
  std::memcpy(&value, p, sizeof(Element));
  return value;
}

template <class Element>
void store(std::byte* p, Element value) {
  std::memcpy(p, &value, sizeof(Element));
}

/// The same element again and again, 64 bytes at a time.
template <class Element>
void fill_line(std::byte* dst, const std::byte* src, std::int64_t count) {
  constexpr std::int64_t kPattern = 64;
  constexpr auto kSize = static_cast<std::int64_t>(sizeof(Element));
  std::byte pattern[kPattern];
  for (std::int64_t i = 0; i < kPattern; i += kSize) std::memcpy(pattern + i, src, sizeof(Element));
  std::int64_t rest = count * kSize;
  for (; rest >= kPattern; rest -= kPattern, dst += kPattern) std::memcpy(dst, pattern, kPattern);
  std::memcpy(dst, pattern, static_cast<std::size_t>(rest));
}

template <class Element>
void copy_line(std::byte* dst, std::int64_t dst_step, const std::byte* src, std::int64_t src_step, std::int64_t count) {
  constexpr auto kSize = static_cast<std::int64_t>(sizeof(Element));
  if (dst_step == kSize && src_step == 0) {
    fill_line<Element>(dst, src, count);
  } else if (dst_step == kSize) {
    for (std::int64_t i = 0; i < count; ++i) store(dst + i * kSize, load<Element>(src + i * src_step));
  } else {
    for (std::int64_t i = 0; i < count; ++i) store(dst + i * dst_step, load<Element>(src + i * src_step));
  }
}

}  // namespace

Shape row_major_strides(const Shape& shape) {
  Shape strides(shape.size());
  std::int64_t step = 1;
  for (std::size_t i = shape.size(); i-- > 0;) {
    strides[i] = step;
    step *= shape[i];
  }
  return strides;
}

StridedCopy::StridedCopy(const Shape& shape, const Shape& dst_strides, const Shape& src_strides,
                         std::size_t element_bytes) {
  const auto size = static_cast<std::int64_t>(element_bytes);
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] == 0) return;
    if (shape[i] == 1) continue;
    const Loop loop{shape[i], dst_strides[i] * size, src_strides[i] * size};
    if (!outer_.empty() && outer_.back().dst_step == loop.count * loop.dst_step &&
        outer_.back().src_step == loop.count * loop.src_step) {
      outer_.back() = {outer_.back().count * loop.count, loop.dst_step, loop.src_step};
    } else {
      outer_.push_back(loop);
    }
  }
  run_bytes_ = size;
  if (!outer_.empty() && outer_.back().dst_step == size && outer_.back().src_step == size) {
    run_bytes_ *= outer_.back().count;
    outer_.pop_back();
  }
  const bool is_element = run_bytes_ <= 16 && (run_bytes_ & (run_bytes_ - 1)) == 0;
  inner_ = is_element && !outer_.empty() ? Inner::elements : Inner::runs;
  if (inner_ == Inner::elements) {
    column_ = outer_.back();
    outer_.pop_back();
    const auto row =
        std::find_if(outer_.begin(), outer_.end(), [&](const Loop& l) { return l.src_step == run_bytes_; });
    if (column_.dst_step == run_bytes_ && column_.src_step != 0 && row != outer_.end()) {
      inner_ = Inner::transposed;
      row_ = *row;
      outer_.erase(row);
    }
  }
  for (const Loop& loop : outer_) outer_count_ *= loop.count;
}

/// Calls body(dst, src) for the outer indices [begin, end), in order.
template <class Body>
void StridedCopy::for_each(std::int64_t begin, std::int64_t end, std::byte* dst, const std::byte* src,
                           const Body& body) const {
  std::array<std::int64_t, kMaxLoops> index;
  std::int64_t rest = begin;
  for (std::size_t k = outer_.size(); k-- > 0;) {
    index[k] = rest % outer_[k].count;
    rest /= outer_[k].count;
    dst += index[k] * outer_[k].dst_step;
    src += index[k] * outer_[k].src_step;
  }
  for (std::int64_t i = begin; i < end; ++i) {
    body(dst, src);
    for (std::size_t k = outer_.size(); k-- > 0;) {
      dst += outer_[k].dst_step;
      src += outer_[k].src_step;
      if (++index[k] < outer_[k].count) break;
      dst -= outer_[k].count * outer_[k].dst_step;
      src -= outer_[k].count * outer_[k].src_step;
      index[k] = 0;
    }
  }
}

void StridedCopy::run_pieces(std::byte* dst, const std::byte* src) const {
  if (run_bytes_ >= 2 * kChunkBytes) {
    for_each(0, outer_count_, dst, src, [&](std::byte* to, const std::byte* from) {
      parallel_ranges(run_bytes_, kChunkBytes, [&](std::int64_t begin, std::int64_t end) {
        std::memcpy(to + begin, from + begin, static_cast<std::size_t>(end - begin));
      });
    });
    return;
  }
  parallel_ranges(outer_count_, chunk_units(run_bytes_), [&](std::int64_t begin, std::int64_t end) {
    for_each(begin, end, dst, src, [&](std::byte* to, const std::byte* from) {
      std::memcpy(to, from, static_cast<std::size_t>(run_bytes_));
    });
  });
}

template <class Element>
void StridedCopy::run_elements(std::byte* dst, const std::byte* src) const {
  const std::int64_t line_bytes = column_.count * run_bytes_;
  if (outer_count_ == 1 && line_bytes >= 2 * kChunkBytes) {
    parallel_ranges(column_.count, chunk_units(run_bytes_), [&](std::int64_t begin, std::int64_t end) {
      copy_line<Element>(dst + begin * column_.dst_step, column_.dst_step, src + begin * column_.src_step,
                         column_.src_step, end - begin);
    });
    return;
  }
  parallel_ranges(outer_count_, chunk_units(line_bytes), [&](std::int64_t begin, std::int64_t end) {
    for_each(begin, end, dst, src, [&](std::byte* to, const std::byte* from) {
      copy_line<Element>(to, column_.dst_step, from, column_.src_step, column_.count);
    });
  });
}

void StridedCopy::run_transposed(std::byte* dst, const std::byte* src) const {
  const std::int64_t row_tiles = (row_.count + kTileRows - 1) / kTileRows;
  const std::int64_t column_tiles = (column_.count + kTileColumns - 1) / kTileColumns;
  const std::int64_t tiles = row_tiles * column_tiles;
  const std::int64_t tile_bytes = std::min(row_.count, kTileRows) * std::min(column_.count, kTileColumns) * run_bytes_;
  parallel_ranges(outer_count_ * tiles, chunk_units(tile_bytes), [&](std::int64_t begin, std::int64_t end) {
    std::int64_t tile = begin % tiles;
    std::int64_t unit = begin;
    for_each(begin / tiles, (end + tiles - 1) / tiles, dst, src, [&](std::byte* to, const std::byte* from) {
      for (; tile < tiles && unit < end; ++tile, ++unit) {
        const std::int64_t r = tile / column_tiles * kTileRows;
        const std::int64_t c = tile % column_tiles * kTileColumns;
        transpose_tile(static_cast<std::size_t>(run_bytes_), to + r * row_.dst_step + c * column_.dst_step,
                       row_.dst_step, from + r * row_.src_step + c * column_.src_step, column_.src_step,
                       std::min(kTileRows, row_.count - r), std::min(kTileColumns, column_.count - c));
      }
      tile = 0;
    });
  });
}

void StridedCopy::run(void* dst_start, const void* src_start) const {
  auto* dst = static_cast<std::byte*>(dst_start);
  const auto* src = static_cast<const std::byte*>(src_start);
  if (inner_ == Inner::nothing) return;
  if (inner_ == Inner::runs) return run_pieces(dst, src);
  if (inner_ == Inner::transposed) return run_transposed(dst, src);
  switch (run_bytes_) {
    case 1:
      return run_elements<std::uint8_t>(dst, src);
    case 2:
      return run_elements<std::uint16_t>(dst, src);
    case 4:
      return run_elements<std::uint32_t>(dst, src);
    case 8:
      return run_elements<std::uint64_t>(dst, src);
    default:
      return run_elements<Bytes16>(dst, src);
  }
}

}  // namespace zeropoint
