// A checkpoint of arbitrary bytes, config.json up to a zero byte and a safetensors file behind it: quantized weights
// decode, and the architecture finds its weights and builds its graph.
#include <algorithm>

#include "architectures/architecture.h"
#include "checkpoint/json_file.h"
#include "checkpoint/safetensors_store.h"
#include "formats/decoded_store.h"
#include "only_errors.h"

using namespace zeropoint;

namespace {

constexpr std::int64_t kMostDecoded = 1 << 16;  // values: to keep runs quick

void read_all(const TensorStore& weights) {
  for (const StoredTensor& tensor : weights.tensors()) {
    if (element_count(tensor.shape) > kMostDecoded) continue;
    only_errors([&] { weights.read(tensor); });
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::uint8_t* end = std::find(data, data + size, std::uint8_t{0});
  const std::uint8_t* weights = end == data + size ? end : end + 1;
  only_errors([&] {
    Checkpoint checkpoint{.path = "fuzz",
                          .config = parse_ordered_json(std::string_view(reinterpret_cast<const char*>(data),
                                                                        static_cast<std::size_t>(end - data)),
                                                       "config.json")};
    std::vector<SafetensorsFile> files;
    files.emplace_back(as_bytes(weights, static_cast<std::size_t>(data + size - weights)), nullptr, "fuzz.safetensors");
    checkpoint.weights = decode_store(make_safetensors_store(std::move(files)), checkpoint.config, "fuzz");
    read_all(*checkpoint.weights);
    const Architecture& architecture = find_architecture(checkpoint);
    architecture.weights(checkpoint);
    architecture.build(checkpoint, LinearLayers::as_quantized);
  });
  return 0;
}
