// How weights are chosen codes for: one file per method, one line in methods.inc.
//
// A method that looks at a weight alone has quantize(); one that needs the model's activations is driven over the whole
// model instead (see its file) and delivers its weights one by one.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "weights/weight.h"

namespace zeropoint {

struct MethodOptions {
  int bits = 0;                 // 0: the method's own default
  std::int64_t block_size = 0;  // 0: a grid per row (nf4: 64)
  bool per_tensor = false;
  bool full_range = false;   // symmetric: use the lowest code too, scale = 2 absmax / (2^bits - 1)
  bool symmetric = true;     // gptq: no zero points
  bool act_order = false;    // gptq: columns by falling activation, a grid for each set of neighbours in that order
  bool clip_search = false;  // choose ranges by squared error
  bool double_quantization = false;  // nf4: factors as 8-bit codes
};

struct Method {
  std::string_view name;
  std::string_view summary;
  std::string_view format;  // where its result goes unless told otherwise
  bool needs_data = false;

  /// What its weights will look like. Throws invalid_option for an option that the method does not have.
  WeightScheme (*scheme)(const MethodOptions& options) = nullptr;

  /// `weight` is [rows, columns] of float32, float16 or bfloat16; scales are rounded to scale_type. Throws invalid_data
  /// naming `where` and the index of a value that is not finite. Null with needs_data.
  QuantizedWeight (*quantize)(const Tensor& weight, const WeightScheme& scheme, const MethodOptions& options,
                              DType scale_type, const std::string& where) = nullptr;
};

std::span<const Method> all_methods();

/// Throws invalid_option naming the word and the methods there are.
const Method& find_method(std::string_view name);

/// Throws invalid_option when `name` has options set that belong to other methods. `allowed` are MethodOptions with
/// every field set that the method takes.
void check_method_options(std::string_view name, const MethodOptions& options, const MethodOptions& allowed);

}  // namespace zeropoint
