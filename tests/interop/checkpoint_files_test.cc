// What the gguf and safetensors Python packages read from the checkpoints that zeropoint writes.
#include <gtest/gtest.h>

#include <cmath>
#include <iostream>
#include <random>

#include "checkpoint/checkpoint.h"
#include "exporters/gguf_writer.h"
#include "exporters/safetensors_writer.h"
#include "interop/python.h"
#include "support/ggml_types.h"

namespace zeropoint {
namespace {

using testing::TempFolder;

std::vector<float> random_values(std::size_t count) {
  std::mt19937 random(11);
  std::normal_distribution<float> normal;
  std::vector<float> values(count);
  for (float& value : values) value = normal(random);
  return values;
}

TEST(CheckpointFiles, TheGgufPackageDequantizesToOurNumbers) {
  ZEROPOINT_NEEDS_PYTHON("gguf, safetensors, numpy");
  const TempFolder folder;
  constexpr std::int64_t kRows = 5;
  constexpr std::int64_t kColumns = 512;
  const std::vector<float> values = random_values(kRows * kColumns);
  std::vector<GgufTensorSpec> specs;
  for (const kernels::GgmlType type : testing::ggml_types()) {
    specs.push_back({.name = std::string(name(type)), .type = type, .shape = {kRows, kColumns}});
  }
  GgufWriter writer(folder / "all.gguf", std::vector{make_gguf_string("general.architecture", "none")}, specs);
  for (const GgufTensorSpec& spec : specs) {
    std::vector<std::byte> bytes(storage_bytes(spec));
    kernels::ggml_quantize(spec.type, values.data(), kRows, kColumns, {}, bytes.data());
    writer.write(bytes);
  }
  writer.commit();

  const Checkpoint read = open_checkpoint(folder / "all.gguf");
  std::vector<TensorSpec> expected;
  for (const StoredTensor& tensor : read.weights->tensors())
    expected.push_back({tensor.name, DType::f32, tensor.shape});
  SafetensorsWriter numbers(folder.path(), expected, {});
  for (const StoredTensor& tensor : read.weights->tensors())
    numbers.write(tensor.name, read_f32(*read.weights, tensor));
  numbers.finish();
  const testing::PythonResult result = testing::run_python(
      {testing::script("checkpoint_files.py"), "gguf", folder / "all.gguf", folder / "model.safetensors"});
  EXPECT_EQ(result.exit_code, 0) << result.output;
  std::cout << result.output;
}

TEST(CheckpointFiles, TheSafetensorsPackageWouldWriteTheSameBytes) {
  ZEROPOINT_NEEDS_PYTHON("safetensors, numpy");
  const TempFolder folder;
  SafetensorsWriter writer(folder.path(),
                           {{"model.b.weight", DType::i8, {3, 5}},
                            {"model.a.weight", DType::u8, {2, 2}},
                            {"\xC3\xBC\"\\\n", DType::f32, {}},
                            {"model.z.weight", DType::f16, {1, 3}},
                            {"model.c.scale", DType::f32, {7}},
                            {"model.c.ids", DType::i64, {0, 4}},
                            {"model.c.rows", DType::i32, {1}}},
                           {.max_shard_bytes = 40});
  for (const TensorSpec& spec : writer.tensors()) writer.write(spec.name, Tensor::zeros(spec.dtype, spec.shape));
  writer.finish();
  const testing::PythonResult result =
      testing::run_python({testing::script("checkpoint_files.py"), "safetensors", folder.path().string()});
  EXPECT_EQ(result.exit_code, 0) << result.output;
  std::cout << result.output;
}

}  // namespace
}  // namespace zeropoint
