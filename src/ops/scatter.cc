#include "ops/scatter.h"

#include <cstring>

#include "ops/choice.h"

namespace zeropoint {

Reduction reduction_of(const OpSite& site) {
  static constexpr Choice<Reduction> kReductions[] = {{"none", Reduction::none},
                                                      {"add", Reduction::add},
                                                      {"mul", Reduction::mul},
                                                      {"max", Reduction::max},
                                                      {"min", Reduction::min}};
  return chosen(site, "reduction", kReductions, "none");
}

void start_from_data(const KernelIo& io) {
  void* to = io.out(0).mutable_raw();
  if (to != io.in(0).raw() && io.in(0).bytes() > 0) std::memcpy(to, io.in(0).raw(), io.in(0).bytes());
}

}  // namespace zeropoint
