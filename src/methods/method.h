// How weights are chosen codes for: one file per method, one line in methods.inc.
//
// A method that looks at a weight alone has quantize(); one that needs the model's activations is driven over the whole
// model instead (see its file) and delivers its weights one by one.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "weights/grid_storage.h"
#include "weights/weight.h"
#include "zeropoint/checkpoint.h"

namespace zeropoint {

struct Method {
  std::string_view name;
  std::string_view summary;
  std::string_view format;  // where its result goes unless told otherwise
  bool needs_data = false;

  /// What its weights will look like. Throws invalid_option for an option that the method does not have.
  WeightScheme (*scheme)(const MethodOptions& options) = nullptr;

  /// `weight` is [rows, columns] of float32, float16 or bfloat16; grids are such as `storage` holds. Throws
  /// invalid_data naming `where` and the index of a value that is not finite. Null with needs_data.
  QuantizedWeight (*quantize)(const Tensor& weight, const WeightScheme& scheme, const MethodOptions& options,
                              const GridStorage& storage, const std::string& where) = nullptr;
};

std::span<const Method> all_methods();

/// Throws invalid_option naming the word and the methods there are.
const Method& find_method(std::string_view name);

/// Throws invalid_option when `name` has options set that belong to other methods. `allowed` are MethodOptions with
/// every field set that the method takes.
void check_method_options(std::string_view name, const MethodOptions& options, const MethodOptions& allowed);

}  // namespace zeropoint
