#include "ops/convolution_kernel.h"

#include <cstring>

#include "ops/arguments.h"

namespace zeropoint {
namespace {

class ConvolutionKernel final : public Kernel {
 public:
  ConvolutionKernel(const OpSite& site, const onednn::ConvolutionConfig& config)
      : convolution_(config), has_bias_(config.has_bias), adds_(config.adds_dst) {
    const Tensor& weights = site.input(1).constant;
    if (weights) {
      packed_ = site.shared(weights, convolution_.packing_key(), [&] { return convolution_.pack(weights); });
    }
  }

  void run(const KernelIo& io) override {
    if (!packed_) {
      run_with(io, convolution_.pack(io.in(1)));
    } else {
      run_with(io, packed_);
    }
  }

  std::size_t scratch_bytes() const override { return convolution_.scratch_bytes(); }

 private:
  void run_with(const KernelIo& io, const Tensor& packed) {
    Tensor& y = io.out(0);
    if (adds_ && io.in(kConvolutionAddend).raw() != y.raw()) {
      std::memcpy(y.mutable_raw(), io.in(kConvolutionAddend).raw(), y.bytes());
    }
    const void* bias = has_bias_ ? io.in(kConvolutionBias).raw() : nullptr;
    convolution_.run(io.in(0).raw(), packed.raw(), bias, y.mutable_raw(), io.scratch);
  }

  onednn::Convolution convolution_;
  Tensor packed_;
  bool has_bias_;
  bool adds_;
};

}  // namespace

ValueFacts infer_convolution(const OpSite& site, std::int64_t channels, const Window& window) {
  const ValueFacts& x = site.input(0);
  if (site.input(1).dtype != x.dtype) {
    site.invalid("the input is {}, the weight {}", name(x.dtype), name(site.input(1).dtype));
  }
  if (site.has(kConvolutionBias) && site.input(kConvolutionBias).shape != Shape{channels}) {
    site.invalid("the bias has shape {}, not [{}]", to_string(site.input(kConvolutionBias).shape), channels);
  }
  ValueFacts y = planned(site, x.dtype, windowed_shape(x.shape[0], channels, window));
  y.layout = x.layout;
  return y;
}

std::unique_ptr<Kernel> make_convolution(const OpSite& site, const onednn::ConvolutionConfig& config) {
  return std::make_unique<ConvolutionKernel>(site, config);
}

}  // namespace zeropoint
