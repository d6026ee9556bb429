// A test of the program on a small checkpoint and what comes of it.
#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "fixture.h"
#include "support/tiny_llama.h"

namespace zeropoint::testing {

class Checkpoints : public CommandLine {
 protected:
  /// llama/ is a checkpoint whose rows fill super-blocks, tokens.npy ten sequences of 16 ids for it.
  Checkpoints() {
    write_tiny_llama(folder_ / "llama", {.hidden = 256, .intermediate = 512});
    Tensor ids = Tensor::allocate(DType::i64, {10, 16});
    std::mt19937 random(3);
    for (std::int64_t& id : ids.mutable_values<std::int64_t>()) id = static_cast<std::int64_t>(random() % 16);
    save_npy(ids, path("tokens.npy"));
  }

  std::string run(const std::vector<std::string>& arguments) const {
    const ProcessResult result = run_zeropoint(arguments);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return result.out;
  }

  /// quantize llama/ to this file of the folder, without a tokenizer.
  std::vector<std::string> gguf(const std::string& mix, const std::string& output,
                                const std::vector<std::string>& more = {}) const {
    std::vector<std::string> arguments = {"quantize",    path("llama"), "--method", "gguf:" + mix,
                                          "--tokenizer", "none",        "-o",       path(output)};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }

  std::string bytes(std::string_view name) const {
    std::ifstream file(path(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }
};

}  // namespace zeropoint::testing
