// zeropoint inspect DIR: what is in a language model's checkpoint.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "architectures/load_model.h"
#include "base/json_text.h"
#include "checkpoint/checkpoint.h"
#include "checkpoint/gguf_store.h"
#include "cli/command.h"
#include "cli/table.h"
#include "graph/text.h"
#include "pipeline/preflight.h"

namespace zeropoint::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kBitsPerByte = 8;

struct Options {
  std::string path;
  bool prints_graph = false;
  bool prints_tensors = false;
  bool prints_metadata = false;
};

struct Total {
  std::size_t tensors = 0;
  std::int64_t weights = 0;
  std::uint64_t bytes = 0;

  void add(const StoredTensor& tensor) {
    ++tensors;
    weights += element_count(tensor.shape);
    bytes += tensor.bytes;
  }
  double bits_per_weight() const {
    return weights == 0 ? 0 : kBitsPerByte * static_cast<double>(bytes) / static_cast<double>(weights);
  }
};

/// "Q4_K", "int4 block 32", or the type of plain elements.
std::string stored_as(const StoredTensor& tensor) {
  return tensor.encoding.empty() ? std::string(name(tensor.dtype)) : tensor.encoding;
}

Total total_of(const Checkpoint& checkpoint) {
  Total total;
  for (const StoredTensor& tensor : checkpoint.weights->tensors()) total.add(tensor);
  return total;
}

/// By how tensors are stored, in the order of their names.
std::map<std::string, Total> totals_of(const Checkpoint& checkpoint) {
  std::map<std::string, Total> totals;
  for (const StoredTensor& tensor : checkpoint.weights->tensors()) totals[stored_as(tensor)].add(tensor);
  return totals;
}

/// A number or text as JSON has it; of an array how many there are.
Json value_of(const GgufField& field) {
  if (field.is_array) return fmt::format("{} x {}", field.count, name(field.kind));
  if (const auto text = as_string(field)) return *text;
  if (const auto flag = as_bool(field)) return *flag;
  if (const auto number = as_integer(field)) return *number;
  const auto real = as_real(field);
  if (real && field.kind == GgufKind::f32) return std::stod(fmt::format("{}", static_cast<float>(*real)));
  return real ? Json(*real) : Json(nullptr);
}

/// GGUF's metadata, or config.json as it is.
Json metadata_of(const Checkpoint& checkpoint) {
  const auto fields = gguf_fields(*checkpoint.weights);
  if (fields.empty()) return checkpoint.config;
  Json metadata = Json::object();
  for (const GgufField& field : fields) metadata[field.key] = value_of(field);
  return metadata;
}

std::string kind_of(const Checkpoint& checkpoint) {
  const std::string model_type = model_type_of(checkpoint);
  const std::string file = gguf_fields(*checkpoint.weights).empty() ? "safetensors" : "GGUF";
  std::string kind = model_type.empty() ? file : fmt::format("{} in {}", model_type, file);
  const auto quantization = checkpoint.config.find("quantization_config");
  if (quantization == checkpoint.config.end() || !quantization->is_object()) return kind;
  const auto method = quantization->find("quant_method");
  if (method != quantization->end() && method->is_string()) kind += ", " + method->get<std::string>();
  return kind;
}

std::string to_json(const Options& o, const Checkpoint& checkpoint) {
  const Total total = total_of(checkpoint);
  Json types = Json::array();
  for (const auto& [as, part] : totals_of(checkpoint)) {
    types.push_back({{"stored_as", as},
                     {"tensors", part.tensors},
                     {"weights", part.weights},
                     {"bytes", part.bytes},
                     {"bits_per_weight", part.bits_per_weight()}});
  }
  Json tensors = Json::array();
  for (const StoredTensor& tensor : checkpoint.weights->tensors()) {
    Total part;
    part.add(tensor);
    tensors.push_back({{"name", tensor.name},
                       {"stored_as", stored_as(tensor)},
                       {"shape", tensor.shape},
                       {"bytes", tensor.bytes},
                       {"bits_per_weight", part.bits_per_weight()}});
  }
  Json document = {{"checkpoint", o.path},
                   {"model_type", model_type_of(checkpoint)},
                   {"file", gguf_fields(*checkpoint.weights).empty() ? "safetensors" : "gguf"},
                   {"weights", total.weights},
                   {"bytes", total.bytes},
                   {"bits_per_weight", total.bits_per_weight()},
                   {"types", types},
                   {"tensors", tensors},
                   {"metadata", metadata_of(checkpoint)}};
  if (o.prints_graph) document["graph"] = print_graph(load_model(o.path).graph);
  return json_text(document);
}

