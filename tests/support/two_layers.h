// A model of two matrix products with random weights, and what GPTQ makes of it.
#pragma once

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "methods/gptq_model.h"
#include "support/model_text.h"

namespace zeropoint::testing {

using Samples = std::vector<std::vector<Tensor>>;

inline Tensor normal(const Shape& shape, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> distribution(0, 1);
  Tensor x = Tensor::allocate(DType::f32, shape);
  for (float& value : x.mutable_values<float>()) value = distribution(random);
  return x;
}

inline void set(Model& model, std::string_view name, Tensor tensor) {
  model.graph.value(model.graph.find(name)).constant = std::move(tensor);
}

/// x -> w1 -> Relu -> w2.
inline Model two_layers() {
  Model model = model_of(
      "g (float32[N, 4] x) => (float32[N, 3] y)\n"
      "<float32[4, 6] w1 = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},\n"
      " float32[6, 3] w2 = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}>\n"
      "{ [\"first\"] h = MatMul(x, w1) r = Relu(h) [\"second\"] y = MatMul(r, w2) }");
  set(model, "w1", normal({4, 6}, 1));
  set(model, "w2", normal({6, 3}, 2));
  return model;
}

inline Samples samples() { return {{normal({8, 4}, 3)}, {normal({8, 4}, 4)}}; }

struct Outcome {
  std::map<std::string, QuantizedMatrix> matrices;
  GptqModelReport report;
};

inline Outcome quantize(const Model& model, const Samples& data, const GptqModelOptions& options) {
  Outcome outcome;
  outcome.report = gptq_model(model, data, options,
                              [&](const QuantizedMatrix& matrix, const auto& w) { outcome.matrices[w.name] = matrix; });
  return outcome;
}

template <typename T>
inline bool equal(const Tensor& a, const Tensor& b) {
  return std::ranges::equal(a.values<T>(), b.values<T>());
}

inline bool equal(const QuantizedMatrix& a, const QuantizedMatrix& b) {
  return a.scheme == b.scheme && equal<std::int8_t>(a.codes, b.codes) && equal<float>(a.scales, b.scales);
}

}  // namespace zeropoint::testing
