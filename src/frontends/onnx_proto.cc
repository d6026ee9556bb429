#include "frontends/onnx_proto.h"

namespace zeropoint::onnx_proto::tensor {

int typed_field(DType dtype) {
  switch (dtype) {
    case DType::undefined:
      return 0;
    case DType::f32:
    case DType::c64:
      return float_data;
    case DType::f64:
    case DType::c128:
      return double_data;
    case DType::i64:
      return int64_data;
    case DType::u32:
    case DType::u64:
      return uint64_data;
    case DType::string:
      return string_data;
    default:
      return int32_data;  // everything of at most 16 bits, int32 itself, and packed codes byte by byte
  }
}

}  // namespace zeropoint::onnx_proto::tensor
