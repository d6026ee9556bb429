#include "frontends/context.h"
#include "frontends/onnx_proto.h"
#include "frontends/onnx_reader.h"
#include "frontends/protobuf.h"

namespace zeropoint::onnx_reader {
namespace {

/// A dimension and whether it says anything that Dim does not.
struct ParsedDim {
  Dim dim;
  bool is_plain = true;
};

ParsedDim parse_dim(std::string_view message) {
  ParsedDim parsed;
  int fields_seen = 0;
  for (ProtoFields fields(message); fields.next(); ++fields_seen) {
    switch (fields.number()) {
      case onnx_proto::dimension::dim_value:
        parsed.dim = {.value = fields.integer()};
        if (parsed.dim.value < -1) fail_here("declared with dimension {}", parsed.dim.value);
        if (parsed.dim.value == -1) parsed.is_plain = false;  // some writers' word for unknown
        break;
      case onnx_proto::dimension::dim_param:
        parsed.dim = {.symbol = std::string(fields.bytes())};
        require_utf8(parsed.dim.symbol);
        if (parsed.dim.symbol.empty()) parsed.is_plain = false;
        break;
      default:
        parsed.is_plain = false;
    }
  }
  if (fields_seen > 1) parsed.is_plain = false;
  return parsed;
}

void check_size(const std::vector<Dim>& dims) {
  std::int64_t count = 1;
  for (const Dim& dim : dims) {
    if (dim.value < 0) continue;
    if (__builtin_mul_overflow(count, dim.value, &count)) {
      fail_here("declared with more elements than fit in 64 bits");
    }
  }
}

/// TypeProto.Tensor; false when it says more than element type and shape.
bool parse_tensor_type(std::string_view message, Value& value) {
  bool is_plain = true;
  for (ProtoFields fields(message); fields.next();) {
    if (fields.number() == onnx_proto::tensor_type::elem_type) {
      const std::int64_t number = fields.integer();
      const bool known = number >= 0 && number < kDTypeCount;
      value.dtype = known ? static_cast<DType>(number) : DType::undefined;
      is_plain = is_plain && known && number != 0;
    } else if (fields.number() == onnx_proto::tensor_type::shape) {
      value.shape.emplace();
      for (ProtoFields dims(fields.bytes()); dims.next();) {
        if (dims.number() != onnx_proto::shape::dim) {
          is_plain = false;
          continue;
        }
        ParsedDim parsed = parse_dim(dims.bytes());
        is_plain = is_plain && parsed.is_plain;
        value.shape->push_back(std::move(parsed.dim));
      }
      check_size(*value.shape);
    } else {
      is_plain = false;
    }
  }
  return is_plain;
}

}  // namespace

void parse_type(std::string_view message, Value& value) {
  value.dtype = DType::undefined;
  value.shape.reset();
  int fields_seen = 0;
  bool is_plain = true;
  for (ProtoFields fields(message); fields.next(); ++fields_seen) {
    const bool is_tensor = fields.number() == onnx_proto::type::tensor_type;
    is_plain = is_tensor && fields_seen == 0 && parse_tensor_type(fields.bytes(), value);
  }
  value.carried_type = is_plain && value.dtype != DType::undefined ? "" : std::string(message);
}

Value parse_value_info(std::string_view message) {
  Value value;
  std::string_view type;
  for (ProtoFields fields(message); fields.next();) {
    if (fields.number() == onnx_proto::value_info::name) {
      value.name = fields.bytes();
    } else if (fields.number() == onnx_proto::value_info::type) {
      type = fields.bytes();
    } else {
      value.carried += fields.whole();
    }
  }
  if (value.name.empty()) fail_here("a declared value without a name");
  within([&] { return fmt::format("value '{}'", value.name); }, [&] { parse_type(type, value); });
  return value;
}

}  // namespace zeropoint::onnx_reader
