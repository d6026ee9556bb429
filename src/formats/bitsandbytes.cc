// bitsandbytes: LLM.int8() rows and NF4 blocks.
//
// int8   NAME.weight         int8 [rows, columns]
//        NAME.SCB            float32 [rows], the largest magnitudes themselves
//        NAME.weight_format  uint8 scalar, 0: row after row
// nf4    NAME.weight             uint8 [ceil(rows * columns / 2), 1], the first element in the high half
//        NAME.weight.absmax      float32 [blocks]; nested: uint8 codes
//        NAME.weight.quant_map   float32 [16]
//        NAME.weight.quant_state.bitsandbytes__nf4   uint8, JSON text: quant_type, blocksize, dtype, shape, and nested
//                                blocksize, dtype and offset
//        NAME.weight.nested_absmax, nested_quant_map   float32 [ceil(blocks / 256)], [256]
//
// The text has its length before the offset is known: spaces fill it up, which a JSON parser skips.
// Source: bitsandbytes, Linear8bitLt._save_to_state_dict and QuantState.as_dict(packed=True).
#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/fail.h"
#include "formats/matrix_parts.h"

namespace zeropoint {
namespace {

constexpr std::string_view kState = ".quant_state.bitsandbytes__nf4";
constexpr std::string_view kFp4State = ".quant_state.bitsandbytes__fp4";
constexpr std::string_view kScb = ".SCB";
constexpr std::size_t kNumberWidth = 32;  // characters that an offset may take

enum Int8Part { kCodes, kAbsmaxRows, kLayout, kInt8Parts };
enum Nf4Part { kNibbles, kAbsmax, kLevels, kQuantState, kNestedAbsmax, kNestedLevels, kNf4Parts };

std::int64_t blocks_of(const WeightForm& form) {
  const std::int64_t block = std::get<CodebookScheme>(form.scheme).block_size;
  return (form.rows * form.columns + block - 1) / block;
}

std::int64_t nested_blocks_of(std::int64_t blocks, std::int64_t size = NestedAbsmax::kBlockSize) {
  return (blocks + size - 1) / size;
}

GridStorage grid_storage(DType) { return {}; }

std::string objection(const WeightForm& form) {
  if (!std::holds_alternative<MatrixScheme>(form.scheme)) return "";
  return "bitsandbytes holds what the methods llm-int8 and nf4 make";
}

// ---- writing

std::string state_text(const WeightForm& form, float offset) {
  const auto& scheme = std::get<CodebookScheme>(form.scheme);
  nlohmann::ordered_json state = {{"quant_type", "nf4"},
                                  {"blocksize", scheme.block_size},
                                  {"dtype", name(form.stored)},
                                  {"shape", {form.rows, form.columns}}};
  if (scheme.double_quantization) {
    state["nested_blocksize"] = NestedAbsmax::kBlockSize;
    state["nested_dtype"] = "float32";
    state["nested_offset"] = 0;
    const std::size_t length = state.dump().size() + kNumberWidth;
    state["nested_offset"] = offset;
    std::string text = state.dump();
    text.resize(length, ' ');
    return text;
  }
  return state.dump();
}

std::vector<TensorSpec> parts(const WeightForm& form) {
  const std::string& name = form.name;
  if (std::holds_alternative<AbsmaxRowsScheme>(form.scheme)) {
    const std::string module = module_of(name);
    return {{name, DType::i8, {form.rows, form.columns}},
            {module + std::string(kScb), DType::f32, {form.rows}},
            {module + ".weight_format", DType::u8, {}}};
  }
  const bool is_nested = std::get<CodebookScheme>(form.scheme).double_quantization;
  const std::int64_t blocks = blocks_of(form);
  std::vector<TensorSpec> specs = {
      {name, DType::u8, {(form.rows * form.columns + 1) / 2, 1}},
      {name + ".absmax", is_nested ? DType::u8 : DType::f32, {blocks}},
      {name + ".quant_map", DType::f32, {16}},
      {name + std::string(kState), DType::u8, {static_cast<std::int64_t>(state_text(form, 0).size())}}};
  if (is_nested) {
    specs.push_back({name + ".nested_absmax", DType::f32, {nested_blocks_of(blocks)}});
    specs.push_back({name + ".nested_quant_map", DType::f32, {256}});
  }
  return specs;
}

std::vector<Tensor> encode(const WeightForm& form, const QuantizedWeight& weight) {
  if (const auto* rows = std::get_if<AbsmaxRows>(&weight)) {
    return {rows->codes, rows->absmax, Tensor::scalar<std::uint8_t>(0)};
  }
  const auto& matrix = std::get<CodebookMatrix>(weight);
  const std::string text = state_text(form, matrix.nested ? matrix.nested->offset : 0);
  const Tensor state = Tensor::copy_of<std::uint8_t>({static_cast<std::int64_t>(text.size())},
                                                     {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  const Tensor nibbles = matrix.codes.reshaped({matrix.codes.size(), 1});
  if (!matrix.nested) return {nibbles, matrix.absmax, matrix.levels, state};
  return {nibbles, matrix.nested->codes, matrix.levels, state, matrix.nested->absmax, matrix.nested->levels};
}

nlohmann::ordered_json config(const ModelForm& model) {
  const bool is_int8 = model.weights.empty() || std::holds_alternative<AbsmaxRowsScheme>(model.weights.front().scheme);
  const bool is_nested = !is_int8 && std::get<CodebookScheme>(model.weights.front().scheme).double_quantization;
  const std::string compute = model.weights.empty() ? "float32" : std::string(name(model.weights.front().stored));
  nlohmann::ordered_json skip = nlohmann::ordered_json::array();
  for (const std::string& name : model.skipped) skip.push_back(module_of(name));
  return {{"quant_method", "bitsandbytes"},
          {"load_in_8bit", is_int8},
          {"load_in_4bit", !is_int8},
          {"llm_int8_threshold", 6.0},
          {"llm_int8_skip_modules", skip.empty() ? nlohmann::ordered_json(nullptr) : skip},
          {"llm_int8_enable_fp32_cpu_offload", false},
          {"llm_int8_has_fp16_weight", false},
          {"bnb_4bit_quant_type", "nf4"},
          {"bnb_4bit_use_double_quant", is_nested},
          {"bnb_4bit_compute_dtype", compute},
          {"bnb_4bit_quant_storage", "uint8"}};
}

// ---- reading

bool recognises(const nlohmann::ordered_json& config) { return text_of(config, "quant_method", "") == "bitsandbytes"; }

EncodedWeight open_int8(const TensorStore& store, const std::string& module) {
  EncodedWeight weight{.form = {.name = module + ".weight", .scheme = AbsmaxRowsScheme{}},
                       .parts = std::vector<const StoredTensor*>(kInt8Parts)};
  weight.parts[kCodes] = &require_part(store, weight.form.name, {DType::i8});
  weight.parts[kAbsmaxRows] = &require_part(store, module + std::string(kScb), {DType::f32});
  weight.parts[kLayout] = find_part(store, module + ".weight_format", {DType::u8});
  const Shape& shape = weight.parts[kCodes]->shape;
  if (shape.size() != 2) fail(ErrorKind::invalid_model, weight.form.name, "is {}, no matrix", to_string(shape));
  require_shape(weight.parts[kAbsmaxRows], {shape[0]});
  weight.form.rows = shape[0];
  weight.form.columns = shape[1];
  return weight;
}

struct State {
  nlohmann::ordered_json json;
  std::string where;
};

State read_state(const TensorStore& store, const StoredTensor& part) {
  const Tensor bytes = store.read(part);
  const auto* text = static_cast<const char*>(bytes.raw());
  State state{nlohmann::ordered_json::parse(text, text + bytes.size(), nullptr, false), part.name};
  if (!state.json.is_object()) fail(ErrorKind::invalid_model, part.name, "is no JSON object");
  return state;
}

EncodedWeight open_nf4(const TensorStore& store, const std::string& name) {
  EncodedWeight weight{.form = {.name = name}, .parts = std::vector<const StoredTensor*>(kNf4Parts)};
  weight.parts[kQuantState] = &require_part(store, name + std::string(kState), {DType::u8});
  const State state = read_state(store, *weight.parts[kQuantState]);
  const Shape shape = matrix_shape_of(state.json);
  if (shape.empty()) fail(ErrorKind::invalid_model, state.where, "holds no shape of a matrix");
  const std::int64_t block = int_of(state.json, "blocksize", 0);
  if (block <= 0 || block > kLargestDimension) fail(ErrorKind::invalid_model, state.where, "blocksize is {}", block);
  if (shape[0] > 0 && shape[1] > kLargestDimension / shape[0])
    fail(ErrorKind::invalid_model, state.where, "shape is too large");
  weight.parts[kAbsmax] = &require_part(store, name + ".absmax", {DType::f32, DType::u8});
  const bool is_nested = weight.parts[kAbsmax]->dtype == DType::u8;
  weight.form.rows = shape[0];
  weight.form.columns = shape[1];
  weight.form.scheme = CodebookScheme{.block_size = block, .double_quantization = is_nested};
  weight.form.stored = parse_dtype(text_of(state.json, "dtype", "float32")).value_or(DType::f32);
  weight.parts[kNibbles] = &require_part(store, name, {DType::u8});
  require_shape(weight.parts[kNibbles], {(shape[0] * shape[1] + 1) / 2, 1});
  const std::int64_t blocks = blocks_of(weight.form);
  require_shape(weight.parts[kAbsmax], {blocks});
  weight.parts[kLevels] = &require_part(store, name + ".quant_map", {DType::f32});
  require_shape(weight.parts[kLevels], {16});
  if (is_nested) {
    const std::int64_t nested = int_of(state.json, "nested_blocksize", 0);
    if (nested <= 0 || nested > kLargestDimension)
      fail(ErrorKind::invalid_model, state.where, "nested_blocksize is {}", nested);
    weight.parts[kNestedAbsmax] = &require_part(store, name + ".nested_absmax", {DType::f32});
    require_shape(weight.parts[kNestedAbsmax], {nested_blocks_of(blocks, nested)});
    weight.parts[kNestedLevels] = &require_part(store, name + ".nested_quant_map", {DType::f32});
    require_shape(weight.parts[kNestedLevels], {256});
  }
  return weight;
}

std::vector<EncodedWeight> find(const TensorStore& store, const nlohmann::ordered_json&) {
  std::vector<EncodedWeight> found;
  for (const StoredTensor& tensor : store.tensors()) {
    const std::string_view name = tensor.name;
    if (name.ends_with(kScb)) found.push_back(open_int8(store, tensor.name.substr(0, name.size() - kScb.size())));
    if (name.ends_with(kState)) found.push_back(open_nf4(store, tensor.name.substr(0, name.size() - kState.size())));
    if (name.ends_with(kFp4State)) {
      fail(ErrorKind::unsupported, tensor.name, "the 4-bit floats of bitsandbytes are not read here, nf4 is");
    }
  }
  return found;
}

QuantizedWeight decode(const EncodedWeight& weight, std::span<const Tensor> parts) {
  const WeightForm& form = weight.form;
  if (std::holds_alternative<AbsmaxRowsScheme>(form.scheme)) {
    if (parts[kLayout] && parts[kLayout].size() > 0 && parts[kLayout].data<std::uint8_t>()[0] != 0) {
      fail(ErrorKind::unsupported, form.name, "weight_format {}: only 0, row after row, is read",
           parts[kLayout].data<std::uint8_t>()[0]);
    }
    return AbsmaxRows{.rows = form.rows, .columns = form.columns, .codes = parts[kCodes], .absmax = parts[kAbsmaxRows]};
  }
  CodebookMatrix matrix{.scheme = std::get<CodebookScheme>(form.scheme),
                        .rows = form.rows,
                        .columns = form.columns,
                        .codes = parts[kNibbles].reshaped({parts[kNibbles].size()}),
                        .levels = parts[kLevels]};
  if (!matrix.scheme.double_quantization) {
    matrix.absmax = parts[kAbsmax];
    return matrix;
  }
  const auto* text = static_cast<const char*>(parts[kQuantState].raw());
  const auto state = nlohmann::ordered_json::parse(text, text + parts[kQuantState].size());  // find() has seen it
  const auto offset = state.find("nested_offset");
  if (offset == state.end() || !offset->is_number()) {
    fail(ErrorKind::invalid_model, form.name, "its quant_state holds no number 'nested_offset'");
  }
  matrix.nested = NestedAbsmax{.codes = parts[kAbsmax],
                               .absmax = parts[kNestedAbsmax],
                               .levels = parts[kNestedLevels],
                               .offset = offset->get<float>(),
                               .block_size = int_of(state, "nested_blocksize", NestedAbsmax::kBlockSize)};
  return matrix;
}

}  // namespace

Format format_bitsandbytes() {
  return {.name = "bitsandbytes",
          .summary = "LLM.int8() rows and NF4 blocks, as transformers saves them",
          .can_share = [](const WeightForm& a, const WeightForm& b) { return a.scheme == b.scheme; },
          .grid_storage = grid_storage,
          .objection = objection,
          .parts = parts,
          .encode = encode,
          .is_by_rows = [](const WeightForm& form) { return std::holds_alternative<AbsmaxRowsScheme>(form.scheme); },
          .config = config,
          .recognises = recognises,
          .find = find,
          .decode = decode};
}

}  // namespace zeropoint
