#include "onednn/convolution.h"

#include "base/fail.h"
#include "onednn/common.h"

namespace zeropoint::onednn {
namespace {

using Dims = dnnl::memory::dims;

/// [G, O/G, I/G, kernel...]; without groups [O, I, kernel...].
Dims weights_dims(const ConvolutionConfig& config) {
  const std::int64_t g = config.groups;
  Dims dims = g > 1 ? Dims{g, config.dst[1] / g, config.src[1] / g} : Dims{config.dst[1], config.src[1]};
  dims.insert(dims.end(), config.kernel.begin(), config.kernel.end());
  return dims;
}

/// How ONNX stores weights. A transposed convolution keeps the input channel first, then its group's outputs.
dnnl::memory::desc given_weights(const ConvolutionConfig& config) {
  const Dims dims = weights_dims(config);
  if (!config.is_transposed) return row_major(dims, config.weights_type);
  const std::size_t at = config.groups > 1 ? 1 : 0;
  Dims stored = dims;
  std::swap(stored[at], stored[at + 1]);
  Dims strides(stored.size(), 1);
  for (std::size_t i = stored.size(); i-- > 1;) strides[i - 1] = strides[i] * stored[i];
  std::swap(strides[at], strides[at + 1]);
  return {dims, data_type(config.weights_type), strides};
}

/// Without spatial axes on which nothing happens, at least one stays: the library cuts its work along the last axis
/// and would be many times slower on one of size 1. The bytes in memory are the same.
ConvolutionConfig without_idle_axes(ConvolutionConfig config) {
  for (std::size_t i = config.kernel.size(); i-- > 0 && config.kernel.size() > 1;) {
    const bool is_idle = config.src[2 + i] == 1 && config.dst[2 + i] == 1 && config.kernel[i] == 1 &&
                         config.pads_begin[i] == 0 && config.pads_end[i] == 0;
    if (!is_idle) continue;
    const auto erase = [](auto& list, std::size_t at) { list.erase(list.begin() + static_cast<std::ptrdiff_t>(at)); };
    erase(config.src, 2 + i);
    erase(config.dst, 2 + i);
    for (auto* list : {&config.kernel, &config.strides, &config.dilations, &config.pads_begin, &config.pads_end}) {
      erase(*list, i);
    }
  }
  return config;
}

dnnl::primitive_attr attributes_of(const ConvolutionConfig& config) {
  dnnl::primitive_attr attributes = user_scratchpad();
  dnnl::post_ops post_ops;
  if (config.adds_dst) post_ops.append_sum(1.0F);
  append(post_ops, config.activation);
  attributes.set_post_ops(post_ops);
  return attributes;
}

Dims less_one(Dims dims) {
  for (std::int64_t& d : dims) --d;
  return dims;
}

/// The descriptor of either primitive: they take the same arguments.
template <class Primitive>
typename Primitive::primitive_desc describe(const ConvolutionConfig& config, dnnl::algorithm algorithm) {
  const auto kind = dnnl::prop_kind::forward_inference;
  const dnnl::memory::desc src = channels_last(config.src, config.src_type);
  const dnnl::memory::desc dst = channels_last(config.dst, config.dst_type);
  const dnnl::memory::desc weights = any_layout(weights_dims(config), config.weights_type);
  const DType bias_type = config.src_type == DType::f32 ? DType::f32 : DType::i32;
  const dnnl::memory::desc bias = config.has_bias ? row_major({config.dst[1]}, bias_type) : dnnl::memory::desc();
  const Dims dilations = less_one(config.dilations);
#if DNNL_VERSION_MAJOR >= 3
  return {engine(),
          kind,
          algorithm,
          src,
          weights,
          bias,
          dst,
          config.strides,
          dilations,
          config.pads_begin,
          config.pads_end,
          attributes_of(config)};
#else
  return {{kind, algorithm, src, weights, bias, dst, config.strides, dilations, config.pads_begin, config.pads_end},
          attributes_of(config),
          engine()};
#endif
}

}  // namespace

struct Convolution::Impl {
  ConvolutionConfig config;
  dnnl::memory::desc weights;
  std::size_t scratch_bytes = 0;
  std::string implementation;
  Execution execution;

  template <class Primitive>
  void make(dnnl::algorithm algorithm) {
    const auto descriptor = describe<Primitive>(config, algorithm);
    weights = descriptor.weights_desc();
    scratch_bytes = descriptor.scratchpad_desc().get_size();
    implementation = descriptor.impl_info_str();
    execution = Execution(Primitive(descriptor));
    execution.add(DNNL_ARG_SRC, descriptor.src_desc());
    execution.add(DNNL_ARG_WEIGHTS, weights);
    execution.add(DNNL_ARG_DST, descriptor.dst_desc());
    execution.add(DNNL_ARG_SCRATCHPAD, descriptor.scratchpad_desc());
    if (config.has_bias) execution.add(DNNL_ARG_BIAS, descriptor.bias_desc());
  }
};

Convolution::Convolution(const ConvolutionConfig& config) : impl_(std::make_unique<Impl>()) {
  impl_->config = without_idle_axes(config);
  try {
    if (config.is_transposed) {
      impl_->make<dnnl::deconvolution_forward>(dnnl::algorithm::deconvolution_direct);
    } else {
      impl_->make<dnnl::convolution_forward>(dnnl::algorithm::convolution_direct);
    }
  } catch (const dnnl::error& error) {
    fail(ErrorKind::internal, "oneDNN", "no convolution of {} to {}: {}", to_string(config.src), to_string(config.dst),
         error.what());
  }
}

Convolution::~Convolution() = default;

Tensor Convolution::pack(const Tensor& weights) const {
  return reordered(weights.raw(), given_weights(impl_->config), impl_->weights);
}

// What a layout carries beside the weights (sums for signed sources) follows from the source and the implementation.
std::string Convolution::packing_key() const {
  return fmt::format("{} {} {}", impl_->implementation, name(impl_->config.src_type), layout_key(impl_->weights));
}

std::size_t Convolution::scratch_bytes() const { return impl_->scratch_bytes; }

void Convolution::run(const void* src, const void* packed_weights, const void* bias, void* dst, std::byte* scratch) {
  void* const addresses[] = {const_cast<void*>(src), const_cast<void*>(packed_weights), dst,
                             scratch,                   // NOLINT: read only
                             const_cast<void*>(bias)};  // NOLINT
  impl_->execution.run({addresses, impl_->config.has_bias ? 5U : 4U});
}

}  // namespace zeropoint::onednn