void print_summary(const Options& o, const Checkpoint& checkpoint, const Output& out) {
  const Total total = total_of(checkpoint);
  out.text(wrap(fmt::format("{}: {}", o.path, kind_of(checkpoint)), 2) + "\n");
  out.text(fmt::format("{} tensors, {} weights in {}, {:.2f} bits per weight\n\n", total.tensors, total.weights,
                       bytes_text(total.bytes), total.bits_per_weight()));
  Table types({{"stored as"}, {"tensors", true}, {"weights", true}, {"size", true}, {"bits", true}});
  for (const auto& [as, part] : totals_of(checkpoint)) {
    types.add({as, std::to_string(part.tensors), std::to_string(part.weights), bytes_text(part.bytes),
               fmt::format("{:.2f}", part.bits_per_weight())});
  }
  if (!types.empty()) out.text(types.render());
}

void print_tensors(const Checkpoint& checkpoint, const Output& out) {
  Table table({{"tensor", false, true}, {"stored as"}, {"shape", true}, {"bits", true}});
  for (const StoredTensor& tensor : checkpoint.weights->tensors()) {
    Total part;
    part.add(tensor);
    table.add({tensor.name, stored_as(tensor), to_string(tensor.shape), fmt::format("{:.2f}", part.bits_per_weight())});
  }
  if (!table.empty()) out.text("\n" + table.render());
}

void print_metadata(const Checkpoint& checkpoint, const Output& out) {
  Table table({{"key", false, true}, {"value", false, true}});
  const Json metadata = metadata_of(checkpoint);
  for (const auto& [key, value] : metadata.items()) {
    const bool is_text = value.is_string();
    table.add({key, is_text ? value.get<std::string>() : value.dump(-1, ' ', false, Json::error_handler_t::replace)});
  }
  if (!table.empty()) out.text("\n" + table.render());
}

void inspect(const Options& o, const Output& out) {
  if (o.prints_graph && !out.is_json()) {
    out.text(print_graph(load_model(o.path).graph));
    return;
  }
  const Checkpoint checkpoint = open_checkpoint(o.path);
  if (out.is_json()) {
    out.json(to_json(o, checkpoint));
    return;
  }
  print_summary(o, checkpoint, out);
  if (o.prints_tensors) print_tensors(checkpoint, out);
  if (o.prints_metadata) print_metadata(checkpoint, out);
}

Action define(CLI::App& app) {
  const auto o = std::make_shared<Options>();
  app.add_option("checkpoint", o->path, "a folder with config.json and safetensors, a .safetensors or .gguf file")
      ->required()
      ->type_name("CHECKPOINT");
  app.add_flag("--tensors", o->prints_tensors, "list every tensor: how it is stored, its shape, bits per weight");
  app.add_flag("--metadata", o->prints_metadata, "list the metadata of a GGUF file, or config.json");
  app.add_flag("--graph", o->prints_graph, "print the graph that the model is run as instead");
  return [o](const Output& out) { inspect(*o, out); };
}

}  // namespace

Command command_inspect_checkpoint() {
  return {
      .name = "inspect",
      .summary = "what is in a checkpoint: formats, bits per weight, tensors, metadata",
      .description =
          "Reads headers only, so that checkpoints of any size are inspected at once; --graph reads the weights.",
      .examples =
          "zeropoint inspect llama/\n"
          "zeropoint inspect llama-q4_k_m.gguf --tensors --metadata\n"
          "zeropoint inspect model.safetensors --json",
      .define = define,
      .takes = [](std::string_view input) { return is_checkpoint(input); },
  };
}

}  // namespace zeropoint::cli
