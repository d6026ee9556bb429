#include "ops/scatter.h"

#include <array>
#include <cstring>
#include <string>
#include <utility>

namespace zeropoint {

Reduction reduction_of(const OpSite& site) {
  static constexpr std::array<std::pair<std::string_view, Reduction>, 5> kReductions = {{{"none", Reduction::none},
                                                                                         {"add", Reduction::add},
                                                                                         {"mul", Reduction::mul},
                                                                                         {"max", Reduction::max},
                                                                                         {"min", Reduction::min}}};
  const std::string word = site.node.get_string("reduction", "none");
  for (const auto& [known, reduction] : kReductions) {
    if (word == known) return reduction;
  }
  site.invalid("reduction '{}' is none of none, add, mul, max, min", word);
}

void start_from_data(const KernelIo& io) {
  void* to = io.out(0).mutable_raw();
  if (to != io.in(0).raw() && io.in(0).bytes() > 0) std::memcpy(to, io.in(0).raw(), io.in(0).bytes());
}

}  // namespace zeropoint
