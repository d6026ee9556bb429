#include <algorithm>
#include <array>
#include <cstring>
#include <numeric>
#include <utility>

#include "base/float16.h"
#include "kernels/movement/table_copy.h"
#include "ops/arguments.h"
#include "ops/choice.h"
#include "ops/move.h"
#include "ops/narrow_types.h"

namespace zeropoint {
namespace {

enum class Mode { constant, edge, reflect, wrap };

constexpr Choice<Mode> kModes[] = {
    {"constant", Mode::constant}, {"edge", Mode::edge}, {"reflect", Mode::reflect}, {"wrap", Mode::wrap}};

struct Pads {
  Shape before;  // elements added in front of each axis; negative: removed
  Shape after;
};

Pads pads_of(const OpSite& site) {
  const std::size_t rank = site.input(0).shape.size();
  const auto given = integer_list(site, site.opset < 2 ? "paddings" : "pads", 1);
  if (!given) site.invalid("no pads are given");
  std::vector<std::int64_t> axes(rank);
  std::iota(axes.begin(), axes.end(), 0);
  if (site.has(3)) {
    axes = positive_axes(site, integers(site, site.constant(3, "axes"), "axes"), static_cast<std::int64_t>(rank));
  }
  if (given->size() != 2 * axes.size()) site.invalid("{} pads for {} axes", given->size(), axes.size());
  Pads pads{Shape(rank, 0), Shape(rank, 0)};
  for (std::size_t i = 0; i < axes.size(); ++i) {
    pads.before[static_cast<std::size_t>(axes[i])] = (*given)[i];
    pads.after[static_cast<std::size_t>(axes[i])] = (*given)[axes.size() + i];
  }
  return pads;
}

std::vector<ValueFacts> infer(const OpSite& site) {
  const ValueFacts& x = site.input(0);
  if (is_pending(site, 1) || is_pending(site, 3)) return late(x.dtype);
  const Pads pads = pads_of(site);
  Shape shape = x.shape;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (__builtin_add_overflow(shape[i], pads.before[i], &shape[i]) ||
        __builtin_add_overflow(shape[i], pads.after[i], &shape[i]) || shape[i] < 0) {
      site.invalid("axis {} of {} cannot be padded by {} and {}", i, to_string(x.shape), pads.before[i], pads.after[i]);
    }
  }
  return {planned(site, x.dtype, std::move(shape))};
}

/// The padding value's bytes when an attribute gives it (before opset 11).
Tensor attribute_value(const OpSite& site, DType dtype) {
  const float value = site.node.get_float("value", 0);
  if (dtype == DType::f32) return Tensor::scalar(value);
  if (dtype == DType::f64) return Tensor::scalar(static_cast<double>(value));
  Tensor bytes = Tensor::zeros(dtype, {});
  if (value != 0) {
    if (dtype != DType::f16) site.unsupported("padding {} by {} is not offered", name(dtype), value);
    *static_cast<std::uint16_t*>(bytes.mutable_raw()) = f32_to_f16(value);
  }
  return bytes;
}

/// Fills the border slab by slab, so that no element is written twice, and copies the interior.
class ConstantPad final : public Kernel {
 public:
  explicit ConstantPad(const OpSite& site) {
    const ValueFacts& x = site.input(0);
    const Shape to = infer(site)[0].shape;
    const Pads pads = pads_of(site);
    const std::size_t size = element_bytes(site, x.dtype);
    has_value_input_ = site.has(2);
    if (!has_value_input_) {
      value_ = attribute_value(site, x.dtype);
    } else if (site.input(2).dtype != x.dtype || element_count(site.input(2).shape) != 1) {
      site.invalid("the padding value is {} of shape {}; one {} is expected", name(site.input(2).dtype),
                   to_string(site.input(2).shape), name(x.dtype));
    }
    const Shape to_strides = row_major_strides(to);
    const Shape from_strides = row_major_strides(x.shape);
    Shape box = to;  // what is left to fill: shrinks axis by axis to the interior
    std::int64_t box_offset = 0;
    std::int64_t from_offset = 0;
    for (std::size_t axis = 0; axis < to.size(); ++axis) {
      const std::int64_t low = std::clamp<std::int64_t>(pads.before[axis], 0, box[axis]);
      const std::int64_t high = std::clamp<std::int64_t>(pads.after[axis], 0, box[axis] - low);
      const std::int64_t middle = box[axis] - low - high;
      add_border(box, axis, low, box_offset, to_strides, size);
      add_border(box, axis, high, box_offset + (low + middle) * to_strides[axis], to_strides, size);
      box[axis] = middle;
      box_offset += low * to_strides[axis];
      from_offset += std::max<std::int64_t>(0, -pads.before[axis]) * from_strides[axis];
    }
    to_offset_ = static_cast<std::size_t>(box_offset) * size;
    from_offset_ = static_cast<std::size_t>(from_offset) * size;
    interior_ = StridedCopy(box, to_strides, from_strides, size);
  }

