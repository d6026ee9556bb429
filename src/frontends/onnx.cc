#include "frontends/onnx.h"

#include <optional>
#include <utility>

#include "base/mapped_file.h"
#include "frontends/context.h"
#include "frontends/onnx_proto.h"
#include "frontends/onnx_reader.h"
#include "frontends/protobuf.h"

namespace zeropoint {
namespace {

constexpr std::int64_t kFirstIrVersionWithOpsets = 3;

// What files of other kinds begin with; no ONNX model does.
struct Magic {
  std::string_view start;
  std::string_view kind;
};
constexpr Magic kOtherFiles[] = {
    {"\xFF\xD8\xFF", "a JPEG picture"},           {"\x89PNG\r\n\x1A\n", "a PNG picture"},
    {"PK\x03\x04", "a ZIP archive (.npz, .zip)"}, {"\x93NUMPY", "a NumPy array (.npy)"},
    {"{", "text that looks like JSON"},
};

void refuse_other_files(std::string_view message) {
  for (const Magic& other : kOtherFiles) {
    if (message.starts_with(other.start)) fail_here("is {}, not an ONNX model", other.kind);
  }
}

Function parse_function_header(std::string_view message) {
  Function function{.proto = std::string(message)};
  for (ProtoFields fields(message); fields.next();) {
    if (fields.number() == onnx_proto::function::name) function.name = fields.bytes();
    if (fields.number() == onnx_proto::function::domain) function.domain = fields.bytes();
    if (fields.number() == onnx_proto::function::overload) function.overload = fields.bytes();
  }
  for (const std::string* text : {&function.name, &function.domain, &function.overload}) require_utf8(*text);
  return function;
}

Model parse_model(std::string_view message, onnx_reader::Source& source) {
  refuse_other_files(message);
  Model model;
  std::optional<std::string_view> graph;
  for (ProtoFields fields(message); fields.next();) {
    switch (fields.number()) {
      case onnx_proto::model::ir_version:
        model.ir_version = fields.integer();
        break;
      case onnx_proto::model::opset_import:
        onnx_reader::parse_opset(fields.bytes(), model.opsets);
        break;
      case onnx_proto::model::graph:
        if (graph) fail_here("has two graphs");
        graph = fields.bytes();
        break;
      case onnx_proto::model::functions:
        model.functions.push_back(parse_function_header(fields.bytes()));
        break;
      default:
        model.carried += fields.whole();
    }
  }
  if (model.ir_version <= 0) {
    fail_here("ir_version is {}: not an ONNX model, or a damaged one", model.ir_version);
  }
  if (!graph) fail_here("has no graph");
  if (model.opsets.empty()) {
    if (model.ir_version >= kFirstIrVersionWithOpsets) fail_here("imports no operator set");
    model.opsets[""] = 1;
  }
  model.graph = onnx_reader::parse_graph(*graph, source, 0);
  check_captures(model.graph);
  model.external_files = source.external.paths();
  return model;
}

}  // namespace

void onnx_reader::parse_opset(std::string_view message, std::map<std::string, std::int64_t>& opsets) {
  std::string domain;
  std::int64_t version = 0;
  for (ProtoFields fields(message); fields.next();) {
    if (fields.number() == onnx_proto::opset::domain) domain = fields.bytes();
    if (fields.number() == onnx_proto::opset::version) version = fields.integer();
  }
  require_utf8(domain);
  if (domain == "ai.onnx") domain.clear();
  if (version < 1) fail_here("imports version {} of operator set '{}'", version, domain);
  const auto [entry, is_new] = opsets.try_emplace(domain, version);
  if (!is_new && entry->second != version) {
    fail_here("imports versions {} and {} of operator set '{}'", entry->second, version, domain);
  }
}

Model load_onnx(const std::filesystem::path& path) {
  const std::shared_ptr<const MappedFile> file = MappedFile::open(path);
  const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
  onnx_reader::Source source{.owner = file, .external = onnx_reader::ExternalFiles(folder)};
  Model model = within_file(path.string(), [&] { return parse_model(file->text(), source); });
  model.source = path.string();
  return model;
}

Model parse_onnx(std::span<const std::byte> bytes, std::shared_ptr<const void> owner, std::string name) {
  onnx_reader::Source source{.owner = std::move(owner), .external = onnx_reader::ExternalFiles({})};
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  Model model = within_file(name, [&] { return parse_model(text, source); });
  model.source = std::move(name);
  return model;
}

}  // namespace zeropoint
