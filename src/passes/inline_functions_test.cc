#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "exporters/protobuf_writer.h"
#include "frontends/onnx_proto.h"
#include "passes/passes.h"
#include "support/model_text.h"
#include "zeropoint/error.h"

namespace zeropoint {
namespace {

using ::testing::HasSubstr;
using testing::model_of;
namespace field = onnx_proto::function;

ProtoMessage node(std::string_view op_type, const std::vector<std::string>& inputs,
                  const std::vector<std::string>& outputs, std::string_view domain = "") {
  ProtoMessage message;
  for (const std::string& name : inputs) message.add_bytes(onnx_proto::node::input, name);
  for (const std::string& name : outputs) message.add_bytes(onnx_proto::node::output, name);
  message.add_bytes(onnx_proto::node::op_type, op_type);
  if (!domain.empty()) message.add_bytes(onnx_proto::node::domain, domain);
  return message;
}

Function function(std::string_view name, const std::vector<std::string>& inputs,
                  const std::vector<std::string>& outputs, std::vector<ProtoMessage> nodes, std::int64_t opset = 13) {
  ProtoMessage message;
  message.add_bytes(field::name, name);
  message.add_bytes(field::domain, "my");
  for (const std::string& input : inputs) message.add_bytes(field::input, input);
  for (const std::string& output : outputs) message.add_bytes(field::output, output);
  for (ProtoMessage& each : nodes) message.add_message(field::node, std::move(each));
  ProtoMessage import;
  import.add_integer(onnx_proto::opset::version, opset);
  message.add_message(field::opset_import, std::move(import));
  Function made{.domain = "my", .name = std::string(name)};
  message.for_each_piece([&](std::string_view piece) { made.proto += piece; });
  return made;
}

/// y = LeakyRelu<alpha = @slope>(p + q)
Function leaky_sum(std::int64_t opset = 13) {
  ProtoMessage alpha;
  alpha.add_bytes(onnx_proto::attribute::name, "alpha");
  alpha.add_bytes(onnx_proto::attribute::ref_attr_name, "slope");
  alpha.add_integer(onnx_proto::attribute::type, onnx_proto::attribute::is_float);
  ProtoMessage leaky = node("LeakyRelu", {"sum"}, {"y"});
  leaky.add_message(onnx_proto::node::attribute, std::move(alpha));
  std::vector<ProtoMessage> nodes;
  nodes.push_back(node("Add", {"p", "q"}, {"sum"}));
  nodes.push_back(std::move(leaky));
  return function("LeakySum", {"p", "q"}, {"y"}, std::move(nodes), opset);
}

std::string inlined(std::string_view text, std::vector<Function> functions) {
  Model model = model_of(text);
  model.functions = std::move(functions);
  inline_functions(model);
  EXPECT_TRUE(model.functions.empty());
  return print_graph(model.graph);
}

TEST(InlineFunctions, BindsArgumentsAndAttributesAndInventsNames) {
  EXPECT_EQ(inlined(R"(g (x, sum) => (y, z) {
  ["first"] y = my.LeakySum<slope = 0.25>(x, sum)
  z = my.LeakySum(y, y)
})",
                    {leaky_sum()}),
            R"(g (x, sum) => (y, z)
{
  "first/sum" = Add(x, sum)
  y = LeakyRelu<alpha = 0.25>("first/sum")
  "z/sum" = Add(y, y)
  z = LeakyRelu("z/sum")
}
)");
}

TEST(InlineFunctions, AnAbsentInputStaysAbsent) {
  EXPECT_THAT(inlined("g (x) => (y) { y = my.LeakySum(x) }", {leaky_sum()}), HasSubstr("Add(x, \"\")"));
}

TEST(InlineFunctions, AnInputThatIsAnOutputIsCopied) {
  EXPECT_EQ(inlined("g (x) => (y, z) { y, z = my.Pass(x) }", {function("Pass", {"p"}, {"p", "p"}, {})}),
            "g (x) => (y, z)\n{\n  y = Identity(x)\n  z = Identity(x)\n}\n");
}

TEST(InlineFunctions, FunctionsMayCallFunctions) {
  std::vector<ProtoMessage> nodes;
  nodes.push_back(node("LeakySum", {"a", "a"}, {"b"}, "my"));
  const Function twice = function("Twice", {"a"}, {"b"}, std::move(nodes));
  EXPECT_EQ(inlined("g (x) => (y) { y = my.Twice(x) }", {twice, leaky_sum()}),
            "g (x) => (y)\n{\n  \"y/sum\" = Add(x, x)\n  y = LeakyRelu(\"y/sum\")\n}\n");
}

TEST(InlineFunctions, AnOlderBodyIsUpgraded) {
  ProtoMessage axes;
  axes.add_bytes(onnx_proto::attribute::name, "axes");
  axes.add_integer(onnx_proto::attribute::ints, 0);
  axes.add_integer(onnx_proto::attribute::type, onnx_proto::attribute::is_ints);
  ProtoMessage squeeze = node("Squeeze", {"a"}, {"b"});
  squeeze.add_message(onnx_proto::node::attribute, std::move(axes));
  std::vector<ProtoMessage> nodes;
  nodes.push_back(std::move(squeeze));
  const Function old = function("Old", {"a"}, {"b"}, std::move(nodes), 11);
  EXPECT_EQ(inlined("g (x) => (y) { y = my.Old(x) }", {old}),
            "g (x) => (y)\n<int64[1] \"y/b_axes\" = {0}>\n{\n  y = Squeeze(x, \"y/b_axes\")\n}\n");
}

TEST(InlineFunctions, RefusesWhatCannotBe) {
  const auto error = [](std::vector<Function> functions) -> std::string {
    try {
      inlined("g (x) => (y) { y = my.F(x) }", std::move(functions));
    } catch (const Error& e) {
      return e.what();
    }
    return "no error";
  };
  std::vector<ProtoMessage> itself;
  itself.push_back(node("F", {"a"}, {"b"}, "my"));
  EXPECT_EQ(error({function("F", {"a"}, {"b"}, std::move(itself))}),
            "node 'y' (F): calls a function that calls itself");
  EXPECT_EQ(error({function("F", {"a"}, {"a"}, {}, 17)}),
            "test.onnx: function 'F' is written for opset 17 of '', the model for 13");
}

}  // namespace
}  // namespace zeropoint
