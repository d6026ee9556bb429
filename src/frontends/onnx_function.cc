#include "frontends/context.h"
#include "frontends/onnx.h"
#include "frontends/onnx_proto.h"
#include "frontends/onnx_reader.h"
#include "frontends/protobuf.h"

namespace zeropoint {

FunctionBody parse_function(const Function& function, const std::string& file) {
  const auto bytes = std::make_shared<const std::string>(function.proto);
  const auto place = [&] { return fmt::format("function '{}'", function.name); };
  return within_file(file, [&] {
    return within(place, [&] {
      onnx_reader::Source source{.owner = bytes, .external = onnx_reader::ExternalFiles({})};
      FunctionBody body;
      onnx_reader::GraphParts parts;
      for (ProtoFields fields(*bytes); fields.next();) {
        switch (fields.number()) {
          case onnx_proto::function::input:
            parts.input_names.emplace_back(fields.bytes());
            break;
          case onnx_proto::function::output:
            parts.output_names.emplace_back(fields.bytes());
            break;
          case onnx_proto::function::attribute:
            body.attributes.emplace_back(fields.bytes());
            break;
          case onnx_proto::function::attribute_proto:
            body.defaults.push_back(onnx_reader::parse_attribute(fields.bytes(), source, 0));
            break;
          case onnx_proto::function::node:
            parts.nodes.push_back(fields.bytes());
            break;
          case onnx_proto::function::opset_import:
            onnx_reader::parse_opset(fields.bytes(), body.opsets);
            break;
          case onnx_proto::function::value_info:
            parts.value_infos.push_back(fields.bytes());
            break;
          default:  // its names and documentation say nothing about the body
            break;
        }
      }
      onnx_reader::build_graph(body.graph, parts, source, 0);
      return body;
    });
  });
}

}  // namespace zeropoint
