// A tensor, or its elements [begin, end), from real values to codes and back: finds the patches and calls
// the kernel for each. A chunk's codes are unpacked: one byte for types of at most 8 bits, otherwise 2 or 4.
#pragma once

#include "tensor/grids.h"

namespace zeropoint {

/// The whole tensor, in parallel. The codes have the type of the grids, the real values any type of require_real().
/// False when an x was NaN or infinite.
bool quantize_on(const Grids& grids, const Tensor& x, Tensor& q);
void dequantize_on(const Grids& grids, const Tensor& q, Tensor& x);

/// The type of an unpacked code: int8 or uint8 for packed codes, uint8 for float codes.
DType unpacked_type(DType dtype);

/// Bytes of one unpacked code.
std::int64_t code_bytes(DType dtype);

/// x and codes point at element `begin`. False when an x was NaN or infinite.
bool quantize_chunk(const Grids& grids, const float* x, std::int64_t begin, std::int64_t end, void* codes,
                    Store store = Store::cached);
void dequantize_chunk(const Grids& grids, const void* codes, std::int64_t begin, std::int64_t end, float* x,
                      Store store = Store::cached);

/// n unpacked codes to the packed form of a tensor and back; for types below 8 bits.
void pack_codes(DType dtype, const void* codes, std::int64_t n, void* packed);
void unpack_codes(DType dtype, const void* packed, std::int64_t n, void* codes);

}  // namespace zeropoint
