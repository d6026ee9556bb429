#include "architectures/graph_builder.h"

#include <filesystem>

#include "base/fail.h"
#include "base/interrupt.h"
#include "checkpoint/coded_store.h"
#include "ops/op.h"

namespace zeropoint {
namespace {

constexpr std::int64_t kOpset = 23;  // RMSNormalization, RotaryEmbedding and Attention begin there
constexpr std::int64_t kIrVersion = 10;

std::string config_place(const Checkpoint& checkpoint) {
  return (std::filesystem::is_directory(checkpoint.path) ? checkpoint.path / "config.json" : checkpoint.path).string();
}

/// Whether the file holds it as the rows of LLM.int8().
bool is_llm_int8(const CodedStore* store, const StoredTensor& tensor) {
  const WeightForm* form = store != nullptr ? store->form(tensor) : nullptr;
  return form != nullptr && std::holds_alternative<AbsmaxRowsScheme>(form->scheme);
}

float llm_int8_threshold(const Config& config) {
  constexpr double kOfThePaper = 6;
  constexpr std::string_view kKey = "llm_int8_threshold";
  const std::optional<Config> quantization = config.section("quantization_config");
  if (!quantization) return kOfThePaper;
  const double threshold = quantization->number(kKey, kOfThePaper);
  if (threshold < 0) fail(ErrorKind::invalid_data, quantization->where(), "'{}' is negative: {}", kKey, threshold);
  return static_cast<float>(threshold);
}

}  // namespace

GraphBuilder::GraphBuilder(const Checkpoint& checkpoint, Weights weights, LinearLayers layers)
    : checkpoint_(checkpoint),
      config_(checkpoint.config, config_place(checkpoint)),
      weights_(weights),
      layers_(layers) {
  model_.opsets[""] = kOpset;
  model_.ir_version = kIrVersion;
  model_.source = checkpoint.path.string();
  model_.graph.name = "language_model";
}

ValueId GraphBuilder::tokens(std::int64_t longest, std::int64_t vocabulary) {
  Value value{.name = "tokens", .dtype = DType::i64, .count = vocabulary};
  value.shape = {{.symbol = "N"}, {.symbol = "T", .longest = longest}};
  const ValueId id = model_.graph.add_value(std::move(value));
  model_.graph.inputs.push_back(id);
  return id;
}

void GraphBuilder::output(ValueId value, std::string name, std::int64_t columns) {
  model_.graph.rename(value, std::move(name));
  model_.graph.value(value).dtype = DType::f32;
  model_.graph.value(value).shape = {{.symbol = "N"}, {.symbol = "T"}, {.value = columns}};
  model_.graph.outputs.push_back(value);
}

bool GraphBuilder::has_weight(std::string_view name) const { return checkpoint_.weights->find(name) != nullptr; }

const StoredTensor& GraphBuilder::stored_weight(const std::string& name, const Shape& shape) const {
  const StoredTensor* stored = checkpoint_.weights->find(name);
  const std::string where = checkpoint_.path.string();
  if (stored == nullptr) fail(ErrorKind::invalid_data, where, "the weight '{}' is missing", name);
  if (stored->shape != shape) {
    fail(ErrorKind::invalid_data, where, "the weight '{}' has the shape {}; its config wants {}", name,
         to_string(stored->shape), to_string(shape));
  }
  if (!is_float(stored->dtype)) {
    fail(ErrorKind::invalid_data, where, "the weight '{}' is {}, which is no float type", name,
         zeropoint::name(stored->dtype));
  }
  return *stored;
}

ValueId GraphBuilder::weight(const std::string& name, const Shape& shape, WeightRole role, bool is_in_out) {
  const ValueId known = model_.graph.find(name);
  if (known != kNoValue) return known;
  check_interrupt();
  const StoredTensor& stored = stored_weight(name, shape);
  places_.push_back({.name = name, .role = role, .layer = layer_, .is_in_out = is_in_out});
  if (weights_ == Weights::only_list) return model_.graph.add_value({.name = name, .dtype = stored.dtype});
  return model_.graph.add_constant(name, checkpoint_.weights->read(stored));
}

ValueId GraphBuilder::float_weight(const std::string& name, const Shape& shape) {
  return in_float32(name, weight(name, shape, WeightRole::other));
}

ValueId GraphBuilder::constant(const std::string& name, Tensor tensor) {
  return model_.graph.add_constant(name, std::move(tensor));
}

ValueId GraphBuilder::floats(const std::string& name, const std::vector<float>& values) {
  return constant(name, Tensor::copy_of<float>({std::ssize(values)}, values));
}

ValueId GraphBuilder::integers(const std::string& name, const std::vector<std::int64_t>& values) {
  return constant(name, Tensor::copy_of<std::int64_t>({std::ssize(values)}, values));
}

ValueId GraphBuilder::node(std::string_view op_type, const std::string& name, std::vector<ValueId> inputs,
                           const NamedAttributes& attributes) {
  return named_node(op_type, name, name, std::move(inputs), attributes);
}

ValueId GraphBuilder::named_node(std::string_view op_type, const std::string& name, const std::string& result,
                                 std::vector<ValueId> inputs, const NamedAttributes& attributes) {
  const ValueId id = model_.graph.add_value({.name = result});
  Node made{.name = name, .op_type = std::string(op_type), .inputs = std::move(inputs), .outputs = {id}};
  for (const auto& [attribute, value] : attributes) made.set(attribute, value);
  model_.graph.add_node(std::move(made));
  return id;
}

std::vector<ValueId> GraphBuilder::split(const std::string& name, ValueId x, const std::vector<std::int64_t>& sizes) {
  Node made{.name = name, .op_type = "Split", .inputs = {x, integers(name + "/sizes", sizes)}};
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    made.outputs.push_back(model_.graph.add_value({.name = name + "/" + std::to_string(i)}));
  }
  made.set("axis", std::int64_t{-1});
  return model_.graph.add_node(std::move(made)).outputs;
}

