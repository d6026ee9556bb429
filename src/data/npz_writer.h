// Writes arrays: one as .npy, several by name as .npz (stored, readable by numpy.load), whole or not at all.
#pragma once

#include <filesystem>
#include <span>
#include <string>

#include "zeropoint/tensor.h"

namespace zeropoint {

struct NamedTensor {
  std::string name;
  Tensor tensor;
};

/// Throws io; unsupported for a type that NumPy does not have.
void save_npy(const Tensor& tensor, const std::filesystem::path& path);
void save_npz(std::span<const NamedTensor> tensors, const std::filesystem::path& path);

}  // namespace zeropoint
