// A GGUF file's metadata said in the keys of config.json.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "checkpoint/gguf_architecture.h"
#include "frontends/gguf.h"

namespace zeropoint {

/// What architectures read: sizes, norms, rotary scaling, token ids; "model_type" is the metadata's
/// general.architecture where no table knows it. Throws invalid_model naming file and key.
nlohmann::ordered_json config_of(const GgufFile& file);

}  // namespace zeropoint
