// The mixes of GGUF block formats that llama.cpp calls Q4_K_M and the like: which tensor gets which format.
//
// Most weights get the mix's base format; the output layer and some projections that quantization hurts most get more
// bits. Rows that do not fit a format's blocks fall back to one with smaller blocks.
// Source: llama.cpp, `llama_tensor_get_type` of its quantizer, without importance-matrix formats (IQ).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "kernels/ggml/ggml.h"
#include "zeropoint/tensor.h"

namespace zeropoint {

/// What a rule's choice depends on besides the tensor's name.
struct GgufModelFacts {
  std::int64_t layers = 0;
  std::int64_t queries_per_key = 1;  // heads of queries that share one head of keys
  bool has_output = false;           // an output layer of its own; otherwise the embedding is it
  bool has_importance = false;
};

/// The layers to which a rule applies, of n, counted from 0.
enum class GgufLayers {
  all,
  more_bits,     // i < n/8, i >= 7n/8, or (i - n/8) % 3 == 2
  first_eighth,  // i < n/8
  first_sixteenth,
  first_two,
  first_four,
};

struct GgufRule {
  std::string_view tensor;  // the GGUF name without the layer: "attn_v"
  GgufLayers layers = GgufLayers::all;
  kernels::GgmlType type = kernels::GgmlType::f32;
  bool if_shared_keys = false;  // only where four or more heads of queries share a head of keys
  bool if_importance = false;   // only with an importance matrix
};

struct GgufRecipe {
  std::string_view name;
  std::string_view summary;
  std::uint32_t file_type = 0;  // general.file_type
  kernels::GgmlType base = kernels::GgmlType::f32;
  std::span<const GgufRule> rules;  // the first that applies decides
};

std::span<const GgufRecipe> all_gguf_recipes();

/// Throws invalid_option naming the word and the recipes there are.
const GgufRecipe& find_gguf_recipe(std::string_view name);

struct GgufChoice {
  kernels::GgmlType type = kernels::GgmlType::f32;
  kernels::GgmlType wanted = kernels::GgmlType::f32;  // by the recipe; differs from type after a fall-back
};

/// The format of one tensor, by its GGUF name. Vectors, positions and token types are float32 always.
GgufChoice choose_gguf_type(const GgufRecipe& recipe, std::string_view name, const Shape& shape,
                            const GgufModelFacts& facts);

}  // namespace zeropoint
