#include "tensor/chunk.h"

#include "kernels/dequantize/dequantize.h"
#include "kernels/pack/pack.h"
#include "kernels/quantize/quantize.h"
#include "kernels/small_float/small_float.h"

namespace zeropoint {
namespace {

constexpr std::int64_t kLongRun = 4096;  // worth a call of its own, which can stream

/// The kernels of one unpacked code type.
template <class Code>
struct Kernels;

template <>
struct Kernels<std::uint8_t> {
  static constexpr auto quantize = quantize_f32_u8;
  static constexpr auto quantize_runs = quantize_runs_f32_u8;
  static constexpr auto quantize_columns = quantize_columns_f32_u8;
  static constexpr auto dequantize = dequantize_u8_f32;
  static constexpr auto dequantize_runs = dequantize_runs_u8_f32;
  static constexpr auto dequantize_columns = dequantize_columns_u8_f32;
};

template <>
struct Kernels<std::int8_t> {
  static constexpr auto quantize = quantize_f32_i8;
  static constexpr auto quantize_runs = quantize_runs_f32_i8;
  static constexpr auto quantize_columns = quantize_columns_f32_i8;
  static constexpr auto dequantize = dequantize_i8_f32;
  static constexpr auto dequantize_runs = dequantize_runs_i8_f32;
  static constexpr auto dequantize_columns = dequantize_columns_i8_f32;
};

template <class Code, auto kQuantize>
struct Kernels16 {
  static bool quantize(const float* x, std::int64_t n, const CodeGrid& grid, Code* q, Store) {
    return kQuantize(x, n, grid, q);
  }
  static bool quantize_runs(const float* x, std::int64_t run, const GridSpan& grids, Code* q) {
    bool finite = true;
    for (std::int64_t i = 0; i < grids.count; ++i) finite &= kQuantize(x + i * run, run, grids[i], q + i * run);
    return finite;
  }
};

template <>
struct Kernels<std::uint16_t> : Kernels16<std::uint16_t, quantize_f32_u16> {
  static constexpr auto quantize_columns = quantize_columns_f32_u16;
  static constexpr auto dequantize = dequantize_u16_f32;
  static constexpr auto dequantize_runs = dequantize_runs_u16_f32;
  static constexpr auto dequantize_columns = dequantize_columns_u16_f32;
};

template <>
struct Kernels<std::int16_t> : Kernels16<std::int16_t, quantize_f32_i16> {
  static constexpr auto quantize_columns = quantize_columns_f32_i16;
  static constexpr auto dequantize = dequantize_i16_f32;
  static constexpr auto dequantize_runs = dequantize_runs_i16_f32;
  static constexpr auto dequantize_columns = dequantize_columns_i16_f32;
};

/// int32 codes are biases: few, and left to the reference.
template <>
struct Kernels<std::int32_t> {
  static bool quantize(const float* x, std::int64_t n, const CodeGrid& grid, std::int32_t* q, Store) {
    return reference::quantize_f32(x, n, grid, q);
  }
  static constexpr auto quantize_runs = reference::quantize_runs_f32<std::int32_t>;
  static constexpr auto quantize_columns = reference::quantize_columns_f32<std::int32_t>;
  static void dequantize(const std::int32_t* q, std::int64_t n, QParams grid, float* x, Store) {
    reference::dequantize_f32(q, n, grid, x);
  }
  static constexpr auto dequantize_runs = reference::dequantize_runs_f32<std::int32_t>;
  static constexpr auto dequantize_columns = reference::dequantize_columns_f32<std::int32_t>;
};

template <class Code>
bool quantize_patch(const Grids& grids, const Patch& patch, const float* x, Code* q, Store store) {
  if (patch.kind == Patch::Kind::columns) {
    return Kernels<Code>::quantize_columns(x, patch.count, grids.span(patch.grid, patch.size), q);
  }
  const GridSpan span = grids.span(patch.grid, patch.count);
  if (patch.size < kLongRun && patch.count > 1) return Kernels<Code>::quantize_runs(x, patch.size, span, q);
  bool finite = true;
  for (std::int64_t i = 0; i < patch.count; ++i) {
    finite &= Kernels<Code>::quantize(x + i * patch.size, patch.size, span[i], q + i * patch.size, store);
  }
  return finite;
}

template <class Code>
void dequantize_patch(const Grids& grids, const Patch& patch, const Code* q, float* x, Store store) {
  if (patch.kind == Patch::Kind::columns) {
    return Kernels<Code>::dequantize_columns(q, patch.count, grids.span(patch.grid, patch.size), x);
  }
  const GridSpan span = grids.span(patch.grid, patch.count);
  if (patch.size < kLongRun && patch.count > 1) return Kernels<Code>::dequantize_runs(q, patch.size, span, x);
  for (std::int64_t i = 0; i < patch.count; ++i) {
    const QParams grid{span.scales[i], span.zero_points[i]};
    Kernels<Code>::dequantize(q + i * patch.size, patch.size, grid, x + i * patch.size, store);
  }
}

bool encode_patch(const Grids& grids, const Patch& patch, const float* x, std::uint8_t* q) {
  bool finite = true;
  for (std::int64_t i = 0; i < patch.count; ++i, x += patch.size, q += patch.size) {
    finite &= patch.kind == Patch::Kind::columns
                  ? encode_each_f32(x, patch.size, grids.scales + patch.grid, *grids.format, q)
                  : encode_f32(x, patch.size, grids.scales[patch.grid + i], *grids.format, q);
  }
  return finite;
}

void decode_patch(const Grids& grids, const DecodeTable& table, const Patch& patch, const std::uint8_t* q, float* x) {
  for (std::int64_t i = 0; i < patch.count; ++i, x += patch.size, q += patch.size) {
    if (patch.kind == Patch::Kind::runs) {
      decode_f32(q, patch.size, grids.scales[patch.grid + i], table, x);
      continue;
    }
    for (std::int64_t c = 0; c < patch.size; ++c) decode_f32(q + c, 1, grids.scales[patch.grid + c], table, x + c);
  }
}

/// Calls body(Code()) with the C++ type of an unpacked integer code.
template <class Body>
auto with_code_type(DType dtype, const Body& body) {
  switch (unpacked_type(dtype)) {
    case DType::u8:
      return body(std::uint8_t());
    case DType::u16:
      return body(std::uint16_t());
    case DType::i16:
      return body(std::int16_t());
    case DType::i32:
      return body(std::int32_t());
    default:
      return body(std::int8_t());
  }
}

}  // namespace

DType unpacked_type(DType dtype) {
  if (bits(dtype) > 8) return dtype;
  return is_integer(dtype) && is_signed(dtype) ? DType::i8 : DType::u8;
}

std::int64_t code_bytes(DType dtype) { return std::max(bits(dtype), 8) / 8; }

bool quantize_chunk(const Grids& grids, const float* x, std::int64_t begin, std::int64_t end, void* codes,
                    Store store) {
  bool finite = true;
  if (grids.format != nullptr) {
    for_each_patch(grids.layout, begin, end, [&](const Patch& patch) {
      const std::int64_t at = patch.begin - begin;
      finite &= encode_patch(grids, patch, x + at, static_cast<std::uint8_t*>(codes) + at);
    });
    return finite;
  }
  with_code_type(grids.dtype, [&](auto code) {
    for_each_patch(grids.layout, begin, end, [&](const Patch& patch) {
      const std::int64_t at = patch.begin - begin;
      finite &= quantize_patch(grids, patch, x + at, static_cast<decltype(code)*>(codes) + at, store);
    });
  });
  return finite;
}

void dequantize_chunk(const Grids& grids, const void* codes, std::int64_t begin, std::int64_t end, float* x,
                      Store store) {
  if (grids.format != nullptr) {
    const DecodeTable table(*grids.format);
    for_each_patch(grids.layout, begin, end, [&](const Patch& patch) {
      const std::int64_t at = patch.begin - begin;
      decode_patch(grids, table, patch, static_cast<const std::uint8_t*>(codes) + at, x + at);
    });
    return;
  }
  with_code_type(grids.dtype, [&](auto code) {
    for_each_patch(grids.layout, begin, end, [&](const Patch& patch) {
      const std::int64_t at = patch.begin - begin;
      dequantize_patch(grids, patch, static_cast<const decltype(code)*>(codes) + at, x + at, store);
    });
  });
}

void pack_codes(DType dtype, const void* codes, std::int64_t n, void* packed) {
  const auto pack = bits(dtype) == 4 ? pack_4bit : pack_2bit;
  pack(static_cast<const std::uint8_t*>(codes), n, static_cast<std::uint8_t*>(packed));
}

void unpack_codes(DType dtype, const void* packed, std::int64_t n, void* codes) {
  const auto* from = static_cast<const std::uint8_t*>(packed);
  switch (dtype) {
    case DType::i4:
      return unpack_i4(from, n, static_cast<std::int8_t*>(codes));
    case DType::i2:
      return unpack_i2(from, n, static_cast<std::int8_t*>(codes));
    case DType::u2:
      return unpack_u2(from, n, static_cast<std::uint8_t*>(codes));
    default:
      return unpack_u4(from, n, static_cast<std::uint8_t*>(codes));
  }
}

}  // namespace zeropoint
