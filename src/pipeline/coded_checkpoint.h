// A quantized checkpoint on its way to another file: what convert's writers ask of it, whatever they write.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "architectures/architecture.h"
#include "checkpoint/coded_store.h"
#include "zeropoint/checkpoint.h"

namespace zeropoint {

class CodedCheckpoint {
 public:
  /// Throws what open_checkpoint() throws, and invalid_option where it holds no codes or `output` is the input.
  CodedCheckpoint(const std::filesystem::path& input, const std::filesystem::path& output);

  const Checkpoint& checkpoint() const { return checkpoint_; }
  std::string where() const { return checkpoint_.path.string(); }
  std::span<const StoredTensor> tensors() const { return checkpoint_.weights->tensors(); }
  const std::vector<WeightPlace>& places() const { return places_; }  ///< empty for an unknown architecture

  /// nullptr for a tensor of floats. Throws invalid_data, `format` being what it should become, where its codes are
  /// none of integers.
  const WeightForm* form(const StoredTensor& tensor, std::string_view format) const;
  QuantizedWeight load(const StoredTensor& tensor) const { return store_->load(tensor); }

  /// An embedding or what else the model does not multiply with; false for every tensor of an unknown architecture.
  bool is_table(const StoredTensor& tensor) const;

  /// Throws invalid_data naming the weight, how it is stored, and why it cannot become `format`.
  [[noreturn]] void refuse(const StoredTensor& tensor, std::string_view format, std::string_view reason) const;

 private:
  Checkpoint checkpoint_;
  const CodedStore* store_;
  std::vector<WeightPlace> places_;
  std::unordered_map<std::string, WeightRole> roles_;
};

/// A row of the report on a weight whose parts take `bytes`.
WeightReport carried_weight(const WeightForm& form, std::uint64_t bytes);

/// "'model.embed_tokens.weight' and 2 more are written as float32: <why>"; empty for no names.
std::string floats_note(const std::vector<std::string>& names, std::string_view why);

/// Adds to the memory for weights what the program takes, to the time that of reading and writing; tells the job, and
/// throws where the machine does not suffice, unless the job insists.
void announce(Preflight& preflight, const std::filesystem::path& output, const ConvertJob& job);

}  // namespace zeropoint
