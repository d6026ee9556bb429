// GPTQ over a whole model, layer by layer: every layer is quantized on the inputs that the quantized layers before it
// produce, for any graph whose MatMul, Gemm and Conv nodes read constant weights.
//
// Weights that read the same rows (q, k and v; gate and up) share a Hessian. In between only the values that later
// nodes read are kept, per sample: memory is these values, one layer's Hessian and the weights of one stage.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/progress.h"
#include "methods/gptq.h"
#include "methods/weight_target.h"

namespace zeropoint {

struct GptqWeightReport {
  std::string name;          // the weight's
  std::string node;          // the product that reads it
  std::int64_t rows = 0;     // outputs
  std::int64_t columns = 0;  // inputs
  std::int64_t samples = 0;
  std::int64_t input_rows = 0;  // that its Hessian summed
  GptqReport gptq;
};

struct GptqModelReport {
  std::vector<GptqWeightReport> weights;  // in the order in which they were quantized
  std::vector<DeclinedProduct> declined;
  std::vector<std::string> warnings;
};

/// Remembers finished weights for a run that is interrupted.
class GptqJournal;

struct GptqModelOptions {
  GptqOptions gptq;
  NodeFilter filter;
  KeepWeight keep;                             // weights that stay as they are, with the reason
  std::map<std::string, GptqOptions> special;  // by name: weights that need other options than `gptq`
  GptqJournal* journal = nullptr;              // optional
  OnProgress on_progress;                      // in steps: a sample through a layer, or a weight

  /// Told, before the first layer is computed, of weights that will get fewer rows than they have inputs. Without it,
  /// the report says so.
  std::function<void(const std::string& warning)> on_warning;

  const GptqOptions& of(const std::string& weight) const {
    const auto found = special.find(weight);
    return found == special.end() ? gptq : found->second;
  }
};

/// Called with each finished weight, in the order of the model.
using OnQuantizedWeight = std::function<void(const QuantizedMatrix& matrix, const GptqWeightReport& report)>;

/// `samples`: the model's inputs, in order, one set per sample. Checks everything that can be checked before it
/// computes anything. Throws invalid_option when there is nothing to quantize, invalid_data without samples and as
/// gptq() does, and interrupted.
GptqModelReport gptq_model(const Model& model, std::vector<std::vector<Tensor>> samples,
                           const GptqModelOptions& options, const OnQuantizedWeight& finished);

}  // namespace zeropoint
