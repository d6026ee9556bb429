#include <algorithm>
#include <array>
#include <limits>

#include "base/parallel.h"
#include "kernels/elementwise/unary.h"
#include "ops/elementwise.h"

// Clip: min(max(x, low), high). The bounds are attributes before opset 11 and inputs since.
namespace zeropoint {
namespace {

template <class T>
void clip(const void* x, void* y, std::int64_t n, const void* low, const void* high) {
  const T lower = low == nullptr ? std::numeric_limits<T>::lowest() : *static_cast<const T*>(low);
  const T upper = high == nullptr ? std::numeric_limits<T>::max() : *static_cast<const T*>(high);
  for (std::int64_t i = 0; i < n; ++i) {
    const T value = static_cast<const T*>(x)[i];
    const T raised = value < lower && low != nullptr ? lower : value;
    static_cast<T*>(y)[i] = raised > upper && high != nullptr ? upper : raised;
  }
}
using ClipFunction = void (*)(const void*, void*, std::int64_t, const void*, const void*);
constexpr std::array<ClipFunction, 4> kClip = {clip<float>, clip<double>, clip<std::int64_t>, clip<std::uint64_t>};

/// A bound given as a tensor of one element, widened.
const void* bound(const KernelIo& io, std::size_t i, WideBlock& block) {
  if (!io.has(i)) return nullptr;
  load_wide(io.in(i).dtype(), io.in(i).raw(), 0, 1, block.bytes);
  return block.bytes;
}

void run_f32(const Tensor& x, Tensor& y, UnaryParams bounds) {
  const float* px = x.data<float>();
  float* py = y.mutable_data<float>();
  parallel_ranges(x.size(), kCheapGrain, [&](std::int64_t begin, std::int64_t end) {
    unary_f32(UnaryF32::clip, bounds, px + begin, py + begin, end - begin);
  });
}

void run_wide(const Tensor& x, Tensor& y, const void* low, const void* high) {
  const ClipFunction f = kClip[static_cast<std::size_t>(wide_of(x.dtype()))];
  parallel_ranges(x.size(), kCheapGrain, [&](std::int64_t begin, std::int64_t end) {
    WideBlock block;
    for (std::int64_t i = begin; i < end; i += kWideBlock) {
      const std::int64_t n = std::min(kWideBlock, end - i);
      load_wide(x.dtype(), x.raw(), i, n, block.bytes);
      f(block.bytes, block.bytes, n, low, high);
      store_wide(y.dtype(), y.mutable_raw(), i, n, block.bytes);
    }
  });
}

constexpr float kInfinity = std::numeric_limits<float>::infinity();

std::unique_ptr<Kernel> make_with_attributes(const OpSite& site) {
  const float low = site.node.get_float("min", -kInfinity);
  const float high = site.node.get_float("max", kInfinity);
  return make_kernel([low, high](const KernelIo& io) {
    const Tensor& x = io.in(0);
    if (x.dtype() == DType::f32) return run_f32(x, io.out(0), {low, high});
    WideBlock lower, upper;
    convert_wide(Wide::f32, &low, wide_of(x.dtype()), lower.bytes, 1);
    convert_wide(Wide::f32, &high, wide_of(x.dtype()), upper.bytes, 1);
    run_wide(x, io.out(0), lower.bytes, upper.bytes);
  });
}

std::unique_ptr<Kernel> make_with_inputs(const OpSite& site) {
  for (const std::size_t i : {1U, 2U}) {
    if (!site.has(i)) continue;
    if (site.input(i).dtype != site.input(0).dtype) {
      site.invalid("bound (input {}) is {}, but input 0 is {}", i, name(site.input(i).dtype),
                   name(site.input(0).dtype));
    }
    if (element_count(site.input(i).shape) != 1) {
      site.invalid("bound (input {}) has shape {}; a scalar is expected", i, to_string(site.input(i).shape));
    }
  }
  return make_kernel([](const KernelIo& io) {
    WideBlock lower, upper;
    const void* low = bound(io, 1, lower);
    const void* high = bound(io, 2, upper);
    if (io.in(0).dtype() != DType::f32) return run_wide(io.in(0), io.out(0), low, high);
    run_f32(io.in(0), io.out(0),
            {low != nullptr ? *lower.as<float>() : -kInfinity, high != nullptr ? *upper.as<float>() : kInfinity});
  });
}

std::unique_ptr<Kernel> make(const OpSite& site) {
  if (!has_wide(site.input(0).dtype)) site.unsupported("{} is not offered", name(site.input(0).dtype));
  return site.opset < 11 ? make_with_attributes(site) : make_with_inputs(site);
}

constexpr OpSpec kOps[] = {{.op_type = "Clip",
                            .since = 6,
                            .infer = infer_like_input,
                            .make = make,
                            .in_place = 0,
                            .keeps_layout = true,
                            .float_types = "all floats, integers"}};

}  // namespace

std::span<const OpSpec> ops_clip() { return kOps; }

}  // namespace zeropoint
