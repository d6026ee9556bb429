// A quantized tensor as an .npz that NumPy reads, and back.
//
//   codes       the integers; types below 8 bits packed into uint8, low bits first; 8-bit and 4-bit floats as uint8
//   scale       float32, in ONNX's shape: [] per tensor, [n] per axis, [.., blocks, ..] blocked
//   zero_point  integers of the shape of scale; absent when every one is 0
//   scheme      JSON text as uint8: dtype, shape, symmetric, narrow_range, granularity, axis, block_size
#pragma once

#include <filesystem>

#include "zeropoint/quant.h"

namespace zeropoint {

struct QuantizedArray {
  Tensor codes;
  TensorQParams qparams;
};

/// Throws io.
void save_quantized_array(const QuantizedArray& array, const std::filesystem::path& path);

/// Throws io, or invalid_data naming the file and the array that is missing or does not fit the scheme.
QuantizedArray load_quantized_array(const std::filesystem::path& path);

}  // namespace zeropoint
