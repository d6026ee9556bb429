// ggml's own quantizer, from the shared library that the environment variable ZEROPOINT_GGML names
// (scripts/fetch-ggml gets it). For tests and benchmarks.
#pragma once

#include <dlfcn.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "kernels/ggml/ggml.h"

namespace zeropoint::testing {

class GgmlLibrary {
 public:
  GgmlLibrary() {
    if (const char* path = std::getenv("ZEROPOINT_GGML")) library_ = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  }
  bool is_loaded() const { return library_ != nullptr; }

  /// rows * columns values to blocks; `importance` is one row of weights, or null.
  void quantize(kernels::GgmlType type, const float* src, std::int64_t rows, std::int64_t columns,
                const float* importance, std::byte* dst) const {
    using Quantize = std::size_t(int, const float*, void*, std::int64_t, std::int64_t, std::int64_t, const float*);
    auto* chunk = reinterpret_cast<Quantize*>(dlsym(library_, "ggml_quantize_chunk"));
    chunk(static_cast<int>(type), src, dst, 0, rows, columns, importance);
  }

  /// n values; types with blocks only.
  void dequantize(kernels::GgmlType type, const std::byte* src, std::int64_t n, float* dst) const {
    std::string symbol = "dequantize_row_" + std::string(kernels::name(type));
    symbol[symbol.find('Q')] = 'q';
    reinterpret_cast<void (*)(const void*, float*, std::int64_t)>(dlsym(library_, symbol.c_str()))(src, dst, n);
  }

 private:
  void* library_ = nullptr;
};

}  // namespace zeropoint::testing
