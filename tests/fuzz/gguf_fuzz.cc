// The GGUF reader on arbitrary bytes: what it takes becomes a configuration, a store whose small tensors decode, and
// metadata that translates.
#include <nlohmann/json.hpp>

#include "checkpoint/gguf_config.h"
#include "checkpoint/gguf_store.h"
#include "only_errors.h"

using namespace zeropoint;

namespace {

constexpr std::int64_t kMostDecoded = 1 << 16;  // values: to keep runs quick

void translate(const GgufField& field) {
  as_integer(field);
  as_real(field);
  as_bool(field);
  as_string(field);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  only_errors([&] {
    GgufFile file(as_bytes(data, size), nullptr, "fuzz.gguf");
    for (const GgufField& field : file.fields()) translate(field);
    const nlohmann::ordered_json config = config_of(file);
    const auto store = make_gguf_store(std::move(file), config);
    for (const StoredTensor& tensor : store->tensors()) {
      if (element_count(tensor.shape) > kMostDecoded) continue;
      only_errors([&] { store->read(tensor); });
    }
  });
  return 0;
}
