#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>

#include "base/parallel.h"
#include "kernels/convert/convert.h"
#include "ops/elementwise.h"

// Cast and CastLike between all types. Floats become integers towards zero and wrap to the width;
// wider floats round once to narrower ones; the 8-bit floats saturate unless told otherwise.
namespace zeropoint {
namespace {

struct CastOptions {
  DType to;
  SmallFloatOptions small;
};

/// float32 that rounds to the same float16 or bfloat16 as x does: round to odd keeps the sticky information
/// (Boldo and Melquiond 2008).
float round_to_odd(double x) {
  const auto nearest = static_cast<float>(x);
  if (static_cast<double>(nearest) == x || std::isnan(x) || std::isinf(nearest)) return nearest;
  const bool away = std::abs(static_cast<double>(nearest)) > std::abs(x);
  const std::uint32_t towards_zero = std::bit_cast<std::uint32_t>(nearest) - (away ? 1U : 0U);
  return std::bit_cast<float>(towards_zero | 1U);
}

/// The type in which a value of type `from` is handed to the store of `to`.
Wide handover(DType from, DType to) {
  if (small_float(to) == nullptr && to != DType::f8e8m0) return wide_of(to);
  return wide_of(from) == Wide::f32 ? Wide::f32 : Wide::f64;
}

void to_boolean(Wide from, const void* wide, std::uint8_t* y, std::int64_t n) {
  for (std::int64_t i = 0; i < n; ++i) {
    y[i] = from == Wide::f32   ? static_cast<const float*>(wide)[i] != 0
           : from == Wide::f64 ? static_cast<const double*>(wide)[i] != 0
                               : static_cast<const std::int64_t*>(wide)[i] != 0;
  }
}

void cast_block(const Tensor& x, Tensor& y, std::int64_t first, std::int64_t n, const CastOptions& options) {
  WideBlock in, out;
  const Wide from = wide_of(x.dtype());
  load_wide(x.dtype(), x.raw(), first, n, in.bytes);
  if (options.to == DType::boolean) return to_boolean(from, in.bytes, y.mutable_data<std::uint8_t>() + first, n);
  if (from == Wide::f64 && (options.to == DType::f16 || options.to == DType::bf16)) {
    for (std::int64_t i = 0; i < n; ++i) out.as<float>()[i] = round_to_odd(in.as<double>()[i]);
    return store_wide(options.to, y.mutable_raw(), first, n, out.bytes);
  }
  const Wide to = handover(x.dtype(), options.to);
  convert_wide(from, in.bytes, to, out.bytes, n);
  if (small_float(options.to) != nullptr || options.to == DType::f8e8m0) {
    return store_small_float(options.to, y.mutable_raw(), first, n, to, out.bytes, options.small);
  }
  store_wide(options.to, y.mutable_raw(), first, n, out.bytes);
}

/// Elements [first, first + n) through a kernel of their own; false where there is none.
bool cast_fast(const Tensor& x, Tensor& y, std::int64_t first, std::int64_t n) {
  const auto* bytes = static_cast<const std::byte*>(x.raw()) + storage_bytes(x.dtype(), first);
  if (y.dtype() == DType::f32 && (x.dtype() == DType::u8 || x.dtype() == DType::boolean)) {
    convert_u8_f32(reinterpret_cast<const std::uint8_t*>(bytes), y.mutable_data<float>() + first, n);
    return true;
  }
  if (y.dtype() == DType::f32 && x.dtype() == DType::i32) {
    convert_i32_f32(reinterpret_cast<const std::int32_t*>(bytes), y.mutable_data<float>() + first, n);
    return true;
  }
  return false;
}

void cast_numbers(const Tensor& x, Tensor& y, const CastOptions& options) {
  if (x.dtype() == y.dtype()) {
    std::memcpy(y.mutable_raw(), x.raw(), x.bytes());
    return;
  }
  parallel_ranges(x.size(), kCheapGrain, [&](std::int64_t begin, std::int64_t end) {
    if (cast_fast(x, y, begin, end - begin)) return;
    for (std::int64_t i = begin; i < end; i += kWideBlock) cast_block(x, y, i, std::min(kWideBlock, end - i), options);
  });
}

/// Shortest digits that read back as the same value; a whole float keeps a ".0", as in NumPy.
std::vector<std::string> to_strings(const Tensor& x) {
  std::vector<std::string> texts;
  const auto append_float = [&](auto value) {
    texts.push_back(fmt::format("{}", value));
    if (texts.back().find_first_not_of("-0123456789") == std::string::npos) texts.back() += ".0";
  };
  for (std::int64_t i = 0; i < x.size(); ++i) {
    WideBlock wide;
    load_wide(x.dtype(), x.raw(), i, 1, wide.bytes);
    switch (wide_of(x.dtype())) {
      case Wide::f32:
        append_float(*wide.as<float>());
        break;
      case Wide::f64:
        append_float(*wide.as<double>());
        break;
      case Wide::u64:
        texts.push_back(fmt::format("{}", *wide.as<std::uint64_t>()));
        break;
      case Wide::i64:
        texts.push_back(x.dtype() == DType::boolean ? (*wide.as<std::int64_t>() != 0 ? "True" : "False")
                                                    : fmt::format("{}", *wide.as<std::int64_t>()));
        break;
    }
  }
  return texts;
}

/// A number as strtod reads it, which includes "INF", "-inf" and "NaN" in any case.
double parse_number(const std::string& text, const std::string& where) {
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (text.empty() || *end != '\0') fail(ErrorKind::invalid_data, where, "the string '{}' is not a number", text);
  return value;
}

Tensor from_strings(const Tensor& x, DType to, const std::string& where) {
  const bool is_integer_type = is_integer(to) && to != DType::u64;
  Tensor numbers = Tensor::allocate(is_integer_type ? DType::i64 : DType::f64, x.shape());
  for (std::int64_t i = 0; i < x.size(); ++i) {
    const std::string& text = x.strings()[static_cast<std::size_t>(i)];
    if (!is_integer_type) {
      numbers.mutable_data<double>()[i] = parse_number(text, where);
      continue;
    }
    std::int64_t value = 0;
    const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || rest != text.data() + text.size()) {
      const double parsed = parse_number(text, where);
      convert_wide(Wide::f64, &parsed, Wide::i64, &value, 1);
    }
    numbers.mutable_data<std::int64_t>()[i] = value;
  }
  return numbers;
}

SmallFloatOptions small_options(const OpSite& site) {
  SmallFloatOptions options;
  options.saturate = site.node.get_int("saturate", 1) != 0;
  const std::string mode = site.node.get_string("round_mode", "up");
  if (mode == "down") {
    options.e8m0 = E8M0Rounding::down;
  } else if (mode == "nearest") {
    options.e8m0 = E8M0Rounding::nearest;
  } else if (mode != "up") {
    site.invalid("round_mode is '{}'; it must be up, down or nearest", mode);
  }
  return options;
}

DType target(const OpSite& site) {
  if (site.node.op_type == "CastLike") return site.input(1).dtype;
  const std::int64_t to = site.node.get_int("to", 0);
  if (to <= 0 || to >= kDTypeCount) site.invalid("attribute to = {} names no type", to);
  return static_cast<DType>(to);
}

std::vector<ValueFacts> infer(const OpSite& site) {
  return {{.dtype = target(site), .shape = site.input(0).shape, .is_dynamic = target(site) == DType::string}};
}

std::unique_ptr<Kernel> make(const OpSite& site) {
  const DType from = site.input(0).dtype;
  const CastOptions options{target(site), small_options(site)};
  const auto is_castable = [](DType dtype) { return has_wide(dtype) || dtype == DType::string; };
  if (!is_castable(from) || !is_castable(options.to)) {
    site.unsupported("a cast from {} to {} is not offered", name(from), name(options.to));
  }
  if (options.to == DType::string) {
    return make_kernel([](const KernelIo& io) {
      const Tensor& x = io.in(0);
      io.out(0) = x.dtype() == DType::string ? x : Tensor::of_strings(x.shape(), to_strings(x));
    });
  }
  if (from == DType::string) {
    return make_kernel([options, label = site.node.label](const KernelIo& io) {
      cast_numbers(from_strings(io.in(0), options.to, label), io.out(0), options);
    });
  }
  return make_kernel([options](const KernelIo& io) { cast_numbers(io.in(0), io.out(0), options); });
}

constexpr OpSpec kOps[] = {
    {.op_type = "Cast", .since = 6, .infer = infer, .make = make, .float_types = "all but complex"},
    {.op_type = "CastLike", .since = 15, .infer = infer, .make = make, .float_types = "all but complex"},
};

}  // namespace

std::span<const OpSpec> ops_cast() { return kOps; }

}  // namespace zeropoint
