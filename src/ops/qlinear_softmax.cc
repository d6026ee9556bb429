#include <algorithm>
#include <vector>

#include "base/parallel.h"
#include "kernels/softmax/softmax.h"
#include "ops/arguments.h"
#include "ops/elementwise.h"
#include "ops/qlinear.h"

// QLinearSoftmax of com.microsoft: softmax of the dequantized codes, quantized again. Its attribute `opset`
// says which meaning of `axis` holds: one axis (13 and later) or everything from the axis on.
namespace zeropoint {
namespace {

struct Extent {
  std::int64_t outer, axis, inner;
};

Extent extent_of(const OpSite& site) {
  const Shape& shape = site.input(0).shape;
  const auto axis = static_cast<std::size_t>(
      positive_axis(site, site.node.get_int("axis", -1), static_cast<std::int64_t>(shape.size())));
  if (site.node.get_int("opset", 13) < 13)
    return {count_between(shape, 0, axis), count_between(shape, axis, shape.size()), 1};
  return {count_between(shape, 0, axis), shape[axis], count_between(shape, axis + 1, shape.size())};
}

std::vector<ValueFacts> infer(const OpSite& site) {
  return {{.dtype = code_type(site, 0), .shape = site.input(0).shape}};
}

std::unique_ptr<Kernel> make(const OpSite& site) {
  const DType dtype = code_type(site, 0);
  const QParams from = read_grid(site, 1, 2);
  const QParams to = read_grid(site, 3, 4);
  const Extent e = extent_of(site);
  std::vector<float> real(256);
  for (std::int32_t q = codes_of(dtype).min; q <= codes_of(dtype).max; ++q)
    real[static_cast<std::uint8_t>(q)] = dequantize_value(q, from);
  return make_kernel([=](const KernelIo& io) {
    const auto* x = static_cast<const std::uint8_t*>(io.in(0).raw());
    auto* y = static_cast<std::uint8_t*>(io.out(0).mutable_raw());
    const std::int64_t slice = e.axis * e.inner;
    parallel_ranges(e.outer, std::max<std::int64_t>(1, kCostlyGrain / std::max<std::int64_t>(slice, 1)),
                    [&](std::int64_t begin, std::int64_t end) {
                      std::vector<float> values(static_cast<std::size_t>(slice));
                      for (std::int64_t i = begin; i < end; ++i) {
                        for (std::int64_t k = 0; k < slice; ++k)
                          values[static_cast<std::size_t>(k)] = real[x[i * slice + k]];
                        softmax_columns_f32(SoftmaxKind::softmax, values.data(), values.data(), e.axis, e.inner);
                        for (std::int64_t k = 0; k < slice; ++k) {
                          y[i * slice + k] = static_cast<std::uint8_t>(quantize_value(
                              values[static_cast<std::size_t>(k)], to.scale, to.zero_point, codes_of(dtype)));
                        }
                      }
                    });
  });
}

constexpr OpSpec kOps[] = {{.op_type = "QLinearSoftmax",
                            .domain = "com.microsoft",
                            .infer = infer,
                            .make = make,
                            .float_types = "",
                            .integer_types = "uint8 int8"}};

}  // namespace

std::span<const OpSpec> ops_qlinear_softmax() { return kOps; }

}  // namespace zeropoint
