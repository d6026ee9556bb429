#include "exporters/onnx.h"

#include "base/atomic_file.h"
#include "base/fail.h"
#include "base/interrupt.h"
#include "exporters/onnx_message.h"

namespace zeropoint {
namespace {

void write(AtomicFile& file, const ProtoMessage& message) {
  message.for_each_piece([&](std::string_view piece) {
    check_interrupt();
    file.write(piece);
  });
}

void save_with_external_data(const Model& model, const std::filesystem::path& path, const SaveOnnxOptions& options) {
  std::filesystem::path data_path = path;
  data_path += ".data";
  AtomicFile data(data_path);
  AtomicFile file(path);
  ExternalData external{data, data_path.filename().string(), options.external_from_bytes};
  const ProtoMessage message = model_message(model, &external);
  if (message.size() > options.max_model_bytes) {
    fail(ErrorKind::unsupported, path.string(), "has {} bytes without its weights, ONNX files end at {}",
         message.size(), options.max_model_bytes);
  }
  write(file, message);
  file.sync();  // from here on only the renames can fail
  data.commit();
  file.commit();
}

}  // namespace

std::string serialize_onnx(const Model& model) {
  const ProtoMessage message = model_message(model, nullptr);
  std::string bytes;
  bytes.reserve(message.size());
  message.for_each_piece([&](std::string_view piece) { bytes += piece; });
  return bytes;
}

void save_onnx(const Model& model, const std::filesystem::path& path, const SaveOnnxOptions& options) {
  if (model.external_files.empty()) {
    const ProtoMessage message = model_message(model, nullptr);
    if (message.size() <= options.max_model_bytes) {
      AtomicFile file(path);
      write(file, message);
      file.commit();
      return;
    }
  }
  save_with_external_data(model, path, options);
}

}  // namespace zeropoint
