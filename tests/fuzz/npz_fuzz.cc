// The .npz reader on arbitrary bytes: directory, then every array.
#include "data/npz.h"
#include "only_errors.h"

using namespace zeropoint;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  only_errors([&] {
    const NpzFile npz({.view = as_bytes(data, size)}, "fuzz.npz");
    for (const std::string& name : npz.names()) {
      only_errors([&] { npz.open(name).all(); });
    }
  });
  return 0;
}
