// A quantized weight on its way into a format's files.
#pragma once

#include <filesystem>
#include <string>

#include "exporters/safetensors_writer.h"
#include "formats/format.h"

namespace zeropoint {

/// Encodes it and writes its parts. Throws invalid_data naming `file`, which the weight comes from, and the weight when
/// the format cannot hold its numbers.
void write_weight(const Format& format, const WeightForm& form, const QuantizedWeight& weight,
                  const std::filesystem::path& file, SafetensorsWriter& writer);

std::uint64_t storage_bytes(std::span<const TensorSpec> specs);

/// By its name on the command line. Throws invalid_option naming the formats there are.
const Format& require_format(std::string_view name);

}  // namespace zeropoint
