// The definitions, element by element: nothing is hoisted, packed, tabulated or shared between threads.
#include <algorithm>

#include "base/fail.h"
#include "integer/accumulators.h"
#include "integer/conv_shape.h"
#include "integer/matmul_shape.h"
#include "integer/rules.h"
#include "quant/codes.h"

namespace zeropoint::integer::reference {
namespace {

constexpr std::string_view kWhere = "integer reference";

/// Real zeros all around the spatial dimensions, so that no window reaches outside: differences q - Z.
struct Padded {
  Shape shape;                            // spatial
  std::vector<std::int64_t> differences;  // [n * c, shape...]
  std::vector<bool> is_inside;            // [shape...]: not padding
};

Padded pad(const Tensor& codes, std::int32_t zero_point, const Window& w) {
  Padded padded;
  for (std::size_t d = 0; d < w.rank(); ++d) padded.shape.push_back(w.input[d] + w.pads_begin[d] + w.pads_end[d]);
  const std::int64_t size = element_count(padded.shape);
  const std::int64_t planes = codes.dim(0) * codes.dim(1);
  const std::int64_t plane = element_count(w.input);
  padded.is_inside.resize(static_cast<std::size_t>(size));
  padded.differences.resize(static_cast<std::size_t>(planes * size));
  for (std::int64_t i = 0; i < plane; ++i) {
    const std::vector<std::int64_t> at = position(w.input, i);
    std::int64_t target = 0;
    for (std::size_t d = 0; d < w.rank(); ++d) target = target * padded.shape[d] + at[d] + w.pads_begin[d];
    padded.is_inside[static_cast<std::size_t>(target)] = true;
    for (std::int64_t p = 0; p < planes; ++p) {
      padded.differences[static_cast<std::size_t>(p * size + target)] =
          std::int64_t{load_code(codes.dtype(), codes.raw(), p * plane + i)} - zero_point;
    }
  }
  return padded;
}

/// Index into the padded plane of tap `tap` of the window at output position `out`.
std::size_t padded_index(const Window& w, const Padded& padded, std::int64_t out, std::int64_t tap) {
  const std::vector<std::int64_t> at = position(w.output, out);
  const std::vector<std::int64_t> step = position(w.kernel, tap);
  std::int64_t index = 0;
  for (std::size_t d = 0; d < w.rank(); ++d) {
    index = index * padded.shape[d] + at[d] * w.strides[d] + step[d] * w.dilations[d];
  }
  return static_cast<std::size_t>(index);
}

template <class Rule>
QuantizedTensor elementwise(const QuantizedTensor& a, const QuantizedTensor& b, const TensorQParams& output,
                            const Rule& rule) {
  const Broadcast walk(a.codes.shape(), b.codes.shape(), kWhere);
  std::vector<std::int32_t> codes;
  for (std::int64_t i = 0; i < element_count(walk.shape); ++i) {
    const std::vector<std::int64_t> at = position(walk.shape, i);
    std::int64_t from_a = 0;
    std::int64_t from_b = 0;
    for (std::size_t d = 0; d < at.size(); ++d) {
      from_a += at[d] * walk.a_strides[d];
      from_b += at[d] * walk.b_strides[d];
    }
    codes.push_back(
        rule(load_code(a.codes.dtype(), a.codes.raw(), from_a), load_code(b.codes.dtype(), b.codes.raw(), from_b)));
  }
  return {tensor_of_codes(output.scheme.dtype, walk.shape, codes), output};
}

/// Accumulators seen as [outer, channels, inner].
struct ChannelLayout {
  std::int64_t channels = 1;
  std::int64_t inner = 1;
};

/// Bias and requantization of accumulators, one by one.
QuantizedTensor finish(const Tensor& accumulators, const ChannelLayout& layout, const Operand& a,
                       const Operand& weights, const Tensor& bias, const TensorQParams& output, Arithmetic arithmetic) {
  const Operand y = open_output(output, kWhere);
  std::vector<std::int32_t> codes;
  for (std::int64_t i = 0; i < accumulators.size(); ++i) {
    const std::int64_t channel = i / layout.inner % layout.channels;
    const std::int64_t sum =
        std::int64_t{accumulators.data<std::int32_t>()[i]} + (bias ? bias.data<std::int32_t>()[channel] : 0);
    const Rescale rescale = make_rescale(a.scales.front(), weights.grid(channel).scale, y.scales.front());
    codes.push_back(
        requantize_value(checked_accumulator(sum, kWhere), rescale, y.zero_points.front(), y.codes, arithmetic));
  }
  return {tensor_of_codes(output.scheme.dtype, accumulators.shape(), codes), output};
}

int column_axis(const QuantizedTensor& b) { return b.codes.rank() < 2 ? kOneGrid : b.codes.rank() - 1; }

}  // namespace

QuantizedTensor add(const QuantizedTensor& a, const QuantizedTensor& b, const TensorQParams& output,
                    Arithmetic arithmetic) {
  const AddRule rule = add_rule(open_operand(a, kOneGrid, kWhere), open_operand(b, kOneGrid, kWhere),
                                open_output(output, kWhere), arithmetic);
  return elementwise(a, b, output, rule);
}

QuantizedTensor mul(const QuantizedTensor& a, const QuantizedTensor& b, const TensorQParams& output,
                    Arithmetic arithmetic) {
  const MulRule rule = mul_rule(open_operand(a, kOneGrid, kWhere), open_operand(b, kOneGrid, kWhere),
                                open_output(output, kWhere), arithmetic);
  return elementwise(a, b, output, rule);
}

Tensor matmul_accumulators(const QuantizedTensor& a, const QuantizedTensor& b) {
  const Operand left = open_operand(a, kOneGrid, kWhere);
  const Operand right = open_operand(b, column_axis(b), kWhere);
  const MatmulShape shape(left.shape, right.shape, kWhere);
  const std::vector<std::int32_t> a_codes = codes_of(a.codes);
  const std::vector<std::int32_t> b_codes = codes_of(b.codes);
  Tensor result = Tensor::allocate(DType::i32, shape.result);
  for (std::int64_t i = 0; i < result.size(); ++i) {
    const Broadcast::Offsets at = shape.matrices(i / (shape.m * shape.n));
    const std::int64_t row = i / shape.n % shape.m;
    const std::int64_t column = i % shape.n;
    const std::int32_t* qa = a_codes.data() + (at.a * shape.m + row) * shape.k;
    const std::int32_t* qb = b_codes.data() + at.b * shape.k * shape.n + column;
    std::int64_t sum = 0;
    for (std::int64_t k = 0; k < shape.k; ++k) {
      sum += std::int64_t{qa[k] - left.zero_points.front()} * (qb[k * shape.n] - right.grid(column).zero_point);
    }
    result.mutable_data<std::int32_t>()[i] = checked_accumulator(sum, kWhere);
  }
  return result;
}

QuantizedTensor matmul(const QuantizedTensor& a, const QuantizedTensor& b, const Tensor& bias,
                       const TensorQParams& output, Arithmetic arithmetic) {
  const Tensor accumulators = reference::matmul_accumulators(a, b);
  const ChannelLayout layout{.channels = b.codes.rank() < 2 ? 1 : b.codes.dim(b.codes.rank() - 1)};
  return finish(accumulators, layout, open_operand(a, kOneGrid, kWhere), open_operand(b, column_axis(b), kWhere), bias,
                output, arithmetic);
}

Tensor conv_accumulators(const QuantizedTensor& x, const QuantizedTensor& w, const WindowOptions& options) {
  const Operand input = open_operand(x, kOneGrid, kWhere);
  const Operand weights = open_operand(w, 0, kWhere);
  const ConvShape shape(input.shape, weights.shape, options, kWhere);
  const Padded padded = pad(x.codes, input.zero_points.front(), shape.window);
  const std::vector<std::int32_t> kernels = codes_of(w.codes);
  const std::int64_t plane = element_count(padded.shape);
  const std::int64_t positions = element_count(shape.window.output);
  const std::int64_t taps = shape.window.taps();
  Tensor result = Tensor::allocate(DType::i32, shape.result());
  for (std::int64_t i = 0; i < result.size(); ++i) {
    const std::int64_t n = i / positions / shape.out_channels;
    const std::int64_t m = i / positions % shape.out_channels;
    const std::int64_t group = m / (shape.out_channels / shape.groups);
    std::int64_t sum = 0;
    for (std::int64_t c = 0; c < shape.group_channels; ++c) {
      const std::int64_t channel = (n * shape.groups + group) * shape.group_channels + c;
      for (std::int64_t tap = 0; tap < taps; ++tap) {
        const std::int32_t kernel = kernels[static_cast<std::size_t>((m * shape.group_channels + c) * taps + tap)];
        const std::size_t at = padded_index(shape.window, padded, i % positions, tap);
        sum +=
            padded.differences[static_cast<std::size_t>(channel * plane) + at] * (kernel - weights.grid(m).zero_point);
      }
    }
    result.mutable_data<std::int32_t>()[i] = checked_accumulator(sum, kWhere);
  }
  return result;
}

QuantizedTensor conv(const QuantizedTensor& x, const QuantizedTensor& w, const Tensor& bias,
                     const WindowOptions& options, const TensorQParams& output, Arithmetic arithmetic) {
  const Tensor accumulators = reference::conv_accumulators(x, w, options);
  const Shape& shape = accumulators.shape();
  const ChannelLayout layout{.channels = shape[1], .inner = element_count(Shape(shape.begin() + 2, shape.end()))};
  return finish(accumulators, layout, open_operand(x, kOneGrid, kWhere), open_operand(w, 0, kWhere), bias, output,
                arithmetic);
}

QuantizedTensor average_pool(const QuantizedTensor& x, std::span<const std::int64_t> kernel,
                             const WindowOptions& options, const TensorQParams& output, Arithmetic arithmetic) {
  const Operand from = open_operand(x, kOneGrid, kWhere);
  const Operand to = open_output(output, kWhere);
  const Window window(from.shape, kernel, options, kWhere);
  const Padded padded = pad(x.codes, from.zero_points.front(), window);
  const std::int64_t plane = element_count(padded.shape);
  const std::int64_t positions = element_count(window.output);
  const Shape shape = with_spatial(from.shape[0], from.shape[1], window.output);
  std::vector<std::int32_t> codes;
  for (std::int64_t i = 0; i < element_count(shape); ++i) {
    std::int64_t sum = 0;
    std::int64_t count = 0;
    for (std::int64_t tap = 0; tap < window.taps(); ++tap) {
      const std::size_t at = padded_index(window, padded, i % positions, tap);
      sum += padded.differences[static_cast<std::size_t>(i / positions * plane) + at];
      count += options.count_include_pad || padded.is_inside[at] ? 1 : 0;
    }
    const Rescale rescale = mean_rescale(from, to, std::max<std::int64_t>(count, 1));
    codes.push_back(
        requantize_value(checked_accumulator(sum, kWhere), rescale, to.zero_points.front(), to.codes, arithmetic));
  }
  return {tensor_of_codes(output.scheme.dtype, shape, codes), output};
}

}  // namespace zeropoint::integer::reference
