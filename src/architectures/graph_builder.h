// What architecture files write their graphs with: nodes by name, weights by the checkpoint's names.
//
// Methods append nodes and return the value that they make. A name is used for the node and for its value; names that
// are no modules of the checkpoint contain a '/': "model.layers.0.mlp/sigmoid".
// Errors: invalid_data naming the checkpoint and the weight or key.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "architectures/architecture.h"
#include "checkpoint/config.h"
#include "weights/weight.h"

namespace zeropoint {

using NamedAttributes = std::vector<std::pair<std::string, AttributeValue>>;

enum class Bias { absent, present };

/// What a linear layer's weight looks like in the checkpoint.
struct LinearShape {
  std::int64_t in = 0;
  std::int64_t out = 0;
  Bias bias = Bias::absent;
  bool is_in_out = false;  // stored [in, out]
};

class GraphBuilder {
 public:
  enum class Weights { read, only_list };

  static constexpr std::int64_t kAnyLength = -1;

  GraphBuilder(const Checkpoint& checkpoint, Weights weights, LinearLayers layers);

  const Config& config() const { return config_; }
  std::string source() const { return model_.source; }  ///< the checkpoint's path, for messages

  /// Weights asked for from here on belong to this decoder layer; -1: to none.
  void enter_layer(int layer) { layer_ = layer; }

  /// The input "tokens", int64 [N, T], T at most `longest`, elements below `vocabulary`.
  ValueId tokens(std::int64_t longest, std::int64_t vocabulary);

  /// Makes `value` an output [N, T, columns] of this name.
  void output(ValueId value, std::string name, std::int64_t columns);

  bool has_weight(std::string_view name) const;

  /// The tensor `name` as a constant in its stored type. Throws when it is missing, of another shape or no float.
  ValueId weight(const std::string& name, const Shape& shape, WeightRole role, bool is_in_out = false);

  /// A norm, a bias: the tensor in float32.
  ValueId float_weight(const std::string& name, const Shape& shape);

  ValueId constant(const std::string& name, Tensor tensor);
  ValueId floats(const std::string& name, const std::vector<float>& values);
  ValueId integers(const std::string& name, const std::vector<std::int64_t>& values);

  ValueId node(std::string_view op_type, const std::string& name, std::vector<ValueId> inputs,
               const NamedAttributes& attributes = {});

  /// Parts of the last axis.
  std::vector<ValueId> split(const std::string& name, ValueId x, const std::vector<std::int64_t>& sizes);

  /// x W^T + b with "<module>.weight" and "<module>.bias", in the arithmetic that LinearLayers asks for.
  ValueId linear(ValueId x, const std::string& module, const LinearShape& shape);

  /// Rows of the table "<module>.weight", in float32.
  ValueId embedding(ValueId indices, const std::string& module, std::int64_t rows, std::int64_t columns,
                    WeightRole role = WeightRole::embedding);

  ValueId rms_norm(ValueId x, const std::string& module, std::int64_t size, double epsilon);
  ValueId layer_norm(ValueId x, const std::string& module, std::int64_t size, double epsilon);

  /// x W^T with "<module>.weight", or with the table of the module `embedding` where the checkpoint ties the two: when
  /// tie_word_embeddings says so, or says nothing and there is no "<module>.weight".
  ValueId output_layer(ValueId x, const std::string& module, const std::string& embedding, std::int64_t hidden,
                       std::int64_t vocabulary);

  Model take_model() { return std::move(model_); }
  std::vector<WeightPlace> take_places() { return std::move(places_); }

 private:
  ValueId named_node(std::string_view op_type, const std::string& name, const std::string& result,
                     std::vector<ValueId> inputs, const NamedAttributes& attributes = {});
  ValueId in_float32(const std::string& name, ValueId value);
  ValueId product(ValueId x, const std::string& module, const std::string& result, const std::string& weight_name,
                  const LinearShape& shape, WeightRole role);

  ValueId llm_int8_product(ValueId x, const std::string& module, const std::string& result,
                           const QuantizedWeight& weight);
  const StoredTensor& stored_weight(const std::string& name, const Shape& shape) const;

  const Checkpoint& checkpoint_;
  Config config_;
  Weights weights_;
  LinearLayers layers_;
  Model model_;
  int layer_ = -1;
  std::vector<WeightPlace> places_;
};

}  // namespace zeropoint
