#include "pipeline/encoded_output.h"

#include <vector>

#include "base/fail.h"
#include "base/nearest.h"

namespace zeropoint {

void write_weight(const Format& format, const WeightForm& form, const QuantizedWeight& weight,
                  SafetensorsWriter& writer) {
  const std::vector<TensorSpec> specs = format.parts(form);
  std::vector<Tensor> parts = format.encode(form, weight);
  for (std::size_t i = 0; i < specs.size(); ++i) {
    writer.write(specs[i].name, parts[i]);
    parts[i] = {};
  }
}

std::uint64_t storage_bytes(std::span<const TensorSpec> specs) {
  std::uint64_t bytes = 0;
  for (const TensorSpec& spec : specs) bytes += storage_bytes(spec);
  return bytes;
}

const Format& require_format(std::string_view name) {
  if (const Format* format = find_format(name)) return *format;
  std::vector<std::string_view> names;
  for (const Format& format : all_formats()) names.push_back(format.name);
  throw Error(ErrorKind::invalid_option, "--format", unknown_word("format", name, names));
}

}  // namespace zeropoint
