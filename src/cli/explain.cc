// zeropoint explain: where scale and zero point come from, with the user's own numbers.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cmath>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "architectures/architecture.h"
#include "base/atomic_file.h"
#include "base/fail.h"
#include "base/nearest.h"
#include "checkpoint/checkpoint.h"
#include "cli/check_paths.h"
#include "cli/checks.h"
#include "cli/command.h"
#include "cli/dtype_option.h"
#include "data/array_reader.h"
#include "frontends/onnx.h"
#include "report/explain_arithmetic.h"
#include "report/explain_mistakes.h"
#include "report/explain_range.h"
#include "report/explain_tensor.h"

namespace zeropoint::cli {
namespace {

const std::map<std::string, BinaryOperation> kOperations = {
    {"multiply", BinaryOperation::multiply}, {"add", BinaryOperation::add}, {"matmul", BinaryOperation::matmul}};

/// What can be explained. Every option belongs to some of them.
enum Form : unsigned { kRange = 1, kTensor = 2, kArithmetic = 4, kMistakes = 8, kPadding = 16 };

constexpr unsigned kGrid = kRange | kTensor;

std::string_view describe(Form form) {
  switch (form) {
    case kRange:
      return "a range";
    case kTensor:
      return "a tensor";
    case kArithmetic:
      return "an operation";
    case kMistakes:
      return "--mistakes";
    case kPadding:
      return "--padding";
  }
  return "";
}

struct OptionUse {
  const CLI::Option* option;
  unsigned forms;
};

struct Options {
  std::vector<OptionUse> uses;
  std::string subject;  // a file, or the name of an operation
  std::string tensor;
  double min = 0;
  double max = 0;
  bool has_range = false;
  std::string dtype;
  bool symmetric = false;
  bool narrow_range = false;
  bool power_of_two = false;
  std::vector<float> values;
  std::string svg;
  bool compare = false;
  int axis = 0;
  std::int64_t block_size = 32;
  bool mistakes = false;
  bool padding = false;
  std::vector<float> scales;
  std::vector<std::int32_t> zero_points;
  std::vector<std::int32_t> codes;
};

DType dtype_option(const Options& o, DType otherwise) {
  return o.dtype.empty() ? otherwise : codes_dtype_option("--dtype", o.dtype);
}

Scheme scheme_option(const Options& o) {
  return {.dtype = dtype_option(o, DType::i8),
          .symmetric = o.symmetric || o.narrow_range,
          .narrow_range = o.narrow_range,
          .power_of_two = o.power_of_two};
}

template <class Explanation>
void print(Output& out, const Explanation& explanation) {
  if (out.is_json()) {
    out.json(to_json(explanation));
  } else {
    out.text(to_text(explanation));
  }
}

void write_svg(const Options& o, const RangeExplanation& explanation) {
  if (!o.svg.empty()) write_file_atomically(o.svg, to_svg(explanation));
}

[[noreturn]] void has_no_tensor(const std::string& source, const std::string& wanted,
                                const std::vector<std::string_view>& names, std::string_view listing) {
  const std::string_view near = nearest(wanted, names);
  fail(ErrorKind::invalid_option, source, "has no constant tensor '{}'{}", wanted,
       near.empty() ? fmt::format("; it has {}, 'zeropoint inspect {} {}' lists them", names.size(), source, listing)
                    : fmt::format("; did you mean '{}'?", near));
}

Tensor find_tensor(const Model& model, const std::string& wanted) {
  const Graph& graph = model.graph;
  std::vector<std::string_view> names;
  for (const Value& value : graph.values) {
    if (value.constant) names.push_back(value.name);
  }
  const ValueId id = graph.find(wanted);
  if (id != kNoValue && graph.is_constant(id)) return graph.value(id).constant;
  has_no_tensor(model.source, wanted, names, "--graph");
}

/// The stored weight that the layer of this name reads instead of one of its own; empty: none.
std::string shared_weight(const Checkpoint& checkpoint, const std::string& wanted) {
  constexpr std::string_view kWeight = ".weight";
  if (!wanted.ends_with(kWeight)) return "";
  try {
    const Model model = find_architecture(checkpoint).build(checkpoint);
    for (const Node& node : model.graph.nodes) {
      if (node.name + std::string(kWeight) != wanted || node.op_type != "MatMul") continue;
      const ValueId weight = linear_weight(model.graph, node);
      return weight == kNoValue ? "" : model.graph.value(weight).name;
    }
  } catch (const Error&) {  // a checkpoint without a graph shares nothing
    return "";
  }
  return "";
}

Tensor find_tensor(const Checkpoint& checkpoint, const std::string& wanted) {
  if (const StoredTensor* tensor = checkpoint.weights->find(wanted)) return read_f32(*checkpoint.weights, *tensor);
  if (const std::string shared = shared_weight(checkpoint, wanted); !shared.empty()) {
    fail(ErrorKind::invalid_option, checkpoint.path.string(), "'{}' is tied to '{}': name that tensor", wanted, shared);
  }
  std::vector<std::string_view> names;
  for (const StoredTensor& tensor : checkpoint.weights->tensors()) names.push_back(tensor.name);
  has_no_tensor(checkpoint.path.string(), wanted, names, "--tensors");
}

Tensor load_subject(const Options& o) {
  const std::filesystem::path path(o.subject);
  if (is_checkpoint(path)) {
    if (o.tensor.empty()) {
      fail(ErrorKind::invalid_option, o.subject, "is a checkpoint: name one of its tensors with --tensor");
    }
    return find_tensor(open_checkpoint(path), o.tensor);
  }
  if (path.extension() != ".onnx") {
    if (!o.tensor.empty()) fail(ErrorKind::invalid_option, "--tensor", "{} is an array, not a model", o.subject);
    return load_npy(o.subject);
  }
  if (o.tensor.empty()) {
    fail(ErrorKind::invalid_option, o.subject, "is a model: name one of its tensors with --tensor");
  }
  return find_tensor(load_onnx(o.subject), o.tensor);
}

ArithmeticQuestion arithmetic_question(const Options& o, BinaryOperation operation) {
  ArithmeticQuestion q{.operation = operation, .dtype = dtype_option(o, DType::u8)};
  if (q.dtype != DType::u8 && q.dtype != DType::i8) {
    fail(ErrorKind::invalid_option, "--dtype", "operations are explained for uint8 and int8, not for {}",
         name(q.dtype));
  }
  if (o.scales.size() != 3) fail(ErrorKind::invalid_option, "--scales", "three are wanted: of a, of b, of the result");
  if (!o.zero_points.empty() && o.zero_points.size() != 3) {
    fail(ErrorKind::invalid_option, "--zero-points", "three are wanted: of a, of b, of the result");
  }
  if (!o.codes.empty() && o.codes.size() != 2)
    fail(ErrorKind::invalid_option, "--codes", "two are wanted: of a and of b");
  if (!o.codes.empty() && operation == BinaryOperation::matmul) {
    fail(ErrorKind::invalid_option, "--codes", "has no use with matmul, whose example has its own matrices");
  }
  for (std::size_t i = 0; i < 3; ++i) q.qparams[i] = {o.scales[i], o.zero_points.empty() ? 0 : o.zero_points[i]};
  const std::int32_t highest = qmax({.dtype = q.dtype});
  for (std::size_t i = 0; i < 2; ++i) {  // without --codes: halfway between real 0 and the largest code
    q.codes[i] = o.codes.empty() ? q.qparams[i].zero_point + (highest - q.qparams[i].zero_point) / 2 : o.codes[i];
  }
  return q;
}

Form form_of(const Options& o) {
  if (o.mistakes) return kMistakes;
  if (o.padding) return kPadding;
  if (kOperations.contains(o.subject)) return kArithmetic;
  if (o.subject.empty()) return kRange;
  const std::filesystem::path path(o.subject);
  if (!path.has_extension() && !std::filesystem::exists(path)) {
    fail(ErrorKind::invalid_option, o.subject, "is no file, and no operation: multiply, add or matmul");
  }
  return kTensor;
}

/// An option that could not change the answer is a misunderstanding.
void check_uses(const Options& o, Form form) {
  for (const OptionUse& use : o.uses) {
    if (use.option->count() == 0 || (use.forms & form) != 0) continue;
    fail(ErrorKind::invalid_option, use.option->get_positional() ? o.subject : use.option->get_name(),
         "has no use with {}", describe(form));
  }
}

void explain(const Options& o, Output& out) {
  const Form form = form_of(o);
  check_uses(o, form);
  refuse_other_extension("--svg", o.svg, ".svg", "an SVG picture");
  switch (form) {
    case kMistakes:
      return print(out, mistakes());
    case kPadding:
      return print(out, padding_example());
    case kArithmetic:
      return print(out, explain_arithmetic(arithmetic_question(o, kOperations.at(o.subject))));
    case kRange: {
      if (!o.has_range) {
        fail(ErrorKind::invalid_option, "explain",
             "give --min and --max, a file, an operation, --mistakes or --padding");
      }
      if (!std::isfinite(o.max - o.min) || o.min > o.max) {
        fail(ErrorKind::invalid_option, "--min, --max", "[{}, {}] is no finite range", o.min, o.max);
      }
      const RangeExplanation explanation = explain_range({o.min, o.max}, scheme_option(o), o.values);
      write_svg(o, explanation);
      return print(out, explanation);
    }
    case kTensor: {
      const std::string label = o.tensor.empty() ? o.subject : o.tensor;
      const Tensor subject = load_subject(o);
      if (o.axis != 0) axis_of("--axis", o.axis, subject.rank());
      const TensorExplanation explanation = explain_tensor(label, subject,
                                                           {.scheme = scheme_option(o),
                                                            .compare = o.compare,
                                                            .values = o.values,
                                                            .axis = o.axis,
                                                            .block_size = o.block_size});
      write_svg(o, explanation.range);
      return print(out, explanation);
    }
  }
}

Action define(CLI::App& app) {
  const auto o = std::make_shared<Options>();
  const auto belongs_to = [&o](unsigned forms, CLI::Option* option) {
    o->uses.push_back({option, forms});
    return option;
  };
  belongs_to(kTensor | kArithmetic,
             app.add_option("subject", o->subject,
                            "an array (.npy), a model (.onnx), a checkpoint, or multiply, add or matmul")
                 ->type_name("SUBJECT"));
  CLI::Option* min = belongs_to(kRange, app.add_option("--min", o->min, "lower end of the real range")->type_name("X"));
  CLI::Option* max =
      belongs_to(kRange, app.add_option("--max", o->max, "upper end of the real range")->type_name("X")->needs(min));
  min->needs(max);
  belongs_to(kGrid | kArithmetic,
             app.add_option("--dtype", o->dtype,
                            "type of the codes: int8 (default), uint8, int4, uint4, int16, float8e4m3fn ...; of an "
                            "operation uint8 (default) or int8")
                 ->type_name("T"));
  belongs_to(kGrid,
             app.add_flag("--symmetric", o->symmetric, "fix the zero point to the middle code (absmax quantization)"));
  belongs_to(kGrid, app.add_flag("--narrow-range", o->narrow_range, "symmetric without the lowest code: [-127, 127]"));
  belongs_to(kGrid, app.add_flag("--power-of-two", o->power_of_two, "round the scale up to a power of two"));
  belongs_to(kGrid, app.add_option("--value", o->values, "real values to follow through the quantizer")
                        ->type_name("X,...")
                        ->delimiter(','));
  belongs_to(kGrid, app.add_option("--svg", o->svg, "also write the staircase as a picture")->type_name("FILE"));
  belongs_to(kTensor, app.add_option("--tensor", o->tensor, "the model's tensor to explain")->type_name("NAME"));
  CLI::Option* compare = belongs_to(
      kTensor, app.add_flag("--compare", o->compare, "measure every scheme and every observer on the tensor"));
  belongs_to(kTensor, app.add_option("--axis", o->axis, "of the per-axis rows of --compare")
                          ->type_name("N")
                          ->needs(compare)
                          ->capture_default_str());
  belongs_to(kTensor, app.add_option("--block-size", o->block_size, "of the blocked rows of --compare")
                          ->type_name("N")
                          ->needs(compare)
                          ->check(whole_above_zero)
                          ->capture_default_str());
  belongs_to(kMistakes, app.add_flag("--mistakes", o->mistakes, "the gallery of published formulas that are wrong"));
  belongs_to(kPadding, app.add_flag("--padding", o->padding, "why real 0 must be a code"));
  belongs_to(kArithmetic, app.add_option("--scales", o->scales, "of a, b and the result, for an operation")
                              ->type_name("A,B,Y")
                              ->delimiter(','));
  belongs_to(kArithmetic, app.add_option("--zero-points", o->zero_points, "of a, b and the result (default 0,0,0)")
                              ->type_name("A,B,Y")
                              ->delimiter(','));
  belongs_to(kArithmetic, app.add_option("--codes", o->codes, "codes of a and b for the example of multiply and add")
                              ->type_name("A,B")
                              ->delimiter(','));
  return [o, min](Output& out) {
    o->has_range = min->count() > 0;
    explain(*o, out);
  };
}

}  // namespace

Command command_explain() {
  return {
      .name = "explain",
      .summary = "show where a scale and a zero point come from",
      .description =
          "Derives scale and zero point for a range, an array or a tensor of a model, with every number on the way, "
          "the error bound, what other published conventions give, and a picture. With an operation it shows how "
          "tensors with different scales and zero points are multiplied or added in integers.",
      .examples =
          "zeropoint explain --min -3 --max 3.2 --dtype int8 --value 0.1\n"
          "zeropoint explain --min -3 --max 3.2 --symmetric --svg staircase.svg\n"
          "zeropoint explain weights.npy --compare\n"
          "zeropoint explain model.onnx --tensor conv1.weight --compare\n"
          "zeropoint explain llama/ --tensor model.embed_tokens.weight\n"
          "zeropoint explain multiply --scales 0.02,0.05,0.1 --zero-points 128,0,10\n"
          "zeropoint explain --mistakes",
      .define = define,
  };
}

}  // namespace zeropoint::cli
