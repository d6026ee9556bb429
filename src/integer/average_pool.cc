#include <algorithm>

#include "base/fail.h"
#include "base/parallel.h"
#include "integer/rules.h"
#include "integer/window.h"
#include "quant/codes.h"

namespace zeropoint::integer {
namespace {

constexpr std::string_view kWhere = "integer average_pool";

/// The part of one dimension's window that lies inside the input: taps [first, last).
struct Inside {
  std::int64_t first = 0;
  std::int64_t last = 0;
};

Inside inside(const Window& w, std::size_t dim, std::int64_t out) {
  Inside taps{0, w.kernel[dim]};
  while (taps.first < taps.last && w.coordinate(dim, out, taps.first) < 0) ++taps.first;
  while (taps.last > taps.first && w.coordinate(dim, out, taps.last - 1) >= w.input[dim]) --taps.last;
  return taps;
}

struct Mean {
  std::int32_t sum = 0;
  std::int64_t count = 0;
};

/// Sum of q - zero over the window at `out`, and how many positions it covers. Dimensions are padded to three in front.
Mean sum_window(const Window& w, const std::int32_t* plane, std::span<const std::int64_t> out, std::int32_t zero) {
  constexpr Inside kOnce{0, 1};
  const std::size_t r = w.rank();
  const Inside depth = r > 2 ? inside(w, r - 3, out[r - 3]) : kOnce;
  const Inside height = r > 1 ? inside(w, r - 2, out[r - 2]) : kOnce;
  const Inside width = inside(w, r - 1, out[r - 1]);
  Mean mean;
  for (std::int64_t d = depth.first; d < depth.last; ++d) {
    const std::int64_t z = r > 2 ? w.coordinate(r - 3, out[r - 3], d) : 0;
    for (std::int64_t h = height.first; h < height.last; ++h) {
      const std::int64_t y = r > 1 ? z * w.input[r - 2] + w.coordinate(r - 2, out[r - 2], h) : 0;
      for (std::int64_t v = width.first; v < width.last; ++v) {
        mean.sum += plane[y * w.input[r - 1] + w.coordinate(r - 1, out[r - 1], v)] - zero;
        ++mean.count;
      }
    }
  }
  return mean;
}

}  // namespace

QuantizedTensor average_pool(const QuantizedTensor& x, std::span<const std::int64_t> kernel,
                             const WindowOptions& options, const TensorQParams& output, Arithmetic arithmetic) {
  const Operand from = open_operand(x, kOneGrid, kWhere);
  const Operand to = open_output(output, kWhere);
  const Window window(from.shape, kernel, options, kWhere);
  checked_accumulator(window.taps() * from.largest_difference(), kWhere);
  std::vector<Rescale> rescales;  // by the number of positions that count
  for (std::int64_t count = 0; count <= window.taps(); ++count) {
    rescales.push_back(mean_rescale(from, to, std::max<std::int64_t>(count, 1)));
  }

  const std::vector<std::int32_t> codes = codes_of(x.codes);
  QuantizedTensor y{Tensor::allocate(output.scheme.dtype, with_spatial(from.shape[0], from.shape[1], window.output)),
                    output};
  const DType dtype = y.codes.dtype();
  void* out = y.codes.mutable_raw();
  const std::int64_t positions = element_count(window.output);
  const std::int64_t in_plane = element_count(window.input);
  const std::int64_t planes = from.shape[0] * from.shape[1];
  // Codes below 8 bits share bytes with their neighbours: one piece writes them all.
  parallel_ranges(planes, bits(dtype) < 8 ? std::max<std::int64_t>(planes, 1) : 1,
                  [&](std::int64_t begin, std::int64_t end) {
                    for (std::int64_t plane = begin; plane < end; ++plane) {
                      for (std::int64_t i = 0; i < positions; ++i) {
                        const Mean mean = sum_window(window, codes.data() + plane * in_plane,
                                                     position(window.output, i), from.zero_points.front());
                        const std::int64_t count = options.count_include_pad ? window.taps() : mean.count;
                        store_code(dtype, out, plane * positions + i,
                                   requantize_value(mean.sum, rescales[static_cast<std::size_t>(count)],
                                                    to.zero_points.front(), to.codes, arithmetic));
                      }
                    }
                  });
  return y;
}

QuantizedTensor global_average_pool(const QuantizedTensor& x, const TensorQParams& output, Arithmetic arithmetic) {
  const Shape& shape = x.codes.shape();
  const std::span<const std::int64_t> spatial =
      shape.size() < 2 ? std::span<const std::int64_t>{} : std::span<const std::int64_t>(shape).subspan(2);
  return average_pool(x, spatial, {}, output, arithmetic);
}

}  // namespace zeropoint::integer
