#include "frontends/context.h"

#include "base/utf8.h"

namespace zeropoint {

void require_utf8(std::string_view name) {
  if (!is_utf8(name)) fail_here("the name '{}' is not UTF-8", name);
}

}  // namespace zeropoint
