// Identity and, as this is inference, Dropout: the value passes through.
#include <algorithm>

#include "ops/arguments.h"
#include "ops/move.h"
#include "ops/required_outputs.h"

namespace zeropoint {
namespace {

std::vector<ValueFacts> infer_identity(const OpSite& site) {
  const ValueFacts& x = site.input(0);
  return {{.dtype = x.dtype, .shape = x.shape, .layout = x.layout}};
}

bool drops_nothing(const OpSite& site) {
  if (!site.has(2)) return true;
  const Tensor& training = site.constant(2, "training_mode");
  if (training.size() != 1 || training.dtype() != DType::boolean) site.invalid("training_mode is not a single bool");
  if (!training.data<bool>()[0]) return true;
  if (!site.has(1)) return false;  // ratio is 0.5 by default
  const Tensor& ratio = site.constant(1, "ratio");
  return ratio.dtype() == DType::f32 && ratio.size() == 1 && ratio.data<float>()[0] == 0;
}

std::vector<ValueFacts> infer_dropout(const OpSite& site) {
  require_outputs(site, 1);
  if (is_pending(site, 2)) return late(site.input(0).dtype, site.node.outputs.size());
  if (!drops_nothing(site)) site.unsupported("training_mode needs random numbers, which inference does not draw");
  std::vector<ValueFacts> outputs = infer_identity(site);
  if (site.node.outputs.size() > 1) {  // the mask: everything is kept
    const Shape& shape = site.input(0).shape;
    const DType dtype = site.opset < 10 ? site.input(0).dtype : DType::boolean;
    ValueFacts mask = planned(site, dtype, shape);
    mask.constant = Tensor::allocate(dtype, shape);
    if (dtype == DType::boolean) {
      std::ranges::fill(mask.constant.mutable_values<bool>(), true);
    } else if (dtype == DType::f32) {
      std::ranges::fill(mask.constant.mutable_values<float>(), 1.0F);
    } else {
      site.unsupported("a mask of {} is not offered", name(dtype));
    }
    outputs.push_back(std::move(mask));
  }
  return outputs;
}

constexpr OpSpec kOps[] = {
    {.op_type = "Identity",
     .infer = infer_identity,
     .make = make_copy,
     .is_view = true,
     .keeps_layout = true,
     .float_types = kAnyType},
    {.op_type = "Dropout",
     .infer = infer_dropout,
     .make = make_copy,
     .is_view = true,
     .keeps_layout = true,
     .float_types = kAnyType},
};

}  // namespace

std::span<const OpSpec> ops_identity() { return kOps; }

}  // namespace zeropoint
