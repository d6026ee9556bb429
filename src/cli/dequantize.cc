// zeropoint dequantize: codes back to real values.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "base/json_text.h"
#include "cli/check_paths.h"
#include "cli/command.h"
#include "cli/dtype_option.h"
#include "data/npz_writer.h"
#include "exporters/quantized_array.h"
#include "tensor/grids.h"

namespace zeropoint::cli {
namespace {

struct Options {
  std::string input;
  std::string output;
  std::string dtype = "float32";
};

void dequantize_array(const Options& o, const Output& out) {
  require_extension(o.output, ".npy");
  const DType dtype = dtype_option("--dtype", o.dtype);
  require_real(dtype, "--dtype");
  const QuantizedArray array = load_quantized_array(o.input);
  const Tensor x = dequantize(array.codes, array.qparams, dtype);
  save_npy(x, o.output);
  out.text(fmt::format("{} {} {} -> {} {}\n", o.input, name(array.codes.dtype()), to_string(x.shape()), o.output,
                       name(x.dtype())));
  out.json(json_text({{"output", o.output}, {"dtype", name(x.dtype())}, {"shape", x.shape()}}));
}

Action define(CLI::App& app) {
  const auto o = std::make_shared<Options>();
  app.add_option("array", o->input, "quantized array (.npz)")->required()->type_name("FILE");
  app.add_option("-o,--output", o->output, "real values (.npy)")->required()->type_name("FILE");
  app.add_option("--dtype", o->dtype, "float32, float16 or float64")->type_name("T")->capture_default_str();
  return [o](const Output& out) { dequantize_array(*o, out); };
}

}  // namespace

Command command_dequantize() {
  return {
      .name = "dequantize",
      .summary = "turn a quantized array (.npz) back into real values",
      .description = "Computes scale * (codes - zero_point) for an array that zeropoint quantize wrote.",
      .examples = "zeropoint dequantize q.npz -o x.npy",
      .define = define,
  };
}

}  // namespace zeropoint::cli
