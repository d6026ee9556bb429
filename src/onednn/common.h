// Private to src/onednn: the library's types, and what its versions 2 and 3 say differently.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "oneapi/dnnl/dnnl.hpp"
#include "onednn/activation.h"
#include "zeropoint/dtype.h"
#include "zeropoint/tensor.h"

namespace zeropoint::onednn {

dnnl::engine& engine();

/// Throws internal for a type that the library does not compute with.
dnnl::memory::data_type data_type(DType dtype);

/// A dense activation [N, C, spatial...] whose channels lie together.
dnnl::memory::desc channels_last(const Shape& shape, DType dtype);

/// A dense row-major array.
dnnl::memory::desc row_major(const Shape& shape, DType dtype);

/// A layout of the library's choice.
dnnl::memory::desc any_layout(const Shape& shape, DType dtype);

/// Adds dst = activation(dst) to what happens after the main computation.
void append(dnnl::post_ops& post_ops, const Activation& activation);

/// Scratch memory is given by the caller at each execution.
dnnl::primitive_attr user_scratchpad();

/// A primitive and its memory objects, made once: a run sets addresses and executes.
class Execution {
 public:
  Execution() = default;
  explicit Execution(const dnnl::primitive& primitive) : primitive_(primitive), stream_(engine()) {}

  /// The argument's place in run()'s list is the order of these calls.
  void add(int argument, const dnnl::memory::desc& desc);

  /// One address per argument.
  void run(std::span<void* const> addresses);

 private:
  dnnl::primitive primitive_;
  dnnl::stream stream_;
  std::vector<dnnl::memory> memories_;
  std::vector<dnnl_exec_arg_t> arguments_;
};

/// `values` rearranged from `from` to `to` in new memory of to.get_size() bytes.
Tensor reordered(const void* values, const dnnl::memory::desc& from, const dnnl::memory::desc& to);

/// Text that differs where layouts of one implementation do.
std::string layout_key(const dnnl::memory::desc& desc);

}  // namespace zeropoint::onednn
