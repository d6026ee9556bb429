#include <array>

#include "base/fail.h"
#include "quant/scheme.h"

namespace zeropoint {
namespace {

constexpr std::array<std::string_view, 3> kGranularities = {"per_tensor", "per_axis", "blocked"};
constexpr std::array<std::string_view, 6> kConventions = {"onnx", "torch", "ort", "distiller", "blog", "tflite"};

constexpr std::array<std::string_view, 3> kArithmetics = {"onnx", "ort-x86", "fixed-point"};

template <class Enum, std::size_t N>
std::optional<Enum> parse(const std::array<std::string_view, N>& words, std::string_view word) {
  for (std::size_t i = 0; i < N; ++i) {
    if (words[i] == word) return static_cast<Enum>(i);
  }
  return std::nullopt;
}

std::int64_t blocks_along(std::int64_t length, std::int64_t block_size) {
  return length / block_size + (length % block_size != 0 ? 1 : 0);
}

}  // namespace

std::string_view name(Granularity granularity) { return kGranularities[static_cast<std::size_t>(granularity)]; }
std::string_view name(Convention convention) { return kConventions[static_cast<std::size_t>(convention)]; }
std::optional<Granularity> parse_granularity(std::string_view word) { return parse<Granularity>(kGranularities, word); }
std::optional<Convention> parse_convention(std::string_view word) { return parse<Convention>(kConventions, word); }

std::string_view name(Arithmetic arithmetic) { return kArithmetics[static_cast<std::size_t>(arithmetic)]; }
std::optional<Arithmetic> parse_arithmetic(std::string_view word) { return parse<Arithmetic>(kArithmetics, word); }

bool has_integer_codes(DType dtype) { return is_integer(dtype) && bits(dtype) <= 32 && dtype != DType::u32; }

float max_float_code(DType dtype) {
  switch (dtype) {
    case DType::f8e4m3fn:
      return 448.0F;
    case DType::f8e4m3fnuz:
      return 240.0F;
    case DType::f8e5m2:
    case DType::f8e5m2fnuz:
      return 57344.0F;
    case DType::f4e2m1:
      return 6.0F;
    default:
      return 0.0F;
  }
}

void check_scheme(const Scheme& scheme) {
  if (!has_integer_codes(scheme.dtype) && max_float_code(scheme.dtype) == 0.0F) {
    fail(ErrorKind::invalid_option, "scheme",
         "{} is not a type of codes; choose int2 to int32, uint2 to uint16, or an "
         "8-bit or 4-bit float",
         name(scheme.dtype));
  }
  if (scheme.granularity == Granularity::blocked && scheme.block_size < 1) {
    fail(ErrorKind::invalid_option, "scheme", "block_size {} of a blocked scheme must be at least 1",
         scheme.block_size);
  }
}

CodeRange code_range(const Scheme& scheme) {
  if (!has_integer_codes(scheme.dtype)) {
    fail(ErrorKind::invalid_option, "scheme", "{} has no integer codes", name(scheme.dtype));
  }
  const std::int64_t dropped = scheme.symmetric && scheme.narrow_range ? 1 : 0;
  return {static_cast<std::int32_t>(min_code(scheme.dtype) + dropped),
          static_cast<std::int32_t>(max_code(scheme.dtype))};
}

std::int32_t qmin(const Scheme& scheme) { return code_range(scheme).min; }
std::int32_t qmax(const Scheme& scheme) { return code_range(scheme).max; }

int normalized_axis(const Shape& shape, const Scheme& scheme) {
  const int rank = static_cast<int>(shape.size());
  const int axis = scheme.axis < 0 ? scheme.axis + rank : scheme.axis;
  if (axis < 0 || axis >= rank) {
    fail(ErrorKind::invalid_option, "scheme", "axis {} does not exist in shape {}", scheme.axis, to_string(shape));
  }
  return axis;
}

Shape grid_shape(const Shape& shape, const Scheme& scheme) {
  check_scheme(scheme);
  if (scheme.granularity == Granularity::per_tensor) return {};
  const auto axis = static_cast<std::size_t>(normalized_axis(shape, scheme));
  if (scheme.granularity == Granularity::per_axis) return {shape[axis]};
  Shape grids = shape;
  grids[axis] = blocks_along(shape[axis], scheme.block_size);
  return grids;
}

GridLayout grid_layout(const Shape& shape, const Scheme& scheme) {
  check_scheme(scheme);
  GridLayout layout{.granularity = scheme.granularity};
  if (scheme.granularity == Granularity::per_tensor) {
    layout.inner = element_count(shape);
    return layout;
  }
  const auto axis = static_cast<std::size_t>(normalized_axis(shape, scheme));
  const auto at = shape.begin() + static_cast<std::ptrdiff_t>(axis);
  layout.outer = element_count(Shape(shape.begin(), at));
  layout.length = *at;
  layout.inner = element_count(Shape(at + 1, shape.end()));
  layout.block = scheme.granularity == Granularity::blocked ? scheme.block_size : 1;
  layout.blocks = blocks_along(layout.length, layout.block);
  return layout;
}

std::int64_t grid_count(const GridLayout& layout) {
  switch (layout.granularity) {
    case Granularity::per_tensor:
      return 1;
    case Granularity::per_axis:
      return layout.length;
    case Granularity::blocked:
      return layout.outer * layout.blocks * layout.inner;
  }
  return 0;
}

namespace {

/// A piece of one run or of one row, or as many whole ones as there are before `end`, at most `most`.
Patch pieces(Patch::Kind kind, std::int64_t begin, std::int64_t end, std::int64_t size, std::int64_t most) {
  if (end - begin < size) return {kind, begin, end - begin, 1, 0};
  return {kind, begin, size, std::min(most, (end - begin) / size), 0};
}

Patch per_axis_patch(const GridLayout& layout, std::int64_t begin, std::int64_t end) {
  if (layout.inner == 1) {  // columns: the axis is the last
    const std::int64_t column = begin % layout.length;
    Patch patch = column == 0 ? pieces(Patch::Kind::columns, begin, end, layout.length, end)
                              : pieces(Patch::Kind::columns, begin, end, layout.length - column, 1);
    patch.grid = column;
    return patch;
  }
  const std::int64_t within = begin % layout.inner;
  const std::int64_t at = begin / layout.inner % layout.length;
  Patch patch = within == 0 ? pieces(Patch::Kind::runs, begin, end, layout.inner, layout.length - at)
                            : pieces(Patch::Kind::runs, begin, end, layout.inner - within, 1);
  patch.grid = at;
  return patch;
}

Patch blocked_patch(const GridLayout& layout, std::int64_t begin, std::int64_t end) {
  const std::int64_t row = begin / layout.inner;
  const std::int64_t column = begin % layout.inner;
  const std::int64_t outer = row / layout.length;
  const std::int64_t at = row % layout.length;
  const std::int64_t grid = (outer * layout.blocks + at / layout.block) * layout.inner + column;
  const std::int64_t rows_left = std::min(layout.block - at % layout.block, layout.length - at);  // in this block
  Patch patch;
  if (layout.inner > 1) {
    patch = column == 0 ? pieces(Patch::Kind::columns, begin, end, layout.inner, rows_left)
                        : pieces(Patch::Kind::columns, begin, end, layout.inner - column, 1);
  } else if (rows_left == layout.block) {
    const bool no_short_blocks = layout.length % layout.block == 0;
    const std::int64_t whole = no_short_blocks ? end : (layout.length - at) / layout.block;
    patch = pieces(Patch::Kind::runs, begin, end, layout.block, whole);
  } else {
    patch = pieces(Patch::Kind::runs, begin, end, rows_left, 1);
  }
  patch.grid = grid;
  return patch;
}

}  // namespace

Patch patch_at(const GridLayout& layout, std::int64_t begin, std::int64_t end) {
  switch (layout.granularity) {
    case Granularity::per_axis:
      return per_axis_patch(layout, begin, end);
    case Granularity::blocked:
      return blocked_patch(layout, begin, end);
    default:
      return {Patch::Kind::runs, begin, end - begin, 1, 0};
  }
}

std::int64_t patch_period(const GridLayout& layout) {
  switch (layout.granularity) {
    case Granularity::per_axis:
      return layout.inner == 1 ? layout.length : layout.inner;
    case Granularity::blocked:
      return layout.inner * (layout.length % layout.block == 0 ? layout.block : layout.length);
    default:
      return 1;
  }
}

}  // namespace zeropoint
