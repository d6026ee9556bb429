#include "exporters/onnx_tensor.h"

#include <cstring>

#include "frontends/onnx_proto.h"

namespace zeropoint {
namespace {

namespace field = onnx_proto::tensor;

constexpr std::uint64_t kPageBytes = 4096;     // onnx.proto: offsets should be multiples of the page size
constexpr std::int64_t kLocationExternal = 1;  // TensorProto.DataLocation
constexpr std::size_t kReferencedFrom = 4096;  // shorter elements are copied: a piece of their own costs more

std::string_view stored_bytes(const Tensor& tensor) {
  return {static_cast<const char*>(tensor.stored()), tensor.bytes()};
}

void add_elements(ProtoMessage& message, int number, std::string_view bytes) {
  if (bytes.size() < kReferencedFrom) {
    message.add_bytes(number, bytes);
  } else {
    message.add_view(number, bytes);
  }
}

/// The elements as varints: signed types extended by their sign, floats and packed codes as their bits.
std::string packed_varints(const Tensor& tensor) {
  const int width = bits(tensor.dtype());
  const std::size_t entry = width < 8 ? 1 : static_cast<std::size_t>(width) / 8;
  const bool is_sign_extended = is_integer(tensor.dtype()) && is_signed(tensor.dtype()) && width >= 8;
  const std::string_view bytes = stored_bytes(tensor);
  std::string packed;
  for (std::size_t at = 0; at < bytes.size(); at += entry) {
    std::uint64_t value = 0;
    std::memcpy(&value, bytes.data() + at, entry);
    if (is_sign_extended && entry < sizeof value) {
      const std::uint64_t sign = 1ULL << (8 * entry - 1);
      value = (value ^ sign) - sign;
    }
    append_varint(packed, value);
  }
  return packed;
}

void add_typed(ProtoMessage& message, const Tensor& tensor) {
  if (tensor.size() == 0) return;
  const int number = field::typed_field(tensor.dtype());
  if (number == field::float_data || number == field::double_data) {
    add_elements(message, number, stored_bytes(tensor));
  } else {
    message.add_bytes(number, packed_varints(tensor));
  }
}

void add_external(ProtoMessage& message, const Tensor& tensor, ExternalData& external) {
  const auto add = [&](std::string_view key, const std::string& value) {
    ProtoMessage entry;
    entry.add_bytes(onnx_proto::entry::key, key);
    entry.add_bytes(onnx_proto::entry::value, value);
    message.add_message(field::external_data, std::move(entry));
  };
  const std::uint64_t offset = external.append(tensor);
  add("location", external.location);
  add("offset", std::to_string(offset));
  add("length", std::to_string(tensor.bytes()));
  message.add_integer(field::data_location, kLocationExternal);
}

}  // namespace

std::uint64_t ExternalData::append(const Tensor& tensor) {
  const std::uint64_t offset = (file.size() + kPageBytes - 1) / kPageBytes * kPageBytes;
  file.write(std::string(offset - file.size(), '\0'));
  file.write(stored_bytes(tensor));
  return offset;
}

ProtoMessage tensor_message(const std::string& name, const Tensor& tensor, const TensorOrigin& origin,
                            ExternalData* external) {
  ProtoMessage message;
  for (const std::int64_t dim : tensor.shape()) message.add_integer(field::dims, dim);
  message.add_integer(field::data_type, static_cast<std::int64_t>(tensor.dtype()));
  if (!name.empty()) message.add_bytes(field::name, name);
  message.add_fields(origin.carried);
  if (tensor.dtype() == DType::string) {
    for (const std::string& text : tensor.strings()) message.add_bytes(field::string_data, text);
  } else if (external != nullptr && tensor.bytes() >= external->from_bytes) {
    add_external(message, tensor, *external);
  } else if (origin.typed_data) {
    add_typed(message, tensor);
  } else {
    add_elements(message, field::raw_data, stored_bytes(tensor));
  }
  return message;
}

}  // namespace zeropoint
