// A JSON document as text, whatever bytes its strings hold: what is not UTF-8 (a file name, a name of a tensor)
// becomes U+FFFD, where nlohmann's dump() would throw.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace zeropoint {

/// Indented by two blanks.
std::string json_text(const nlohmann::ordered_json& document);

}  // namespace zeropoint
