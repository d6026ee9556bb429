// A small checkpoint in a folder of its own, and what comes out of it.
#pragma once

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "architectures/load_model.h"
#include "data/npz_writer.h"
#include "executor/program.h"
#include "support/temp_folder.h"
#include "support/tiny_llama.h"
#include "zeropoint/checkpoint.h"
#include "zeropoint/error.h"

namespace zeropoint::testing {

class CheckpointJobs : public ::testing::Test {
 protected:
  std::string write(const TinyLlama& model = {}) const {
    write_tiny_llama(folder_ / "in", model);
    return folder_ / "in";
  }
  std::string out(std::string_view name = "out") const { return folder_ / name; }

  std::string refusal(const CheckpointJob& job, const TinyLlama& model = {}) const {
    try {
      quantize_checkpoint(write(model), out(), job);
    } catch (const Error& e) {
      EXPECT_THAT(files(folder_.path()), ::testing::ElementsAre("in")) << "nothing is left";
      std::string text = e.what();
      const std::string folder = folder_.path().string() + "/";
      for (std::size_t at = text.find(folder); at != std::string::npos; at = text.find(folder)) {
        text.erase(at, folder.size());
      }
      return text;
    }
    return "";
  }

  /// Ten sequences of 16, without the last id of the vocabulary.
  std::string tokens() const {
    Tensor ids = Tensor::allocate(DType::i64, {10, 16});
    std::mt19937 random(3);
    for (std::int64_t& id : ids.mutable_values<std::int64_t>()) id = static_cast<std::int64_t>(random() % 15);
    save_npy(ids, folder_ / "tokens.npy");
    return folder_ / "tokens.npy";
  }

  static std::string bytes(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }

  static std::vector<std::string> files(const std::filesystem::path& folder) {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder))
      names.push_back(entry.path().filename().string());
    std::ranges::sort(names);
    return names;
  }

  static Tensor logits(const std::string& path, LinearLayers layers = LinearLayers::in_float) {
    Program program = Program::compile(load_model(path, layers));
    const Tensor tokens = Tensor::of<std::int64_t>({1, 6}, {1, 5, 9, 2, 14, 3});
    return program.run({&tokens, 1})[0];
  }

  static double difference(const Tensor& a, const Tensor& b) {
    double largest = 0;
    for (std::int64_t i = 0; i < a.size(); ++i) {
      largest = std::max(largest, double{std::abs(a.data<float>()[i] - b.data<float>()[i])});
    }
    return largest;
  }

  TempFolder folder_;
};

}  // namespace zeropoint::testing
