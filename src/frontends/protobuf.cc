#include "frontends/protobuf.h"

#include <algorithm>
#include <cstring>
#include <protozero/exception.hpp>
#include <protozero/varint.hpp>

#include "base/fail.h"

namespace zeropoint {
namespace {

constexpr std::uint64_t kMaxFieldNumber = (1U << 29) - 1;

[[noreturn]] void fail_protobuf(std::string_view what) { fail(ErrorKind::invalid_model, "", "{}", what); }

}  // namespace

std::int64_t take_varint(std::string_view& payload) {
  const char* at = payload.data();
  try {
    const std::uint64_t value = protozero::decode_varint(&at, payload.data() + payload.size());
    payload.remove_prefix(static_cast<std::size_t>(at - payload.data()));
    return static_cast<std::int64_t>(value);
  } catch (const protozero::exception&) {
    fail_protobuf("a number is cut off or longer than 10 bytes: the file is truncated or not an ONNX model");
  }
}

std::size_t count_varints(std::string_view payload) {
  if (!payload.empty() && (static_cast<unsigned char>(payload.back()) & 0x80U) != 0) {
    fail_protobuf("the last number of a list is cut off");
  }
  return static_cast<std::size_t>(std::count_if(payload.begin(), payload.end(),
                                                [](char c) { return (static_cast<unsigned char>(c) & 0x80U) == 0; }));
}

bool ProtoFields::next() {
  if (rest_.empty()) return false;
  const std::string_view start = rest_;
  const auto tag = static_cast<std::uint64_t>(take_varint(rest_));
  const std::uint64_t number = tag >> 3U;
  if (number == 0 || number > kMaxFieldNumber) {
    fail_protobuf(fmt::format("field number {}: the file is damaged or not an ONNX model", number));
  }
  number_ = static_cast<int>(number);

  std::size_t size = 0;
  switch (tag & 7U) {
    case 0: {
      wire_ = Wire::varint;
      std::string_view after = rest_;
      take_varint(after);
      size = rest_.size() - after.size();
      break;
    }
    case 1:
      wire_ = Wire::fixed64;
      size = 8;
      break;
    case 2: {
      wire_ = Wire::bytes;
      const auto length = static_cast<std::uint64_t>(take_varint(rest_));
      if (length > rest_.size()) {
        fail_protobuf(
            fmt::format("field {} says {} bytes, {} are left: the file is truncated", number_, length, rest_.size()));
      }
      size = static_cast<std::size_t>(length);
      break;
    }
    case 5:
      wire_ = Wire::fixed32;
      size = 4;
      break;
    default:
      fail_protobuf(
          fmt::format("field {} has wire type {}: the file is damaged or not an ONNX model", number_, tag & 7U));
  }
  if (size > rest_.size()) fail_protobuf(fmt::format("field {} is cut off: the file is truncated", number_));
  payload_ = rest_.substr(0, size);
  rest_.remove_prefix(size);
  whole_ = start.substr(0, start.size() - rest_.size());
  return true;
}

void ProtoFields::require(bool condition) const {
  if (!condition) fail_protobuf(fmt::format("field {} has the wrong wire type", number_));
}

std::int64_t ProtoFields::integer() const {
  require(wire_ == Wire::varint);
  std::string_view payload = payload_;
  return take_varint(payload);
}

float ProtoFields::float32() const {
  require(wire_ == Wire::fixed32);
  float value = 0;
  std::memcpy(&value, payload_.data(), sizeof value);
  return value;
}

std::string_view ProtoFields::bytes() const {
  require(wire_ == Wire::bytes);
  return payload_;
}

std::string_view ProtoFields::repeated(Wire single, std::size_t width) const {
  require(wire_ == single || wire_ == Wire::bytes);
  if (payload_.size() % width != 0) fail_protobuf(fmt::format("the list in field {} is cut off", number_));
  return payload_;
}

std::string_view ProtoFields::repeated_varint() const { return repeated(Wire::varint, 1); }
std::string_view ProtoFields::repeated_fixed32() const { return repeated(Wire::fixed32, 4); }
std::string_view ProtoFields::repeated_fixed64() const { return repeated(Wire::fixed64, 8); }

void ProtoFields::append_integers(std::vector<std::int64_t>& to) const {
  std::string_view payload = repeated_varint();
  while (!payload.empty()) to.push_back(take_varint(payload));
}

void ProtoFields::append_floats(std::vector<float>& to) const {
  const std::string_view payload = repeated_fixed32();
  const std::size_t before = to.size();
  to.resize(before + payload.size() / sizeof(float));
  if (!payload.empty()) std::memcpy(to.data() + before, payload.data(), payload.size());
}

}  // namespace zeropoint
