// The vocabulary of a checkpoint's tokenizer, whatever file holds it: what a GGUF file carries so that its readers can
// turn text into tokens.
//
// Thread safety: plain data.
// Source: sentencepiece_model.proto; Hugging Face's tokenizers (tokenizer.json); llama2.c, export of its tokenizer.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace zeropoint {

/// The numbers of SentencePiece and GGUF.
enum class TokenType : std::int32_t { normal = 1, unknown, control, user_defined, unused, byte };

struct Tokenizer {
  enum class Kind { sentencepiece, bpe, wordpiece };

  struct Special {
    std::string_view role;  // "bos", "eos", "unk", "sep", "pad", "cls", "mask"
    std::int64_t id;
  };

  Kind kind = Kind::sentencepiece;
  std::vector<std::string> tokens;  // by id; a space is U+2581 (sentencepiece) or U+0120 (bpe)
  std::vector<TokenType> types;     // as many
  std::vector<float> scores;        // as many for sentencepiece, else empty
  std::vector<std::string> merges;  // "left right", first ones first; bpe only
  std::vector<Special> specials;
  std::string pre = "default";  // llama.cpp's name of the rule that cuts text into words, before merges; bpe only
  std::optional<bool> add_bos;
  std::optional<bool> add_eos;
  std::optional<bool> add_space_prefix;
  std::string chat_template;
};

/// The file that holds the tokenizer of a checkpoint's folder: tokenizer.model, tokenizer.json, or a single tok*.bin;
/// nullopt when there is none.
std::optional<std::filesystem::path> find_tokenizer(const std::filesystem::path& folder);

/// By the file's name: .model (SentencePiece), .json (Hugging Face's BPE or WordPiece), .bin (llama2.c). Special
/// tokens, added tokens and the chat template come from the tokenizer_config.json beside it, where there is one. Throws
/// io, invalid_model and unsupported naming the file.
Tokenizer read_tokenizer(const std::filesystem::path& file);

// The parts of read_tokenizer(); errors have no place.
Tokenizer parse_sentencepiece(std::string_view bytes);
Tokenizer parse_tokenizer_json(std::string_view text);
Tokenizer parse_llama2c_tokenizer(std::string_view bytes);
void apply_tokenizer_config(const nlohmann::json& config, Tokenizer& tokenizer);

/// A SentencePiece vocabulary's word for one byte: "<0x0A>".
bool is_byte_token(std::string_view text);

/// The id of a special token; nullopt when the tokenizer names none.
std::optional<std::int64_t> special_id(const Tokenizer& tokenizer, std::string_view role);

/// Replaces or adds one.
void set_special(Tokenizer& tokenizer, std::string_view role, std::int64_t id);

}  // namespace zeropoint
