// Builds one protobuf message as a list of pieces, so that gigabytes of weights are referenced, not copied.
//
// Nested messages are built first and moved in. Views must stay alive until the message was written.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

namespace zeropoint {

class ProtoMessage {
 public:
  void add_integer(int field, std::int64_t value);
  void add_float(int field, float value);
  void add_bytes(int field, std::string_view bytes);  ///< copied
  void add_view(int field, std::string_view bytes);   ///< referenced
  void add_message(int field, ProtoMessage message);
  void add_fields(std::string_view whole_fields);  ///< carried fields, tags included; copied

  std::uint64_t size() const { return size_; }

  /// Calls write(std::string_view) for the pieces in order.
  template <class Write>
  void for_each_piece(Write&& write) const {
    for (const Piece& piece : pieces_) write(piece.is_view ? piece.view : std::string_view(piece.text));
  }

 private:
  struct Piece {
    std::string text;
    std::string_view view;
    bool is_view = false;
  };
  std::string& text();  // the owned piece at the end
  void add_header(int field, unsigned wire_type);
  void add_length(int field, std::uint64_t length);
  void append(std::string_view bytes);

  std::deque<Piece> pieces_;
  std::uint64_t size_ = 0;
};

/// Appends one varint, for packed lists.
void append_varint(std::string& to, std::uint64_t value);

}  // namespace zeropoint
