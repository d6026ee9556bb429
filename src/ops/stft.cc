#include <complex>
#include <vector>

#include "base/parallel.h"
#include "kernels/fourier/fft.h"
#include "ops/arguments.h"
#include "ops/dispatch.h"
#include "ops/narrow_types.h"

namespace zeropoint {
namespace {

struct Frames {
  std::int64_t step, length, count;
  std::int64_t bins;  // of the spectrum that are kept
};

Frames frames_of(const OpSite& site) {
  const Shape& x = site.input(0).shape;
  if (x.size() != 3 || (x[2] != 1 && x[2] != 2)) {
    site.invalid("the signal has shape {}; [batch, length, 1 or 2] is expected", to_string(x));
  }
  Frames f{.step = single_integer(site, 1, "frame_step"), .length = x[1], .count = 0, .bins = 0};
  if (site.has(2)) {
    if (site.input(2).shape.size() != 1) site.invalid("the window has shape {}", to_string(site.input(2).shape));
    if (site.input(2).dtype != site.input(0).dtype) site.invalid("the window is {}", name(site.input(2).dtype));
    f.length = site.input(2).shape[0];
  }
  if (site.has(3)) {
    const std::int64_t length = single_integer(site, 3, "frame_length");
    if (site.has(2) && length != f.length) site.invalid("frame_length is {}, the window has {}", length, f.length);
    f.length = length;
  }
  if (f.step < 1) site.invalid("frame_step is {}", f.step);
  if (f.length < 1 || f.length > x[1]) site.invalid("frames of {} do not fit a signal of {}", f.length, x[1]);
  f.count = (x[1] - f.length) / f.step + 1;
  f.bins = site.node.get_int("onesided", 1) != 0 ? f.length / 2 + 1 : f.length;
  return f;
}

std::vector<ValueFacts> infer(const OpSite& site) {
  const ValueFacts& x = site.input(0);
  if (is_pending(site, 1) || is_pending(site, 3)) return late(x.dtype);
  const Frames f = frames_of(site);
  return {planned(site, x.dtype, {x.shape[0], f.count, f.bins, 2})};
}

/// The spectrum of each windowed frame.
template <class T>
std::unique_ptr<Kernel> make_typed(const OpSite& site) {
  const Frames f = frames_of(site);
  const std::int64_t parts = site.input(0).shape[2];
  const std::int64_t signal = site.input(0).shape[1];
  return make_kernel([=, fft = Fft(f.length)](const KernelIo& io) {
    const T* window = io.has(2) ? io.in(2).data<T>() : nullptr;
    parallel_chunks(io.in(0).dim(0) * f.count, [&](std::int64_t i) {
      const T* from = io.in(0).data<T>() + (i / f.count * signal + i % f.count * f.step) * parts;
      T* to = io.out(0).mutable_data<T>() + i * f.bins * 2;
      std::vector<std::complex<double>> line(static_cast<std::size_t>(f.length));
      for (std::int64_t k = 0; k < f.length; ++k) {
        const double weight = window != nullptr ? static_cast<double>(window[k]) : 1;
        const double imaginary = parts == 2 ? static_cast<double>(from[k * parts + 1]) : 0;
        line[static_cast<std::size_t>(k)] = {weight * static_cast<double>(from[k * parts]), weight * imaginary};
      }
      fft.run(line.data());
      for (std::int64_t k = 0; k < f.bins; ++k) {
        to[2 * k] = static_cast<T>(line[static_cast<std::size_t>(k)].real());
        to[2 * k + 1] = static_cast<T>(line[static_cast<std::size_t>(k)].imag());
      }
    });
  });
}

std::unique_ptr<Kernel> make(const OpSite& site) {
  return for_float(site, site.input(0).dtype, [&]<class T>() { return make_typed<T>(site); });
}

constexpr OpSpec kOps[] = {
    {.op_type = "STFT", .since = 17, .infer = infer, .make = halves_too<infer, make>},
};

}  // namespace

std::span<const OpSpec> ops_stft() { return kOps; }

}  // namespace zeropoint
