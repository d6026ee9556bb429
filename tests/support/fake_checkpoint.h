// A checkpoint of zeros in memory, for tests.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "checkpoint/checkpoint.h"

namespace zeropoint::testing {

class FakeStore final : public TensorStore {
 public:
  FakeStore(const std::map<std::string, Shape>& shapes, DType dtype) {
    for (const auto& [name, shape] : shapes) stored_.push_back({.name = name, .dtype = dtype, .shape = shape});
  }

  std::span<const StoredTensor> tensors() const override { return stored_; }
  Tensor read(const StoredTensor& tensor) const override {
    ++reads;
    return Tensor::zeros(tensor.dtype, tensor.shape);
  }
  void release(const StoredTensor&) const override {}

  mutable int reads = 0;

 private:
  std::vector<StoredTensor> stored_;
};

inline Checkpoint fake_checkpoint(const nlohmann::ordered_json& config, const std::map<std::string, Shape>& shapes,
                                  DType dtype = DType::f32) {
  return {.path = "fake", .config = config, .weights = std::make_unique<FakeStore>(shapes, dtype)};
}

}  // namespace zeropoint::testing
