#include <algorithm>
#include <complex>
#include <vector>

#include "base/parallel.h"
#include "kernels/fourier/fft.h"
#include "ops/arguments.h"
#include "ops/dispatch.h"
#include "ops/narrow_types.h"

namespace zeropoint {
namespace {

/// One node, decided.
struct Transform {
  std::size_t axis;
  std::int64_t length;  // of the transform: the signal is cut or padded with zeros to it
  bool is_inverse;
  bool is_onesided;          // only the first half of the spectrum is there (inverse) or wanted
  std::int64_t input_parts;  // 1: real, 2: complex
  std::int64_t output_parts;
  std::int64_t output_length;
};

Transform transform_of(const OpSite& site) {
  const Shape& x = site.input(0).shape;
  const auto rank = static_cast<std::int64_t>(x.size());
  if (rank < 2 || (x.back() != 1 && x.back() != 2)) {
    site.invalid("the input has shape {}; a last axis of 1 (real) or 2 (complex) is expected", to_string(x));
  }
  std::int64_t axis = site.opset < 20 ? site.node.get_int("axis", 1) : -2;
  if (site.opset >= 20 && site.has(2)) axis = single_integer(site, 2, "axis");
  axis = positive_axis(site, axis, rank);
  if (axis == rank - 1) site.invalid("axis {} holds the parts of complex numbers", axis);
  Transform t{.axis = static_cast<std::size_t>(axis),
              .length = x[static_cast<std::size_t>(axis)],
              .is_inverse = site.node.get_int("inverse", 0) != 0,
              .is_onesided = site.node.get_int("onesided", 0) != 0,
              .input_parts = x.back(),
              .output_parts = 2,
              .output_length = 0};
  if (t.is_inverse && t.is_onesided) t.length = 2 * (t.length - 1);
  if (site.has(1)) t.length = single_integer(site, 1, "dft_length");
  constexpr std::int64_t kLongest = std::int64_t{1} << 28;
  if (t.length < 1 || t.length > kLongest) site.invalid("the length {} is outside [1, {}]", t.length, kLongest);
  t.output_length = t.is_onesided && !t.is_inverse ? t.length / 2 + 1 : t.length;
  if (t.is_onesided && t.is_inverse) t.output_parts = 1;
  return t;
}

std::vector<ValueFacts> infer(const OpSite& site) {
  const ValueFacts& x = site.input(0);
  if (is_pending(site, 1) || is_pending(site, 2)) return late(x.dtype);
  const Transform t = transform_of(site);
  Shape shape = x.shape;
  shape[t.axis] = t.output_length;
  shape.back() = t.output_parts;
  return {planned(site, x.dtype, std::move(shape))};
}

template <class T>
std::unique_ptr<Kernel> make_typed(const OpSite& site) {
  const Transform t = transform_of(site);
  const Shape& x_shape = site.input(0).shape;
  const std::int64_t outer = count_between(x_shape, 0, t.axis);
  const std::int64_t inner = count_between(x_shape, t.axis + 1, x_shape.size() - 1);
  const std::int64_t given = x_shape[t.axis];
  return make_kernel([=, fft = Fft(t.length)](const KernelIo& io) {
    const T* x = io.in(0).data<T>();
    T* y = io.out(0).mutable_data<T>();
    parallel_chunks(outer * inner, [&](std::int64_t lane) {
      const T* from = x + (lane / inner * given * inner + lane % inner) * t.input_parts;
      T* to = y + (lane / inner * t.output_length * inner + lane % inner) * t.output_parts;
      std::vector<std::complex<double>> line(static_cast<std::size_t>(t.length));
      const bool is_half = t.is_inverse && t.is_onesided;
      const std::int64_t used = std::min(given, is_half ? t.length / 2 + 1 : t.length);
      for (std::int64_t i = 0; i < used; ++i) {
        const T* value = from + i * inner * t.input_parts;
        line[static_cast<std::size_t>(i)] = {static_cast<double>(value[0]),
                                             t.input_parts == 2 ? static_cast<double>(value[1]) : 0};
      }
      for (std::int64_t i = t.length / 2 + 1; is_half && i < t.length; ++i) {  // a real signal's spectrum is symmetric
        line[static_cast<std::size_t>(i)] = std::conj(line[static_cast<std::size_t>(t.length - i)]);
      }
      t.is_inverse ? fft.run_inverse(line.data()) : fft.run(line.data());
      for (std::int64_t i = 0; i < t.output_length; ++i) {
        T* value = to + i * inner * t.output_parts;
        value[0] = static_cast<T>(line[static_cast<std::size_t>(i)].real());
        if (t.output_parts == 2) value[1] = static_cast<T>(line[static_cast<std::size_t>(i)].imag());
      }
    });
  });
}

std::unique_ptr<Kernel> make(const OpSite& site) {
  return for_float(site, site.input(0).dtype, [&]<class T>() { return make_typed<T>(site); });
}

constexpr OpSpec kOps[] = {
    {.op_type = "DFT", .since = 17, .infer = infer, .make = halves_too<infer, make>},
};

}  // namespace

std::span<const OpSpec> ops_dft() { return kOps; }

}  // namespace zeropoint
