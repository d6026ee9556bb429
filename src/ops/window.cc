#include "ops/window.h"

#include <algorithm>
#include <limits>

namespace zeropoint {
namespace {

constexpr std::int64_t kLargestStep = std::numeric_limits<std::int32_t>::max();

std::vector<std::int64_t> per_axis(const OpSite& site, std::string_view attribute, std::size_t rank,
                                   std::int64_t otherwise, std::int64_t smallest) {
  std::vector<std::int64_t> list = site.node.get_ints(attribute, std::vector<std::int64_t>(rank, otherwise));
  if (list.size() != rank) site.invalid("{} has {} entries for {} spatial axes", attribute, list.size(), rank);
  for (const std::int64_t entry : list) {
    if (entry < smallest || entry > kLargestStep) site.invalid("{} {} is out of range", attribute, to_string(list));
  }
  return list;
}

/// Everything but pads and output.
Window unpadded_window(const OpSite& site, const Shape& input, std::vector<std::int64_t> kernel) {
  if (input.size() < 3) site.invalid("the input {} has no spatial axis", to_string(input));
  const std::size_t rank = input.size() - 2;
  if (kernel.size() != rank) {
    site.invalid("the kernel {} does not fit the {} spatial axes of {}", to_string(kernel), rank, to_string(input));
  }
  for (const std::int64_t size : kernel) {
    if (size < 1 || size > kLargestStep) site.invalid("the kernel {} is out of range", to_string(kernel));
  }
  Window window{.kernel = std::move(kernel)};
  window.strides = per_axis(site, "strides", rank, 1, 1);
  window.dilations = per_axis(site, "dilations", rank, 1, 1);
  window.pads_begin.assign(rank, 0);
  window.pads_end.assign(rank, 0);
  window.output.assign(rank, 0);
  return window;
}

enum class AutoPad { notset, valid, same_upper, same_lower };

AutoPad auto_pad_of(const OpSite& site) {
  const std::string word = site.node.get_string("auto_pad", "NOTSET");
  if (word == "NOTSET" || word.empty()) return AutoPad::notset;
  if (word == "VALID") return AutoPad::valid;
  if (word == "SAME_UPPER") return AutoPad::same_upper;
  if (word == "SAME_LOWER") return AutoPad::same_lower;
  site.invalid("auto_pad is '{}'", word);
}

void read_pads(const OpSite& site, Window& window) {
  const std::size_t rank = window.rank();
  const std::vector<std::int64_t> pads = site.node.get_ints("pads", std::vector<std::int64_t>(2 * rank, 0));
  if (pads.size() != 2 * rank) site.invalid("pads has {} entries for {} spatial axes", pads.size(), rank);
  for (std::size_t i = 0; i < pads.size(); ++i) {
    if (pads[i] < 0 || pads[i] > kLargestStep) site.invalid("pads {} are out of range", to_string(pads));
    (i < rank ? window.pads_begin[i] : window.pads_end[i - rank]) = pads[i];
  }
}

/// Distributes padding over both ends; an odd one goes where the name says.
void split_padding(Window& window, std::size_t axis, std::int64_t total, bool odd_at_end) {
  const std::int64_t smaller = total / 2;
  window.pads_begin[axis] = odd_at_end ? smaller : total - smaller;
  window.pads_end[axis] = total - window.pads_begin[axis];
}

std::int64_t extent(const Window& window, std::size_t axis) {
  return (window.kernel[axis] - 1) * window.dilations[axis] + 1;
}

}  // namespace

std::vector<std::int64_t> weight_kernel(const OpSite& site, const Shape& x, const Shape& w) {
  if (w.size() != x.size() || w.size() < 3) {
    site.invalid("the weight {} does not fit the input {}", to_string(w), to_string(x));
  }
  const std::vector<std::int64_t> kernel(w.begin() + 2, w.end());
  if (const auto stated = site.node.get_ints("kernel_shape", kernel); stated != kernel) {
    site.invalid("kernel_shape is {}, the weight has shape {}", to_string(stated), to_string(w));
  }
  return kernel;
}

std::int64_t convolution_groups(const OpSite& site, const Shape& x, const Shape& w) {
  const std::int64_t group = site.node.get_int("group", 1);
  if (group < 1 || w[0] % group != 0 || w[1] > x[1] || w[1] * group != x[1]) {
    site.invalid("{} channels in {} groups do not fit the weight {}", x[1], group, to_string(w));
  }
  return group;
}

Window sliding_window(const OpSite& site, const Shape& input, std::vector<std::int64_t> kernel) {
  Window window = unpadded_window(site, input, std::move(kernel));
  const AutoPad auto_pad = auto_pad_of(site);
  const bool ceil_mode = site.node.get_int("ceil_mode", 0) != 0;
  if (auto_pad == AutoPad::notset) read_pads(site, window);
  for (std::size_t axis = 0; axis < window.rank(); ++axis) {
    const std::int64_t size = input[axis + 2];
    const std::int64_t stride = window.strides[axis];
    if (auto_pad == AutoPad::same_upper || auto_pad == AutoPad::same_lower) {
      const std::int64_t output = (size + stride - 1) / stride;
      const std::int64_t total = std::max<std::int64_t>(0, (output - 1) * stride + extent(window, axis) - size);
      split_padding(window, axis, total, auto_pad == AutoPad::same_upper);
      window.output[axis] = output;
      continue;
    }
    const std::int64_t travel = size + window.pads_begin[axis] + window.pads_end[axis] - extent(window, axis);
    if (travel < 0) {
      site.invalid("the kernel {} with dilations {} does not fit the padded input {}", to_string(window.kernel),
                   to_string(window.dilations), to_string(input));
    }
    std::int64_t output = (travel + (ceil_mode ? stride - 1 : 0)) / stride + 1;
    if (ceil_mode && (output - 1) * stride >= size + window.pads_begin[axis]) --output;
    window.output[axis] = output;
  }
  return window;
}

Window transposed_window(const OpSite& site, const Shape& input, std::vector<std::int64_t> kernel) {
  Window window = unpadded_window(site, input, std::move(kernel));
  const std::size_t rank = window.rank();
  const AutoPad auto_pad = auto_pad_of(site);
  const std::vector<std::int64_t> extra = per_axis(site, "output_padding", rank, 0, 0);
  std::vector<std::int64_t> wanted = site.node.get_ints("output_shape");
  if (wanted.size() == rank + 2) wanted.erase(wanted.begin(), wanted.begin() + 2);  // some exporters give N and C too
  if (!wanted.empty() && wanted.size() != rank) {
    site.invalid("output_shape has {} entries for {} spatial axes", wanted.size(), rank);
  }
  if (wanted.empty() && auto_pad == AutoPad::notset) read_pads(site, window);
  for (std::size_t axis = 0; axis < rank; ++axis) {
    const std::int64_t covered = (input[axis + 2] - 1) * window.strides[axis] + extent(window, axis);
    const bool is_same = auto_pad == AutoPad::same_upper || auto_pad == AutoPad::same_lower;
    std::int64_t& output = window.output[axis];
    if (!wanted.empty()) {
      output = wanted[axis];
    } else if (is_same) {
      output = input[axis + 2] * window.strides[axis];
    } else {
      output = covered + extra[axis] - window.pads_begin[axis] - window.pads_end[axis];
    }
    if (output < 1 || output > kLargestStep)
      site.invalid("the output would have size {} along axis {}", output, axis + 2);
    if (!wanted.empty() || is_same) {
      const std::int64_t total = std::max<std::int64_t>(0, covered + extra[axis] - output);
      split_padding(window, axis, total, auto_pad == AutoPad::same_upper);
    }
    window.pads_end[axis] = covered - output - window.pads_begin[axis];
  }
  return window;
}

Shape windowed_shape(std::int64_t batch, std::int64_t channels, const Window& window) {
  Shape shape = {batch, channels};
  shape.insert(shape.end(), window.output.begin(), window.output.end());
  return shape;
}

}  // namespace zeropoint
