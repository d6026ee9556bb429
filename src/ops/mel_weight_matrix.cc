#include <algorithm>
#include <cmath>
#include <vector>

#include "ops/arguments.h"
#include "ops/dispatch.h"
#include "ops/narrow_types.h"

namespace zeropoint {
namespace {

constexpr std::size_t kBands = 0, kLength = 1, kRate = 2, kLow = 3, kHigh = 4;

std::vector<ValueFacts> infer(const OpSite& site) {
  const std::int64_t dtype = site.node.get_int("output_datatype", static_cast<std::int64_t>(DType::f32));
  if (dtype <= 0 || dtype >= kDTypeCount) site.invalid("output_datatype {} is no type", dtype);
  for (std::size_t i = kBands; i <= kHigh; ++i) {
    if (is_pending(site, i)) return late(static_cast<DType>(dtype));
  }
  const std::int64_t length = single_integer(site, kLength, "dft_length");
  if (length < 1) site.invalid("dft_length is {}", length);
  return {planned(site, static_cast<DType>(dtype), {length / 2 + 1, single_integer(site, kBands, "num_mel_bins")})};
}

double mel(double hertz) { return 2595 * std::log10(1 + hertz / 700); }
double hertz(double mel) { return 700 * (std::pow(10, mel / 2595) - 1); }

/// The bins of the spectrum at which the triangles begin, peak and end: evenly spaced in mel.
std::vector<std::int64_t> corners(const OpSite& site, std::int64_t bands, std::int64_t bins) {
  const auto length = static_cast<double>(single_integer(site, kLength, "dft_length"));
  const double low = mel(number(site, kLow, "lower_edge_hertz"));
  const double step = (mel(number(site, kHigh, "upper_edge_hertz")) - low) / static_cast<double>(bands + 2);
  const double rate = number(site, kRate, "sample_rate");
  std::vector<std::int64_t> result;
  for (std::int64_t i = 0; i < bands + 2; ++i) {
    const double bin = std::floor((length + 1) * hertz(low + static_cast<double>(i) * step) / rate);
    if (!(bin >= 0) || bin >= static_cast<double>(bins)) {
      site.invalid("band {} lies outside the spectrum of {} bins", i, bins);
    }
    result.push_back(static_cast<std::int64_t>(bin));
  }
  if (!std::is_sorted(result.begin(), result.end())) site.invalid("lower_edge_hertz is above upper_edge_hertz");
  return result;
}

/// weights[bin][band]: triangles that peak at 1 (Davis and Mermelstein 1980).
std::unique_ptr<Kernel> make(const OpSite& site) {
  const ValueFacts output = infer(site)[0];
  const std::int64_t bins = output.shape[0];
  const std::int64_t bands = output.shape[1];
  const std::vector<std::int64_t> at = corners(site, bands, bins);
  return for_number(site, widened(output.dtype, Widening::halves_to_float32), [&]<class T>() {
    return make_kernel([=](const KernelIo& io) {
      const auto all = io.out(0).mutable_values<T>();
      std::fill(all.begin(), all.end(), T{0});
      for (std::int64_t band = 0; band < bands; ++band) {
        T* to = all.data() + band;
        const std::int64_t* corner = at.data() + band;
        const auto rise = static_cast<double>(corner[1] - corner[0]);
        const auto fall = static_cast<double>(corner[2] - corner[1]);
        for (std::int64_t i = corner[0]; i < corner[1]; ++i) {
          to[i * bands] = static_cast<T>(static_cast<double>(i - corner[0]) / rise);
        }
        to[corner[1] * bands] = T{1};
        for (std::int64_t i = corner[1] + 1; i < corner[2]; ++i) {
          to[i * bands] = static_cast<T>(static_cast<double>(corner[2] - i) / fall);
        }
      }
    });
  });
}

constexpr OpSpec kOps[] = {
    {.op_type = "MelWeightMatrix", .since = 17, .infer = infer, .make = halves_too<infer, make>},
};

}  // namespace

std::span<const OpSpec> ops_mel_weight_matrix() { return kOps; }

}  // namespace zeropoint
