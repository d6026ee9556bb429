#include "base/json_text.h"

#include <nlohmann/json.hpp>

namespace zeropoint {

std::string json_text(const nlohmann::ordered_json& document) {
  constexpr int kIndent = 2;
  return document.dump(kIndent, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace zeropoint
