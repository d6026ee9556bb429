#include "pipeline/encoded_output.h"

#include <vector>

#include "base/fail.h"
#include "base/nearest.h"

namespace zeropoint {

namespace {

std::vector<Tensor> encoded(const Format& format, const WeightForm& form, const QuantizedWeight& weight,
                            const std::filesystem::path& file) {
  try {
    return format.encode(form, weight);
  } catch (const Error& e) {
    if (e.kind() != ErrorKind::invalid_data) throw;
    throw Error(e.kind(), file.string() + ": " + e.where(), e.message());
  }
}

}  // namespace

void write_weight(const Format& format, const WeightForm& form, const QuantizedWeight& weight,
                  const std::filesystem::path& file, SafetensorsWriter& writer) {
  const std::vector<TensorSpec> specs = format.parts(form);
  std::vector<Tensor> parts = encoded(format, form, weight, file);
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
