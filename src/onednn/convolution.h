// Convolution and transposed convolution of channels_last activations, on oneDNN.
//
//   dst = activation(bias + conv(src, weights) [+ dst])
//
// Made once for given shapes; the weights are packed once and may serve several objects.
// One run() at a time per object.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "onednn/activation.h"
#include "zeropoint/tensor.h"

namespace zeropoint::onednn {

struct ConvolutionConfig {
  bool is_transposed = false;
  DType src_type = DType::f32;
  DType weights_type = DType::f32;
  DType dst_type = DType::f32;
  Shape src;  // [N, C, spatial...], 1 to 3 spatial axes
  Shape dst;
  std::int64_t groups = 1;
  std::vector<std::int64_t> kernel;
  std::vector<std::int64_t> strides;
  std::vector<std::int64_t> dilations;  // 1: dense
  std::vector<std::int64_t> pads_begin;
  std::vector<std::int64_t> pads_end;
  bool has_bias = false;
  bool adds_dst = false;  // the result is added to what dst holds, before the activation
  Activation activation;
};

class Convolution {
 public:
  /// Throws internal when the library has no such primitive.
  explicit Convolution(const ConvolutionConfig& config);
  ~Convolution();

  /// Weights in ONNX order ([O, I/groups, kernel...], transposed: [I, O/groups, kernel...]) as run() takes them.
  Tensor pack(const Tensor& weights) const;
  /// Objects with the same key take the same packed weights.
  std::string packing_key() const;

  std::size_t scratch_bytes() const;

  void run(const void* src, const void* packed_weights, const void* bias, void* dst, std::byte* scratch);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace zeropoint::onednn
