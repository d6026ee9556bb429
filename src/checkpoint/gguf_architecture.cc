#include "checkpoint/gguf_architecture.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "base/fail.h"
#include "base/nearest.h"

namespace zeropoint {
namespace {

constexpr auto kLlamaNames = std::to_array<GgufName>({
    {"token_embd", "model.embed_tokens"},
    {"output_norm", "model.norm"},
    {"output", "lm_head"},
    {"blk.#.attn_norm", "model.layers.#.input_layernorm"},
    {"blk.#.attn_q", "model.layers.#.self_attn.q_proj"},
    {"blk.#.attn_k", "model.layers.#.self_attn.k_proj"},
    {"blk.#.attn_v", "model.layers.#.self_attn.v_proj"},
    {"blk.#.attn_output", "model.layers.#.self_attn.o_proj"},
    {"blk.#.attn_q_norm", "model.layers.#.self_attn.q_norm"},
    {"blk.#.attn_k_norm", "model.layers.#.self_attn.k_norm"},
    {"blk.#.ffn_norm", "model.layers.#.post_attention_layernorm"},
    {"blk.#.ffn_gate", "model.layers.#.mlp.gate_proj"},
    {"blk.#.ffn_up", "model.layers.#.mlp.up_proj"},
    {"blk.#.ffn_down", "model.layers.#.mlp.down_proj"},
});

constexpr auto kGpt2Names = std::to_array<GgufName>({
    {"token_embd", "wte"},
    {"position_embd", "wpe"},
    {"output_norm", "ln_f"},
    {"output", "lm_head"},
    {"blk.#.attn_norm", "h.#.ln_1"},
    {"blk.#.attn_qkv", "h.#.attn.c_attn", true},
    {"blk.#.attn_output", "h.#.attn.c_proj", true},
    {"blk.#.ffn_norm", "h.#.ln_2"},
    {"blk.#.ffn_up", "h.#.mlp.c_fc", true},
    {"blk.#.ffn_down", "h.#.mlp.c_proj", true},
});

constexpr auto kBertNames = std::to_array<GgufName>({
    {"token_embd", "embeddings.word_embeddings"},
    {"token_types", "embeddings.token_type_embeddings"},
    {"position_embd", "embeddings.position_embeddings"},
    {"token_embd_norm", "embeddings.LayerNorm"},
    {"blk.#.attn_q", "encoder.layer.#.attention.self.query"},
    {"blk.#.attn_k", "encoder.layer.#.attention.self.key"},
    {"blk.#.attn_v", "encoder.layer.#.attention.self.value"},
    {"blk.#.attn_output", "encoder.layer.#.attention.output.dense"},
    {"blk.#.attn_output_norm", "encoder.layer.#.attention.output.LayerNorm"},
    {"blk.#.ffn_up", "encoder.layer.#.intermediate.dense"},
    {"blk.#.ffn_down", "encoder.layer.#.output.dense"},
    {"blk.#.layer_output_norm", "encoder.layer.#.output.LayerNorm"},
});

constexpr auto kLlamaKeys = std::to_array<GgufKey>({
    {"max_position_embeddings", "context_length"},
    {"hidden_size", "embedding_length"},
    {"num_hidden_layers", "block_count"},
    {"intermediate_size", "feed_forward_length"},
    {"num_attention_heads", "attention.head_count"},
    {"num_key_value_heads", "attention.head_count_kv"},
    {"head_dim", "attention.key_length"},
    {"rms_norm_eps", "attention.layer_norm_rms_epsilon", GgufKind::f32},
    {"rope_theta", "rope.freq_base", GgufKind::f32},
    {"vocab_size", "vocab_size"},
    {"sliding_window", "attention.sliding_window"},
});

constexpr auto kGpt2Keys = std::to_array<GgufKey>({
    {"n_positions", "context_length"},
    {"n_embd", "embedding_length"},
    {"n_layer", "block_count"},
    {"n_inner", "feed_forward_length"},
    {"n_head", "attention.head_count"},
    {"layer_norm_epsilon", "attention.layer_norm_epsilon", GgufKind::f32},
    {"vocab_size", "vocab_size"},
});

constexpr auto kBertKeys = std::to_array<GgufKey>({
    {"max_position_embeddings", "context_length"},
    {"hidden_size", "embedding_length"},
    {"num_hidden_layers", "block_count"},
    {"intermediate_size", "feed_forward_length"},
    {"num_attention_heads", "attention.head_count"},
    {"layer_norm_eps", "attention.layer_norm_epsilon", GgufKind::f32},
    {"vocab_size", "vocab_size"},
});

constexpr auto kArchitectures = std::to_array<GgufArchitecture>({
    {"llama", "llama", "LlamaForCausalLM", "", kLlamaNames, kLlamaKeys, true},
    {"llama", "mistral", "MistralForCausalLM", "", kLlamaNames, kLlamaKeys, true},
    {"qwen2", "qwen2", "Qwen2ForCausalLM", "", kLlamaNames, kLlamaKeys},
    {"qwen3", "qwen3", "Qwen3ForCausalLM", "", kLlamaNames, kLlamaKeys},
    {"gpt2", "gpt2", "GPT2LMHeadModel", "transformer.", kGpt2Names, kGpt2Keys},
    {"bert", "bert", "BertModel", "bert.", kBertNames, kBertKeys},
});

constexpr std::string_view kSuffixes[] = {".weight", ".bias"};

/// "blk.12.attn_q.weight" -> "blk.#.attn_q", "12", ".weight"
struct Parts {
  std::string stem;
  std::string layer;
  std::string_view suffix;
};

Parts take_apart(std::string_view name) {
  Parts parts;
  for (const std::string_view suffix : kSuffixes) {
    if (!name.ends_with(suffix)) continue;
    parts.suffix = suffix;
    name.remove_suffix(suffix.size());
    break;
  }
  constexpr std::string_view kDigits = "0123456789";
  for (std::size_t dot = name.find('.'); dot != std::string_view::npos; dot = name.find('.', dot + 1)) {
    const std::size_t end = std::min(name.find_first_not_of(kDigits, dot + 1), name.size());
    if (end == dot + 1 || (end < name.size() && name[end] != '.')) continue;
    parts.layer = name.substr(dot + 1, end - dot - 1);
    parts.stem = fmt::format("{}#{}", name.substr(0, dot + 1), name.substr(end));
    return parts;
  }
  parts.stem = name;
  return parts;
}

std::string put_together(std::string_view stem, const Parts& parts) {
  std::string name(stem);
  if (const std::size_t at = name.find('#'); at != std::string::npos) name.replace(at, 1, parts.layer);
  return name.append(parts.suffix);
}

}  // namespace

std::string GgufArchitecture::to_hugging_face(std::string_view name) const {
  const Parts parts = take_apart(name);
  const auto row = std::ranges::find(names, parts.stem, &GgufName::gguf);
  return row == names.end() ? std::string(name) : put_together(row->hugging_face, parts);
}

std::optional<std::string> GgufArchitecture::to_gguf(std::string_view name) const {
  if (!prefix.empty() && name.starts_with(prefix)) name.remove_prefix(prefix.size());
  const Parts parts = take_apart(name);
  const auto row = std::ranges::find(names, parts.stem, &GgufName::hugging_face);
  if (row == names.end() || parts.suffix.empty()) return std::nullopt;
  return put_together(row->gguf, parts);
}

bool GgufArchitecture::is_in_out(std::string_view gguf_name) const {
  const Parts parts = take_apart(gguf_name);
  const auto row = std::ranges::find(names, parts.stem, &GgufName::gguf);
  return row != names.end() && row->is_in_out && parts.suffix == ".weight";
}

std::int64_t GgufArchitecture::permuted_heads(std::string_view gguf_name, const Config& config) const {
  if (!interleaves_rotary) return 0;
  const std::string stem = take_apart(gguf_name).stem;
  const std::int64_t heads = config.integer("num_attention_heads", 0);
  if (stem == "blk.#.attn_q") return heads;
  return stem == "blk.#.attn_k" ? config.integer("num_key_value_heads", heads) : 0;
}

const GgufArchitecture* find_gguf_architecture(std::string_view gguf) {
  const auto* row = std::ranges::find(kArchitectures, gguf, &GgufArchitecture::gguf);
  return row == kArchitectures.end() ? nullptr : row;
}

const GgufArchitecture& gguf_architecture_of(std::string_view model_type, const std::string& where) {
  const auto* row = std::ranges::find(kArchitectures, model_type, &GgufArchitecture::model_type);
  if (row != kArchitectures.end()) return *row;
  std::vector<std::string_view> known;
  for (const GgufArchitecture& architecture : kArchitectures) known.push_back(architecture.model_type);
  fail(ErrorKind::unsupported, where, "{}", unknown_word("model_type for GGUF", model_type, known));
}

std::int64_t interleaved_row(std::int64_t row, std::int64_t head_size) {
  const std::int64_t head = row / head_size;
  const std::int64_t half = row % head_size / (head_size / 2);
  return head * head_size + 2 * (row % (head_size / 2)) + half;
}

}  // namespace zeropoint
