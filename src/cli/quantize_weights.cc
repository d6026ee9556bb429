// zeropoint quantize MODEL.onnx --method: the weights of an ONNX model as codes, activations stay float.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <string>
#include <string_view>

#include "cli/check_paths.h"
#include "cli/command.h"
#include "cli/data_options.h"
#include "cli/weights_report.h"
#include "zeropoint/weights.h"

namespace zeropoint::cli {
namespace {

constexpr std::string_view kMethods[] = {"gptq", "absmax", "zero-point"};

struct Options {
  std::string input;
  std::string output;
  WeightsJob job;
};

void quantize(Options& o, const Output& out) {
  require_onnx_name(o.output);
  if (o.job.force && o.job.method != "gptq") {
    out.warn("", fmt::format("--force has no use with --method {}, which keeps no journal", o.job.method));
  }
  o.job.progress = out.progress("quantizing", "steps");
  o.job.on_warning = [&out](const std::string& warning) { out.warn("", warning); };
  const WeightsReport report = quantize_weights(o.input, o.output, o.job);
  o.job.progress = nullptr;
  o.job.on_warning = nullptr;
  for (const std::string& warning : report.warnings) out.warn("", warning);
  out.text(weights_report_text(report, o.job, o.output));
  out.json(weights_report_json(report, o.job, o.output));
}

Action define(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  WeightsJob& job = options->job;
  app.add_option("model", options->input, "float ONNX model")->required()->type_name("MODEL");
  app.add_option("-o,--output", options->output, "ONNX model with quantized weights")->required()->type_name("FILE");
  app.add_option("--method", job.method, "gptq, absmax or zero-point")->type_name("NAME")->capture_default_str();
  add_data_options(app, job.data, DataNeed::optional);
  app.add_option("--bits", job.options.bits, "2, 3, 4 or 8; 4 unless given")->type_name("N");
  app.add_option("--block-size", job.options.block_size,
                 "one scale per so many weights along the inputs; 0: one per output channel")
      ->type_name("N")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app.add_option("--format", job.format,
                 "onnx-dq: DequantizeLinear before each product; matmulnbits: MatMulNBits of com.microsoft")
      ->type_name("NAME")
      ->capture_default_str();
  app.add_flag("--per-tensor", job.options.per_tensor, "one scale per weight");
  app.add_flag("--full-range", job.options.full_range,
               "absmax: use the lowest code too, scale = 2 absmax / (2^bits - 1); gptq always does");
  app.add_flag("--clip-search", job.options.clip_search,
               "choose every range by squared error instead of by its extremes; gptq always does");
  app.add_flag("--affine", job.options.affine, "gptq: with zero points");
  app.add_flag("--act-order", job.options.act_order,
               "gptq: columns by falling activation; scales stay those of the original order");
  app.add_option("--damping", job.options.damping,
                 "gptq: added to the Hessian's diagonal, times its mean; 0.01 unless given")
      ->type_name("X");
  app.add_option("--include", job.include, "quantize only nodes whose name or type matches this glob; may be repeated")
      ->type_name("GLOB")
      ->allow_extra_args(false);
  app.add_option("--exclude", job.exclude, "keep nodes whose name or type matches this glob in float; may be repeated")
      ->type_name("GLOB")
      ->allow_extra_args(false);
  app.add_flag("--keep-first", job.keep_first, "keep the products that read the input in float");
  app.add_flag("--keep-last", job.keep_last, "keep the products that no other product follows in float");
  app.add_flag("--force", job.force, "gptq: start over where FILE.journal holds another run");
  return [options](Output& out) { quantize(*options, out); };
}

}  // namespace

Command command_quantize_weights() {
  return {
      .name = "quantize",
      .summary = "quantize only the weights of an ONNX model (--method)",
      .description =
          "Writes the weights of MatMul, Gemm and Conv nodes as codes; activations stay float. The written file is "
          "read back, run, and compared with the float model before it appears under its name.\n\n"
          "gptq quantizes layer by layer, each on the inputs that the quantized layers before it produce, and "
          "makes up for the error of each column in the columns behind it. Per weight, the squared error of "
          "the layer's outputs is reported beside that of plain rounding, which it never exceeds. An "
          "interrupted run leaves FILE.journal and goes on from there when it is started again.",
      .examples =
          "zeropoint quantize m.onnx --method gptq --bits 4 --block-size 32 \\\n"
          "    --data x.npz -o q.onnx\n"
          "zeropoint quantize m.onnx --method gptq --format matmulnbits \\\n"
          "    --block-size 32 --data x.npz -o q.onnx\n"
          "zeropoint quantize m.onnx --method absmax --bits 8 -o q.onnx",
      .define = define,
      .takes = [](std::string_view input) { return input.ends_with(".onnx"); },
      .with = "--method",
      .prefers = [](std::string_view method) { return std::ranges::find(kMethods, method) != std::end(kMethods); },
  };
}

}  // namespace zeropoint::cli
