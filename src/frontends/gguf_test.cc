#include "frontends/gguf.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/gguf_bytes.h"
#include "zeropoint/error.h"

namespace zeropoint {
namespace {

using namespace testing;  // NOLINT: the pieces of files
using ::testing::Optional;

GgufFile parse(const std::string& bytes) {
  const auto owner = std::make_shared<const std::string>(bytes);
  return {std::as_bytes(std::span(*owner)), owner, "m.gguf"};
}

std::string refusal(const std::string& bytes) {
  try {
    parse(bytes);
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}

TEST(Gguf, MetadataAndTensorsAreRead) {
  const std::string scores = text("scores") + u32(9) + u32(6) + u64(2) + f32(1.5F) + f32(-2.0F);
  const std::string tokens = text("tokens") + u32(9) + u32(8) + u64(2) + text("a") + text("bc");
  const std::string flag = text("flag") + u32(7) + std::string(1, '\1');
  const GgufFile file =
      parse(padded(gguf_head(2, 5) + gguf_text("general.name", "tiny") + gguf_number("n", 7) + scores + tokens + flag +
                   gguf_tensor("w", {2, 1}, 0, 0) + gguf_tensor("q", {32, 3}, 8, 32)) +
            padded(f32(1) + f32(-2)) + std::string(3 * 34, 'q'));
  EXPECT_EQ(file.version(), 3U);
  const auto field = [&](std::string_view key) { return *find_field(file.fields(), key); };
  EXPECT_THAT(as_string(field("general.name")), Optional(std::string("tiny")));
  EXPECT_THAT(as_integer(field("n")), Optional(7));
  EXPECT_THAT(as_real(field("n")), Optional(7.0));
  EXPECT_THAT(as_bool(field("flag")), Optional(true));
  EXPECT_EQ(field("scores").payload, f32(1.5F) + f32(-2.0F));
  EXPECT_EQ(field("tokens").payload, text("a") + text("bc"));
  EXPECT_EQ(as_integer(field("flag")), std::nullopt);
  EXPECT_EQ(as_string(field("n")), std::nullopt);
  EXPECT_EQ(find_field(file.fields(), "m"), nullptr);

  ASSERT_EQ(file.tensors().size(), 2U);
  EXPECT_EQ(file.tensors()[0].shape, (Shape{1, 2}));
  EXPECT_EQ(file.tensors()[1].shape, (Shape{3, 32}));
  EXPECT_EQ(file.tensors()[1].type->name, "Q8_0");
  EXPECT_EQ(file.bytes(file.tensors()[1]).size(), 3U * 34U);
  EXPECT_EQ(file.bytes(file.tensors()[1])[0], std::byte{'q'});
}

TEST(Gguf, FieldsThatAreMadeReadTheSame) {
  EXPECT_THAT(as_integer(make_gguf_u32("k", 4000000000U)), Optional(4000000000));
  EXPECT_THAT(as_real(make_gguf_f32("k", 1.5F)), Optional(1.5));
  EXPECT_THAT(as_bool(make_gguf_bool("k", true)), Optional(true));
  EXPECT_THAT(as_string(make_gguf_string("k", "x")), Optional(std::string("x")));
  EXPECT_EQ(make_gguf_strings("k", std::vector<std::string>{"", "y"}).payload, text("") + text("y"));
  EXPECT_EQ(make_gguf_floats("k", std::vector<float>{0.5F}).payload, f32(0.5F));
  EXPECT_EQ(make_gguf_integers("k", std::vector<std::int32_t>{-1}).payload, u32(0xffffffff));
}

TEST(Gguf, TheAlignmentIsTheFiles) {
  const std::string head = gguf_head(1, 1) + gguf_number("general.alignment", 8) + gguf_tensor("w", {1}, 0, 8);
  const std::string bytes = head + std::string((8 - head.size() % 8) % 8, '\0') + std::string(8, '\0') + f32(3);
  const GgufFile file = parse(bytes);
  EXPECT_EQ(file.bytes(file.tensors()[0]).size(), 4U);
}

struct Refusal {
  std::string bytes;
  std::string message;
};

class GgufRefusal : public ::testing::TestWithParam<Refusal> {};

TEST_P(GgufRefusal, NamesFileAndPlace) { EXPECT_EQ(refusal(GetParam().bytes), "m.gguf: " + GetParam().message); }

const std::string kTensor = "tensor 'w': ";

INSTANTIATE_TEST_SUITE_P(
    Bytes, GgufRefusal,
    ::testing::Values(
        Refusal{"GGML", "is not a GGUF file: it does not start with 'GGUF'"},
        Refusal{"", "is not a GGUF file: it does not start with 'GGUF'"},
        Refusal{"GGUF" + u32(1), "is GGUF version 1; versions 2 and 3 are read"},
        Refusal{"GGUF" + u32(0x03000000), "is a big-endian GGUF file; little-endian ones are read"},
        Refusal{"GGUF" + u32(3) + "1234", "is cut off: 8 bytes are wanted, 4 are left"},
        Refusal{gguf_head(1000, 0), "is cut off: 1000 tensors do not fit in 8 bytes"},
        Refusal{gguf_head(0, UINT64_MAX), "is cut off: 18446744073709551615 metadata entries do not fit in 0 bytes"},
        Refusal{gguf_head(0, 1) + text("k") + u32(13) + u64(0), "key 'k': 13 is no kind of value"},
        Refusal{gguf_head(0, 1) + text("k") + u32(9) + u32(9) + u64(0), "key 'k': arrays of arrays are not read"},
        Refusal{gguf_head(0, 1) + text("k") + u32(9) + u32(6) + u64(UINT64_MAX),
                "key 'k': is cut off: 18446744073709551615 elements do not fit in 0 bytes"},
        Refusal{gguf_head(0, 1) + text("k") + u32(8) + u64(9) + "12345678",
                "key 'k': is cut off: 9 bytes are wanted, 8 are left"},
        Refusal{gguf_head(0, 2) + gguf_number("k", 1) + gguf_number("k", 2), "key 'k' is there twice"},
        Refusal{gguf_head(0, 1) + gguf_number("\xFF", 1), "the name '\\xff' is not UTF-8"},
        Refusal{gguf_head(0, 1) + gguf_number("general.alignment", 24),
                "key 'general.alignment': a power of two is wanted"},
        Refusal{padded(gguf_head(2, 0) + gguf_tensor("w", {1}, 0, 0) + gguf_tensor("w", {1}, 0, 32)),
                "tensor 'w' is there twice"},
        Refusal{gguf_head(1, 0) + text("w") + u32(5) + std::string(60, '\0'),
                kTensor + "5 dimensions, at most 4 are allowed"},
        Refusal{gguf_head(1, 0) + gguf_tensor("w", {1}, 77, 0), kTensor + "type 77 is not known"},
        Refusal{gguf_head(1, 0) + gguf_tensor("w", {UINT64_MAX}, 0, 0),
                kTensor + "dimension 18446744073709551615 is too large"},
        Refusal{gguf_head(1, 0) + gguf_tensor("w", {1ULL << 32, 1ULL << 31}, 0, 0),
                kTensor + "shape: [2147483648, 4294967296] has more elements than fit in 64 bits"},
        Refusal{gguf_head(1, 0) + gguf_tensor("w", {1ULL << 62}, 0, 0), kTensor + "is too large"},
        Refusal{gguf_head(1, 0) + gguf_tensor("w", {48}, 8, 0),
                kTensor + "rows of 48 values, Q8_0 wants a multiple of 32"},
        Refusal{padded(gguf_head(1, 0) + gguf_tensor("w", {2}, 0, 0)) + f32(1),
                kTensor + "is cut off: 8 bytes at byte 0 of the data, which has 4"},
        Refusal{padded(gguf_head(1, 0) + gguf_tensor("w", {1}, 0, 4)) + f32(1) + f32(2),
                kTensor + "starts at byte 4 of the data, which is no multiple of 32"},
        Refusal{padded(gguf_head(2, 0) + gguf_tensor("v", {9}, 0, 0) + gguf_tensor("w", {1}, 0, 32)) +
                    std::string(64, '\0'),
                kTensor + "starts at byte 32 of the data, inside of another"}));

}  // namespace
}  // namespace zeropoint
