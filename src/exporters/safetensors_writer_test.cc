#include "exporters/safetensors_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <functional>

#include "checkpoint/checkpoint.h"
#include "frontends/safetensors.h"
#include "support/temp_folder.h"
#include "zeropoint/error.h"

namespace zeropoint {
namespace {

using ::testing::ElementsAre;
using testing::TempFolder;

std::vector<std::byte> bytes(std::initializer_list<int> values) {
  std::vector<std::byte> all;
  for (const int v : values) all.push_back(static_cast<std::byte>(v));
  return all;
}

std::string message(const std::function<void()>& body) {
  try {
    body();
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}

TEST(SafetensorsWriter, HeaderFirstThenWiderTypesThenNames) {
  const TempFolder folder;
  SafetensorsWriter writer(
      folder.path(),
      {{"bb", DType::u8, {3}}, {"a", DType::f32, {1}}, {"c", DType::u8, {1, 2}}, {"d\"", DType::bf16, {1}}}, {});
  writer.write("c", 0, bytes({4, 5}));  // any order, in pieces
  writer.write("bb", 2, bytes({3}));
  writer.write("a", Tensor::of<float>({1}, {1.0F}));
  writer.write("bb", 0, bytes({1, 2}));
  writer.write("d\"", 0, bytes({0x80, 0x3F}));
  writer.finish();
  std::ifstream file(folder / "model.safetensors", std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const std::string header =
      R"({"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},)"
      R"("d\"":{"dtype":"BF16","shape":[1],"data_offsets":[4,6]},)"
      R"("bb":{"dtype":"U8","shape":[3],"data_offsets":[6,9]},"c":{"dtype":"U8","shape":[1,2],"data_offsets":[9,11]}})";
  ASSERT_EQ(header.size(), 249U);
  EXPECT_EQ(text, std::string("\0\x01\0\0\0\0\0\0", 8) + header + std::string(7, ' ') +
                      std::string("\0\0\x80\x3F\x80\x3F\x01\x02\x03\x04\x05", 11));
}

TEST(SafetensorsWriter, ShardsHoldAtMostTheirBytesAndAreListed) {
  const TempFolder folder;
  SafetensorsWriter writer(folder.path(),
                           {{"c", DType::u8, {2}}, {"b", DType::u8, {2}}, {"a", DType::u8, {9}}, {"d", DType::u8, {0}}},
                           {.max_shard_bytes = 4});
  writer.write("a", 0, bytes({1, 2, 3, 4, 5, 6, 7, 8, 9}));
  writer.write("b", 0, bytes({1, 2}));
  writer.write("c", 0, bytes({3, 4}));
  writer.finish();
  std::ifstream file(folder / "model.safetensors.index.json");
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), R"({
  "metadata": {
    "total_size": 13
  },
  "weight_map": {
    "a": "model-00002-of-00002.safetensors",
    "b": "model-00001-of-00002.safetensors",
    "c": "model-00001-of-00002.safetensors",
    "d": "model-00002-of-00002.safetensors"
  }
}
)");
  std::ofstream(folder / "config.json") << "{}";
  const Checkpoint read = open_checkpoint(folder.path());
  EXPECT_THAT(read.weights->read(*read.weights->find("c")).values<std::uint8_t>(), ElementsAre(3, 4));
  EXPECT_EQ(read.weights->find("d")->shape, Shape{0});
}

TEST(SafetensorsWriter, WhatWasNotAnnouncedIsRefused) {
  const TempFolder folder;
  EXPECT_EQ(message([&] {
              SafetensorsWriter(folder.path(), {{"w", DType::i4, {8}}}, {});
            }),
            "w: safetensors files hold no elements of type int4");
  EXPECT_EQ(message([&] {
              SafetensorsWriter(folder.path(), {{"w", DType::u8, {8}}, {"w", DType::u8, {8}}}, {});
            }),
            "w: announced twice");
  SafetensorsWriter writer(folder.path(), {{"w", DType::u8, {2}}}, {});
  EXPECT_EQ(message([&] { writer.write("v", 0, bytes({1})); }), "v: is written but was not announced");
  EXPECT_EQ(message([&] { writer.write("w", 1, bytes({1, 2})); }), "w: bytes 1 to 3 of 2");
  EXPECT_EQ(message([&] {
              writer.write("w", Tensor::of<float>({2}, {1, 2}));
            }),
            "w: announced as uint8 [2], written as float32 [2]");
  EXPECT_EQ(message([&] { writer.finish(); }), "w: 0 of 2 bytes were written");
}

TEST(SafetensorsWriter, ADiskThatCannotHoldTheFilesIsKnownAtOnce) {
  const TempFolder folder;
  const std::string text = message([&] {
    SafetensorsWriter(folder.path(), {{"w", DType::u8, {std::int64_t{1} << 52}}}, {.max_shard_bytes = UINT64_MAX});
  });
  EXPECT_THAT(text, ::testing::HasSubstr("model.safetensors: cannot reserve 4503599627370"));
  EXPECT_FALSE(std::filesystem::exists(folder / "model.safetensors"));
}

}  // namespace
}  // namespace zeropoint
