// The JSON header of a safetensors file: which tensors it holds and where.
//
// Only form is checked here: names once each, the three fields of every tensor, numbers that are whole. Whether the
// places make sense is the business of SafetensorsFile.
// Source: safetensors, README "Format".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "zeropoint/tensor.h"

namespace zeropoint {

struct SafetensorsEntry {
  std::string name;
  DType dtype = DType::undefined;
  Shape shape;
  std::uint64_t begin = 0;  // bytes from the start of the data area
  std::uint64_t end = 0;
};

struct SafetensorsHeader {
  std::vector<SafetensorsEntry> tensors;  // in the header's order
  std::vector<std::pair<std::string, std::string>> metadata;
};

/// Throws invalid_model or unsupported without a place, naming the tensor.
SafetensorsHeader parse_safetensors_header(std::string_view json);

}  // namespace zeropoint
