#include "architectures/load_model.h"

#include "frontends/onnx.h"

namespace zeropoint {

Model load_model(const std::filesystem::path& path, LinearLayers layers) {
  if (!is_checkpoint(path)) return load_onnx(path);
  const Checkpoint checkpoint = open_checkpoint(path);
  return find_architecture(checkpoint).build(checkpoint, layers);
}

}  // namespace zeropoint
