#include "methods/input_rows.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "base/fail.h"
#include "kernels/movement/strided_copy.h"
#include "ops/window.h"
#include "tensor/reals.h"

namespace zeropoint {
namespace {

constexpr std::int64_t kRowsAtOnce = 256;

/// A convolution's windows over one input.
class Unfolding {
 public:
  Unfolding(const Node& node, std::int64_t opset, const Shape& weight, const Shape& x)
      : spatial_(x.begin() + 2, x.end()), channels_(x[1]) {
    const ValueFacts facts[] = {{.dtype = DType::f32, .shape = x}, {.dtype = DType::f32, .shape = weight}};
    const OpSite site{node, opset, facts};
    window_ = sliding_window(site, x, weight_kernel(site, x, weight));
    plane_ = element_count(spatial_);
    taps_ = element_count(window_.kernel);
    positions_ = element_count(window_.output);
  }

  std::int64_t positions() const { return positions_; }
  std::int64_t columns() const { return channels_ * taps_; }

  /// row[c * taps + t] = image[c, where tap t of window `position` lies]
  void row(const float* image, std::int64_t position, float* row) const {
    for (std::int64_t tap = 0; tap < taps_; ++tap) {
      const std::int64_t at = offset(position, tap);
      for (std::int64_t c = 0; c < channels_; ++c) row[c * taps_ + tap] = at < 0 ? 0.0F : image[c * plane_ + at];
    }
  }

 private:
  /// Element of a channel's plane; -1 in the padding.
  std::int64_t offset(std::int64_t position, std::int64_t tap) const {
    std::int64_t at = 0;
    std::int64_t step = 1;
    for (std::size_t axis = window_.rank(); axis-- > 0;) {
      const std::int64_t coordinate = position % window_.output[axis] * window_.strides[axis] -
                                      window_.pads_begin[axis] + tap % window_.kernel[axis] * window_.dilations[axis];
      if (coordinate < 0 || coordinate >= spatial_[axis]) return -1;
      at += coordinate * step;
      step *= spatial_[axis];
      position /= window_.output[axis];
      tap /= window_.kernel[axis];
    }
    return at;
  }

  Shape spatial_;
  std::int64_t channels_;
  Window window_;
  std::int64_t plane_, taps_, positions_;
};

void add_windows(const Node& node, std::int64_t opset, const Shape& weight, const Tensor& x, GramMatrix& sum) {
  const Unfolding unfolding(node, opset, weight, x.shape());
  const std::int64_t image = x.size() / std::max<std::int64_t>(1, x.dim(0));
  const std::int64_t columns = unfolding.columns();
  std::vector<float> rows(static_cast<std::size_t>(kRowsAtOnce * columns));
  std::vector<float> buffer;
  for (std::int64_t n = 0; n < x.dim(0); ++n) {
    const float* values = load_f32(x, n * image, (n + 1) * image, buffer);
    for (std::int64_t begin = 0; begin < unfolding.positions(); begin += kRowsAtOnce) {
      const std::int64_t count = std::min(kRowsAtOnce, unfolding.positions() - begin);
      for (std::int64_t i = 0; i < count; ++i) unfolding.row(values, begin + i, rows.data() + i * columns);
      sum.add(rows.data(), count, columns);
    }
  }
}

void add_columns(const Tensor& x, GramMatrix& sum) {
  const std::int64_t rows = x.dim(1);
  const std::int64_t columns = x.dim(0);
  std::vector<float> buffer;
  const float* values = load_f32(x, 0, x.size(), buffer);
  std::vector<float> transposed(static_cast<std::size_t>(x.size()));
  StridedCopy({rows, columns}, {columns, 1}, {1, rows}, sizeof(float)).run(transposed.data(), values);
  sum.add(transposed.data(), rows, columns);
}

bool reads_columns(const Node& node) { return node.op_type == "Gemm" && node.get_int("transA", 0) != 0; }

}  // namespace

std::string input_rows_key(const Node& node, const Shape& weight) {
  if (node.op_type != "Conv") return reads_columns(node) ? "columns" : "rows";
  const std::vector<std::int64_t> kernel(weight.begin() + 2, weight.end());
  return fmt::format("windows {} strides {} pads {} dilations {} {}", kernel, node.get_ints("strides"),
                     node.get_ints("pads"), node.get_ints("dilations"), node.get_string("auto_pad", "NOTSET"));
}

void add_input_rows(const Node& node, std::int64_t opset, const Shape& weight, const Tensor& x, GramMatrix& sum) {
  if (node.op_type == "Conv") return add_windows(node, opset, weight, x, sum);
  const std::int64_t wanted = sum.columns();
  const std::int64_t found = x.rank() == 0 ? 0 : reads_columns(node) ? x.dim(0) : x.shape().back();
  if (found != wanted || wanted == 0) {
    fail(ErrorKind::invalid_data, node.label, "its input {} does not fit a weight of {} inputs", to_string(x.shape()),
         wanted);
  }
  if (reads_columns(node)) return add_columns(x, sum);
  std::vector<float> buffer;
  sum.add(load_f32(x, 0, x.size(), buffer), x.size() / wanted, wanted);
}

std::int64_t count_input_rows(const Node& node, std::int64_t opset, const Shape& weight, const Shape& x) {
  if (node.op_type == "Conv") return x[0] * Unfolding(node, opset, weight, x).positions();
  if (reads_columns(node)) return x.at(1);
  return element_count({x.begin(), x.empty() ? x.end() : x.end() - 1});
}

}  // namespace zeropoint
