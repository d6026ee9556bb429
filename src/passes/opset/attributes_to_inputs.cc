// Attributes that became inputs: Slice and TopK at 10, Clip and Pad at 11, Dropout at 12, Squeeze,
// Unsqueeze, ReduceSum and Split at 13, the other reductions at 18, DFT at 20.
#include <array>

#include "passes/opset/rewrite.h"

namespace zeropoint {
namespace {

void slice_10(NodeRewrite& at) {
  at.ints_to_input("starts", 1);
  at.ints_to_input("ends", 2);
  at.ints_to_input("axes", 3);
}

void top_k_10(NodeRewrite& at) {
  at.set_input(1, "k", Tensor::of<std::int64_t>({1}, {at.node.get_int("k", 1)}));
  at.node.erase("k");
}

void clip_11(NodeRewrite& at) {
  const DType dtype = at.float_type(at.input(0));
  at.float_to_input("min", 1, dtype);
  at.float_to_input("max", 2, dtype);
}

void pad_11(NodeRewrite& at) {
  at.ints_to_input("pads", 1);
  if (at.node.get_string("mode", "constant") == "constant") {
    at.float_to_input("value", 2, at.float_type(at.input(0)));
  }
  at.node.erase("value");
}

/// The mask was of the input's type before it became boolean.
void dropout_10(NodeRewrite& at) {
  if (at.is_read(1)) at.refuse("its mask becomes boolean");
}

void dropout_12(NodeRewrite& at) { at.float_to_input("ratio", 1, DType::f32); }

void axes_to_input(NodeRewrite& at) { at.ints_to_input("axes", 1); }

void split_13(NodeRewrite& at) { at.ints_to_input("split", 1); }

/// Without sizes, the number of parts must be said.
void split_18(NodeRewrite& at) {
  if (!at.has_input(1)) at.node.set("num_outputs", static_cast<std::int64_t>(at.node.outputs.size()));
}

void dft_20(NodeRewrite& at) {
  constexpr std::int64_t kDefaultAxisOf17 = 1;
  at.set_input(2, "axis", Tensor::scalar(at.node.get_int("axis", kDefaultAxisOf17)));
  at.node.erase("axis");
}

constexpr std::array<OpsetStep, 21> kSteps = {{
    {"Slice", 10, slice_10},
    {"TopK", 10, top_k_10},
    {"Dropout", 10, dropout_10},
    {"Clip", 11, clip_11},
    {"Pad", 11, pad_11},
    {"Dropout", 12, dropout_12},
    {"Squeeze", 13, axes_to_input},
    {"Unsqueeze", 13, axes_to_input},
    {"ReduceSum", 13, axes_to_input},
    {"Split", 13, split_13},
    {"ReduceL1", 18, axes_to_input},
    {"ReduceL2", 18, axes_to_input},
    {"ReduceLogSum", 18, axes_to_input},
    {"ReduceLogSumExp", 18, axes_to_input},
    {"ReduceMax", 18, axes_to_input},
    {"ReduceMean", 18, axes_to_input},
    {"ReduceMin", 18, axes_to_input},
    {"ReduceProd", 18, axes_to_input},
    {"ReduceSumSquare", 18, axes_to_input},
    {"Split", 18, split_18},
    {"DFT", 20, dft_20},
}};

}  // namespace

std::span<const OpsetStep> attribute_to_input_steps() { return kSteps; }

}  // namespace zeropoint
