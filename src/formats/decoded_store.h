// A quantized checkpoint seen as floats: every weight that a format holds in several tensors appears once, under its
// float name, and decodes when it is read.
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>

#include "checkpoint/coded_store.h"
#include "formats/format.h"

namespace zeropoint {

class DecodedStore : public CodedStore {
 public:
  virtual const Format& format() const = 0;
};

/// `config` is config.json. Without a quantization_config the store is given back as it is. Reads headers and
/// descriptions only. Throws invalid_model and unsupported, naming what does not fit.
std::unique_ptr<TensorStore> decode_store(std::unique_ptr<TensorStore> raw, const nlohmann::ordered_json& config,
                                          const std::string& where);

}  // namespace zeropoint
