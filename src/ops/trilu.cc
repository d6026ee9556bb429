#include <algorithm>
#include <cstring>

#include "base/parallel.h"
#include "ops/arguments.h"
#include "ops/dispatch.h"
#include "ops/move.h"

namespace zeropoint {
namespace {

std::vector<ValueFacts> infer(const OpSite& site) {
  const ValueFacts& x = site.input(0);
  if (x.shape.size() < 2) site.invalid("the input has shape {}; matrices are expected", to_string(x.shape));
  if (site.has(1) && (site.input(1).dtype != DType::i64 || element_count(site.input(1).shape) != 1)) {
    site.invalid("k must be one int64");
  }
  return {{.dtype = x.dtype, .shape = x.shape}};
}

/// Keeps element [i][j] where j - i >= k (upper) or j - i <= k (lower); the rest is 0.
std::unique_ptr<Kernel> make(const OpSite& site) {
  const bool is_upper = site.node.get_int("upper", 1) != 0;
  const Shape& shape = site.input(0).shape;
  const std::int64_t columns = shape.back();
  const std::int64_t rows = shape[shape.size() - 2];
  const std::int64_t lines = count_between(shape, 0, shape.size() - 1);
  return for_size(site, site.input(0).dtype, [&]<class T>() {
    return make_kernel([=](const KernelIo& io) {
      const std::int64_t k = io.has(1) ? std::clamp(io.in(1).data<std::int64_t>()[0], -rows, columns) : 0;
      const T* x = io.in(0).data<T>();
      T* y = io.out(0).mutable_data<T>();
      constexpr std::int64_t kLinesPerChunk = 256;
      parallel_ranges(lines, kLinesPerChunk, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t line = begin; line < end; ++line) {
          const std::int64_t i = line % rows;
          const std::int64_t border = std::clamp<std::int64_t>(i + k + (is_upper ? 0 : 1), 0, columns);
          const std::int64_t first = is_upper ? border : 0;  // [first, last) is kept
          const std::int64_t last = is_upper ? columns : border;
          T* to = y + line * columns;
          std::fill(to, to + first, T{});
          std::copy(x + line * columns + first, x + line * columns + last, to + first);
          std::fill(to + last, to + columns, T{});
        }
      });
    });
  });
}

constexpr OpSpec kOps[] = {
    {.op_type = "Trilu", .infer = infer, .make = make, .float_types = kAnyType},
};

}  // namespace

std::span<const OpSpec> ops_trilu() { return kOps; }

}  // namespace zeropoint
