// The reader of plan files on arbitrary text; what it takes is written, and read again as the same text.
#include "only_errors.h"
#include "zeropoint/plan.h"

using namespace zeropoint;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  only_errors([&] {
    const QuantPlan plan = QuantPlan::from_json({reinterpret_cast<const char*>(data), size}, "fuzz.json");
    const std::string written = plan.to_json();
    if (QuantPlan::from_json(written, "again.json").to_json() != written) std::abort();
  });
  return 0;
}
