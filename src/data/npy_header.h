// The header of an .npy array (NumPy format versions 1.0 to 3.0), parsed as the Python literal it is.
// Source: numpy.lib.format.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "zeropoint/tensor.h"

namespace zeropoint {

struct NpyHeader {
  DType dtype = DType::undefined;
  std::size_t item_bytes = 0;     // of one element in the file; for text the length of the field
  std::size_t swapped_bytes = 1;  // bytes to reverse in groups of so many; 1: little endian already
  bool is_utf32 = false;          // text: 4 bytes per character; otherwise 1
  bool is_fortran_order = false;
  Shape shape;
};

/// `text` is the dictionary, without magic and length. Throws invalid_data naming `where`.
NpyHeader parse_npy_header(std::string_view text, const std::string& where);

/// "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }". Throws unsupported for a type that npy has no word
/// for.
std::string print_npy_header(DType dtype, const Shape& shape);

}  // namespace zeropoint
