#include "onednn/common.h"

#include <fmt/ranges.h>

#include <string>

#include "base/fail.h"

namespace zeropoint::onednn {
namespace {

Shape row_major_strides(const Shape& shape) {
  Shape strides(shape.size(), 1);
  for (std::size_t i = shape.size(); i-- > 1;) strides[i - 1] = strides[i] * std::max<std::int64_t>(1, shape[i]);
  return strides;
}

}  // namespace

dnnl::engine& engine() {
  static dnnl::engine cpu(dnnl::engine::kind::cpu, 0);
  return cpu;
}

dnnl::memory::data_type data_type(DType dtype) {
  switch (dtype) {
    case DType::f32:
      return dnnl::memory::data_type::f32;
    case DType::i32:
      return dnnl::memory::data_type::s32;
    case DType::i8:
      return dnnl::memory::data_type::s8;
    case DType::u8:
      return dnnl::memory::data_type::u8;
    default:
      fail(ErrorKind::internal, "oneDNN", "does not compute with {}", name(dtype));
  }
}

dnnl::memory::desc row_major(const Shape& shape, DType dtype) {
  return {shape, data_type(dtype), row_major_strides(shape)};
}

dnnl::memory::desc channels_last(const Shape& shape, DType dtype) {
  Shape physical = {shape[0]};
  physical.insert(physical.end(), shape.begin() + 2, shape.end());
  physical.push_back(shape[1]);
  const Shape steps = row_major_strides(physical);
  Shape strides = {steps[0], 1};
  strides.insert(strides.end(), steps.begin() + 1, steps.end() - 1);
  return {shape, data_type(dtype), strides};
}

dnnl::memory::desc any_layout(const Shape& shape, DType dtype) {
  return {shape, data_type(dtype), dnnl::memory::format_tag::any};
}

void append(dnnl::post_ops& post_ops, const Activation& activation) {
  const auto add = [&](dnnl::algorithm algorithm, float alpha, float beta) {
#if DNNL_VERSION_MAJOR >= 3
    post_ops.append_eltwise(algorithm, alpha, beta);
#else
    post_ops.append_eltwise(1.0F, algorithm, alpha, beta);
#endif
  };
  switch (activation.kind) {
    case ActivationKind::none:
      break;
    case ActivationKind::relu:
      add(dnnl::algorithm::eltwise_relu, 0, 0);
      break;
    case ActivationKind::leaky_relu:
      add(dnnl::algorithm::eltwise_relu, activation.alpha, 0);
      break;
    case ActivationKind::clip:
      add(dnnl::algorithm::eltwise_clip, activation.alpha, activation.beta);
      break;
  }
}

dnnl::primitive_attr user_scratchpad() {
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return attributes;
}

void Execution::add(int argument, const dnnl::memory::desc& desc) {
  memories_.emplace_back(desc, engine(), nullptr);
  arguments_.push_back({argument, memories_.back().get()});
}

void Execution::run(std::span<void* const> addresses) {
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    dnnl_memory_set_data_handle(arguments_[i].memory, addresses[i]);
  }
  const dnnl_status_t status =
      dnnl_primitive_execute(primitive_.get(), stream_.get(), static_cast<int>(arguments_.size()), arguments_.data());
  if (status != dnnl_success) fail(ErrorKind::internal, "oneDNN", "execution failed with status {}", int{status});
}

Tensor reordered(const void* values, const dnnl::memory::desc& from, const dnnl::memory::desc& to) {
  Tensor result = Tensor::allocate(DType::u8, {static_cast<std::int64_t>(to.get_size())});
  dnnl::memory source(from, engine(), const_cast<void*>(values));  // NOLINT: the library reads it
  dnnl::memory target(to, engine(), result.mutable_raw());
  dnnl::stream stream(engine());
  dnnl::reorder(source, target).execute(stream, source, target);
  stream.wait();
  return result;
}

std::string layout_key(const dnnl::memory::desc& desc) {
#if DNNL_VERSION_MAJOR >= 3
  std::string key = fmt::format("{} {} {}", static_cast<int>(desc.get_format_kind()),
                                static_cast<int>(desc.get_data_type()), desc.get_size());
  for (const auto& list :
       {desc.get_dims(), desc.get_padded_dims(), desc.get_strides(), desc.get_inner_blks(), desc.get_inner_idxs()}) {
    key += fmt::format(" [{}]", fmt::join(list, " "));
  }
  return key;
#else
  return {reinterpret_cast<const char*>(&desc.data), sizeof(desc.data)};
#endif
}

}  // namespace zeropoint::onednn
