// compressed-tensors: pack-quantized below 8 bits, int-quantized for 8; and pack-quantized for every width, which is
// what vLLM wants of 8-bit weights whose activations stay float. See compressed_tensors.h.
#include "formats/compressed_tensors.h"

#include <nlohmann/json.hpp>

namespace zeropoint {
namespace {

CompressedLayout packed(const WeightForm&) { return CompressedLayout::pack; }

CompressedLayout by_width(const WeightForm& form) {
  const auto* scheme = std::get_if<MatrixScheme>(&form.scheme);
  return scheme != nullptr && scheme->bits < 8 ? CompressedLayout::pack : CompressedLayout::integer;
}

/// Writes the layout that `layout_of` says, and reads `readable`: what other files hold is another Format's.
template <CompressedLayout (*layout_of)(const WeightForm&), CompressedLayout readable>
Format compressed(std::string_view name, std::string_view summary) {
  return {.name = name,
          .summary = summary,
          .can_share = [](const WeightForm& a, const WeightForm& b) { return layout_of(a) == layout_of(b); },
          .grid_storage = [](DType stored) { return GridStorage{.scale_type = stored}; },
          .objection = [](const WeightForm& form) { return compressed_objection(layout_of(form), form); },
          .parts = [](const WeightForm& form) { return compressed_parts(layout_of(form), form); },
          .encode = [](const WeightForm& form,
                       const QuantizedWeight& w) { return compressed_encode(layout_of(form), form, w); },
          .is_by_rows = [](const WeightForm& form) { return layout_of(form) == CompressedLayout::integer; },
          .config =
              [](const ModelForm& model) {
                const bool is_empty = model.weights.empty();
                return compressed_config(is_empty ? CompressedLayout::pack : layout_of(model.weights.front()), model);
              },
          .recognises = [](const nlohmann::ordered_json& config) { return compressed_recognises(readable, config); },
          .find = [](const TensorStore& store,
                     const nlohmann::ordered_json& config) { return compressed_find(readable, store, config); },
          .decode = [](const EncodedWeight& w,
                       std::span<const Tensor> parts) { return compressed_decode(readable, w, parts); }};
}

}  // namespace

Format format_compressed_tensors() {
  return compressed<by_width, CompressedLayout::integer>(
      "compressed-tensors", "vLLM and transformers; int-quantized for 8 bits, pack-quantized for fewer");
}

Format format_pack_quantized() {
  return compressed<packed, CompressedLayout::pack>("pack-quantized",
                                                    "compressed-tensors' packed layout, for 8 bits too");
}

}  // namespace zeropoint
