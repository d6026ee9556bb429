// What other programs read in the quantized checkpoints that zeropoint writes.
#include <gmock/gmock.h>

#include "checkpoint/checkpoint.h"
#include "data/npz_writer.h"
#include "interop/python.h"
#include "support/temp_folder.h"
#include "support/tiny_llama.h"
#include "zeropoint/checkpoint.h"

namespace zeropoint {
namespace {

/// Every decoded matrix, for the script to compare with.
void save_decoded(const std::string& folder, const std::string& path) {
  const Checkpoint checkpoint = open_checkpoint(folder);
  std::vector<NamedTensor> arrays;
  for (const StoredTensor& tensor : checkpoint.weights->tensors()) {
    if (!tensor.encoding.empty()) arrays.push_back({tensor.name, checkpoint.weights->read(tensor)});
  }
  save_npz(arrays, path);
}

TEST(QuantizedFormats, AnIndependentReaderDecodesTheSameNumbers) {
  ZEROPOINT_NEEDS_PYTHON("numpy, safetensors");
  const testing::TempFolder folder;
  testing::write_tiny_llama(folder / "in");
  std::vector<CheckpointJob> jobs = {
      {.method = "llm-int8"},
      {.method = "nf4"},
      {.method = "nf4", .options = {.double_quantization = true}},
      {.method = "zero-point", .format = "plain", .options = {.bits = 3, .block_size = 16}},
      {.method = "absmax", .format = "plain", .options = {.bits = 2, .per_tensor = true}},
      {.method = "zero-point", .format = "gptq", .options = {.bits = 8}},
      {.method = "absmax", .format = "gptq", .options = {.bits = 3, .block_size = 32}}};
  for (const std::string format : {"compressed-tensors", "pack-quantized", "gptq-v2"}) {
    for (const int bits : {2, 3, 4, 8}) {
      jobs.push_back({.method = "zero-point", .format = format, .options = {.bits = bits, .block_size = 32}});
      jobs.push_back({.method = "absmax", .format = format, .options = {.bits = bits}});
    }
  }
  std::vector<std::string> arguments = {testing::script("read_quantized.py")};
  std::string expected;
  for (const CheckpointJob& job : jobs) {
    const std::string out = folder / ("out" + std::to_string(arguments.size()));
    quantize_checkpoint(folder / "in", out, job);
    save_decoded(out, out + "/decoded.npz");
    arguments.push_back(out);
    expected += expected.empty() ? "7" : " 7";
  }
  EXPECT_EQ(testing::run_python(arguments).output, expected + "\n");
}

}  // namespace
}  // namespace zeropoint
