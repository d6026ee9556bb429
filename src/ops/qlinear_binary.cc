#include "integer/code_rows.h"
#include "ops/arguments.h"
#include "ops/broadcast.h"
#include "ops/elementwise.h"
#include "ops/qlinear.h"

// QLinearAdd and QLinearMul of com.microsoft, in the float32 arithmetic of ONNX Runtime on x86:
//   add: rint(Z_c - (r_a Z_a + r_b Z_b) + r_a a + r_b b), r = S_in / S_out
//   mul: rint((a - Z_a) (b - Z_b) (S_a S_b / S_c) + Z_c)
namespace zeropoint {
namespace {

template <class Code, class Rule>
void run_tile(const Broadcast::Tile& t, const Code* a, const Code* b, Code* y, const Rule& rule) {
  const bool is_plain = t.col_step[0] == 1 && t.col_step[1] == 1;
  for (std::int64_t i = 0; i < t.rows; ++i) {
    const Code* pa = a + t.in[0] + i * t.row_step[0];
    const Code* pb = b + t.in[1] + i * t.row_step[1];
    Code* to = y + t.out + i * t.cols;
    if (is_plain) {
      row(rule, pa, pb, t.cols, to);
      continue;
    }
    for (std::int64_t c = 0; c < t.cols; ++c) {
      to[c] = static_cast<Code>(rule(pa[c * t.col_step[0]], pb[c * t.col_step[1]]));
    }
  }
}

const Shape& a_shape(const OpSite& site) { return site.input(0).shape; }
const Shape& b_shape(const OpSite& site) { return site.input(3).shape; }

std::vector<ValueFacts> infer(const OpSite& site) {
  if (code_type(site, 0) != code_type(site, 3)) {
    site.invalid("inputs 0 and 3 have different types, {} and {}", name(site.input(0).dtype),
                 name(site.input(3).dtype));
  }
  return {planned(site, site.input(0).dtype, broadcast_shape(site, a_shape(site), b_shape(site)))};
}

template <class Rule>
std::unique_ptr<Kernel> make(const OpSite& site) {
  const CodeRange codes = codes_of(site.input(0).dtype);
  const Rule rule({read_grid(site, 1, 2), codes}, {read_grid(site, 4, 5), codes}, {read_grid(site, 6, 7), codes},
                  Arithmetic::ort_x86);
  const Broadcast walk(broadcast_shape(site, a_shape(site), b_shape(site)), {&a_shape(site), &b_shape(site)},
                       kCheapGrain);
  return make_kernel([rule, walk](const KernelIo& io) {
    walk.for_each_tile([&](const Broadcast::Tile& tile) {
      if (io.out(0).dtype() == DType::u8) {
        run_tile(tile, io.in(0).data<std::uint8_t>(), io.in(3).data<std::uint8_t>(),
                 io.out(0).mutable_data<std::uint8_t>(), rule);
      } else {
        run_tile(tile, io.in(0).data<std::int8_t>(), io.in(3).data<std::int8_t>(),
                 io.out(0).mutable_data<std::int8_t>(), rule);
      }
    });
  });
}

constexpr OpSpec spec(std::string_view op_type, std::unique_ptr<Kernel> (*maker)(const OpSite&)) {
  return {.op_type = op_type,
          .domain = "com.microsoft",
          .infer = infer,
          .make = maker,
          .float_types = "",
          .integer_types = "uint8 int8"};
}
constexpr OpSpec kOps[] = {spec("QLinearAdd", make<AddRule>), spec("QLinearMul", make<MulRule>)};

}  // namespace

std::span<const OpSpec> ops_qlinear_binary() { return kOps; }

}  // namespace zeropoint
