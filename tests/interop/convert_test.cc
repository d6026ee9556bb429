// What other programs read in the files to which `convert` carried codes.
#include <gmock/gmock.h>

#include <cmath>

#include "architectures/load_model.h"
#include "checkpoint/checkpoint.h"
#include "data/array_reader.h"
#include "data/npz_writer.h"
#include "executor/program.h"
#include "interop/python.h"
#include "support/export_gguf.h"
#include "support/temp_folder.h"
#include "support/tiny_llama.h"
#include "zeropoint/checkpoint.h"

namespace zeropoint {
namespace {

namespace fs = std::filesystem;

class ConvertInterop : public ::testing::Test {
 protected:
  ConvertInterop() { testing::write_tiny_llama(folder_ / "in", {.hidden = 256, .intermediate = 512}); }

  fs::path gguf(const std::string& mix) const {
    const fs::path path = folder_ / (mix + ".gguf");
    testing::export_gguf(open_checkpoint(folder_ / "in"), {.mix = mix, .tokenizer = "none"}, path);
    return path;
  }

  testing::TempFolder folder_;
};

/// In `folder`: the values that the checkpoint `from` gives to the weights that are codes there.
void save_expected(const fs::path& folder, const fs::path& from) {
  const Checkpoint written = open_checkpoint(folder);
  const Checkpoint source = open_checkpoint(from);
  std::vector<NamedTensor> arrays;
  for (const StoredTensor& tensor : written.weights->tensors()) {
    if (tensor.encoding.empty()) continue;
    arrays.push_back({tensor.name, source.weights->read(*source.weights->find(tensor.name))});
  }
  save_npz(arrays, folder / "decoded.npz");
}

TEST_F(ConvertInterop, AnIndependentReaderDecodesTheNumbersOfTheGgufFile) {
  ZEROPOINT_NEEDS_PYTHON("numpy, safetensors");
  struct Case {
    const char* mix;
    const char* format;
  };
  std::vector<std::string> arguments = {testing::script("read_quantized.py")};
  for (const Case& c : {Case{"Q8_0", "plain"}, Case{"Q4_0", "plain"}, Case{"Q6_K", "plain"},
                        Case{"Q8_0", "compressed-tensors"}, Case{"Q6_K", "pack-quantized"}}) {
    const fs::path from = gguf(c.mix);
    const std::string out = folder_ / (std::string(c.mix) + c.format);
    convert_checkpoint(from, out, {.format = c.format});
    save_expected(out, from);
    arguments.push_back(out);
  }
  EXPECT_EQ(testing::run_python(arguments).output, "9 9 9 8 8\n");
}

TEST_F(ConvertInterop, OnnxRuntimeRunsTheCodes) {
  ZEROPOINT_NEEDS_PYTHON("numpy, onnxruntime");
  const Tensor tokens = Tensor::of<std::int64_t>({1, 6}, {1, 5, 9, 2, 14, 3});
  save_npy(tokens, folder_ / "tokens.npy");
  for (const std::string mix : {"Q8_0", "Q4_0"}) {
    const fs::path from = gguf(mix);
    Program program = Program::compile(load_model(from));
    const Tensor expected = program.run({&tokens, 1})[0];
    for (const std::string format : {"onnx", "matmulnbits"}) {
      SCOPED_TRACE(mix + " as " + format);
      const std::string out = folder_ / (mix + format + ".onnx");
      convert_checkpoint(from, out, {.format = format});
      const testing::PythonResult result =
          testing::run_python({testing::script("run_onnxruntime.py"), out, folder_ / "tokens.npy", folder_ / "logits"});
      ASSERT_EQ(result.exit_code, 0) << result.output;
      const Tensor found = load_npy(folder_ / "logits0.npy");
      ASSERT_EQ(found.shape(), expected.shape());
      for (std::int64_t i = 0; i < found.size(); ++i) {
        EXPECT_NEAR(found.data<float>()[i], expected.data<float>()[i], 1e-4) << "sums in another order";
      }
    }
  }
}

}  // namespace
}  // namespace zeropoint
