// Runs one operator the way a plan does: infer, make, run. For the tests beside the operators.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "graph/graph.h"
#include "ops/op.h"
#include "zeropoint/error.h"
#include "zeropoint/tensor.h"

namespace zeropoint::testing {

struct OpCall {
  std::string op_type;
  std::vector<Tensor> inputs;  // a default Tensor is an absent optional input
  std::vector<std::pair<std::string, AttributeValue>> attributes = {};
  std::int64_t opset = 21;
  std::size_t outputs = 1;
  std::string domain = "";
  bool constants_known = true;  // false: infer() sees shapes only and must answer with a dynamic output
};

/// The outputs. Throws what the operator throws.
std::vector<Tensor> run_op(const OpCall& call);

/// What infer() alone says about the outputs.
std::vector<ValueFacts> infer_op(const OpCall& call);

/// The message of the Error that run_op() throws; "no error" when it throws none.
std::string error_of(const OpCall& call);

template <class T>
std::vector<T> list(const Tensor& tensor) {
  const auto values = tensor.values<T>();
  return {values.begin(), values.end()};
}

inline Tensor ints(std::initializer_list<std::int64_t> values) {
  return Tensor::of<std::int64_t>({static_cast<std::int64_t>(values.size())}, values);
}

/// 0, 1, 2 ... as float32.
inline Tensor counting(Shape shape) {
  Tensor t = Tensor::allocate(DType::f32, std::move(shape));
  for (std::int64_t i = 0; i < t.size(); ++i) t.mutable_data<float>()[i] = static_cast<float>(i);
  return t;
}

}  // namespace zeropoint::testing
