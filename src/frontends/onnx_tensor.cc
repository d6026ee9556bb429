#include <array>
#include <bit>
#include <charconv>
#include <cstring>
#include <optional>

#include "base/mapped_file.h"
#include "frontends/context.h"
#include "frontends/onnx.h"
#include "frontends/onnx_proto.h"
#include "frontends/onnx_reader.h"
#include "frontends/protobuf.h"

namespace zeropoint::onnx_reader {
namespace {

namespace field = onnx_proto::tensor;

static_assert(std::endian::native == std::endian::little, "ONNX tensors are viewed in place: little endian");

/// A repeated field of elements: its payloads, each packed or a single element.
struct TypedData {
  int field = 0;
  std::vector<std::string_view> payloads;
};

/// A TensorProto taken apart, before its data is looked at.
struct TensorParts {
  std::string_view name;
  Shape dims;
  std::int64_t data_type = 0;
  std::int64_t data_location = 0;
  std::optional<std::string_view> raw_data;
  TypedData typed;
  std::vector<std::pair<std::string, std::string>> external;
  std::string carried;
};

std::pair<std::string, std::string> parse_entry(std::string_view message) {
  std::pair<std::string, std::string> entry;
  for (ProtoFields fields(message); fields.next();) {
    if (fields.number() == onnx_proto::entry::key) entry.first = fields.bytes();
    if (fields.number() == onnx_proto::entry::value) entry.second = fields.bytes();
  }
  return entry;
}

std::string_view typed_payload(const ProtoFields& fields) {
  switch (fields.number()) {
    case field::string_data:
      return fields.bytes();
    case field::float_data:
      return fields.repeated_fixed32();
    case field::double_data:
      return fields.repeated_fixed64();
    default:
      return fields.repeated_varint();
  }
}

TensorParts take_apart(std::string_view message, TensorOptions options) {
  TensorParts parts;
  for (ProtoFields fields(message); fields.next();) {
    switch (fields.number()) {
      case field::dims:
        fields.append_integers(parts.dims);
        break;
      case field::data_type:
        parts.data_type = fields.integer();
        break;
      case field::segment:
        fail_here("tensors in segments are not supported");
      case field::float_data:
      case field::int32_data:
      case field::string_data:
      case field::int64_data:
      case field::double_data:
      case field::uint64_data:
        if (parts.typed.field != 0 && parts.typed.field != fields.number()) {
          fail_here("has elements in two fields, {} and {}", parts.typed.field, fields.number());
        }
        parts.typed.field = fields.number();
        parts.typed.payloads.push_back(typed_payload(fields));
        break;
      case field::name:
        parts.name = fields.bytes();
        if (options.keep_name) parts.carried += fields.whole();
        break;
      case field::raw_data:
        parts.raw_data = fields.bytes();
        break;
      case field::external_data:
        parts.external.push_back(parse_entry(fields.bytes()));
        break;
      case field::data_location:
        parts.data_location = fields.integer();
        break;
      default:
        parts.carried += fields.whole();
    }
  }
  return parts;
}

std::size_t parse_size(const std::string& key, const std::string& text) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    fail_here("the {} of external data is '{}', not a number of bytes", key, text);
  }
  return value;
}

Tensor view_external(const TensorParts& parts, DType dtype, std::size_t expected, Source& source) {
  if (dtype == DType::string) fail_here("strings cannot be external data");
  std::string location;
  std::size_t offset = 0;
  std::size_t length = expected;
  for (const auto& [key, value] : parts.external) {
    if (key == "location") location = value;
    if (key == "offset") offset = parse_size(key, value);
    if (key == "length") length = parse_size(key, value);
  }
  const std::shared_ptr<const MappedFile> file = source.external.open(location);
  const std::span<const std::byte> bytes = file->bytes();
  if (length != expected) {
    fail_here("external data has {} bytes, {} {} needs {}", length, zeropoint::name(dtype), to_string(parts.dims),
              expected);
  }
  if (offset > bytes.size() || length > bytes.size() - offset) {
    fail_here("external data of {} bytes from byte {} of '{}', which has {} bytes", length, offset, location,
              bytes.size());
  }
  return Tensor::view(dtype, parts.dims, bytes.data() + offset, file);
}

/// Bytes of one entry of a typed field once it is stored: packed codes lie one byte per entry, complex
/// numbers one component per entry.
std::size_t entry_bytes(DType dtype) {
  if (dtype == DType::c64) return sizeof(float);
  if (dtype == DType::c128) return sizeof(double);
  const int width = bits(dtype);
  return width < 8 ? 1 : static_cast<std::size_t>(width) / 8;
}

