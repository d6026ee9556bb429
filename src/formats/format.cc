#include "formats/format.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/fail.h"

namespace zeropoint {

#define ZP_FORMAT(name) Format format_##name();
#include "formats/formats.inc"
#undef ZP_FORMAT

std::span<const Format> all_formats() {
  static const std::vector<Format> formats = {
#define ZP_FORMAT(name) format_##name(),
#include "formats/formats.inc"
#undef ZP_FORMAT
  };
  return formats;
}

const Format* find_format(std::string_view name) {
  const std::span<const Format> formats = all_formats();
  const auto found = std::find_if(formats.begin(), formats.end(), [&](const Format& f) { return f.name == name; });
  return found == formats.end() ? nullptr : &*found;
}

const Format& recognise_format(const nlohmann::ordered_json& config) {
  for (const Format& format : all_formats()) {
    if (format.recognises(config)) return format;
  }
  const auto method = config.is_object() ? config.find("quant_method") : config.end();
  fail(ErrorKind::unsupported, "config.json",
       "quantization_config: quant_method {} is not read here (zeropoint, compressed-tensors, gptq, bitsandbytes)",
       config.is_object() && method != config.end() ? method->dump() : "is missing, and a checkpoint without one");
}

}  // namespace zeropoint
