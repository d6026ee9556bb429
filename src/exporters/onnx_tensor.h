// TensorProto out of a Tensor.
#pragma once

#include "exporters/onnx_message.h"

namespace zeropoint {

/// `name` empty: none is written. Views of large elements stay views of `tensor`'s storage.
ProtoMessage tensor_message(const std::string& name, const Tensor& tensor, const TensorOrigin& origin,
                            ExternalData* external);

}  // namespace zeropoint
