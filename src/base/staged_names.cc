#include "base/staged_names.h"

#include <string>

namespace zeropoint {

Error with_final_names(const Error& error, const std::filesystem::path& staged, const std::filesystem::path& target) {
  const std::string from = staged.string() + "/";
  const std::string to = target.empty() ? "" : (target / "").string();
  std::string where = error.where();
  for (std::size_t at = where.find(from); at != std::string::npos; at = where.find(from, at + to.size())) {
    where.replace(at, from.size(), to);
  }
  return {error.kind(), std::move(where), error.message()};
}

}  // namespace zeropoint
