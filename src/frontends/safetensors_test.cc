#include "frontends/safetensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/safetensors_bytes.h"
#include "support/temp_folder.h"
#include "zeropoint/error.h"

namespace zeropoint {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;
using testing::safetensors_bytes;

SafetensorsFile parse(const std::string& bytes) {
  const auto owner = std::make_shared<const std::string>(bytes);
  return {std::as_bytes(std::span(*owner)), owner, "m.safetensors"};
}

std::string refusal(const std::string& bytes) {
  try {
    parse(bytes);
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}

const std::string kTwoFloats("\0\0\x80\x3F\0\0\0\xC0", 8);  // 1, -2

TEST(Safetensors, TensorsAreViewsIntoTheFile) {
  const testing::TempFolder folder;
  const std::string path =
      folder.write("m.safetensors", safetensors_bytes(R"({"__metadata__":{"format":"pt"},)"
                                                      R"("b":{"dtype":"U8","shape":[3],"data_offsets":[8,11]},)"
                                                      R"("a":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]}}   )",
                                                      kTwoFloats + "xyz"));
  const SafetensorsFile file = SafetensorsFile::open(path);
  ASSERT_EQ(file.tensors().size(), 2U);
  EXPECT_EQ(file.tensors()[0].name, "a");  // in the order of their elements
  EXPECT_EQ(file.tensors()[1].name, "b");
  EXPECT_THAT(file.metadata(), ElementsAre(Pair("format", "pt")));

  const Tensor a = file.read(file.tensors()[0]);
  EXPECT_EQ(a.dtype(), DType::f32);
  EXPECT_EQ(a.shape(), (Shape{2, 1}));
  EXPECT_THAT(a.values<float>(), ElementsAre(1.0F, -2.0F));
  file.release(file.tensors()[0]);
  EXPECT_THAT(a.values<float>(), ElementsAre(1.0F, -2.0F));  // read from the file again
  EXPECT_THAT(file.read(file.tensors()[1]).values<std::uint8_t>(), ElementsAre('x', 'y', 'z'));
}

TEST(Safetensors, AHeaderWithoutTensorsIsAFile) { EXPECT_TRUE(parse(safetensors_bytes("{}")).tensors().empty()); }

TEST(Safetensors, ScalarsAndEmptyTensorsHaveTheirBytes) {
  const SafetensorsFile file = parse(safetensors_bytes(R"({"s":{"dtype":"F32","shape":[],"data_offsets":[0,4]},)"
                                                       R"("e":{"dtype":"F32","shape":[0,7],"data_offsets":[4,4]}})",
                                                       kTwoFloats.substr(0, 4)));
  EXPECT_EQ(file.read(file.tensors()[0]).values<float>()[0], 1.0F);
  EXPECT_EQ(file.read(file.tensors()[1]).size(), 0);
}

struct Refusal {
  std::string header;
  std::string data;
  std::string message;
};

class SafetensorsRefusal : public ::testing::TestWithParam<Refusal> {};

TEST_P(SafetensorsRefusal, NamesFileAndTensor) {
  EXPECT_EQ(refusal(safetensors_bytes(GetParam().header, GetParam().data)), "m.safetensors: " + GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(
    Headers, SafetensorsRefusal,
    ::testing::Values(
        Refusal{"[]", "", "is not a safetensors file: its header does not start with '{'"},
        Refusal{"{", "", "the header is not JSON at its byte 2"},
        Refusal{R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{}})", "1234",
                "tensor 'a' is in the header twice"},
        Refusal{R"({"a":{"dtype":"F32","shape":[1]}})", "", "tensor 'a': dtype, shape and data_offsets are wanted"},
        Refusal{R"({"a":{"dtype":"F32","dtype":"F32"}})", "", "tensor 'a': field 'dtype' twice"},
        Refusal{R"({"a":{"stride":[1]}})", "", "tensor 'a': unknown field 'stride'"},
        Refusal{R"({"a":{"dtype":"F31"}})", "", "tensor 'a': 'F31' is no element type of safetensors"},
        Refusal{R"({"a":{"dtype":"F6_E2M3"}})", "", "tensor 'a': elements of type F6_E2M3 are not offered"},
        Refusal{R"({"a":{"shape":[-1]}})", "", "tensor 'a': the number -1 where it does not belong"},
        Refusal{R"({"a":{"shape":[1.5]}})", "", "tensor 'a': the number 1.5 where it does not belong"},
        Refusal{R"({"a":{"shape":[99999999999999999999]}})", "",
                "tensor 'a': the number 99999999999999999999 where it does not belong"},
        Refusal{R"({"a":{"shape":[18446744073709551615]}})", "",
                "tensor 'a': dimension 18446744073709551615 is too large"},
        Refusal{R"({"a":{"shape":"2"}})", "", "tensor 'a': a string where it does not belong"},
        Refusal{R"({"a":{"shape":[[2]]}})", "", "tensor 'a': an array where it does not belong"},
        Refusal{R"({"a":[1]})", "", "tensor 'a': an array where it does not belong"},
        Refusal{R"({"a":{"data_offsets":[0]}})", "", "tensor 'a': data_offsets wants two numbers"},
        Refusal{R"({"a":{"data_offsets":[0,1,2]}})", "", "tensor 'a': data_offsets wants two numbers"},
        Refusal{R"({"__metadata__":{"format":1}})", "", "the header holds a number where it does not belong"},
        Refusal{R"({"__metadata__":{"f":"1","f":"2"}})", "", "metadata 'f' is in the header twice"}));

INSTANTIATE_TEST_SUITE_P(
    Places, SafetensorsRefusal,
    ::testing::Values(Refusal{R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}})", "1234",
                              "tensor 'a': F32 [2] takes 8 bytes, its data_offsets hold 4"},
                      Refusal{R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", "1234",
                              "tensor 'a': is cut off: ends at byte 8 of the data, 4 are there"},
                      Refusal{R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})", "12345678",
                              "tensor 'a': its elements start at byte 4, the tensor before it ends at 0"},
                      Refusal{R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},)"
                              R"("b":{"dtype":"F32","shape":[1],"data_offsets":[2,6]}})",
                              "123456", "tensor 'b': its elements start at byte 2, the tensor before it ends at 4"},
                      Refusal{R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})", "123456",
                              "holds 2 bytes after its last tensor"},
                      Refusal{R"({"a":{"dtype":"F32","shape":[0],"data_offsets":[0,18446744073709551615]}})", "",
                              "tensor 'a': F32 [0] takes 0 bytes, its data_offsets hold 18446744073709551615"},
                      Refusal{R"({"a":{"dtype":"F64","shape":[4611686018427387904,4],"data_offsets":[0,0]}})", "",
                              "tensor 'a': shape: [4611686018427387904, 4] has more elements than fit in 64 bits"},
                      Refusal{R"({"a":{"dtype":"F64","shape":[4611686018427387904],"data_offsets":[0,0]}})", "",
                              "tensor 'a': is too large"},
                      Refusal{R"({"a":{"dtype":"F4","shape":[3],"data_offsets":[0,2]}})", "12",
                              "tensor 'a': does not end at a whole byte"}));

TEST(Safetensors, ALengthThatTheFileDoesNotHoldIsRefused) {
  EXPECT_EQ(refusal("1234"), "m.safetensors: is not a safetensors file: 4 bytes, the header's length alone takes 8");
  EXPECT_EQ(refusal(std::string("\x09\0\0\0\0\0\0\0{}", 10)),
            "m.safetensors: is cut off: the header takes 9 bytes, 2 are there");
  EXPECT_EQ(refusal(std::string(8, '\xFF')),
            "m.safetensors: is not a safetensors file: a header of 18446744073709551615 bytes, at most 100000000 are "
            "allowed");
}

}  // namespace
}  // namespace zeropoint
