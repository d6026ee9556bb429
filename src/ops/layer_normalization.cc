#include <algorithm>

#include "base/parallel.h"
#include "kernels/normalize/normalize.h"
#include "ops/arguments.h"
#include "ops/elementwise.h"
#include "ops/narrow_types.h"

// LayerNormalization and RMSNormalization: each slice of all dimensions from `axis` on is normalized.
namespace zeropoint {
namespace {

std::size_t axis_of(const OpSite& site) {
  return static_cast<std::size_t>(
      positive_axis(site, site.node.get_int("axis", -1), static_cast<std::int64_t>(site.input(0).shape.size())));
}

/// Scale and bias may be of fewer dimensions than the slice; then they repeat.
void require_fits(const OpSite& site, std::size_t i, std::string_view role) {
  const Shape& x = site.input(0).shape;
  const Shape slice(x.begin() + static_cast<std::ptrdiff_t>(axis_of(site)), x.end());
  if (site.input(i).dtype != site.input(0).dtype) {
    site.unsupported("{} is {}, but input 0 is {}", role, name(site.input(i).dtype), name(site.input(0).dtype));
  }
  if (broadcast_shape(site, slice, site.input(i).shape) != slice) {
    site.invalid("{} of shape {} does not fit the normalized shape {}", role, to_string(site.input(i).shape),
                 to_string(slice));
  }
}

std::vector<ValueFacts> infer(const OpSite& site) {
  const ValueFacts& x = site.input(0);
  Shape reduced = x.shape;
  std::fill(reduced.begin() + static_cast<std::ptrdiff_t>(axis_of(site)), reduced.end(), 1);
  std::vector<ValueFacts> out = {{.dtype = x.dtype, .shape = x.shape}};
  while (out.size() < std::min<std::size_t>(site.node.outputs.size(), 3))
    out.push_back({.dtype = DType::f32, .shape = reduced});
  return out;
}

/// `values` expanded to the whole slice; a tensor that already has its size is used as it is.
class SliceOperand {
 public:
  SliceOperand(const OpSite& site, std::size_t i, std::string_view role) {
    if (!site.has(i)) return;
    require_fits(site, i, role);
    const Shape& x = site.input(0).shape;
    const Shape slice(x.begin() + static_cast<std::ptrdiff_t>(axis_of(site)), x.end());
    if (element_count(site.input(i).shape) != element_count(slice)) {
      walk_.emplace(slice, std::initializer_list<const Shape*>{&site.input(i).shape}, kCheapGrain);
      expanded_.resize(static_cast<std::size_t>(element_count(slice)));
    }
  }

  const float* get(const Tensor* values) {
    if (values == nullptr) return nullptr;
    const float* from = values->data<float>();
    if (!walk_) return from;
    walk_->for_each_tile([&](const Broadcast::Tile& t) {
      for (std::int64_t row = 0; row < t.rows; ++row) {
        for (std::int64_t col = 0; col < t.cols; ++col) {
          expanded_[static_cast<std::size_t>(t.out + row * t.cols + col)] =
              from[t.in[0] + row * t.row_step[0] + col * t.col_step[0]];
        }
      }
    });
    return expanded_.data();
  }

 private:
  std::optional<Broadcast> walk_;
  std::vector<float> expanded_;
};

class LayerNormalizationKernel final : public Kernel {
 public:
  LayerNormalizationKernel(const OpSite& site, bool center)
      : cols_(count_between(site.input(0).shape, axis_of(site), site.input(0).shape.size())),
        epsilon_(site.node.get_float("epsilon", 1e-5F)),
        center_(center),
        scale_(site, 1, "scale"),
        bias_(site, 2, "bias") {}

  void run(const KernelIo& io) override {
    const std::int64_t rows = cols_ == 0 ? 0 : io.in(0).size() / cols_;
    const float* x = io.in(0).data<float>();
    float* y = io.out(0).mutable_data<float>();
    const NormalizeOptions options{.epsilon = epsilon_,
                                   .center = center_,
                                   .scale = scale_.get(io.has(1) ? &io.in(1) : nullptr),
                                   .bias = bias_.get(io.has(2) ? &io.in(2) : nullptr)};
    std::vector<Moments> moments;
    if (io.outputs.size() > 1) moments.resize(static_cast<std::size_t>(rows));
    const std::int64_t rows_per_chunk = std::max<std::int64_t>(1, kCostlyGrain / std::max<std::int64_t>(cols_, 1));
    parallel_ranges(rows, rows_per_chunk, [&](std::int64_t begin, std::int64_t end) {
      normalize_rows_f32(x + begin * cols_, y + begin * cols_, end - begin, cols_, options,
                         moments.empty() ? nullptr : moments.data() + begin);
    });
    for (std::size_t i = 1; i < io.outputs.size(); ++i) {
      if (!io.out(i)) continue;
      std::ranges::transform(moments, io.out(i).mutable_data<float>(),
                             [i](const Moments& m) { return i == 1 ? m.mean : m.inv_std; });
    }
  }

 private:
  std::int64_t cols_;
  float epsilon_;
  bool center_;
  SliceOperand scale_;
  SliceOperand bias_;
};

std::unique_ptr<Kernel> make(const OpSite& site) {
  if (site.input(0).dtype != DType::f32) site.unsupported("{} is not offered", name(site.input(0).dtype));
  return std::make_unique<LayerNormalizationKernel>(site, site.node.op_type == "LayerNormalization");
}

constexpr std::string_view kFloats = "float16 bfloat16 float32";
constexpr OpSpec kOps[] = {
    {.op_type = "LayerNormalization",
     .since = 17,
     .infer = infer,
     .make = halves_too<infer, make>,
     .in_place = 0,
     .float_types = kFloats},
    {.op_type = "RMSNormalization",
     .since = 23,
     .infer = infer,
     .make = halves_too<infer, make>,
     .in_place = 0,
     .float_types = kFloats},
    // The name under which ONNX Runtime writes it.
    {.op_type = "SimplifiedLayerNormalization",
     .infer = infer,
     .make = halves_too<infer, make>,
     .in_place = 0,
     .float_types = kFloats},
};

}  // namespace

std::span<const OpSpec> ops_layer_normalization() { return kOps; }

}  // namespace zeropoint
