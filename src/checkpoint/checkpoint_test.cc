#include "checkpoint/checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include "support/assets.h"
#include "support/safetensors_bytes.h"
#include "support/temp_folder.h"
#include "zeropoint/error.h"

namespace zeropoint {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using testing::TempFolder;

// A file with one byte per named tensor.
std::string bytes_named(const std::string& names) {
  std::string header = "{";
  for (std::size_t i = 0; i < names.size(); ++i) {
    header += fmt::format(R"({}"{}":{{"dtype":"U8","shape":[1],"data_offsets":[{},{}]}})", i > 0 ? "," : "", names[i],
                          i, i + 1);
  }
  return testing::safetensors_bytes(header + "}", names);
}

std::string refusal(const fs::path& path, const TempFolder& folder) {
  try {
    open_checkpoint(path);
  } catch (const Error& error) {
    std::string text = error.what();
    const std::string prefix = folder.path().string();
    for (std::size_t at = text.find(prefix); at != std::string::npos; at = text.find(prefix)) {
      text.replace(at, prefix.size(), "~");
    }
    return text;
  }
  return "accepted";
}

TEST(Checkpoint, AFolderHoldsAConfigAndItsWeights) {
  const TempFolder folder;
  folder.write("config.json", R"({"model_type":"llama","hidden_size":64})");
  folder.write("model.safetensors", bytes_named("xy"));
  EXPECT_TRUE(is_checkpoint(folder.path()));
  const Checkpoint checkpoint = open_checkpoint(folder.path());
  EXPECT_EQ(checkpoint.config["hidden_size"], 64);
  ASSERT_EQ(checkpoint.weights->tensors().size(), 2U);
  const StoredTensor* y = checkpoint.weights->find("y");
  ASSERT_NE(y, nullptr);
  EXPECT_EQ(y->bytes, 1U);
  EXPECT_EQ(y->encoding, "");
  EXPECT_THAT(checkpoint.weights->read(*y).values<std::uint8_t>(), ElementsAre('y'));
  EXPECT_EQ(checkpoint.weights->find("z"), nullptr);
}

TEST(Checkpoint, ASafetensorsFileTakesTheConfigBesideIt) {
  const TempFolder folder;
  const std::string path = folder.write("some.safetensors", bytes_named("x"));
  EXPECT_TRUE(is_checkpoint(path));
  EXPECT_TRUE(open_checkpoint(path).config.empty());
  folder.write("config.json", R"({"model_type":"gpt2"})");
  EXPECT_EQ(open_checkpoint(path).config["model_type"], "gpt2");
}

TEST(Checkpoint, ShardsAreOneStore) {
  const TempFolder folder;
  folder.write("config.json", "{}");
  folder.write("model-1.safetensors", bytes_named("ab"));
  folder.write("model-2.safetensors", bytes_named("c"));
  folder.write("model.safetensors.index.json",
               R"({"weight_map":{"c":"model-2.safetensors","a":"model-1.safetensors","b":"model-1.safetensors"}})");
  const Checkpoint checkpoint = open_checkpoint(folder.path());
  std::string names;
  for (const StoredTensor& tensor : checkpoint.weights->tensors()) names += tensor.name;
  EXPECT_EQ(names, "abc");
  EXPECT_THAT(checkpoint.weights->read(*checkpoint.weights->find("c")).values<std::uint8_t>(), ElementsAre('c'));
}

TEST(Checkpoint, AnIndexThatDisagreesWithItsShardsIsRefused) {
  const TempFolder folder;
  folder.write("config.json", "{}");
  const auto with_map = [&](const std::string& map) {
    folder.write("model.safetensors.index.json", R"({"weight_map":)" + map + "}");
    return refusal(folder.path(), folder);
  };
  EXPECT_EQ(with_map(R"({"a":"1.safetensors"})"),
            "~/1.safetensors: is missing: model.safetensors.index.json lists it with 1 tensors");
  folder.write("1.safetensors", bytes_named("ab"));
  folder.write("2.safetensors", bytes_named("c"));
  EXPECT_EQ(with_map(R"({"a":"1.safetensors"})"),
            "~/1.safetensors: tensor 'b' is not listed in model.safetensors.index.json");
  EXPECT_EQ(with_map(R"({"a":"1.safetensors","b":"2.safetensors","c":"2.safetensors"})"),
            "~/1.safetensors: tensor 'b': model.safetensors.index.json says that it is in 2.safetensors");
  EXPECT_EQ(with_map(R"({"a":"1.safetensors","b":"1.safetensors","d":"1.safetensors"})"),
            "~/1.safetensors: tensor 'd' is missing: model.safetensors.index.json lists it here");
  EXPECT_EQ(
      with_map(R"({"a":"../1.safetensors"})"),
      "~/model.safetensors.index.json: tensor 'a': '../1.safetensors' is not the name of a file beside the index");
  const std::string long_name(300, 'x');
  EXPECT_EQ(with_map(R"({"a":")" + long_name + R"("})"),
            "~/" + long_name + ": is missing: model.safetensors.index.json lists it with 1 tensors");
  EXPECT_EQ(with_map("{}"), "~/model.safetensors.index.json: lists no tensors");
  EXPECT_EQ(with_map("3"), "~/model.safetensors.index.json: holds no object 'weight_map'");
  EXPECT_EQ(with_map("{"), "~/model.safetensors.index.json: is not JSON at its byte 17");
}

TEST(Checkpoint, AFolderThatIsNoneIsToldWhatItLacks) {
  const TempFolder folder;
  EXPECT_TRUE(is_checkpoint(folder.path()));  // meant as one
  EXPECT_EQ(refusal(folder.path(), folder), "~: is no checkpoint: it holds no config.json");
  folder.write("w.gguf", "GGUF");
  EXPECT_EQ(refusal(folder.path(), folder), "~: holds no config.json; give the GGUF file itself: ~/w.gguf");
  folder.write("config.json", "{}");
  EXPECT_EQ(refusal(folder.path(), folder), "~: holds no safetensors file");
  folder.write("pytorch_model.bin", "");
  EXPECT_EQ(refusal(folder.path(), folder),
            "~: holds pickled weights, which may run any code when they are opened; convert them to safetensors");
  folder.write("1.safetensors", bytes_named("a"));
  folder.write("2.safetensors", bytes_named("b"));
  EXPECT_EQ(refusal(folder.path(), folder),
            "~: holds 2 safetensors files (1.safetensors ...) and no model.safetensors.index.json");
  folder.write("config.json", "[1]");
  EXPECT_EQ(refusal(folder.path(), folder), "~/config.json: is not a JSON object");
  EXPECT_EQ(refusal(folder.write("x.bin", ""), folder),
            "~/x.bin: is no checkpoint: a folder with config.json, a .safetensors or a .gguf file is wanted");
}

TEST(Checkpoint, AConfigThatNestsWithoutEndIsRefused) {
  const TempFolder folder;
  folder.write("model.safetensors", bytes_named("a"));
  folder.write("config.json", R"({"a":"]] [[[\"","b":)" + std::string(63, '[') + std::string(63, ']') + "}");
  EXPECT_EQ(refusal(folder.path(), folder), "accepted");
  folder.write("config.json", R"({"b":)" + std::string(1'000'000, '['));
  EXPECT_EQ(refusal(folder.path(), folder), "~/config.json: nests more than 64 arrays and objects into one another");
}

TEST(Checkpoint, TheModelTypeIsText) {
  const TempFolder folder;
  folder.write("model.safetensors", bytes_named("a"));
  folder.write("config.json", R"({"model_type":"llama"})");
  EXPECT_EQ(model_type_of(open_checkpoint(folder.path())), "llama");
  folder.write("config.json", "{}");
  EXPECT_EQ(model_type_of(open_checkpoint(folder.path())), "");
  folder.write("config.json", R"({"model_type":5})");
  EXPECT_THROW(model_type_of(open_checkpoint(folder.path())), Error);
}

TEST(TensorStore, FloatsOfEveryWidthAreReadAsFloat32) {
  const TempFolder folder;
  const std::string header =
      R"({"f64":{"dtype":"F64","shape":[1],"data_offsets":[0,8]},"f32":{"dtype":"F32","shape":[1],"data_offsets":[8,12]},)"
      R"("f16":{"dtype":"F16","shape":[1],"data_offsets":[12,14]},"bf16":{"dtype":"BF16","shape":[1],"data_offsets":[14,16]},)"
      R"("e4m3":{"dtype":"F8_E4M3","shape":[1],"data_offsets":[16,17]},"u8":{"dtype":"U8","shape":[1],"data_offsets":[17,18]}})";
  const std::string data(
      "\0\0\0\0\0\0\xF8\x3F"
      "\0\0\xC0\x3F"
      "\0\x3E"
      "\xC0\x3F"
      "\x3C"
      "\x07",
      18);
  const Checkpoint checkpoint =
      open_checkpoint(folder.write("w.safetensors", testing::safetensors_bytes(header, data)));
  for (const char* name : {"f64", "f32", "f16", "bf16", "e4m3"}) {
    const Tensor x = read_f32(*checkpoint.weights, *checkpoint.weights->find(name));
    EXPECT_EQ(x.dtype(), DType::f32);
    EXPECT_THAT(x.values<float>(), ElementsAre(1.5F)) << name;
  }
  EXPECT_THROW(
      {
        try {
          read_f32(*checkpoint.weights, *checkpoint.weights->find("u8"));
        } catch (const Error& error) {
          EXPECT_STREQ(error.what(), "u8: its elements are uint8, floats are wanted");
          throw;
        }
      },
      Error);
}

TEST(Checkpoint, ARealOneOpens) {
  ZEROPOINT_NEEDS_ASSET("models/stories260K/model.safetensors");
  const Checkpoint checkpoint = open_checkpoint(testing::assets() / "models/stories260K");
  EXPECT_EQ(checkpoint.config["model_type"], "llama");
  EXPECT_EQ(checkpoint.weights->tensors().size(), 47U);
  EXPECT_EQ(checkpoint.weights->find("model.embed_tokens.weight")->shape, (Shape{512, 64}));
}

}  // namespace
}  // namespace zeropoint
