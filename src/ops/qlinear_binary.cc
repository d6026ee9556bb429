#include "ops/arguments.h"
#include "ops/broadcast.h"
#include "ops/elementwise.h"
#include "ops/qlinear.h"

// QLinearAdd and QLinearMul of com.microsoft, in the float32 arithmetic of ONNX Runtime on x86:
//   add: rint(Z_c - (r_a Z_a + r_b Z_b) + r_a a + r_b b), r = S_in / S_out
//   mul: rint((a - Z_a) (b - Z_b) (S_a S_b / S_c) + Z_c)
namespace zeropoint {
namespace {

struct AddCodes {
  float fixed, ratio_a, ratio_b;

  AddCodes(QParams a, QParams b, QParams c) : ratio_a(a.scale / c.scale), ratio_b(b.scale / c.scale) {
    fixed = static_cast<float>(c.zero_point) -
            (ratio_a * static_cast<float>(a.zero_point) + ratio_b * static_cast<float>(b.zero_point));
  }
  float operator()(std::int32_t a, std::int32_t b) const {
    return (fixed + ratio_a * static_cast<float>(a)) + ratio_b * static_cast<float>(b);
  }
};

struct MulCodes {
  std::int32_t zero_a, zero_b;
  float ratio, zero_c;

  MulCodes(QParams a, QParams b, QParams c)
      : zero_a(a.zero_point),
        zero_b(b.zero_point),
        ratio(a.scale * b.scale / c.scale),
        zero_c(static_cast<float>(c.zero_point)) {}
  float operator()(std::int32_t a, std::int32_t b) const {
    return static_cast<float>((a - zero_a) * (b - zero_b)) * ratio + zero_c;  // |product| < 2^16: exact
  }
};

template <class Code, class F>
void run_tile(const Broadcast::Tile& t, const Code* a, const Code* b, Code* y, CodeRange codes, const F& f) {
  for (std::int64_t row = 0; row < t.rows; ++row) {
    const Code* pa = a + t.in[0] + row * t.row_step[0];
    const Code* pb = b + t.in[1] + row * t.row_step[1];
    Code* to = y + t.out + row * t.cols;
    for (std::int64_t i = 0; i < t.cols; ++i) {
      to[i] = static_cast<Code>(to_code(f(pa[i * t.col_step[0]], pb[i * t.col_step[1]]), codes));
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

template <class F>
std::unique_ptr<Kernel> make(const OpSite& site) {
  const F f(read_grid(site, 1, 2), read_grid(site, 4, 5), read_grid(site, 6, 7));
  const Broadcast walk(broadcast_shape(site, a_shape(site), b_shape(site)), {&a_shape(site), &b_shape(site)},
                       kCheapGrain);
  const CodeRange codes = codes_of(site.input(0).dtype);
  return make_kernel([f, walk, codes](const KernelIo& io) {
    walk.for_each_tile([&](const Broadcast::Tile& tile) {
      if (io.out(0).dtype() == DType::u8) {
        run_tile(tile, io.in(0).data<std::uint8_t>(), io.in(3).data<std::uint8_t>(),
                 io.out(0).mutable_data<std::uint8_t>(), codes, f);
      } else {
        run_tile(tile, io.in(0).data<std::int8_t>(), io.in(3).data<std::int8_t>(),
                 io.out(0).mutable_data<std::int8_t>(), codes, f);
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
constexpr OpSpec kOps[] = {spec("QLinearAdd", make<AddCodes>), spec("QLinearMul", make<MulCodes>)};

}  // namespace

std::span<const OpSpec> ops_qlinear_binary() { return kOps; }

}  // namespace zeropoint
