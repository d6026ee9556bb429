// zeropoint quantize DIR --method gguf:Q4_K_M: a checkpoint as one GGUF file.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "base/fail.h"
#include "base/json_text.h"
#include "cli/checkpoint_report.h"
#include "cli/command.h"
#include "cli/data_options.h"
#include "cli/importance.h"
#include "cli/table.h"
#include "exporters/gguf.h"
#include "pipeline/gguf_preflight.h"
#include "pipeline/preflight.h"

namespace zeropoint::cli {
namespace {

constexpr std::string_view kMethod = "gguf:";
constexpr std::string_view kComputed = "imatrix";  // --importance: from --data

struct Options {
  std::string input;
  std::string output;
  std::string method;
  std::string tokenizer;
  std::string importance;
  DataSource data;
  bool force = false;
};

struct TypeTotal {
  std::size_t tensors = 0;
  std::int64_t weights = 0;
  std::uint64_t bytes = 0;
};

std::map<kernels::GgmlType, TypeTotal> totals_of(const GgufPlan& plan) {
  std::map<kernels::GgmlType, TypeTotal> totals;
  for (const GgufPlanRow& row : plan.rows) {
    TypeTotal& total = totals[row.tensor.type];
    ++total.tensors;
    total.weights += element_count(row.tensor.shape);
    total.bytes += storage_bytes(row.tensor);
  }
  return totals;
}

/// "40 tensors Q5_0 instead of Q4_K: rows of 64 are no multiple of 256 (blk.0.attn_q.weight ...)"
std::vector<std::string> fall_back_lines(const GgufPlan& plan) {
  std::map<std::string, std::pair<std::size_t, std::string>> groups;
  for (const GgufPlanRow& row : plan.rows) {
    if (row.reason.empty()) continue;
    auto& [count, first] =
        groups[fmt::format("{} instead of {}: {}", name(row.tensor.type), name(row.wanted), row.reason)];
    if (count++ == 0) first = row.tensor.name;
  }
  std::vector<std::string> lines;
  for (const auto& [what, group] : groups) {
    const auto& [count, first] = group;
    lines.push_back(
        fmt::format("{} tensor{} {} ({}{})", count, count == 1 ? "" : "s", what, first, count == 1 ? "" : " ..."));
  }
  return lines;
}

void print_report(const GgufPlan& plan, const Options& options, const Output& out) {
  Table types({{"type"}, {"tensors", true}, {"weights", true}, {"size", true}});
  for (const auto& [type, total] : totals_of(plan)) {
    types.add({std::string(name(type)), std::to_string(total.tensors), std::to_string(total.weights),
               bytes_text(total.bytes)});
  }
  out.text(types.render() + "\n");
  for (const std::string& line : fall_back_lines(plan)) out.text(wrap(line, 2) + "\n");
  out.text(fmt::format("{}: {}, {:.2f} bits per weight, {}\n", options.output, options.method, plan.bits_per_weight,
                       bytes_text(plan.file_bytes)));
}

std::string to_json(const GgufPlan& plan, const Options& options) {
  nlohmann::ordered_json document = {{"output", options.output},
                                     {"method", options.method},
                                     {"bits_per_weight", plan.bits_per_weight},
                                     {"output_bytes", plan.file_bytes},
                                     {"tensors", nlohmann::ordered_json::array()},
                                     {"notes", plan.notes}};
  for (const GgufPlanRow& row : plan.rows) {
    document["tensors"].push_back({{"name", row.tensor.name},
                                   {"source", row.source},
                                   {"type", name(row.tensor.type)},
                                   {"wanted", name(row.wanted)},
                                   {"shape", row.tensor.shape},
                                   {"bytes", storage_bytes(row.tensor)},
                                   {"note", row.reason}});
  }
  return json_text(document);
}

void check(const Options& o) {
  if (!o.method.starts_with(kMethod)) {
    fail(ErrorKind::invalid_option, "--method", "'{}' does not start with '{}'", o.method, kMethod);
  }
  if (!o.output.ends_with(".gguf")) {
    fail(ErrorKind::invalid_option, "--output", "'{}' is to be a GGUF file, whose name ends in .gguf", o.output);
  }
  const bool has_data = !o.data.path.empty();
  if (o.importance == kComputed && !has_data) {
    fail(ErrorKind::invalid_option, "--importance",
         "imatrix is computed from token ids: give --data FILE (.npz, .npy or .txt), or a finished matrix's file here");
  }
  if (o.importance != kComputed && has_data) {
    fail(ErrorKind::invalid_option, "--data", "is for computing the importance of columns: give --importance {}, too",
         kComputed);
  }
}

void quantize(const Options& o, const Output& out) {
  check(o);
  const Checkpoint checkpoint = open_checkpoint(o.input);
  check_gguf_target(checkpoint, o.output);
  GgufOptions options{.mix = o.method.substr(kMethod.size()), .tokenizer = o.tokenizer};
  const bool is_computed = o.importance == kComputed;
  Importance importance;  // until it is computed: of no weight, which makes the same plan
  if (!o.importance.empty()) options.importance = &importance;
  if (!o.importance.empty() && !is_computed) {
    importance = load_importance(o.importance, gguf_architecture_of(model_type_of(checkpoint), o.input));
  }
  const GgufPlan plan = plan_gguf(checkpoint, options);
  const Preflight preflight = preflight_gguf(checkpoint, plan, o.output);
  out.note(preflight_text(preflight));
  if (!o.force) require_resources(preflight, o.output);
  if (is_computed) importance = importance_from(checkpoint, o.data, out).means();
  write_gguf(checkpoint, plan, options, o.output, out.progress("quantizing", "weights"));
  for (const std::string& note : plan.notes) out.note(note);
  print_report(plan, o, out);
  out.json(to_json(plan, o));
}

std::string method_help() {
  std::string help = "gguf: and a mix:";
  for (const GgufRecipe& recipe : all_gguf_recipes()) help += fmt::format(" {} ({});", recipe.name, recipe.summary);
  help.pop_back();
  return help;
}

Action define(CLI::App& app) {
  const auto o = std::make_shared<Options>();
  app.add_option("checkpoint", o->input, "a folder with config.json and safetensors, or a .gguf file")
      ->required()
      ->type_name("CHECKPOINT");
  app.add_option("-o,--output", o->output, "the file to write; it appears when it is complete")
      ->required()
      ->type_name("FILE.gguf");
  app.add_option("--method", o->method, method_help())->required()->type_name("gguf:MIX");
  app.add_option(
         "--tokenizer", o->tokenizer,
         "tokenizer.model, tokenizer.json, a tok*.bin of llama2.c or a GGUF file, where the checkpoint's folder "
         "holds none; 'none' for a file that takes token ids only")
      ->type_name("FILE");
  app.add_option("--importance", o->importance,
                 "how much each input column matters: errors there count more. The word 'imatrix' computes it from "
                 "--data; a FILE is one of 'calibrate --importance' or of llama.cpp, in either of its forms")
      ->type_name("FILE|imatrix");
  add_data_options(app, o->data, DataNeed::optional);
  app.add_flag("--force", o->force, "go on where memory or disk do not suffice");
  return [o](const Output& out) { quantize(*o, out); };
}

}  // namespace

Command command_quantize_gguf() {
  return {
      .name = "quantize",
      .summary = "turn a checkpoint into a GGUF file (--method gguf:Q4_K_M)",
      .description =
          "Writes what llama.cpp loads: its names and order of rows, metadata, tokenizer, and each weight in the block "
          "format that the mix gives it. Rows that do not fit a format's blocks fall back to another, which is "
          "reported.",
      .examples =
          "zeropoint quantize llama/ --method gguf:Q4_K_M -o llama-q4_k_m.gguf\n"
          "zeropoint quantize llama/ --method gguf:Q8_0 --tokenizer tok512.bin -o l.gguf\n"
          "zeropoint quantize llama/ --method gguf:Q2_K --importance imatrix \\\n"
          "    --data tokens.npz -o llama-q2_k.gguf\n"
          "zeropoint quantize llama-f32.gguf --method gguf:Q4_0 \\\n"
          "    --importance imatrix.gguf -o llama-q4_0.gguf",
      .define = define,
      .takes = [](std::string_view) { return true; },
      .with = "--method",
      .with_value = kMethod,
  };
}

}  // namespace zeropoint::cli
