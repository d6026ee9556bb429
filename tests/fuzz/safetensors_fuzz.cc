// The safetensors reader on arbitrary bytes: every tensor of a file that it takes can be read to its last byte.
#include "frontends/safetensors.h"
#include "only_errors.h"

using namespace zeropoint;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  only_errors([&] {
    const SafetensorsFile file(as_bytes(data, size), nullptr, "fuzz.safetensors");
    volatile unsigned sum = 0;  // keeps the reads
    for (const SafetensorsEntry& entry : file.tensors()) {
      const Tensor x = file.read(entry);
      if (x.bytes() == 0) continue;
      const auto* bytes = static_cast<const std::uint8_t*>(x.stored());
      sum = sum + bytes[0] + bytes[x.bytes() - 1];
      file.release(entry);
    }
  });
  return 0;
}
