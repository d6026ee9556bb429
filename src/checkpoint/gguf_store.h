// The tensors of a GGUF file under Hugging Face's names and in its order of rows, decoded to float32 where the file has
// blocks.
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>

#include "checkpoint/tensor_store.h"
#include "frontends/gguf.h"

namespace zeropoint {

/// `config`: as config_of() makes it. Tensors of types that are not offered are listed; reading one throws unsupported.
std::unique_ptr<TensorStore> make_gguf_store(GgufFile file, const nlohmann::ordered_json& config);

/// The metadata of a GGUF checkpoint; empty for every other store.
std::span<const GgufField> gguf_fields(const TensorStore& store);

}  // namespace zeropoint
