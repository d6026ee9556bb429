#include "kernels/movement/table_copy.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/parallel.h"

namespace zeropoint {
namespace {

struct Bytes16 {
  std::uint64_t low, high;
};

/// The table walks through everything in steps of `step`.
bool is_dense(const std::vector<std::int64_t>& table, std::int64_t step) {
  for (std::size_t i = 0; i < table.size(); ++i) {
    if (table[i] != static_cast<std::int64_t>(i) * step) return false;
  }
  return true;
}

}  // namespace

TableCopy::TableCopy(std::vector<std::vector<std::int64_t>> tables, std::size_t element_bytes)
    : outer_(std::move(tables)), run_bytes_(element_bytes) {
  line_count_ = 1;
  for (std::vector<std::int64_t>& table : outer_) {
    if (table.empty()) line_count_ = 0;
    for (std::int64_t& offset : table) offset *= static_cast<std::int64_t>(element_bytes);
  }
  while (!outer_.empty() && is_dense(outer_.back(), static_cast<std::int64_t>(run_bytes_))) {
    run_bytes_ *= outer_.back().size();
    outer_.pop_back();
  }
  if (!outer_.empty()) {
    line_ = std::move(outer_.back());
    outer_.pop_back();
  }
  for (const auto& table : outer_) line_count_ *= static_cast<std::int64_t>(table.size());
}

std::int64_t TableCopy::line_offset(std::int64_t line) const {
  std::int64_t offset = 0;
  for (std::size_t axis = outer_.size(); axis-- > 0;) {
    const auto count = static_cast<std::int64_t>(outer_[axis].size());
    offset += outer_[axis][static_cast<std::size_t>(line % count)];
    line /= count;
  }
  return offset;
}

/// Calls copy_line for every line; a line with the source of the line before (upscaling) is copied from that one.
template <class Element>
void TableCopy::run_lines(std::byte* dst, const std::byte* src) const {
  const auto length = static_cast<std::int64_t>(line_.size());
  const auto line_bytes = length * static_cast<std::int64_t>(sizeof(Element));
  constexpr std::int64_t kChunkBytes = 64 << 10;
  parallel_ranges(line_count_, std::max<std::int64_t>(1, kChunkBytes / line_bytes),
                  [&](std::int64_t begin, std::int64_t end) {
                    std::int64_t previous = -1;
                    for (std::int64_t i = begin; i < end; ++i) {
                      const std::int64_t offset = line_offset(i);
                      std::byte* to = dst + i * line_bytes;
                      if (offset == previous) {
                        std::memcpy(to, to - line_bytes, static_cast<std::size_t>(line_bytes));
                        continue;
                      }
                      previous = offset;
                      const std::byte* from = src + offset;
                      for (std::int64_t j = 0; j < length; ++j) {
                        std::memcpy(to + j * static_cast<std::int64_t>(sizeof(Element)),
                                    from + line_[static_cast<std::size_t>(j)], sizeof(Element));
                      }
                    }
                  });
}

void TableCopy::run_runs(std::byte* dst, const std::byte* src) const {
  const auto length = static_cast<std::int64_t>(line_.size());
  constexpr std::int64_t kChunkBytes = 64 << 10;
  const std::int64_t grain = std::max<std::int64_t>(1, kChunkBytes / static_cast<std::int64_t>(run_bytes_));
  parallel_ranges(line_count_ * length, grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      std::memcpy(dst + i * static_cast<std::int64_t>(run_bytes_),
                  src + line_offset(i / length) + line_[static_cast<std::size_t>(i % length)], run_bytes_);
    }
  });
}

void TableCopy::run(void* dst_start, const void* src_start) const {
  if (line_count_ == 0) return;
  auto* dst = static_cast<std::byte*>(dst_start);
  const auto* src = static_cast<const std::byte*>(src_start);
  switch (run_bytes_) {
    case 1:
      return run_lines<std::uint8_t>(dst, src);
    case 2:
      return run_lines<std::uint16_t>(dst, src);
    case 4:
      return run_lines<std::uint32_t>(dst, src);
    case 8:
      return run_lines<std::uint64_t>(dst, src);
    case 16:
      return run_lines<Bytes16>(dst, src);
    default:
      return run_runs(dst, src);
  }
}

}  // namespace zeropoint
