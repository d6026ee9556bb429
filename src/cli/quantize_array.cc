// zeropoint quantize x.npy: a plain array to codes, with every scheme.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cmath>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "base/counted.h"
#include "base/fail.h"
#include "base/json_text.h"
#include "cli/check_paths.h"
#include "cli/checks.h"
#include "cli/command.h"
#include "cli/dtype_option.h"
#include "cli/observer_names.h"
#include "data/array_reader.h"
#include "exporters/quantized_array.h"
#include "observers/observed_qparams.h"
#include "tensor/reals.h"

namespace zeropoint::cli {
namespace {

struct Options {
  std::string input;
  std::string output;
  std::string dtype = "int8";
  std::string convention = "onnx";
  std::string observer = "minmax";
  Scheme scheme;
  std::optional<int> axis;
  std::string nan = "error";
  std::string inf = "error";
};

/// Per tensor without --axis and --block-size; blocks run along the last axis unless --axis says otherwise.
Scheme scheme_option(const Options& o, int rank) {
  Scheme scheme = o.scheme;
  scheme.dtype = codes_dtype_option("--dtype", o.dtype);
  scheme.symmetric |= scheme.narrow_range;
  if (scheme.block_size == 0 && !o.axis) return scheme;
  scheme.granularity = scheme.block_size > 0 ? Granularity::blocked : Granularity::per_axis;
  scheme.axis = axis_of(o.axis ? "--axis" : "--block-size", o.axis.value_or(-1), rank);
  return scheme;
}

Convention convention_option(const std::string& word) {
  for (const Convention c : {Convention::onnx, Convention::torch, Convention::ort, Convention::distiller,
                             Convention::blog, Convention::tflite}) {
    if (name(c) == word) return c;
  }
  fail(ErrorKind::invalid_option, "--convention", "'{}' is none of onnx, torch, ort, distiller, blog, tflite", word);
}

/// What the codes lost, and how many elements they have no code for.
struct Loss {
  double sqnr_db = 0;  // 10 log10(sum x^2 / sum (x - x')^2) over the finite elements; infinite where nothing is lost
  std::int64_t nans = 0;
  std::int64_t infinities = 0;
};

Loss measure_loss(const Tensor& x, const QuantizedArray& array) {
  const Tensor wide = dequantize(array.codes, array.qparams, DType::f64);
  Loss loss;
  double signal = 0;
  double noise = 0;
  for (std::int64_t i = 0; i < x.size(); ++i) {
    const double value = load_real(x.dtype(), x.raw(), i);
    loss.nans += std::isnan(value) ? 1 : 0;
    loss.infinities += std::isinf(value) ? 1 : 0;
    if (!std::isfinite(value)) continue;
    const double error = value - wide.data<double>()[i];
    signal += value * value;
    noise += error * error;
  }
  loss.sqnr_db = noise > 0 ? 10 * std::log10(signal / noise) : std::numeric_limits<double>::infinity();
  return loss;
}

std::string describe(const Loss& loss, std::int64_t elements) {
  if (elements == 0) return "no elements";
  const std::string quality = std::isfinite(loss.sqnr_db) ? fmt::format("SQNR {:.2f} dB", loss.sqnr_db) : "exact";
  std::string replaced;
  if (loss.nans > 0) replaced = counted(loss.nans, "NaN set to 0", "NaN set to 0");
  if (loss.infinities > 0) {
    replaced += (replaced.empty() ? "" : ", ") + counted(loss.infinities, "infinity", "infinities") + " clipped";
  }
  if (replaced.empty()) return quality;
  if (loss.nans + loss.infinities == elements) return replaced;
  return fmt::format("{} where finite, {}", quality, replaced);
}

void quantize_array(const Options& o, const Output& out) {
  require_extension(o.output, ".npz");
  const Tensor x = load_npy(o.input);
  if (!is_float(x.dtype()) || bits(x.dtype()) < 16) {
    fail(ErrorKind::invalid_data, o.input, "is {}; float32, float16 and float64 are quantized", name(x.dtype()));
  }
  const QuantizeOptions finite{.nan = o.nan == "zero" ? NanPolicy::zero : NanPolicy::error,
                               .inf = o.inf == "clip" ? InfPolicy::clip : InfPolicy::error,
                               .name = o.input};
  const Scheme scheme = scheme_option(o, x.rank());
  if (o.observer == "auto") {
    fail(ErrorKind::invalid_option, "--observer", "auto runs a model to compare its answers; an array wants a rule: {}",
         observer_names());
  }
  const Convention convention = convention_option(o.convention);
  QuantizedArray array{.codes = {},
                       .qparams = choose_observed_qparams(x, scheme, find_observer(o.observer), convention, finite)};
  array.codes = quantize(x, array.qparams, finite);
  save_quantized_array(array, o.output);

  const Loss loss = measure_loss(x, array);
  const std::int64_t grids = array.qparams.scales.size();
  const std::size_t bytes = array.codes.bytes() + array.qparams.scales.bytes();
  out.text(fmt::format("{} {} {} -> {}: {}, {}, {} bytes for {}\n", o.input, name(x.dtype()), to_string(x.shape()),
                       name(scheme.dtype), counted(grids, "grid"), describe(loss, x.size()), bytes, x.bytes()));
  nlohmann::ordered_json j = {
      {"output", o.output}, {"dtype", name(scheme.dtype)}, {"shape", x.shape()}, {"grids", grids}};
  j["sqnr_db"] = nullptr;  // nothing is lost
  if (std::isfinite(loss.sqnr_db)) j["sqnr_db"] = loss.sqnr_db;
  j["nans"] = loss.nans;
  j["infinities"] = loss.infinities;
  if (grids > 0) {
    j["scale"] = array.qparams.scales.data<float>()[0];
    j["zero_point"] = array.qparams.zero_points ? codes_of(array.qparams.zero_points)[0] : 0;
  }
  out.json(json_text(j));
}

Action define(CLI::App& app) {
  const auto o = std::make_shared<Options>();
  app.add_option("array", o->input, "array of float32, float16 or float64 (.npy)")->required()->type_name("FILE");
  app.add_option("-o,--output", o->output, "codes, scale, zero_point and scheme (.npz)")->required()->type_name("FILE");
  app.add_option("--dtype", o->dtype, "type of the codes: int8, uint8, int4, uint4, int2, int16, float8e4m3fn ...")
      ->type_name("T")
      ->capture_default_str();
  app.add_flag("--symmetric", o->scheme.symmetric, "fix the zero point to the middle code (absmax quantization)");
  app.add_flag("--narrow-range", o->scheme.narrow_range, "symmetric without the lowest code: [-127, 127]");
  app.add_flag("--power-of-two", o->scheme.power_of_two, "round scales up to powers of two");
  app.add_option("--axis", o->axis, "one grid per slice along this axis; with --block-size the axis of the blocks")
      ->type_name("N");
  app.add_option("--block-size", o->scheme.block_size, "one grid per block of so many elements (along the last axis)")
      ->type_name("N")
      ->check(whole_above_zero);
  app.add_option("--observer", o->observer, "rule that chooses the range: " + observer_names())
      ->type_name("NAME")
      ->capture_default_str();
  app.add_option("--convention", o->convention, "whose formulas: onnx, torch, ort, distiller, blog, tflite")
      ->type_name("NAME")
      ->capture_default_str();
  app.add_option("--nan", o->nan, "what to do with NaN: refuse the array (error), or use the zero point (zero)")
      ->check(one_of({"error", "zero"}))
      ->type_name("WORD")
      ->capture_default_str();
  app.add_option("--inf", o->inf,
                 "what to do with infinities: refuse the array (error), or the end of the range (clip)")
      ->check(one_of({"error", "clip"}))
      ->type_name("WORD")
      ->capture_default_str();
  return [o](const Output& out) { quantize_array(*o, out); };
}

}  // namespace

Command command_quantize_array() {
  return {
      .name = "quantize",
      .summary = "turn an array (.npy) into codes, scale and zero point",
      .description =
          "Quantizes a plain array: per tensor, per axis, or in blocks. The result is an .npz that NumPy reads; "
          "zeropoint dequantize turns it back.",
      .examples =
          "zeropoint quantize x.npy -o q.npz\n"
          "zeropoint quantize x.npy --dtype int4 --symmetric --block-size 32 -o q.npz\n"
          "zeropoint quantize w.npy --axis 0 --observer mse -o q.npz",
      .define = define,
      .takes = [](std::string_view input) { return input.ends_with(".npy"); },
  };
}

}  // namespace zeropoint::cli
