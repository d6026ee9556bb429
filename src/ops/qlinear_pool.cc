#include <algorithm>
#include <array>
#include <numeric>
#include <optional>
#include <vector>

#include "base/parallel.h"
#include "ops/arguments.h"
#include "ops/elementwise.h"
#include "ops/inner_op.h"
#include "ops/qlinear.h"

// QLinearAveragePool and QLinearGlobalAveragePool of com.microsoft, on [N, C, spatial...] or, with
// channels_last, [N, spatial..., C]. The first averages real values, as ONNX Runtime does; the second sums
// codes in int32 (spatial size * 255 < 2^31) and rescales: (sum - count Z_x) S_x / (S_y count).
namespace zeropoint {
namespace {

bool is_channels_last(const OpSite& site) { return site.node.get_int("channels_last", 0) != 0; }

/// [N, C, spatial...] from the shape of the input.
Shape channels_first(const OpSite& site) {
  Shape shape = site.input(0).shape;
  if (shape.size() < 3) site.invalid("input of shape {} has no spatial axes", to_string(shape));
  if (is_channels_last(site)) std::rotate(shape.begin() + 1, shape.end() - 1, shape.end());
  return shape;
}

Shape with_layout_of(const OpSite& site, Shape shape) {
  if (is_channels_last(site)) std::rotate(shape.begin() + 1, shape.begin() + 2, shape.end());
  return shape;
}

std::vector<ValueFacts> infer_global(const OpSite& site) {
  Shape shape = channels_first(site);
  std::fill(shape.begin() + 2, shape.end(), 1);
  return {{.dtype = code_type(site, 0), .shape = with_layout_of(site, shape)}};
}

/// Sums of the codes over the pixels: one per channel of one sample.
template <class Code>
void sum_pixels(const Code* x, std::int64_t channels, std::int64_t pixels, bool last, std::int32_t* sums) {
  std::fill_n(sums, channels, 0);
  for (std::int64_t i = 0; i < channels * pixels; ++i) sums[last ? i % channels : i / pixels] += x[i];
}

std::unique_ptr<Kernel> make_global(const OpSite& site) {
  const DType dtype = code_type(site, 0);
  const Shape shape = channels_first(site);
  const std::int64_t samples = shape[0];
  const std::int64_t channels = shape[1];
  const std::int64_t pixels = count_between(shape, 2, shape.size());
  const QParams x_grid = read_grid(site, 1, 2);
  const QParams y_grid = read_grid(site, 3, 4);
  const Rescale rescale{.multiplier = x_grid.scale / (y_grid.scale * static_cast<float>(pixels))};
  const auto offset = static_cast<std::int32_t>(pixels * x_grid.zero_point);
  const bool last = is_channels_last(site);
  return make_kernel([=](const KernelIo& io) {
    parallel_chunks(samples, [&](std::int64_t n) {
      std::vector<std::int32_t> sums(static_cast<std::size_t>(channels));
      const std::int64_t size = channels * pixels;
      if (dtype == DType::u8) {
        sum_pixels(io.in(0).data<std::uint8_t>() + n * size, channels, pixels, last, sums.data());
      } else {
        sum_pixels(io.in(0).data<std::int8_t>() + n * size, channels, pixels, last, sums.data());
      }
      auto* y = static_cast<std::uint8_t*>(io.out(0).mutable_raw()) + n * channels;
      for (const std::int32_t sum : sums) {
        *y++ = static_cast<std::uint8_t>(
            requantize_value(sum - offset, rescale, y_grid.zero_point, codes_of(dtype), Arithmetic::ort_x86));
      }
    });
  });
}

/// The attributes that AveragePool shares with its quantized form.
InnerOp::Attributes window_attributes(const OpSite& site) {
  InnerOp::Attributes attributes;
  for (const Attribute& attribute : site.node.attributes) {
    if (attribute.name != "channels_last") attributes.emplace_back(attribute.name, attribute.value);
  }
  return attributes;
}

/// On memory with channels last, whatever the input has.
InnerOp average_pool(const OpSite& site) {
  const ValueFacts x{.dtype = DType::f32, .shape = channels_first(site), .layout = Layout::channels_last};
  return {site, "AveragePool", {x}, window_attributes(site)};
}

/// Moves channels behind the spatial axes, or back.
InnerOp transpose(const OpSite& site, const Shape& shape, bool to_last) {
  std::vector<std::int64_t> perm(shape.size());
  std::iota(perm.begin(), perm.end(), 0);
  if (to_last) {
    std::rotate(perm.begin() + 1, perm.begin() + 2, perm.end());
  } else {
    std::rotate(perm.begin() + 1, perm.end() - 1, perm.end());
  }
  return {site, "Transpose", {{.dtype = DType::f32, .shape = shape}}, {{"perm", perm}}};
}

class QLinearAveragePoolKernel final : public Kernel {
 public:
  explicit QLinearAveragePoolKernel(const OpSite& site)
      : dtype_(code_type(site, 0)), y_grid_(read_grid(site, 3, 4)), pool_(average_pool(site)) {
    const QParams x_grid = read_grid(site, 1, 2);
    const CodeRange codes = codes_of(dtype_);
    for (std::int32_t q = codes.min; q <= codes.max; ++q)
      real_[static_cast<std::uint8_t>(q)] = dequantize_value(q, x_grid);
    x_ = Tensor::allocate(DType::f32, site.input(0).shape);
    if (is_channels_last(site)) return;
    to_last_.emplace(transpose(site, site.input(0).shape, true));
    to_first_.emplace(transpose(site, pool_.output_shape(), false));
  }

  void run(const KernelIo& io) override {
    const auto* codes = static_cast<const std::uint8_t*>(io.in(0).raw());
    std::transform(codes, codes + x_.size(), x_.mutable_data<float>(), [&](std::uint8_t q) { return real_[q]; });
    const Tensor* pixels = &x_;
    if (to_last_) pixels = &to_last_->run(std::array{pixels});
    const Tensor* y = &pool_.run(std::array{pixels});
    if (to_first_) y = &to_first_->run(std::array{y});
    const CodeRange range = codes_of(dtype_);
    auto* out = static_cast<std::uint8_t*>(io.out(0).mutable_raw());
    for (const float value : y->values<float>()) {
      *out++ = static_cast<std::uint8_t>(quantize_value(value, y_grid_.scale, y_grid_.zero_point, range));
    }
  }

 private:
  DType dtype_;
  QParams y_grid_;
  InnerOp pool_;
  std::optional<InnerOp> to_last_;
  std::optional<InnerOp> to_first_;
  std::array<float, 256> real_;  // of each code
  Tensor x_;
};

std::vector<ValueFacts> infer_average(const OpSite& site) {
  return {{.dtype = code_type(site, 0), .shape = with_layout_of(site, average_pool(site).facts().shape)}};
}

std::unique_ptr<Kernel> make_average(const OpSite& site) { return std::make_unique<QLinearAveragePoolKernel>(site); }

constexpr OpSpec spec(std::string_view op_type, std::vector<ValueFacts> (*infer)(const OpSite&),
                      std::unique_ptr<Kernel> (*make)(const OpSite&)) {
  return {.op_type = op_type,
          .domain = "com.microsoft",
          .infer = infer,
          .make = make,
          .float_types = "",
          .integer_types = "uint8 int8"};
}
constexpr OpSpec kOps[] = {
    spec("QLinearAveragePool", infer_average, make_average),
    spec("QLinearGlobalAveragePool", infer_global, make_global),
};

}  // namespace

std::span<const OpSpec> ops_qlinear_pool() { return kOps; }

}  // namespace zeropoint
