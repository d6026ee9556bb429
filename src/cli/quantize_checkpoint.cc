// zeropoint quantize DIR: a language model's checkpoint in, the files that the ecosystem loads out.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/fail.h"
#include "base/nearest.h"
#include "checkpoint/checkpoint.h"
#include "cli/check_paths.h"
#include "cli/checkpoint_report.h"
#include "cli/checks.h"
#include "cli/command.h"
#include "cli/data_options.h"
#include "cli/weights_report.h"
#include "formats/format.h"
#include "methods/gguf_recipes.h"
#include "methods/method.h"
#include "zeropoint/checkpoint.h"

namespace zeropoint::cli {
namespace {

struct Options {
  const CLI::App& app;  // which options were given
  std::string input;
  std::string output;
  bool symmetric = false;
  CheckpointJob job;
};

bool is_onnx_format(std::string_view format) {
  return format == "onnx" || format == "onnx-dq" || format == "matmulnbits";
}

/// The checkpoint's graph as an ONNX model whose products read codes.
void write_onnx(const Options& options, const Output& out) {
  const CheckpointJob& from = options.job;
  require_onnx_name(options.output);
  for (const char* option : {"--max-shard-bytes", "--double-quantization"}) {
    if (options.app.count(option) > 0) {
      fail(ErrorKind::invalid_option, option, "has no use with --format {}", from.format);
    }
  }
  if (from.force && from.method != "gptq") {
    fail(ErrorKind::invalid_option, "--force", "has no use with --format {} and --method {}", from.format, from.method);
  }
  const WeightsJob job{.method = from.method,
                       .format = from.format,
                       .options = from.options,
                       .data = from.data,
                       .include = from.include,
                       .exclude = from.exclude,
                       .force = from.force,
                       .progress = out.progress("quantizing", "steps"),
                       .on_warning = [&out](const std::string& warning) { out.warn("", warning); }};
  const WeightsReport report = quantize_weights(options.input, options.output, job);
  for (const std::string& warning : report.warnings) out.warn("", warning);
  out.text(weights_report_text(report, job, options.output));
  out.json(weights_report_json(report, job, options.output));
}

/// Mixes of GGUF have a command of their own.
void check_method(const std::string& method) {
  if (method == "gguf" || method.starts_with("GGUF")) {
    fail(ErrorKind::invalid_option, "--method", "GGUF files need a mix: gguf:Q4_K_M, for example");
  }
  std::vector<std::string_view> known;
  for (const Method& m : all_methods()) known.push_back(m.name);
  if (std::ranges::find(known, method) != known.end()) return;
  for (const GgufRecipe& mix : all_gguf_recipes()) {
    if (!CLI::detail::to_lower(method).starts_with(CLI::detail::to_lower(std::string(mix.name)))) continue;
    fail(ErrorKind::invalid_option, "--method", "'{}' is a mix of GGUF: did you mean 'gguf:{}'?", method, mix.name);
  }
  known.emplace_back("gguf:MIX");
  throw Error(ErrorKind::invalid_option, "--method", unknown_word("method", method, known));
}

void quantize(Options& options, const Output& out) {
  CheckpointJob& job = options.job;
  check_method(job.method);
  if (options.symmetric && (job.method == "zero-point" || job.options.affine)) {
    fail(ErrorKind::invalid_option, "--symmetric", "contradicts a zero point");
  }
  if (is_onnx_format(job.format)) return write_onnx(options, out);
  require_folder_name(options.output, "--format onnx and --method gguf:MIX write a file");
  job.on_preflight = [&out](const Preflight& p) { out.note(preflight_text(p)); };
  job.progress = out.progress("quantizing", "MB");
  job.on_warning = [&out](const std::string& warning) { out.warn("", warning); };
  const CheckpointReport report = quantize_checkpoint(options.input, options.output, job);
  job.progress = nullptr;
  for (const std::string& warning : report.warnings) out.warn("", warning);
  out.text(report_text(report, options.output));
  out.json(report_json(report, options.output));
}

std::string method_help() {
  std::string help;
  for (const Method& m : all_methods()) help += fmt::format("{}{} ({})", help.empty() ? "" : "; ", m.name, m.summary);
  return help + "; gguf:MIX (a GGUF file; has its own options: --method gguf: --help)";
}

std::string format_help() {
  std::string help = "what to write; the method's own unless given:";
  for (const Format& f : all_formats()) help += fmt::format(" {} ({})", f.name, f.summary);
  return help + "; onnx, matmulnbits (one ONNX model, by absmax, zero-point or gptq)";
}

Action define(CLI::App& app) {
  const auto options = std::make_shared<Options>(Options{.app = app});
  CheckpointJob& job = options->job;
  MethodOptions& method = job.options;
  app.add_option("checkpoint", options->input,
                 "a folder with config.json and safetensors, a .safetensors or .gguf file")
      ->required()
      ->type_name("CHECKPOINT");
  app.add_option("-o,--output", options->output,
                 "the folder to write, with --format onnx or matmulnbits the .onnx file; it appears when complete")
      ->required()
      ->type_name("FOLDER");
  app.add_option("--method", job.method, method_help())->type_name("NAME")->capture_default_str();
  app.add_option("--format", job.format, format_help())->type_name("NAME");
  app.add_option("--bits", method.bits, "8, 4, 3 or 2; 8 unless given, for gptq 4")->type_name("N");
  app.add_option("--block-size", method.block_size, "inputs that share a scale; a whole output has one unless given")
      ->type_name("N")
      ->check(whole_above_zero);
  app.add_flag("--per-tensor", method.per_tensor, "one scale for a whole matrix");
  app.add_flag("--symmetric", options->symmetric, "no zero points: what absmax means, said explicitly");
  app.add_flag("--full-range", method.full_range,
               "symmetric: use the lowest code too, scale = 2 absmax / (2^bits - 1)");
  app.add_flag("--clip-search", method.clip_search, "choose every range by squared error, clipping included");
  app.add_flag("--affine", method.affine, "gptq: with zero points");
  app.add_flag("--act-order", method.act_order, "gptq: columns by falling activation");
  app.add_flag("--static-groups", method.static_groups, "gptq with --act-order: scales of the original order");
  app.add_option("--damping", method.damping, "gptq: added to the Hessian's diagonal, times its mean (default: 0.01)")
      ->type_name("X");
  add_data_options(app, job.data, DataNeed::optional);
  app.add_flag("--double-quantization", method.double_quantization, "nf4: the scales of blocks as 8-bit codes");
  app.add_option("--include", job.include,
                 "only weights whose names match one of these patterns (* ? [..]); all linear layers unless given")
      ->type_name("GLOB");
  app.add_option("--exclude", job.exclude, "leave weights that match as they are")->type_name("GLOB");
  app.add_option("--max-shard-bytes", job.max_shard_bytes, "largest file of weights")
      ->type_name("N")
      ->check(whole_above_zero)
      ->capture_default_str();
  app.add_flag("--force", job.force,
               "go on where memory or disk do not suffice; replace a quantized checkpoint; gptq: start over where "
               "OUTPUT.journal holds another run");
  return [options](const Output& out) { quantize(*options, out); };
}

}  // namespace

Command command_quantize_checkpoint() {
  return {
      .name = "quantize",
      .summary = "quantize a language model's checkpoint (a folder, .safetensors or .gguf)",
      .description =
          "Quantizes the linear layers of a language model. Weights are streamed, so that memory is a small multiple "
          "of the largest one. Everything else in the folder is carried along, and config.json says what was done. "
          "Before the work starts, its memory, disk and time are printed; what cannot fit is refused.\n\n"
          "gptq runs the model over --data (token ids) and quantizes layer by layer, each on what the quantized layers "
          "before it produce. An interrupted run leaves FOLDER.journal and goes on from there.\n\n"
          "A GGUF file instead of a folder: --method gguf:MIX; zeropoint quantize --method gguf: --help lists the "
          "mixes. An ONNX model: --format onnx or matmulnbits; then --output is a file.",
      .examples =
          "zeropoint quantize llama/ --method absmax --bits 8 -o llama-int8/\n"
          "zeropoint quantize llama/ --method absmax --bits 4 --block-size 128 \\\n"
          "    --full-range --format compressed-tensors -o llama-w4a16/\n"
          "zeropoint quantize llama/ --method zero-point --bits 4 --block-size 64 \\\n"
          "    --clip-search --format gptq-v2 -o llama-gptq/\n"
          "zeropoint quantize llama/ --method gptq --bits 4 --block-size 32 \\\n"
          "    --data tokens.npz --format compressed-tensors -o llama-gptq-ct/\n"
          "zeropoint quantize llama/ --method nf4 --double-quantization -o llama-nf4/\n"
          "zeropoint quantize llama/ --include '*.mlp.*' --exclude '*.down_proj' \\\n"
          "    -o llama-mlp/",
      .define = define,
      .takes = [](std::string_view input) { return input.ends_with('/') || is_checkpoint(input); },
  };
}

}  // namespace zeropoint::cli
