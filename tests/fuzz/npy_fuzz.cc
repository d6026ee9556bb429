// The .npy reader on arbitrary bytes, whole and row by row: both must give the same elements.
#include "data/array_reader.h"
#include "only_errors.h"

using namespace zeropoint;

namespace {

ArrayReader reader_of(std::span<const std::byte> bytes) { return {plain_bytes({.view = bytes}, "fuzz"), "fuzz"}; }

void compare_rows(std::span<const std::byte> bytes, const Tensor& whole) {
  ArrayReader reader = reader_of(bytes);
  const auto* expected = static_cast<const std::byte*>(whole.raw());
  for (std::int64_t i = 0; i < whole.dim(0); ++i) {
    const Tensor row = reader.rows(1);
    if (row.bytes() > 0 && std::memcmp(row.raw(), expected, row.bytes()) != 0) std::abort();
    expected += row.bytes();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = as_bytes(data, size);
  only_errors([&] {
    const Tensor whole = reader_of(bytes).all();
    if (whole.rank() > 0 && whole.size() > 0 && whole.dtype() != DType::string) compare_rows(bytes, whole);
  });
  return 0;
}