  void run(const KernelIo& io) override {
    auto* dst = static_cast<std::byte*>(io.out(0).mutable_raw());
    const void* value = has_value_input_ ? io.in(2).raw() : value_.raw();
    for (const auto& [offset, fill] : borders_) fill.run(dst + offset, value);
    interior_.run(dst + to_offset_, static_cast<const std::byte*>(io.in(0).raw()) + from_offset_);
  }

 private:
  void add_border(Shape box, std::size_t axis, std::int64_t length, std::int64_t offset, const Shape& to_strides,
                  std::size_t size) {
    box[axis] = length;
    borders_.emplace_back(static_cast<std::size_t>(offset) * size,
                          StridedCopy(box, to_strides, Shape(box.size(), 0), size));
  }

  bool has_value_input_ = false;
  Tensor value_;
  std::vector<std::pair<std::size_t, StridedCopy>> borders_;
  StridedCopy interior_;
  std::size_t to_offset_ = 0;
  std::size_t from_offset_ = 0;
};

/// The input position that padded position `i` shows (numpy.pad's meaning for any width).
std::int64_t mirrored(Mode mode, std::int64_t i, std::int64_t dim) {
  if (mode == Mode::edge || dim == 1) return std::clamp<std::int64_t>(i, 0, dim - 1);
  const std::int64_t period = mode == Mode::wrap ? dim : 2 * (dim - 1);
  const std::int64_t phase = ((i % period) + period) % period;
  return phase < dim ? phase : period - phase;
}

/// Every output position has a source position per axis.
std::unique_ptr<Kernel> make_mirrored(const OpSite& site, Mode mode) {
  const Shape& from = site.input(0).shape;
  const Shape to = infer(site)[0].shape;
  const Shape strides = row_major_strides(from);
  const Pads pads = pads_of(site);
  std::vector<std::vector<std::int64_t>> tables;
  for (std::size_t axis = 0; axis < to.size(); ++axis) {
    if (from[axis] == 0) site.invalid("axis {} is empty: there is nothing to pad with", axis);
    tables.emplace_back();
    for (std::int64_t i = 0; i < to[axis]; ++i) {
      tables.back().push_back(mirrored(mode, i - pads.before[axis], from[axis]) * strides[axis]);
    }
  }
  return make_kernel([copy = TableCopy(std::move(tables), element_bytes(site, site.input(0).dtype))](
                         const KernelIo& io) { copy.run(io.out(0).mutable_raw(), io.in(0).raw()); });
}

std::unique_ptr<Kernel> make(const OpSite& site) {
  const Mode mode = chosen(site, "mode", kModes, "constant");
  if (element_count(infer(site)[0].shape) == 0) return make_moves({});
  if (mode == Mode::constant) return std::make_unique<ConstantPad>(site);
  return make_mirrored(site, mode);
}

constexpr OpSpec kOps[] = {
    {.op_type = "Pad", .infer = infer, .make = packed_too<infer, make>, .float_types = kAnyType},
};

}  // namespace

std::span<const OpSpec> ops_pad() { return kOps; }

}  // namespace zeropoint
