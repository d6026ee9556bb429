// The metadata of a GGUF file, made from config.json and a tokenizer.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "checkpoint/checkpoint.h"
#include "checkpoint/gguf_architecture.h"
#include "checkpoint/tokenizer.h"
#include "frontends/gguf_field.h"

namespace zeropoint {

/// general.architecture and the architecture's own keys. Throws invalid_data and unsupported naming the checkpoint and
/// the key: sizes that are missing, a rotary scaling that GGUF has no words for.
std::vector<GgufField> model_metadata(const Checkpoint& checkpoint, const GgufArchitecture& architecture);

/// "tokenizer.ggml.*" for a vocabulary of `vocabulary` rows; unused tokens fill what the tokenizer does not name.
/// Throws invalid_data when it names more.
std::vector<GgufField> tokenizer_metadata(Tokenizer tokenizer, std::int64_t vocabulary, const std::string& where);

/// Fields of a tokenizer file for the checkpoint: of `file` (any kind of read_tokenizer(), or a GGUF file), or when it
/// is empty of the file that find_tokenizer() finds. "none" makes a file without a vocabulary, for token ids only.
std::vector<GgufField> load_tokenizer_metadata(const Checkpoint& checkpoint, const std::filesystem::path& file,
                                               std::int64_t vocabulary);

}  // namespace zeropoint
