// The float model's answers on a few batches, to hold quantized versions of it against.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "executor/program.h"
#include "zeropoint/zeropoint.h"

namespace zeropoint {

class Reference {
 public:
  /// Runs the float model on every batch (one tensor per input) and keeps the outputs.
  Reference(Program& model, std::vector<std::vector<Tensor>> batches);

  /// Runs the quantized model on the same batches. Outputs must agree in number, type and shape.
  /// `file` stands for the quantized model in errors: invalid_model when an output differs in kind, or
  /// is not finite where the float model's is.
  std::vector<OutputError> compare(Program& quantized, const std::string& file) const;

  std::size_t batches() const { return batches_.size(); }

 private:
  std::vector<std::string> names_;
  std::vector<std::vector<Tensor>> batches_;
  std::vector<std::vector<Tensor>> answers_;
};

/// One number for how near a quantized model is, larger is nearer: the lowest SQNR of its float
/// outputs in dB (infinite: equal) or, where all outputs are integers, the lowest share of equal elements.
double nearness(std::span<const OutputError> outputs);

}  // namespace zeropoint
