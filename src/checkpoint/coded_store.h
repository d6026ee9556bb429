// A checkpoint some of whose weights are codes: what can be carried to another file without going through floats.
#pragma once

#include <string>

#include "checkpoint/tensor_store.h"
#include "weights/weight_form.h"

namespace zeropoint {

class CodedStore : public TensorStore {
 public:
  /// What is behind a tensor of this store; nullptr where it is stored as floats, or in a way that objection() tells.
  virtual const WeightForm* form(const StoredTensor& tensor) const = 0;

  /// Why a tensor that is not stored as floats has no form, as an end of the sentence "... is not possible:".
  virtual std::string objection(const StoredTensor& tensor) const = 0;

  /// The codes and scales of a tensor that has a form, rows being outputs in Hugging Face's order. Throws invalid_model
  /// naming file and tensor.
  virtual QuantizedWeight load(const StoredTensor& tensor) const = 0;
};

}  // namespace zeropoint
