#include <cmath>

#include "base/parallel.h"
#include "kernels/elementwise/unary.h"
#include "ops/arguments.h"
#include "ops/elementwise.h"
#include "ops/qlinear.h"

// Operators of com.microsoft that map each code through a table of 256: dequantize, apply, quantize.
// QLinearSigmoid, QLinearLeakyRelu, QLinearConcat (each input brought to the output's grid), QLinearWhere.
namespace zeropoint {
namespace {

float sigmoid(float x) { return reference::unary_f32(UnaryF32::sigmoid, {}, x); }
float identity(float x) { return x; }

std::vector<ValueFacts> infer_codes(const OpSite& site) {
  return {{.dtype = code_type(site, 0), .shape = site.input(0).shape}};
}

std::unique_ptr<Kernel> make_function(const OpSite& site, const std::function<float(float)>& f) {
  const DType dtype = code_type(site, 0);
  const CodeTable table = make_code_table(dtype, read_grid(site, 1, 2), dtype, read_grid(site, 3, 4), f);
  return make_kernel([table](const KernelIo& io) {
    const auto* x = static_cast<const std::uint8_t*>(io.in(0).raw());
    auto* y = static_cast<std::uint8_t*>(io.out(0).mutable_raw());
    parallel_ranges(io.in(0).size(), kCheapGrain, [&](std::int64_t begin, std::int64_t end) {
      apply_table(table, x + begin, y + begin, end - begin);
    });
  });
}

std::unique_ptr<Kernel> make_sigmoid(const OpSite& site) { return make_function(site, sigmoid); }

std::unique_ptr<Kernel> make_leaky_relu(const OpSite& site) {
  const float alpha = site.node.get_float("alpha", 0.01F);
  return make_function(site, [alpha](float x) { return x < 0 ? alpha * x : x; });
}

// QLinearConcat: output scale and zero point, then three inputs for every part.
constexpr std::size_t kFirstPart = 2;
constexpr std::size_t kInputsPerPart = 3;

std::size_t concat_axis(const OpSite& site) {
  return static_cast<std::size_t>(positive_axis(site, site.node.get_int("axis", 0),
                                                static_cast<std::int64_t>(site.input(kFirstPart).shape.size())));
}

std::vector<ValueFacts> infer_concat(const OpSite& site) {
  const std::size_t axis = concat_axis(site);
  Shape shape = site.input(kFirstPart).shape;
  shape[axis] = 0;
  for (std::size_t i = kFirstPart; i < site.inputs.size(); i += kInputsPerPart) {
    Shape part = site.input(i).shape;
    if (part.size() != shape.size())
      site.invalid("input {} has rank {}, input {} has {}", i, part.size(), kFirstPart, shape.size());
    const std::int64_t length = std::exchange(part[axis], shape[axis]);
    if (part != shape) site.invalid("input {} of shape {} does not fit the others", i, to_string(site.input(i).shape));
    shape[axis] += length;
  }
  return {planned(site, code_type(site, kFirstPart), shape)};
}

std::unique_ptr<Kernel> make_concat(const OpSite& site) {
  struct Part {
    std::size_t input;
    CodeTable table;
    std::int64_t row, offset;  // bytes per outer index, and where they go in an output row
  };
  const std::size_t axis = concat_axis(site);
  const QParams to = read_grid(site, 0, 1);
  const DType dtype = code_type(site, kFirstPart);
  std::vector<Part> parts;
  std::int64_t row = 0;
  for (std::size_t i = kFirstPart; i < site.inputs.size(); i += kInputsPerPart) {
    const Shape& shape = site.input(i).shape;
    const std::int64_t size = count_between(shape, axis, shape.size());
    parts.push_back(
        {i, make_code_table(code_type(site, i), read_grid(site, i + 1, i + 2), dtype, to, identity), size, row});
    row += size;
  }
  const std::int64_t rows = count_between(site.input(kFirstPart).shape, 0, axis);
  return make_kernel([parts, rows, row](const KernelIo& io) {
    auto* y = static_cast<std::uint8_t*>(io.out(0).mutable_raw());
    parallel_ranges(rows, std::max<std::int64_t>(1, kCheapGrain / std::max<std::int64_t>(row, 1)),
                    [&](std::int64_t begin, std::int64_t end) {
                      for (std::int64_t i = begin; i < end; ++i) {
                        for (const Part& part : parts) {
                          const auto* x = static_cast<const std::uint8_t*>(io.in(part.input).raw());
                          apply_table(part.table, x + i * part.row, y + i * row + part.offset, part.row);
                        }
                      }
                    });
  });
}

// QLinearWhere: condition; x, scale, zero point; y, scale, zero point; output scale, zero point.
std::vector<ValueFacts> infer_where(const OpSite& site) {
  if (site.input(0).dtype != DType::boolean) site.invalid("condition is {}, not boolean", name(site.input(0).dtype));
  const Shape branches = broadcast_shape(site, site.input(1).shape, site.input(4).shape);
  return {planned(site, code_type(site, 1), broadcast_shape(site, site.input(0).shape, branches))};
}

std::unique_ptr<Kernel> make_where(const OpSite& site) {
  const DType dtype = code_type(site, 1);
  const QParams to = read_grid(site, 7, 8);
  const CodeTable from_x = make_code_table(dtype, read_grid(site, 2, 3), dtype, to, identity);
  const CodeTable from_y = make_code_table(code_type(site, 4), read_grid(site, 5, 6), dtype, to, identity);
  const Broadcast walk(infer_where(site)[0].shape, {&site.input(0).shape, &site.input(1).shape, &site.input(4).shape},
                       kCheapGrain);
  return make_kernel([from_x, from_y, walk](const KernelIo& io) {
    const auto* condition = io.in(0).data<std::uint8_t>();
    const auto* x = static_cast<const std::uint8_t*>(io.in(1).raw());
    const auto* y = static_cast<const std::uint8_t*>(io.in(4).raw());
    auto* out = static_cast<std::uint8_t*>(io.out(0).mutable_raw());
    walk.for_each_tile([&](const Broadcast::Tile& t) {
      for (std::int64_t row = 0; row < t.rows; ++row) {
        for (std::int64_t col = 0; col < t.cols; ++col) {
          const auto at = [&](std::size_t k) { return t.in[k] + row * t.row_step[k] + col * t.col_step[k]; };
          out[t.out + row * t.cols + col] = condition[at(0)] != 0 ? from_x[x[at(1)]] : from_y[y[at(2)]];
        }
      }
    });
  });
}

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
    spec("QLinearSigmoid", infer_codes, make_sigmoid),
    spec("QLinearLeakyRelu", infer_codes, make_leaky_relu),
    spec("QLinearConcat", infer_concat, make_concat),
    spec("QLinearWhere", infer_where, make_where),
};

}  // namespace

std::span<const OpSpec> ops_qlinear_table() { return kOps; }

}  // namespace zeropoint
