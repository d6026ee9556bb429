#include "methods/gguf_recipes.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <vector>

#include "base/fail.h"
#include "base/nearest.h"

namespace zeropoint {
namespace {

using kernels::GgmlType;

constexpr auto kQ4_0 = std::to_array<GgufRule>({
    {.tensor = "ffn_down", .layers = GgufLayers::first_eighth, .type = GgmlType::q4_1, .if_importance = true},
});
constexpr auto kQ5_0 = std::to_array<GgufRule>({
    {.tensor = "ffn_down", .layers = GgufLayers::first_eighth, .type = GgmlType::q5_1, .if_importance = true},
});
constexpr auto kQ2_K = std::to_array<GgufRule>({
    {.tensor = "attn_v", .type = GgmlType::q4_k, .if_shared_keys = true},
    {.tensor = "attn_v", .type = GgmlType::q3_k},
    {.tensor = "ffn_down", .type = GgmlType::q3_k},
    {.tensor = "attn_output", .type = GgmlType::q3_k},
});
constexpr auto kQ3_K_M = std::to_array<GgufRule>({
    {.tensor = "attn_v", .layers = GgufLayers::first_two, .type = GgmlType::q5_k},
    {.tensor = "attn_v", .type = GgmlType::q4_k},
    {.tensor = "ffn_down", .layers = GgufLayers::first_sixteenth, .type = GgmlType::q5_k},
    {.tensor = "ffn_down", .type = GgmlType::q4_k},
    {.tensor = "attn_output", .type = GgmlType::q4_k},
    {.tensor = "attn_qkv", .type = GgmlType::q4_k},
});
constexpr auto kQ3_K_L = std::to_array<GgufRule>({
    {.tensor = "attn_v", .type = GgmlType::q5_k},
    {.tensor = "ffn_down", .type = GgmlType::q5_k},
    {.tensor = "attn_output", .type = GgmlType::q5_k},
    {.tensor = "attn_qkv", .type = GgmlType::q4_k},
});
constexpr auto kQ4_K_S = std::to_array<GgufRule>({
    {.tensor = "attn_v", .layers = GgufLayers::first_four, .type = GgmlType::q5_k},
    {.tensor = "ffn_down", .layers = GgufLayers::first_eighth, .type = GgmlType::q5_k},
});
constexpr auto kQ4_K_M = std::to_array<GgufRule>({
    {.tensor = "attn_v", .layers = GgufLayers::more_bits, .type = GgmlType::q6_k},
    {.tensor = "ffn_down", .layers = GgufLayers::more_bits, .type = GgmlType::q6_k},
    {.tensor = "attn_qkv", .type = GgmlType::q5_k},
});
constexpr auto kQ5_K_M = std::to_array<GgufRule>({
    {.tensor = "attn_v", .layers = GgufLayers::more_bits, .type = GgmlType::q6_k},
    {.tensor = "ffn_down", .layers = GgufLayers::more_bits, .type = GgmlType::q6_k},
    {.tensor = "attn_qkv", .type = GgmlType::q6_k},
});

constexpr auto kRecipes = std::to_array<GgufRecipe>({
    {"F32", "no quantization", 0, GgmlType::f32, {}},
    {"F16", "16-bit floats", 1, GgmlType::f16, {}},
    {"BF16", "16-bit floats with the range of float32", 32, GgmlType::bf16, {}},
    {"Q8_0", "8 bits, close to no loss", 7, GgmlType::q8_0, {}},
    {"Q6_K", "6 bits", 18, GgmlType::q6_k, {}},
    {"Q5_K_M", "5 bits, 6 for what matters most", 17, GgmlType::q5_k, kQ5_K_M},
    {"Q5_K_S", "5 bits", 16, GgmlType::q5_k, {}},
    {"Q5_1", "5 bits, older format", 9, GgmlType::q5_1, {}},
    {"Q5_0", "5 bits, older format", 8, GgmlType::q5_0, kQ5_0},
    {"Q4_K_M", "4 bits, 6 for what matters most: the usual choice", 15, GgmlType::q4_k, kQ4_K_M},
    {"Q4_K_S", "4 bits, 5 for the first layers", 14, GgmlType::q4_k, kQ4_K_S},
    {"Q4_1", "4 bits, older format", 3, GgmlType::q4_1, {}},
    {"Q4_0", "4 bits, older format, the fastest to compute with", 2, GgmlType::q4_0, kQ4_0},
    {"Q3_K_L", "3 bits, 5 for what matters most", 13, GgmlType::q3_k, kQ3_K_L},
    {"Q3_K_M", "3 bits, 4 and 5 for what matters most", 12, GgmlType::q3_k, kQ3_K_M},
    {"Q3_K_S", "3 bits", 11, GgmlType::q3_k, {}},
    {"Q2_K", "2 bits, 3 and 4 for what matters most", 10, GgmlType::q2_k, kQ2_K},
});

struct FallBack {
  GgmlType wanted;
  GgmlType instead;
};
constexpr FallBack kFallBacks[] = {{GgmlType::q2_k, GgmlType::q4_0},
                                   {GgmlType::q3_k, GgmlType::q4_0},
                                   {GgmlType::q4_k, GgmlType::q5_0},
                                   {GgmlType::q5_k, GgmlType::q5_1},
                                   {GgmlType::q6_k, GgmlType::q8_0}};

constexpr std::string_view kNeverQuantized[] = {"position_embd.weight", "token_types.weight"};
constexpr std::int64_t kSharedByFour = 4;
constexpr std::int64_t kLayersOf70B = 80;

/// "blk.12.attn_v.weight": layer 12, "attn_v".
struct Place {
  std::int64_t layer = 0;
  std::string_view tensor;
};

Place place_of(std::string_view name) {
  Place place;
  if (name.ends_with(".weight")) name.remove_suffix(std::string_view(".weight").size());
  place.tensor = name;
  constexpr std::string_view kBlock = "blk.";
  if (!name.starts_with(kBlock)) return place;
  const char* end = name.data() + name.size();
  const auto number = std::from_chars(name.data() + kBlock.size(), end, place.layer);
  if (number.ec == std::errc() && number.ptr != end) place.tensor = {number.ptr + 1, end};
  return place;
}

bool applies(GgufLayers layers, std::int64_t i, std::int64_t n) {
  switch (layers) {
    case GgufLayers::all:
      return true;
    case GgufLayers::more_bits:
      return i < n / 8 || i >= 7 * n / 8 || (i - n / 8) % 3 == 2;
    case GgufLayers::first_eighth:
      return i < n / 8;
    case GgufLayers::first_sixteenth:
      return i < n / 16;
    case GgufLayers::first_two:
      return i < 2;
    case GgufLayers::first_four:
      return i < 4;
  }
  return false;
}

GgmlType wanted_type(const GgufRecipe& recipe, const Place& place, const Shape& shape, const GgufModelFacts& facts) {
  const bool is_output = place.tensor == "output" || (place.tensor == "token_embd" && !facts.has_output);
  const bool is_block_format = kernels::ggml_block_size(recipe.base) > 1;
  if (is_output && is_block_format) {
    const bool fits = shape.back() % kernels::ggml_block_size(recipe.base) == 0;
    return fits && recipe.base != GgmlType::q8_0 ? GgmlType::q6_k : GgmlType::q8_0;
  }
  GgmlType type = recipe.base;
  for (const GgufRule& rule : recipe.rules) {
    if (rule.tensor != place.tensor || !applies(rule.layers, place.layer, facts.layers)) continue;
    if (rule.if_shared_keys && facts.queries_per_key < kSharedByFour) continue;
    if (rule.if_importance && !facts.has_importance) continue;
    type = rule.type;
    break;
  }
  // Where eight heads of queries share one, attn_v is small and its errors count eightfold.
  const bool is_70b = facts.layers == kLayersOf70B && facts.queries_per_key > 1;
  if (is_70b && place.tensor == "attn_v" && (type == GgmlType::q3_k || type == GgmlType::q4_k)) return GgmlType::q5_k;
  return type;
}

}  // namespace

std::span<const GgufRecipe> all_gguf_recipes() { return kRecipes; }

const GgufRecipe& find_gguf_recipe(std::string_view name) {
  const auto same = [](char a, char b) { return std::toupper(static_cast<unsigned char>(a)) == b; };
  const auto* recipe =
      std::ranges::find_if(kRecipes, [&](const GgufRecipe& row) { return std::ranges::equal(name, row.name, same); });
  if (recipe != kRecipes.end()) return *recipe;
  std::vector<std::string_view> known;
  for (const GgufRecipe& row : kRecipes) known.push_back(row.name);
  fail(ErrorKind::invalid_option, "--method", "{}", unknown_word("mix of GGUF formats", name, known));
}

GgufChoice choose_gguf_type(const GgufRecipe& recipe, std::string_view name, const Shape& shape,
                            const GgufModelFacts& facts) {
  const bool is_weight = shape.size() == 2 && name.ends_with(".weight");
  if (!is_weight || std::ranges::find(kNeverQuantized, name) != std::end(kNeverQuantized)) return {};
  const GgmlType wanted = wanted_type(recipe, place_of(name), shape, facts);
  const auto fits = [&](GgmlType type) { return shape.back() % kernels::ggml_block_size(type) == 0; };
  if (fits(wanted)) return {.type = wanted, .wanted = wanted};
  const auto* row = std::ranges::find(kFallBacks, wanted, &FallBack::wanted);
  const GgmlType instead = row == std::end(kFallBacks) ? GgmlType::f16 : row->instead;
  return {.type = fits(instead) ? instead : GgmlType::f16, .wanted = wanted};
}

}  // namespace zeropoint
