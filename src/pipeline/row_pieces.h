// A weight on its way through quantizing, encoding and writing some rows at a time, so that it is read from memory once
// and its codes are written while they are in the cache.
//
// The rows are independent: the files are the same as from the whole weight. Pieces go to all threads.
#pragma once

#include <string>

#include "exporters/safetensors_writer.h"
#include "formats/format.h"
#include "methods/method.h"

namespace zeropoint {

/// Whether the method chooses each row's codes from that row alone, and the format keeps rows apart.
bool goes_by_rows(const Method& method, const Format& format, const WeightForm& form);

/// Quantizes and writes all parts of a weight that goes by rows; returns its SQNR in decibels. Throws what
/// Method::quantize(), Format::encode() and the writer throw, and interrupted.
double quantize_by_rows(const Tensor& weight, const WeightForm& form, const Method& method,
                        const MethodOptions& options, const Format& format, const std::string& where,
                        SafetensorsWriter& writer);

}  // namespace zeropoint
