// zeropoint convert: the same codes in another format's files.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "base/counted.h"
#include "cli/check_paths.h"
#include "cli/checkpoint_report.h"
#include "cli/command.h"
#include "formats/format.h"
#include "passes/quantize_weights.h"
#include "zeropoint/checkpoint.h"

namespace zeropoint::cli {
namespace {

struct Options {
  const CLI::App& app;  // which options were given
  std::string input;
  std::string output;
  ConvertJob job;
};

void convert(Options& options, const Output& out) {
  ConvertJob& job = options.job;
  if (find_onnx_weight_form(job.format)) require_onnx_name(options.output);
  if (job.format == "gguf") require_extension(options.output, ".gguf");
  if (find_format(job.format) != nullptr) {
    require_folder_name(options.output, "--format onnx, matmulnbits and gguf write a file");
  }
  job.on_preflight = [&out](const Preflight& p) { out.note(preflight_text(p)); };
  job.progress = out.progress("converting", "MB");
  CheckpointReport report = convert_checkpoint(options.input, options.output, job);
  job.progress = nullptr;
  if (options.app.count("--max-shard-bytes") > 0 && find_format(job.format) == nullptr) {
    report.warnings.insert(report.warnings.begin(),
                           fmt::format("--max-shard-bytes has no use with --format {}, which is one file", job.format));
  }
  for (const std::string& warning : report.warnings) out.warn("", warning);
  out.text(fmt::format("{}: {} as {}, {:.2f} bits each; every code, scale and zero point is as it was\n",
                       options.output, counted(report.weights.size(), "weight"), report.format,
                       report.bits_per_weight));
  out.json(report_json(report, options.output));
}

std::string format_help() {
  std::string help = "what to write:";
  for (const Format& f : all_formats()) help += fmt::format(" {} ({})", f.name, f.summary);
  return help + "; onnx, matmulnbits (the graph as one ONNX model whose products read the codes); gguf";
}

Action define(CLI::App& app) {
  const auto options = std::make_shared<Options>(Options{.app = app});
  app.add_option("checkpoint", options->input, "a quantized checkpoint: folder, .safetensors or .gguf file")
      ->required()
      ->type_name("CHECKPOINT");
  app.add_option("-o,--output", options->output,
                 "the folder to write, or the file of an ONNX model or GGUF; it appears when it is complete")
      ->required()
      ->type_name("OUTPUT");
  app.add_option("--format", options->job.format, format_help())->required()->type_name("NAME");
  app.add_option("--max-shard-bytes", options->job.max_shard_bytes, "largest file of weights")
      ->type_name("N")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--tokenizer", options->job.tokenizer,
                 "gguf: tokenizer.json, tokenizer.model or .bin; none: no vocabulary (default: the checkpoint's own)")
      ->type_name("FILE");
  app.add_flag("--force", options->job.force,
               "go on where memory or disk do not suffice; replace a quantized checkpoint");
  return [options](const Output& out) { convert(*options, out); };
}

}  // namespace

Command command_convert() {
  return {
      .name = "convert",
      .summary = "carry a quantized checkpoint to another format, losing nothing",
      .description =
          "Reads codes, scales and zero points and writes the same numbers in another layout. What the other format "
          "cannot hold exactly is refused with the weight's name and the reason; nothing is written then. Embeddings "
          "go to formats that hold linear layers only as the floats that their codes stand for. Before the work "
          "starts, its memory, disk and time are printed; what cannot fit is refused.",
      .examples =
          "zeropoint convert llama-gptq/ --format compressed-tensors -o llama-ct/\n"
          "zeropoint convert llama-ct/ --format gptq-v2 -o llama-gptq2/\n"
          "zeropoint convert llama-gptq/ --format plain -o llama-plain/\n"
          "zeropoint convert llama-Q8_0.gguf --format compressed-tensors -o llama-q8/\n"
          "zeropoint convert llama-gptq/ --format matmulnbits -o llama.onnx",
      .define = define,
  };
}

}  // namespace zeropoint::cli
