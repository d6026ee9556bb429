// A large model for tests and benchmarks that occupies almost no disk: its weights are holes in the file.
#pragma once

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>

#include "base/fail.h"
#include "exporters/protobuf_writer.h"
#include "frontends/onnx_proto.h"

namespace zeropoint::testing {

inline void append(int fd, std::string_view bytes) {
  if (::write(fd, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) {
    fail(ErrorKind::io, "sparse model", "cannot write");
  }
}

inline std::string bytes_of(const ProtoMessage& message) {
  std::string bytes;
  message.for_each_piece([&](std::string_view piece) { bytes += piece; });
  return bytes;
}

/// y = x W0 W1 ...: `layers` float32 matrices of `width` x `width` zeros in raw_data.
inline void write_sparse_model(const std::filesystem::path& path, int layers, std::int64_t width) {
  namespace field = onnx_proto;
  const std::int64_t weight_bytes = width * width * static_cast<std::int64_t>(sizeof(float));
  const auto length_field = [](int number, std::uint64_t length) {  // tag and length of what follows
    std::string header;
    append_varint(header, (static_cast<std::uint64_t>(number) << 3U) | 2U);
    append_varint(header, length);
    return header;
  };

  ProtoMessage nodes;
  for (int i = 0; i < layers; ++i) {
    ProtoMessage node;
    node.add_bytes(field::node::input, i == 0 ? "x" : fmt::format("h{}", i));
    node.add_bytes(field::node::input, fmt::format("w{}", i));
    node.add_bytes(field::node::output, fmt::format("h{}", i + 1));
    node.add_bytes(field::node::op_type, "MatMul");
    nodes.add_message(field::graph::node, std::move(node));
  }
  ProtoMessage ends;
  for (const auto& [number, name] :
       {std::pair<int, std::string>{field::graph::input, "x"}, {field::graph::output, fmt::format("h{}", layers)}}) {
    ProtoMessage value;
    value.add_bytes(field::value_info::name, name);
    ends.add_message(number, std::move(value));
  }

  // every initializer: its head, then a hole of weight_bytes
  std::vector<std::string> heads;
  std::uint64_t graph_bytes = nodes.size() + ends.size();
  for (int i = 0; i < layers; ++i) {
    ProtoMessage tensor;
    tensor.add_integer(field::tensor::dims, width);
    tensor.add_integer(field::tensor::dims, width);
    tensor.add_integer(field::tensor::data_type, static_cast<std::int64_t>(DType::f32));
    tensor.add_bytes(field::tensor::name, fmt::format("w{}", i));
    const std::string inside =
        bytes_of(tensor) + length_field(field::tensor::raw_data, static_cast<std::uint64_t>(weight_bytes));
    const std::uint64_t size = inside.size() + static_cast<std::uint64_t>(weight_bytes);
    heads.push_back(length_field(field::graph::initializer, size) + inside);
    graph_bytes += heads.back().size() + static_cast<std::uint64_t>(weight_bytes);
  }

  ProtoMessage opset;
  opset.add_integer(field::opset::version, 13);
  ProtoMessage model;
  model.add_integer(field::model::ir_version, 8);
  model.add_message(field::model::opset_import, std::move(opset));

  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (fd < 0) fail(ErrorKind::io, path.string(), "cannot create");
  append(fd, bytes_of(model) + length_field(field::model::graph, graph_bytes) + bytes_of(nodes));
  for (const std::string& head : heads) {
    append(fd, head);
    ::lseek(fd, weight_bytes, SEEK_CUR);
  }
  append(fd, bytes_of(ends));
  ::close(fd);
}

/// Bytes of memory that belong to this process alone and are no file's.
inline std::int64_t private_bytes() {
  std::ifstream rollup("/proc/self/smaps_rollup");
  std::string line;
  while (std::getline(rollup, line)) {
    if (line.starts_with("Anonymous:")) return 1024 * std::stoll(line.substr(10));
  }
  return -1;
}

}  // namespace zeropoint::testing
