// Kernels for wide types at work on narrow ones: inputs are converted before, outputs after.
//
//   .make = packed_too<infer, make>   elements below 8 bits travel as bytes (operators that only move)
//   .make = halves_too<infer, make>   float16 and bfloat16 are computed in float32
#pragma once

#include <memory>
#include <vector>

#include "ops/op.h"

namespace zeropoint {

using InferFunction = std::vector<ValueFacts> (*)(const OpSite& site);
using MakeFunction = std::unique_ptr<Kernel> (*)(const OpSite& site);

enum class Widening { packed_to_bytes, halves_to_float32 };

/// The type that takes `dtype`'s place; `dtype` itself when nothing has to change.
DType widened(DType dtype, Widening widening);

std::unique_ptr<Kernel> make_widened(const OpSite& site, Widening widening, InferFunction infer, MakeFunction make);

template <InferFunction infer, MakeFunction make>
std::unique_ptr<Kernel> packed_too(const OpSite& site) {
  return make_widened(site, Widening::packed_to_bytes, infer, make);
}

template <InferFunction infer, MakeFunction make>
std::unique_ptr<Kernel> halves_too(const OpSite& site) {
  return make_widened(site, Widening::halves_to_float32, infer, make);
}

}  // namespace zeropoint