ValueId GraphBuilder::linear(ValueId x, const std::string& module, const LinearShape& shape) {
  const std::string weight = module + ".weight";
  if (shape.bias == Bias::absent) return product(x, module, module, weight, shape, WeightRole::linear);
  const ValueId unbiased = product(x, module, module + "/product", weight, shape, WeightRole::linear);
  const ValueId bias = float_weight(module + ".bias", {shape.out});
  return named_node("Add", module + "/add_bias", module, {unbiased, bias});
}

ValueId GraphBuilder::product(ValueId x, const std::string& module, const std::string& result,
                              const std::string& weight_name, const LinearShape& shape, WeightRole role) {
  const Shape stored = shape.is_in_out ? Shape{shape.in, shape.out} : Shape{shape.out, shape.in};
  if (layers_ == LinearLayers::as_quantized) {
    const StoredTensor& weight = stored_weight(weight_name, stored);
    const auto* store = dynamic_cast<const CodedStore*>(checkpoint_.weights.get());
    if (is_llm_int8(store, weight)) return llm_int8_product(x, module, result, store->load(weight));
  }
  ValueId rhs = in_float32(weight_name, weight(weight_name, stored, role, shape.is_in_out));
  if (!shape.is_in_out) {
    rhs = node("Transpose", weight_name + "/transposed", {rhs}, {{"perm", std::vector<std::int64_t>{1, 0}}});
  }
  return named_node("MatMul", module, result, {x, rhs});
}

ValueId GraphBuilder::llm_int8_product(ValueId x, const std::string& module, const std::string& result,
                                       const QuantizedWeight& weight) {
  const auto& rows = std::get<AbsmaxRows>(weight);
  model_.opsets[std::string(kOwnDomain)] = 1;
  const ValueId codes = constant(module + ".weight/codes", rows.codes);
  const ValueId absmax = constant(module + ".weight/absmax", rows.absmax);
  const ValueId product =
      named_node("LlmInt8MatMul", module, result, {x, codes, absmax}, {{"threshold", llm_int8_threshold(config_)}});
  model_.graph.nodes.back().domain = kOwnDomain;
  return product;
}

ValueId GraphBuilder::embedding(ValueId indices, const std::string& module, std::int64_t rows, std::int64_t columns,
                                WeightRole role) {
  const ValueId table = weight(module + ".weight", {rows, columns}, role);
  const ValueId picked = node("Gather", module, {table, indices});
  model_.graph.value(picked).dtype = model_.graph.value(table).dtype;
  return in_float32(module, picked);
}

ValueId GraphBuilder::rms_norm(ValueId x, const std::string& module, std::int64_t size, double epsilon) {
  return node("RMSNormalization", module, {x, float_weight(module + ".weight", {size})},
              {{"epsilon", static_cast<float>(epsilon)}});
}

ValueId GraphBuilder::layer_norm(ValueId x, const std::string& module, std::int64_t size, double epsilon) {
  // Checkpoints converted from TensorFlow say gamma and beta.
  const bool has_old_names = has_weight(module + ".gamma") && !has_weight(module + ".weight");
  const ValueId scale = float_weight(module + (has_old_names ? ".gamma" : ".weight"), {size});
  const ValueId bias = float_weight(module + (has_old_names ? ".beta" : ".bias"), {size});
  return node("LayerNormalization", module, {x, scale, bias}, {{"epsilon", static_cast<float>(epsilon)}});
}

ValueId GraphBuilder::output_layer(ValueId x, const std::string& module, const std::string& embedding,
                                   std::int64_t hidden, std::int64_t vocabulary) {
  const std::string own = module + ".weight";
  const bool is_tied = config_.flag("tie_word_embeddings", !has_weight(own));
  return product(x, module, module, is_tied ? embedding + ".weight" : own, {.in = hidden, .out = vocabulary},
                 WeightRole::output);
}

ValueId GraphBuilder::in_float32(const std::string& name, ValueId value) {
  if (model_.graph.value(value).dtype == DType::f32) return value;
  const std::string cast = name + "/float32";
  const ValueId known = model_.graph.find(cast);
  if (known != kNoValue) return known;
  return node("Cast", cast, {value}, {{"to", static_cast<std::int64_t>(DType::f32)}});
}

}  // namespace zeropoint
