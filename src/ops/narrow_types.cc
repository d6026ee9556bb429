#include "ops/narrow_types.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "kernels/convert/convert.h"

namespace zeropoint {
namespace {

Tensor unpack(const Tensor& from) {
  Tensor to = Tensor::allocate(DType::u8, from.shape());
  const int width = bits(from.dtype());
  const int per_byte = 8 / width;
  const auto* src = static_cast<const std::uint8_t*>(from.raw());
  auto* dst = to.mutable_data<std::uint8_t>();
  for (std::int64_t i = 0; i < to.size(); ++i) {
    dst[i] = static_cast<std::uint8_t>(src[i / per_byte] >> (i % per_byte * width) & ((1 << width) - 1));
  }
  return to;
}

void pack(const Tensor& from, Tensor& to) {
  const int width = bits(to.dtype());
  const int per_byte = 8 / width;
  const auto* src = from.data<std::uint8_t>();
  auto* dst = static_cast<std::uint8_t*>(to.mutable_raw());
  std::fill_n(dst, to.bytes(), std::uint8_t{0});
  for (std::int64_t i = 0; i < from.size(); ++i) {
    dst[i / per_byte] = static_cast<std::uint8_t>(dst[i / per_byte] | (src[i] << (i % per_byte * width)));
  }
}

Tensor widen(const Tensor& from, DType to_type) {
  if (to_type == DType::u8) return unpack(from);
  Tensor to = Tensor::allocate(to_type, from.shape());
  const auto* src = static_cast<const std::uint16_t*>(from.raw());
  (from.dtype() == DType::f16 ? convert_f16_f32 : convert_bf16_f32)(src, to.mutable_data<float>(), from.size());
  return to;
}

void narrow(const Tensor& from, Tensor& to) {
  if (from.dtype() == DType::u8) return pack(from, to);
  auto* dst = static_cast<std::uint16_t*>(to.mutable_raw());
  (to.dtype() == DType::f16 ? convert_f32_f16 : convert_f32_bf16)(from.data<float>(), dst, from.size());
}

class Widened final : public Kernel {
 public:
  Widened(std::unique_ptr<Kernel> inner, Widening widening, std::vector<DType> output_types)
      : inner_(std::move(inner)), widening_(widening), output_types_(std::move(output_types)) {}

  std::size_t scratch_bytes() const override { return inner_->scratch_bytes(); }

  void run(const KernelIo& io) override {
    std::vector<Tensor> inputs(io.inputs.size());
    std::vector<const Tensor*> wide_inputs(io.inputs.begin(), io.inputs.end());
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      if (!io.has(i)) continue;
      const DType wide = widened(io.in(i).dtype(), widening_);
      if (wide == io.in(i).dtype()) continue;
      inputs[i] = widen(io.in(i), wide);
      wide_inputs[i] = &inputs[i];
    }
    std::vector<Tensor> wide_outputs(io.outputs.begin(), io.outputs.end());
    for (std::size_t i = 0; i < wide_outputs.size(); ++i) {
      if (wide_outputs[i] && is_narrow(i)) {
        wide_outputs[i] = Tensor::allocate(widened(output_types_[i], widening_), io.out(i).shape());
      }
    }
    inner_->run({.inputs = wide_inputs, .outputs = wide_outputs, .scratch = io.scratch, .captures = io.captures});
    for (std::size_t i = 0; i < wide_outputs.size(); ++i) {
      if (!wide_outputs[i]) continue;
      if (!is_narrow(i)) {
        io.out(i) = wide_outputs[i];
        continue;
      }
      if (!io.out(i)) io.out(i) = Tensor::allocate(output_types_[i], wide_outputs[i].shape());
      narrow(wide_outputs[i], io.out(i));
    }
  }

 private:
  bool is_narrow(std::size_t output) const {
    return output < output_types_.size() && widened(output_types_[output], widening_) != output_types_[output];
  }

  std::unique_ptr<Kernel> inner_;
  Widening widening_;
  std::vector<DType> output_types_;
};

}  // namespace

DType widened(DType dtype, Widening widening) {
  if (widening == Widening::halves_to_float32) {
    return dtype == DType::f16 || dtype == DType::bf16 ? DType::f32 : dtype;
  }
  return bits(dtype) > 0 && bits(dtype) < 8 ? DType::u8 : dtype;
}

std::unique_ptr<Kernel> make_widened(const OpSite& site, Widening widening, InferFunction infer, MakeFunction make) {
  std::vector<ValueFacts> facts(site.inputs.begin(), site.inputs.end());
  bool changed = false;
  for (ValueFacts& input : facts) {
    const DType wide = widened(input.dtype, widening);
    if (wide == input.dtype) continue;
    changed = true;
    if (input.constant) input.constant = widen(input.constant, wide);
    input.dtype = wide;
  }
  std::vector<DType> output_types;
  for (const ValueFacts& output : infer(site)) {
    output_types.push_back(output.dtype);
    changed = changed || widened(output.dtype, widening) != output.dtype;
  }
  if (!changed) return make(site);
  OpSite wide_site = {.node = site.node, .opset = site.opset, .inputs = facts, .services = site.services};
  return std::make_unique<Widened>(make(wide_site), widening, std::move(output_types));
}

}  // namespace zeropoint
