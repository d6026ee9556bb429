// A cursor over the fields of one protobuf message that lies in memory; nothing is copied.
//
// Bounds are checked before anything is touched. Throws invalid_model (without a place, see context.h) for bytes
// that are not protobuf and for a field whose wire type is not the one that is asked for.
// Source: protobuf.dev/programming-guides/encoding.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace zeropoint {

class ProtoFields {
 public:
  explicit ProtoFields(std::string_view message) : rest_(message) {}

  /// Steps to the next field; false at the end of the message.
  bool next();

  int number() const { return number_; }
  std::string_view whole() const { return whole_; }  ///< tag, length and payload: to carry a field unchanged

  std::int64_t integer() const;
  float float32() const;
  std::string_view bytes() const;

  /// A repeated number in either encoding, packed or one field per element, appended to `to`.
  void append_integers(std::vector<std::int64_t>& to) const;
  void append_floats(std::vector<float>& to) const;

  /// The payload of a repeated number: many elements when packed, else this one.
  std::string_view repeated_varint() const;
  std::string_view repeated_fixed32() const;
  std::string_view repeated_fixed64() const;

 private:
  enum class Wire : std::uint8_t { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };
  void require(bool condition) const;
  std::string_view repeated(Wire single, std::size_t width) const;

  std::string_view rest_;
  std::string_view whole_;
  std::string_view payload_;
  int number_ = 0;
  Wire wire_ = Wire::varint;
};

/// Elements in the payload of packed varints; throws when the last one is cut off.
std::size_t count_varints(std::string_view payload);

/// Takes one varint off the front.
std::int64_t take_varint(std::string_view& payload);

}  // namespace zeropoint
