#include "formats/decoded_store.h"

#include <nlohmann/json.hpp>
#include <unordered_map>
#include <unordered_set>

#include "base/fail.h"
#include "formats/matrix_parts.h"
#include "tensor/transpose.h"

namespace zeropoint {
namespace {

class Decoded final : public DecodedStore {
 public:
  Decoded(std::unique_ptr<TensorStore> raw, const nlohmann::ordered_json& config, const Format& format,
          std::string where)
      : raw_(std::move(raw)), format_(format), where_(std::move(where)) {
    weights_ = format.find(*raw_, config.at("quantization_config"));
    std::unordered_map<const StoredTensor*, const EncodedWeight*> first_part;
    std::unordered_set<const StoredTensor*> parts;
    for (EncodedWeight& weight : weights_) {
      weight.form.is_in_out = weight.form.is_in_out || is_stored_in_out(config, weight.form.name);
      first_part[weight.parts.front()] = &weight;
      for (const StoredTensor* part : weight.parts) parts.insert(part);
    }
    for (const StoredTensor& tensor : raw_->tensors()) {
      if (const auto weight = first_part.find(&tensor); weight != first_part.end()) add(*weight->second);
      if (parts.contains(&tensor)) continue;
      if (!places_.try_emplace(tensor.name, Place{tensors_.size(), &tensor, nullptr}).second) {
        fail(ErrorKind::invalid_model, tensor.name, "is there twice: in float, and quantized");
      }
      tensors_.push_back(tensor);
    }
  }

  const Format& format() const override { return format_; }
  std::span<const StoredTensor> tensors() const override { return tensors_; }

  const StoredTensor* find(std::string_view name) const override {
    const auto at = places_.find(std::string(name));
    return at == places_.end() ? nullptr : &tensors_[at->second.index];
  }

  const WeightForm* form(const StoredTensor& tensor) const override {
    const EncodedWeight* encoded = place(tensor).encoded;
    return encoded == nullptr ? nullptr : &encoded->form;
  }

  std::string objection(const StoredTensor&) const override { return ""; }

  QuantizedWeight load(const StoredTensor& tensor) const override {
    const EncodedWeight& weight = *place(tensor).encoded;
    std::vector<Tensor> parts;
    for (const StoredTensor* part : weight.parts) parts.push_back(part != nullptr ? raw_->read(*part) : Tensor());
    try {
      return format_.decode(weight, parts);
    } catch (const Error& e) {
      throw Error(e.kind(), where_ + ": " + e.where(), e.message());
    }
  }

  Tensor read(const StoredTensor& tensor) const override {
    const Place& at = place(tensor);
    if (at.encoded == nullptr) return raw_->read(*at.plain);
    const Tensor values = dequantize(load(tensor));
    return at.encoded->form.is_in_out ? transposed(values) : values;
  }

  void release(const StoredTensor& tensor) const override {
    const Place& at = place(tensor);
    if (at.encoded == nullptr) return raw_->release(*at.plain);
    for (const StoredTensor* part : at.encoded->parts) {
      if (part != nullptr) raw_->release(*part);
    }
  }

 private:
  struct Place {
    std::size_t index = 0;
    const StoredTensor* plain = nullptr;
    const EncodedWeight* encoded = nullptr;
  };

  void add(const EncodedWeight& weight) {
    const WeightForm& form = weight.form;
    std::uint64_t bytes = 0;
    for (const StoredTensor* part : weight.parts) bytes += part != nullptr ? part->bytes : 0;
    if (!places_.try_emplace(form.name, Place{tensors_.size(), nullptr, &weight}).second) {
      fail(ErrorKind::invalid_model, where_, "'{}' is there twice", form.name);
    }
    tensors_.push_back({.name = form.name,
                        .dtype = DType::f32,
                        .shape = form.is_in_out ? Shape{form.columns, form.rows} : Shape{form.rows, form.columns},
                        .encoding = to_string(form.scheme),
                        .bytes = bytes});
  }

  const Place& place(const StoredTensor& tensor) const {
    const auto at = places_.find(tensor.name);
    if (at == places_.end()) fail(ErrorKind::internal, tensor.name, "is no tensor of this store");
    return at->second;
  }

  std::unique_ptr<TensorStore> raw_;
  const Format& format_;
  std::string where_;
  std::vector<EncodedWeight> weights_;
  std::vector<StoredTensor> tensors_;
  std::unordered_map<std::string, Place> places_;
};

}  // namespace

std::unique_ptr<TensorStore> decode_store(std::unique_ptr<TensorStore> raw, const nlohmann::ordered_json& config,
                                          const std::string& where) {
  const auto quantization = config.find("quantization_config");
  if (quantization == config.end() || quantization->is_null()) return raw;
  if (!quantization->is_object()) fail(ErrorKind::invalid_model, where, "quantization_config is no object");
  try {
    return std::make_unique<Decoded>(std::move(raw), config, recognise_format(*quantization), where);
  } catch (const Error& e) {
    throw Error(e.kind(), where + ": " + e.where(), e.message());
  }
}

}  // namespace zeropoint
