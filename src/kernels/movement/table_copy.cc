#include "kernels/movement/table_copy.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "base/parallel.h"
#include "kernels/movement/vector16.h"

namespace zeropoint {
namespace {

/// The table of a line is worth replacing by segments that average this many elements.
constexpr std::int64_t kElementsPerSegment = 8;
constexpr std::size_t kMaxAxes = 128;  // every axis that is left has 2 or more elements in dst or src

/// Each of count / 2 elements, twice.
template <class Element>
void copy_doubled(std::byte* to, const std::byte* from, std::int64_t count) {
  constexpr std::int64_t kSize = sizeof(Element);
  constexpr std::int64_t kLanes = kVectorBytes / kSize;
  std::int64_t i = 0;
  for (; i + kLanes <= count / 2; i += kLanes) {
    Vector16<Element> some;
    std::memcpy(&some, from + i * kSize, kVectorBytes);
    const Vector16<Element> lower = interleave_lower<Element>(some, some, Lanes16<Element>());
    const Vector16<Element> upper = interleave_upper<Element>(some, some, Lanes16<Element>());
    std::memcpy(to + 2 * i * kSize, &lower, kVectorBytes);
    std::memcpy(to + 2 * i * kSize + kVectorBytes, &upper, kVectorBytes);
  }
  for (; i < count / 2; ++i) {
    std::memcpy(to + 2 * i * kSize, from + i * kSize, sizeof(Element));
    std::memcpy(to + (2 * i + 1) * kSize, from + i * kSize, sizeof(Element));
  }
}

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
  std::erase_if(outer_, [](const std::vector<std::int64_t>& table) { return table.size() == 1 && table[0] == 0; });
  while (!outer_.empty() && is_dense(outer_.back(), static_cast<std::int64_t>(run_bytes_))) {
    run_bytes_ *= outer_.back().size();
    outer_.pop_back();
  }
  if (!outer_.empty()) {
    line_ = std::move(outer_.back());
    outer_.pop_back();
  }
  find_segments();
  for (const auto& table : outer_) line_count_ *= static_cast<std::int64_t>(table.size());
}

/// Walks over the lines [begin, end): calls body(line, offset of its source).
template <class Body>
void TableCopy::for_lines(std::int64_t begin, std::int64_t end, const Body& body) const {
  std::array<std::size_t, kMaxAxes> index{};
  std::int64_t rest = begin;
  std::int64_t offset = 0;
  for (std::size_t axis = outer_.size(); axis-- > 0;) {
    const auto count = static_cast<std::int64_t>(outer_[axis].size());
    index[axis] = static_cast<std::size_t>(rest % count);
    offset += outer_[axis][index[axis]];
    rest /= count;
  }
  for (std::int64_t line = begin; line < end; ++line) {
    body(line, offset);
    for (std::size_t axis = outer_.size(); axis-- > 0;) {
      offset -= outer_[axis][index[axis]];
      index[axis] = index[axis] + 1 < outer_[axis].size() ? index[axis] + 1 : 0;
      offset += outer_[axis][index[axis]];
      if (index[axis] != 0) break;
    }
  }
}

void TableCopy::find_segments() {
  const auto size = static_cast<std::int64_t>(run_bytes_);
  const auto length = static_cast<std::int64_t>(line_.size());
  const std::int64_t* table = line_.data();
  for (std::int64_t j = 0; j < length;) {
    std::int64_t doubled = 0;  // entries that come in pairs of equals, each pair one element after the last
    while (j + doubled + 1 < length && table[j + doubled] == table[j] + doubled / 2 * size &&
           table[j + doubled + 1] == table[j + doubled]) {
      doubled += 2;
    }
    std::int64_t run = 1;
    while (j + run < length && table[j + run] == table[j] + run * size) ++run;
    segments_.push_back(doubled > run ? Segment{table[j], doubled, 2} : Segment{table[j], run, 1});
    j += segments_.back().count;
  }
  if (static_cast<std::int64_t>(segments_.size()) * kElementsPerSegment > length) segments_.clear();
}

template <class Element>
void TableCopy::copy_line(std::byte* to, const std::byte* from) const {
  constexpr std::int64_t kSize = sizeof(Element);
  for (const Segment& segment : segments_) {
    if (segment.repeat == 2) {
      copy_doubled<Element>(to, from + segment.from, segment.count);
    } else {
      std::memcpy(to, from + segment.from, static_cast<std::size_t>(segment.count * kSize));
    }
    to += segment.count * kSize;
  }
  if (!segments_.empty()) return;
  const std::int64_t* table = line_.data();
  const auto length = static_cast<std::int64_t>(line_.size());
  for (std::int64_t j = 0; j < length; ++j) std::memcpy(to + j * kSize, from + table[j], sizeof(Element));
}

/// A line with the source of the line before (upscaling) is copied from that one.
template <class Element>
void TableCopy::run_lines(std::byte* dst, const std::byte* src) const {
  const auto line_bytes = static_cast<std::int64_t>(line_.size() * sizeof(Element));
  constexpr std::int64_t kChunkBytes = 64 << 10;
  parallel_ranges(line_count_, std::max<std::int64_t>(1, kChunkBytes / line_bytes),
                  [&](std::int64_t begin, std::int64_t end) {
                    std::int64_t previous = -1;
                    for_lines(begin, end, [&](std::int64_t i, std::int64_t offset) {
                      std::byte* to = dst + i * line_bytes;
                      if (offset == previous) {
                        std::memcpy(to, to - line_bytes, static_cast<std::size_t>(line_bytes));
                      } else {
                        copy_line<Element>(to, src + offset);
                      }
                      previous = offset;
                    });
                  });
}

void TableCopy::run_runs(std::byte* dst, const std::byte* src) const {
  const auto length = static_cast<std::int64_t>(line_.size());
  const auto run = static_cast<std::int64_t>(run_bytes_);
  constexpr std::int64_t kChunkBytes = 64 << 10;
  parallel_ranges(
      line_count_, std::max<std::int64_t>(1, kChunkBytes / (run * length)), [&](std::int64_t begin, std::int64_t end) {
        for_lines(begin, end, [&](std::int64_t line, std::int64_t offset) {
          for (std::int64_t j = 0; j < length; ++j) {
            std::memcpy(dst + (line * length + j) * run, src + offset + line_[static_cast<std::size_t>(j)], run_bytes_);
          }
        });
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
    default:
      return run_runs(dst, src);
  }
}

}  // namespace zeropoint
