// HannWindow, HammingWindow and BlackmanWindow: sums of cosines,
//   w[i] = a0 - a1 cos(2 pi i / N) + a2 cos(4 pi i / N)
// with N = size for a periodic window and size - 1 for a symmetric one.
#include <cmath>
#include <numbers>

#include "ops/arguments.h"
#include "ops/dispatch.h"
#include "ops/narrow_types.h"

namespace zeropoint {
namespace {

struct Cosines {
  double a0, a1, a2;
};
constexpr Cosines kHann{0.5, 0.5, 0};
constexpr Cosines kHamming{25.0 / 46, 21.0 / 46, 0};
constexpr Cosines kBlackman{0.42, 0.5, 0.08};

std::vector<ValueFacts> infer(const OpSite& site) {
  const std::int64_t dtype = site.node.get_int("output_datatype", static_cast<std::int64_t>(DType::f32));
  if (dtype <= 0 || dtype >= kDTypeCount) site.invalid("output_datatype {} is no type", dtype);
  if (is_pending(site, 0)) return late(static_cast<DType>(dtype));
  return {planned(site, static_cast<DType>(dtype), {single_integer(site, 0, "size")})};
}

std::unique_ptr<Kernel> make_window(const OpSite& site, Cosines cosines) {
  const std::int64_t size = infer(site)[0].shape[0];
  const bool is_periodic = site.node.get_int("periodic", 1) != 0;
  const double period = static_cast<double>(is_periodic ? size : std::max<std::int64_t>(1, size - 1));
  const DType dtype = widened(infer(site)[0].dtype, Widening::halves_to_float32);
  return for_number(site, dtype, [&]<class T>() {
    return make_kernel([=](const KernelIo& io) {
      const auto to = io.out(0).mutable_values<T>();
      for (std::size_t i = 0; i < to.size(); ++i) {
        const double angle = 2 * std::numbers::pi * static_cast<double>(i) / period;
        to[i] = static_cast<T>(cosines.a0 - cosines.a1 * std::cos(angle) + cosines.a2 * std::cos(2 * angle));
      }
    });
  });
}

std::unique_ptr<Kernel> make_hann(const OpSite& site) { return make_window(site, kHann); }
std::unique_ptr<Kernel> make_hamming(const OpSite& site) { return make_window(site, kHamming); }
std::unique_ptr<Kernel> make_blackman(const OpSite& site) { return make_window(site, kBlackman); }

constexpr OpSpec kOps[] = {
    {.op_type = "HannWindow", .since = 17, .infer = infer, .make = halves_too<infer, make_hann>},
    {.op_type = "HammingWindow", .since = 17, .infer = infer, .make = halves_too<infer, make_hamming>},
    {.op_type = "BlackmanWindow", .since = 17, .infer = infer, .make = halves_too<infer, make_blackman>},
};

}  // namespace

std::span<const OpSpec> ops_window_functions() { return kOps; }

}  // namespace zeropoint
