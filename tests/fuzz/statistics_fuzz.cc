// The reader of statistics files on arbitrary text; what it takes is written and merged as `zeropoint merge` does.
#include "observers/statistics.h"

#include "only_errors.h"

using namespace zeropoint;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  only_errors([&] {
    Statistics seen = Statistics::from_json({reinterpret_cast<const char*>(data), size}, "fuzz.json");
    const std::string written = seen.to_json();
    if (!(Statistics::from_json(written, "again.json") == seen)) std::abort();
    const Statistics same = seen;
    only_errors([&] { seen.merge(same); });
  });
  return 0;
}
