#include "exporters/protobuf_writer.h"

#include <array>
#include <bit>
#include <protozero/buffer_string.hpp>
#include <protozero/varint.hpp>
#include <utility>

namespace zeropoint {
namespace {

constexpr unsigned kVarint = 0;
constexpr unsigned kLengthDelimited = 2;
constexpr unsigned kFixed32 = 5;

}  // namespace

void append_varint(std::string& to, std::uint64_t value) { protozero::add_varint_to_buffer(&to, value); }

std::string& ProtoMessage::text() {
  if (pieces_.empty() || pieces_.back().is_view) pieces_.emplace_back();
  return pieces_.back().text;
}

void ProtoMessage::append(std::string_view bytes) {
  text() += bytes;
  size_ += bytes.size();
}

void ProtoMessage::add_header(int field, unsigned wire_type) {
  std::string header;
  append_varint(header, (static_cast<std::uint64_t>(field) << 3U) | wire_type);
  append(header);
}

void ProtoMessage::add_length(int field, std::uint64_t length) {
  add_header(field, kLengthDelimited);
  std::string header;
  append_varint(header, length);
  append(header);
}

void ProtoMessage::add_integer(int field, std::int64_t value) {
  add_header(field, kVarint);
  std::string payload;
  append_varint(payload, static_cast<std::uint64_t>(value));
  append(payload);
}

void ProtoMessage::add_float(int field, float value) {
  add_header(field, kFixed32);
  const auto bits = std::bit_cast<std::array<char, sizeof value>>(value);
  append({bits.data(), bits.size()});
}

void ProtoMessage::add_bytes(int field, std::string_view bytes) {
  add_length(field, bytes.size());
  append(bytes);
}

void ProtoMessage::add_view(int field, std::string_view bytes) {
  add_length(field, bytes.size());
  pieces_.push_back({.view = bytes, .is_view = true});
  size_ += bytes.size();
}

void ProtoMessage::add_message(int field, ProtoMessage message) {
  add_length(field, message.size_);
  for (Piece& piece : message.pieces_) {
    if (piece.is_view) {
      pieces_.push_back(std::move(piece));
    } else {
      text() += piece.text;
    }
  }
  size_ += message.size_;
}

void ProtoMessage::add_fields(std::string_view whole_fields) { append(whole_fields); }

}  // namespace zeropoint