std::size_t count_entries(const TypedData& typed) {
  std::size_t count = 0;
  for (const std::string_view payload : typed.payloads) {
    switch (typed.field) {
      case field::string_data:
        ++count;
        break;
      case field::float_data:
        count += payload.size() / sizeof(float);
        break;
      case field::double_data:
        count += payload.size() / sizeof(double);
        break;
      default:
        count += count_varints(payload);
    }
  }
  return count;
}

Tensor read_strings(const TensorParts& parts) {
  std::vector<std::string> values;
  values.reserve(parts.typed.payloads.size());
  for (const std::string_view payload : parts.typed.payloads) values.emplace_back(payload);
  return Tensor::of_strings(parts.dims, std::move(values));
}

Tensor read_typed(const TensorParts& parts, DType dtype, std::size_t expected, const Source& source) {
  const TypedData& typed = parts.typed;
  if (typed.field != 0 && typed.field != field::typed_field(dtype)) {
    fail_here("is {} but keeps its elements in field {} of TensorProto", zeropoint::name(dtype), typed.field);
  }
  const std::size_t count = count_entries(typed);
  const std::size_t width = dtype == DType::string ? 1 : entry_bytes(dtype);
  const std::size_t wanted =
      dtype == DType::string ? static_cast<std::size_t>(element_count(parts.dims)) : expected / width;
  if (count != wanted) {
    fail_here("has {} elements of data, {} {} needs {}", count, zeropoint::name(dtype), to_string(parts.dims), wanted);
  }
  if (dtype == DType::string) return read_strings(parts);

  const bool is_plain = typed.field == field::float_data || typed.field == field::double_data;
  if (is_plain && typed.payloads.size() == 1) {  // packed floats lie as raw_data would
    return Tensor::view(dtype, parts.dims, typed.payloads[0].data(), source.owner);
  }
  Tensor tensor = Tensor::allocate(dtype, parts.dims);
  auto* to = static_cast<std::byte*>(tensor.mutable_raw());
  for (std::string_view payload : typed.payloads) {
    if (is_plain) {
      std::memcpy(to, payload.data(), payload.size());
      to += payload.size();
      continue;
    }
    while (!payload.empty()) {
      const std::int64_t value = take_varint(payload);
      std::memcpy(to, &value, width);  // little endian: the low bytes
      to += width;
    }
  }
  return tensor;
}

Tensor read_elements(const TensorParts& parts, DType dtype, Source& source) {
  for (const std::int64_t dim : parts.dims) {
    if (dim < 0) fail_here("has a negative dimension in {}", to_string(parts.dims));
  }
  std::size_t expected = 0;
  try {
    expected = storage_bytes(dtype, element_count(parts.dims));
  } catch (const Error&) {
    fail_here("has dimensions {}, more than fit in memory", to_string(parts.dims));
  }
  if (parts.data_location == 1) return view_external(parts, dtype, expected, source);
  if (!parts.raw_data) return read_typed(parts, dtype, expected, source);
  if (parts.typed.field != 0) fail_here("has both raw_data and field {}", parts.typed.field);
  if (dtype == DType::string) fail_here("strings cannot be raw_data");
  if (parts.raw_data->size() != expected) {
    fail_here("raw_data has {} bytes, {} {} needs {}", parts.raw_data->size(), zeropoint::name(dtype),
              to_string(parts.dims), expected);
  }
  return Tensor::view(dtype, parts.dims, parts.raw_data->data(), source.owner);
}

}  // namespace

ParsedTensor parse_tensor(std::string_view message, Source& source, TensorOptions options) {
  TensorParts parts = take_apart(message, options);
  ParsedTensor parsed{.name = parts.name};
  if (parts.data_type == 0) fail_here("has no element type");
  if (parts.data_type < 0 || parts.data_type >= kDTypeCount) return parsed;
  parsed.tensor = read_elements(parts, static_cast<DType>(parts.data_type), source);
  parsed.origin = {.carried = std::move(parts.carried),
                   .typed_data = parts.data_location != 1 && !parts.raw_data.has_value()};
  return parsed;
}

}  // namespace zeropoint::onnx_reader

namespace zeropoint {

Tensor load_tensor_proto(const std::filesystem::path& path) {
  const std::shared_ptr<const MappedFile> file = MappedFile::open(path);
  return within_file(path.string(), [&] {
    onnx_reader::Source source{.owner = file, .external = onnx_reader::ExternalFiles({})};
    Tensor tensor = onnx_reader::parse_tensor(file->text(), source).tensor;
    if (!tensor) fail_here("has an element type that is not known here");
    return tensor;
  });
}

}  // namespace zeropoint
