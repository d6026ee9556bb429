// How GGUF files and Hugging Face's checkpoints call the same things: tensors, keys of the configuration, and how the
// elements of a few tensors are ordered. Read in both directions.
//
// Source: GGUF specification, "Standardized tensor names" and "Standardized key-value pairs"; llama.cpp's converter.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "checkpoint/config.h"
#include "frontends/gguf_field.h"
#include "zeropoint/tensor.h"

namespace zeropoint {

/// A tensor's name without ".weight" or ".bias"; '#' stands for the layer's number.
struct GgufName {
  std::string_view gguf;
  std::string_view hugging_face;
  bool is_in_out = false;  // Hugging Face stores the matrix [in, out]; GGUF always has [out, in]
};

/// A key of config.json and the metadata key that says the same, without the architecture in front.
struct GgufKey {
  std::string_view config;
  std::string_view gguf;
  GgufKind kind = GgufKind::u32;
};

struct GgufArchitecture {
  std::string_view gguf;        // general.architecture
  std::string_view model_type;  // of config.json
  std::string_view class_name;  // the entry of "architectures" in config.json
  std::string_view prefix;      // that Hugging Face's names may have in front: "transformer."
  std::span<const GgufName> names;
  std::span<const GgufKey> keys;

  // Rotary pairs are neighbours in GGUF and half a head apart in Hugging Face's checkpoints: the rows of the query and
  // key projections are permuted.
  bool interleaves_rotary = false;

  /// Names translated both ways; a name that is in no table stays as it is.
  std::string to_hugging_face(std::string_view name) const;
  std::optional<std::string> to_gguf(std::string_view name) const;  // nullopt for a name that is in no table

  /// Of a GGUF tensor's name: stored [in, out] by Hugging Face.
  bool is_in_out(std::string_view gguf_name) const;

  /// Heads whose rows are permuted in the tensor of this GGUF name; 0 where rows have their order. By the
  /// configuration's num_attention_heads and num_key_value_heads.
  std::int64_t permuted_heads(std::string_view gguf_name, const Config& config) const;
};

/// By general.architecture; nullptr when there is none. The first of those with one name.
const GgufArchitecture* find_gguf_architecture(std::string_view gguf);

/// By config.json's model_type. Throws unsupported naming it, with the list of those that can be written as GGUF.
const GgufArchitecture& gguf_architecture_of(std::string_view model_type, const std::string& where);

/// Row of GGUF's order at which row `row` of Hugging Face's order lies: (head, half, i) -> (head, i, half).
std::int64_t interleaved_row(std::int64_t row, std::int64_t head_size);

}  // namespace zeropoint
