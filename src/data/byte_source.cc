#include "data/byte_source.h"

#include <zlib.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "base/fail.h"
#include "zeropoint/tensor.h"

namespace zeropoint {
namespace {

constexpr std::uint64_t kMaxDeflateRatio = 1032;  // a length-258 match in 2 bits: zlib's documented limit
constexpr std::uint64_t kPiece = 1U << 30U;       // zlib counts in 32 bits

const Bytef* as_zlib(const std::byte* bytes) { return reinterpret_cast<const Bytef*>(bytes); }

/// The checksum of what was taken so far.
class Checksum {
 public:
  Checksum(std::optional<std::uint32_t> expected, std::string where) : expected_(expected), where_(std::move(where)) {}

  void add(std::span<const std::byte> bytes) {
    if (!expected_) return;
    for (std::size_t i = 0; i < bytes.size(); i += kPiece) {
      const std::size_t count = std::min<std::size_t>(bytes.size() - i, kPiece);
      crc_ = ::crc32(crc_, as_zlib(bytes.data() + i), static_cast<uInt>(count));
    }
  }

  void finish() const {
    if (expected_ && crc_ != *expected_) {
      fail(ErrorKind::invalid_data, where_, "checksum {:08x}, the archive says {:08x}: the file is damaged", crc_,
           *expected_);
    }
  }

 private:
  std::optional<std::uint32_t> expected_;
  std::string where_;
  uLong crc_ = 0;
};

/// Gives mapped bytes back once they lie well behind the reader.
class Wake {
 public:
  void advance(const Bytes& bytes, std::size_t position) {
    if (bytes.file == nullptr || position < released_ + kDistance + kStep) return;
    const std::size_t end = position - kDistance;
    bytes.file->release(bytes.view.subspan(released_, end - released_));
    released_ = end;
  }

 private:
  static constexpr std::size_t kDistance =
      4U << 20U;  // samples decoded ahead are still in use; what is given back too early is mapped again
  static constexpr std::size_t kStep = 1U << 20U;  // a system call each
  std::size_t released_ = 0;
};

[[noreturn]] void fail_short(const std::string& where, std::uint64_t wanted, std::uint64_t found) {
  fail(ErrorKind::invalid_data, where, "ends early: {} more bytes are wanted, {} are there", wanted, found);
}

class PlainBytes final : public ByteSource {
 public:
  PlainBytes(Bytes bytes, std::string where, std::optional<std::uint32_t> crc)
      : bytes_(std::move(bytes)), where_(where), checksum_(crc, std::move(where)) {}

  std::uint64_t remaining() const override { return bytes_.view.size() - position_; }

  Bytes take(std::uint64_t count) override {
    if (count > remaining()) fail_short(where_, count, remaining());
    const auto view = bytes_.view.subspan(position_, count);
    position_ += count;
    wake_.advance(bytes_, position_);
    checksum_.add(view);
    if (remaining() == 0) checksum_.finish();
    return {view, bytes_.owner, bytes_.file};
  }

 private:
  Bytes bytes_;
  std::string where_;
  Checksum checksum_;
  std::size_t position_ = 0;
  Wake wake_;
};

class InflatedBytes final : public ByteSource {
 public:
  InflatedBytes(Bytes packed, std::uint64_t size, std::uint32_t crc, std::string where)
      : packed_(std::move(packed)), remaining_(size), where_(where), checksum_(crc, std::move(where)) {
    if (size / kMaxDeflateRatio > packed_.view.size()) {
      fail(ErrorKind::invalid_data, where_, "says that {} bytes unpack to {}: impossible", packed_.view.size(), size);
    }
    if (::inflateInit2(&stream_, -MAX_WBITS) != Z_OK) fail(ErrorKind::internal, where_, "zlib does not start");
  }
  ~InflatedBytes() override { ::inflateEnd(&stream_); }
  InflatedBytes(const InflatedBytes&) = delete;
  InflatedBytes& operator=(const InflatedBytes&) = delete;

  std::uint64_t remaining() const override { return remaining_; }

  Bytes take(std::uint64_t count) override {
    if (count > remaining_) fail_short(where_, count, remaining_);
    Tensor piece = Tensor::allocate(DType::u8, {static_cast<std::int64_t>(count)});
    const std::span<std::byte> to = piece.mutable_values<std::byte>();
    unpack(to);
    remaining_ -= count;
    checksum_.add(to);
    if (remaining_ == 0) checksum_.finish();
    return {to, piece.owner()};
  }

 private:
  void unpack(std::span<std::byte> to) {
    while (!to.empty()) {
      if (stream_.avail_in == 0) {
        const std::size_t count = std::min<std::size_t>(packed_.view.size() - position_, kPiece);
        stream_.next_in = const_cast<Bytef*>(as_zlib(packed_.view.data() + position_));  // zlib only reads it
        stream_.avail_in = static_cast<uInt>(count);
        position_ += count;
      }
      wake_.advance(packed_, position_ - stream_.avail_in);
      const auto wanted = static_cast<uInt>(std::min<std::size_t>(to.size(), kPiece));
      stream_.next_out = reinterpret_cast<Bytef*>(to.data());
      stream_.avail_out = wanted;
      const int code = ::inflate(&stream_, Z_NO_FLUSH);
      const uInt written = wanted - stream_.avail_out;
      to = to.subspan(written);
      if (to.empty()) return;
      if (code == Z_STREAM_END) fail_short(where_, to.size(), 0);
      if (code != Z_OK || (written == 0 && stream_.avail_in == 0 && position_ == packed_.view.size())) {
        fail(ErrorKind::invalid_data, where_, "compressed data is damaged ({})",
             stream_.msg != nullptr ? stream_.msg : "it ends early");
      }
    }
  }

  Bytes packed_;
  std::uint64_t remaining_;
  std::string where_;
  Checksum checksum_;
  z_stream stream_ = {};
  std::size_t position_ = 0;
  Wake wake_;
};

}  // namespace

std::unique_ptr<ByteSource> plain_bytes(Bytes bytes, std::string where, const std::uint32_t* crc32) {
  const std::optional<std::uint32_t> expected = crc32 != nullptr ? std::optional(*crc32) : std::nullopt;
  return std::make_unique<PlainBytes>(std::move(bytes), std::move(where), expected);
}

std::unique_ptr<ByteSource> inflated_bytes(Bytes packed, std::uint64_t size, std::uint32_t crc32, std::string where) {
  return std::make_unique<InflatedBytes>(std::move(packed), size, crc32, std::move(where));
}

}  // namespace zeropoint
