// Two models side by side on the same data: how far every value of the second is from the same value
// of the first, for example of a quantized model from its float model.
//
// Values are matched by name. Both models run batch by batch with taps; what is kept between batches
// are a few sums per value, so that memory does not grow with the data.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/progress.h"
#include "data/dataset.h"
#include "graph/graph.h"
#include "report/divergence.h"

namespace zeropoint {

/// Sums over all elements of all batches of a reference a and a value b.
class ErrorSums {
 public:
  /// Float32 tensors of the same shape. Sums are in double, over fixed chunks: the same for any thread count.
  void add(const Tensor& reference, const Tensor& value);

  double sqnr_db() const;  ///< 10 log10(sum a^2 / sum (a - b)^2); infinite when they are equal
  double cosine() const;   ///< sum ab / sqrt(sum a^2 sum b^2); 1 when both are zero
  double max_abs_error() const { return max_abs_error_; }
  double mean_abs_error() const { return count_ == 0 ? 0 : sum_abs_error_ / static_cast<double>(count_); }
  std::int64_t count() const { return count_; }

 private:
  std::int64_t count_ = 0;
  double sum_aa_ = 0;
  double sum_bb_ = 0;
  double sum_ab_ = 0;
  double sum_squared_error_ = 0;
  double sum_abs_error_ = 0;
  double max_abs_error_ = 0;
};

struct ValueError {
  std::string name;
  std::string op_type;  // of the node that makes it
  ErrorSums error;
};

struct Comparison {
  std::optional<LanguageScores> language;  // of language models: see CompareOptions::of_language
  std::vector<ValueError> layers;          // in the first model's order; outputs are not repeated here
  std::vector<ValueError> outputs;         // in the first model's order
  std::vector<std::string> unmatched;      // float values of the first model that the second does not have
  std::int64_t samples = 0;
};

struct CompareOptions {
  bool outputs_only = false;
  bool of_language = false;  // the first output holds logits [N, T, vocabulary] of the tokens that follow
  OnProgress on_progress;    // in samples
};

/// Whether the model is one that predicts tokens, as the graphs made from checkpoints do: an input of tokens below a
/// known vocabulary, and "logits" first among the outputs.
bool is_language_model(const Model& model);

/// Runs both over everything that `data` holds; `data` is opened for the first model's inputs, which the
/// second must have too, in the same order. Throws invalid_model naming what they do not have in common,
/// invalid_data for a value with a NaN.
Comparison compare(const Model& reference, const Model& model, Dataset& data, const CompareOptions& options = {});

}  // namespace zeropoint
