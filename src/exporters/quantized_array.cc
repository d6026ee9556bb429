#include "exporters/quantized_array.h"

#include <array>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/fail.h"
#include "data/npz.h"
#include "data/npz_writer.h"
#include "quant/scheme.h"

namespace zeropoint {
namespace {

constexpr std::array<std::string_view, 3> kGranularities = {"per_tensor", "per_axis", "blocked"};

/// Types that NumPy has go in as they are, the others as bytes.
bool is_numpy_integer(DType dtype) { return is_integer(dtype) && bits(dtype) >= 8; }

/// A window on the same bytes under another type.
Tensor bytes_of(const Tensor& t) {
  return Tensor::view(DType::u8, {static_cast<std::int64_t>(t.bytes())}, t.raw(), t.owner());
}

Tensor text_tensor(const std::string& text) {
  return Tensor::copy_of<std::uint8_t>({static_cast<std::int64_t>(text.size())},
                                       {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

std::string scheme_json(const Shape& shape, const Scheme& s) {
  const nlohmann::ordered_json j = {{"dtype", name(s.dtype)},
                                    {"shape", shape},
                                    {"symmetric", s.symmetric},
                                    {"narrow_range", s.narrow_range},
                                    {"power_of_two", s.power_of_two},
                                    {"granularity", kGranularities[static_cast<std::size_t>(s.granularity)]},
                                    {"axis", s.axis},
                                    {"block_size", s.block_size}};
  return j.dump();
}

struct SchemeAndShape {
  Scheme scheme;
  Shape shape;
};

SchemeAndShape parse_scheme(const std::string& text, const std::string& where) {
  SchemeAndShape result;
  Scheme& s = result.scheme;
  std::string granularity;
  std::string dtype;
  try {
    const auto j = nlohmann::json::parse(text);
    dtype = j.at("dtype").get<std::string>();
    result.shape = j.at("shape").get<Shape>();
    s.symmetric = j.at("symmetric").get<bool>();
    s.narrow_range = j.at("narrow_range").get<bool>();
    s.power_of_two = j.at("power_of_two").get<bool>();
    granularity = j.at("granularity").get<std::string>();
    s.axis = j.at("axis").get<int>();
    s.block_size = j.at("block_size").get<std::int64_t>();
  } catch (const nlohmann::json::exception&) {
    fail(ErrorKind::invalid_data, where, "array 'scheme' is not the description that `zeropoint quantize` writes");
  }
  const auto known = std::ranges::find(kGranularities, granularity);
  if (known == kGranularities.end()) fail(ErrorKind::invalid_data, where, "unknown granularity '{}'", granularity);
  s.granularity = static_cast<Granularity>(known - kGranularities.begin());
  const auto parsed = parse_dtype(dtype);
  if (!parsed) fail(ErrorKind::invalid_data, where, "'{}' is no type", dtype);
  s.dtype = *parsed;
  return result;
}

}  // namespace

void save_quantized_array(const QuantizedArray& array, const std::filesystem::path& path) {
  const Scheme& scheme = array.qparams.scheme;
  const auto storable = [](const Tensor& t) { return is_numpy_integer(t.dtype()) ? t : bytes_of(t); };
  std::vector<NamedTensor> arrays = {{"codes", storable(array.codes)}, {"scale", array.qparams.scales}};
  if (array.qparams.zero_points) {
    // Zero points are few: below 8 bits they are widened to int8 or uint8, so that NumPy can subtract them.
    const Tensor& z = array.qparams.zero_points;
    const DType wide = is_numpy_integer(z.dtype()) ? z.dtype() : is_signed(z.dtype()) ? DType::i8 : DType::u8;
    arrays.push_back({"zero_point", tensor_of_codes(wide, z.shape(), codes_of(z))});
  }
  arrays.push_back({"scheme", text_tensor(scheme_json(array.codes.shape(), scheme))});
  save_npz(arrays, path);
}

QuantizedArray load_quantized_array(const std::filesystem::path& path) {
  const NpzFile file(path);
  const std::string where = path.string();
  for (const std::string_view wanted : {"codes", "scale", "scheme"}) {
    if (!file.has(wanted)) fail(ErrorKind::invalid_data, where, "has no array '{}'; is it a quantized array?", wanted);
  }
  const Tensor text = file.open("scheme").all();
  if (text.dtype() != DType::u8)
    fail(ErrorKind::invalid_data, where, "array 'scheme' is {}, not uint8", name(text.dtype()));
  const auto [scheme, shape] = parse_scheme(
      std::string(reinterpret_cast<const char*>(text.raw()), static_cast<std::size_t>(text.size())), where);
  QuantizedArray array{.codes = file.open("codes").all(), .qparams = {.scheme = scheme}};
  const DType stored = is_numpy_integer(scheme.dtype) ? scheme.dtype : DType::u8;
  const std::int64_t count = element_count(shape);
  if (array.codes.dtype() != stored || array.codes.bytes() != storage_bytes(scheme.dtype, count)) {
    fail(ErrorKind::invalid_data, where, "array 'codes' is {} {}, not {} elements of {}", name(array.codes.dtype()),
         to_string(array.codes.shape()), count, name(scheme.dtype));
  }
  array.codes = Tensor::view(scheme.dtype, shape, array.codes.raw(), array.codes.owner());
  array.qparams.scales = file.open("scale").all();
  const Shape grids = grid_shape(shape, scheme);
  if (array.qparams.scales.dtype() != DType::f32 || array.qparams.scales.shape() != grids) {
    fail(ErrorKind::invalid_data, where, "array 'scale' is {} {}, not float32 {}", name(array.qparams.scales.dtype()),
         to_string(array.qparams.scales.shape()), to_string(grids));
  }
  if (file.has("zero_point")) {
    const Tensor z = file.open("zero_point").all();
    if (!is_integer(z.dtype()) || bits(z.dtype()) > 32 || z.shape() != grids) {
      fail(ErrorKind::invalid_data, where, "array 'zero_point' is {} {}, not integers {}", name(z.dtype()),
           to_string(z.shape()), to_string(grids));
    }
    array.qparams.zero_points = tensor_of_codes(scheme.dtype, grids, codes_of(z));
  }
  return array;
}

}  // namespace zeropoint
