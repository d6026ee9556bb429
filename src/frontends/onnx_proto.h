// Field numbers of onnx.proto (IR version 13), one namespace per message, for the reader and the writer.
// Fields that are missing here are carried as bytes.
#pragma once

#include "zeropoint/dtype.h"

namespace zeropoint::onnx_proto {

namespace model {
enum Field { ir_version = 1, graph = 7, opset_import = 8, functions = 25 };
}
namespace opset {
enum Field { domain = 1, version = 2 };
}
namespace graph {
enum Field { node = 1, name = 2, initializer = 5, input = 11, output = 12, value_info = 13, sparse_initializer = 15 };
}
namespace node {
enum Field { input = 1, output = 2, name = 3, op_type = 4, attribute = 5, domain = 7, overload = 8 };
}
namespace attribute {
enum Field {
  name = 1,
  f = 2,
  i = 3,
  s = 4,
  t = 5,
  g = 6,
  floats = 7,
  ints = 8,
  strings = 9,
  tensors = 10,
  graphs = 11,
  type_proto = 14,
  type_protos = 15,
  type = 20,
  ref_attr_name = 21,
  sparse_tensor = 22,
  sparse_tensors = 23
};

/// AttributeProto.AttributeType
enum Type {
  undefined = 0,
  is_float,
  is_int,
  is_string,
  is_tensor,
  is_graph,
  is_floats,
  is_ints,
  is_strings,
  is_tensors,
  is_graphs
};
}  // namespace attribute
namespace tensor {
enum Field {
  dims = 1,
  data_type = 2,
  segment = 3,
  float_data = 4,
  int32_data = 5,
  string_data = 6,
  int64_data = 7,
  name = 8,
  raw_data = 9,
  double_data = 10,
  uint64_data = 11,
  external_data = 13,
  data_location = 14
};

/// The repeated field that holds elements of `dtype` when raw_data does not; 0 for none.
int typed_field(DType dtype);
}  // namespace tensor
namespace entry {  // StringStringEntryProto
enum Field { key = 1, value = 2 };
}
namespace sparse_tensor {
enum Field { values = 1 };
}
namespace value_info {
enum Field { name = 1, type = 2 };
}
namespace type {
enum Field { tensor_type = 1 };
}
namespace tensor_type {
enum Field { elem_type = 1, shape = 2 };
}
namespace shape {
enum Field { dim = 1 };
}
namespace dimension {
enum Field { dim_value = 1, dim_param = 2 };
}
namespace function {
enum Field {
  name = 1,
  input = 4,
  output = 5,
  attribute = 6,
  node = 7,
  opset_import = 9,
  domain = 10,
  attribute_proto = 11,
  value_info = 12,
  overload = 13
};
}

}  // namespace zeropoint::onnx_proto
