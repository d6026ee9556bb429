// The arithmetic of LLM.int8() in a running model, against a computation of its own in NumPy.
#include <algorithm>

#include "architectures/load_model.h"
#include "data/npz_writer.h"
#include "executor/program.h"
#include "interop/python.h"
#include "support/temp_folder.h"
#include "support/tiny_llama.h"
#include "zeropoint/checkpoint.h"

namespace zeropoint {
namespace {

/// A tiny Llama whose attention gets one column of large activations, quantized.
void write_checkpoint_with_outliers(const testing::TempFolder& folder) {
  testing::write_tiny_llama(folder / "in", {.change = [](const std::string& name, Tensor& values) {
                              if (name.ends_with("input_layernorm.weight")) values.mutable_data<float>()[3] = 9;
                            }});
  quantize_checkpoint(folder / "in", folder / "out", {.method = "llm-int8"});
}

/// What goes in and out of every layer of LLM.int8(), under its module's name.
std::vector<NamedTensor> layers_seen(const Model& model) {
  CompileOptions options;
  std::vector<std::string> names;
  for (const Node& node : model.graph.nodes) {
    if (node.op_type != "LlmInt8MatMul") continue;
    options.taps.push_back(model.graph.value(node.inputs[0]).name);
    names.push_back(node.name + ".x");
    options.taps.push_back(model.graph.value(node.outputs[0]).name);
    names.push_back(node.name + ".y");
  }
  std::vector<NamedTensor> seen(names.size());
  Program program = Program::compile(model, options);
  const Tensor tokens = Tensor::of<std::int64_t>({2, 6}, {1, 5, 9, 2, 14, 3, 0, 8, 8, 13, 4, 7});
  program.run({&tokens, 1}, [&](std::size_t tap, const Tensor& value) {
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (options.taps[i] == options.taps[tap]) seen[i] = {names[i], value.clone()};
    }
  });
  return seen;
}

TEST(LlmInt8, ALayerOfARunningModelIsWhatNumpyMakesOfIt) {
  ZEROPOINT_NEEDS_PYTHON("numpy, safetensors");
  const testing::TempFolder folder;
  write_checkpoint_with_outliers(folder);
  save_npz(layers_seen(load_model(folder / "out", LinearLayers::as_quantized)), folder / "out/seen.npz");
  EXPECT_EQ(testing::run_python({testing::script("llm_int8_reference.py"), folder / "out"}).output,
            "7 layers, outliers: 3 3 3 none none none none\n");
}

}  // namespace
}  // namespace zeropoint
