// Turns graphs and tensors into protobuf messages; large weights stay views of the model's memory.
#pragma once

#include <cstdint>
#include <string>

#include "base/atomic_file.h"
#include "exporters/protobuf_writer.h"
#include "graph/graph.h"

namespace zeropoint {

/// The file that takes the elements of large initializers.
struct ExternalData {
  AtomicFile& file;
  std::string location;  // its name as the model says it
  std::size_t from_bytes;

  /// Appends the elements at an aligned offset, which it returns.
  std::uint64_t append(const Tensor& tensor);
};

/// `external` null: all elements inside the message.
ProtoMessage model_message(const Model& model, ExternalData* external);

}  // namespace zeropoint
