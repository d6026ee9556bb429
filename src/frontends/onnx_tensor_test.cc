#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "base/atomic_file.h"
#include "exporters/onnx_tensor.h"
#include "frontends/onnx.h"
#include "frontends/onnx_proto.h"
#include "zeropoint/error.h"

namespace zeropoint {
namespace {

using ::testing::ElementsAre;
namespace field = onnx_proto::tensor;

/// Writes the message to a file and loads that.
Tensor loaded(const ProtoMessage& message) {
  const auto path = std::filesystem::path(::testing::TempDir()) / "zeropoint_tensor.pb";
  AtomicFile file(path);
  message.for_each_piece([&](std::string_view piece) { file.write(piece); });
  file.commit();
  Tensor tensor = load_tensor_proto(path);
  std::filesystem::remove(path);
  return tensor;
}

ProtoMessage header(DType dtype, const Shape& dims) {
  ProtoMessage message;
  for (const std::int64_t dim : dims) message.add_integer(field::dims, dim);
  message.add_integer(field::data_type, static_cast<std::int64_t>(dtype));
  return message;
}

TEST(TensorProto, TypedFieldsPackedAndSingle) {
  ProtoMessage message = header(DType::i8, {3});
  message.add_integer(field::int32_data, -1);  // one field per element
  message.add_bytes(field::int32_data, std::string_view("\x05\x7F", 2));
  EXPECT_THAT(loaded(message).values<std::int8_t>(), ElementsAre(-1, 5, 127));

  ProtoMessage floats = header(DType::f32, {2});
  floats.add_float(field::float_data, 1.5F);
  floats.add_float(field::float_data, -2.0F);
  EXPECT_THAT(loaded(floats).values<float>(), ElementsAre(1.5F, -2.0F));

  ProtoMessage halves = header(DType::f16, {1});
  halves.add_integer(field::int32_data, 0x3C00);
  EXPECT_THAT(loaded(halves).values<std::uint16_t>(), ElementsAre(0x3C00));

  ProtoMessage large = header(DType::u64, {1});
  large.add_integer(field::uint64_data, -1);
  EXPECT_THAT(loaded(large).values<std::uint64_t>(), ElementsAre(~0ULL));
}

TEST(TensorProto, PackedCodesKeepTheirBytes) {
  ProtoMessage message = header(DType::i4, {3});
  message.add_bytes(field::raw_data, std::string_view("\xF8\x07", 2));  // -8, -1, 7
  const Tensor tensor = loaded(message);
  EXPECT_EQ(tensor.size(), 3);
  EXPECT_EQ(tensor.data<std::uint8_t>()[0], 0xF8);

  ProtoMessage typed = header(DType::u2, {5});
  typed.add_integer(field::int32_data, 0xE4);  // 0, 1, 2, 3
  typed.add_integer(field::int32_data, 0x02);
  EXPECT_EQ(loaded(typed).data<std::uint8_t>()[1], 2);
}

TEST(TensorProto, StringsAndScalarsAndEmptyTensors) {
  ProtoMessage strings = header(DType::string, {2});
  strings.add_bytes(field::string_data, "a");
  strings.add_bytes(field::string_data, "");
  EXPECT_THAT(loaded(strings).strings(), ElementsAre("a", ""));

  ProtoMessage scalar = header(DType::i64, {});
  scalar.add_integer(field::int64_data, -5);
  EXPECT_EQ(loaded(scalar).rank(), 0);
  EXPECT_EQ(loaded(header(DType::f32, {0, 3})).size(), 0);
}

TEST(TensorProto, EveryTypeSurvivesBothForms) {
  for (int i = 1; i < kDTypeCount; ++i) {
    const auto dtype = static_cast<DType>(i);
    if (dtype == DType::string) continue;
    Tensor tensor = Tensor::zeros(dtype, {5});
    auto* bytes = static_cast<unsigned char*>(tensor.mutable_raw());
    for (std::size_t b = 0; b < tensor.bytes(); ++b) bytes[b] = static_cast<unsigned char>(200 + 3 * b);
    for (const bool typed : {false, true}) {
      const Tensor again = loaded(tensor_message("", tensor, {.typed_data = typed}, nullptr));
      ASSERT_EQ(again.dtype(), dtype);
      EXPECT_EQ(std::memcmp(again.raw(), tensor.raw(), tensor.bytes()), 0) << name(dtype) << " typed " << typed;
    }
  }
}

TEST(TensorProto, RefusesAFileThatIsNoTensor) {
  ProtoMessage none;
  none.add_bytes(field::name, "x");
  EXPECT_THROW(loaded(none), Error);
  EXPECT_THROW(load_tensor_proto("no/such/file.pb"), Error);
}

}  // namespace
}  // namespace zeropoint
