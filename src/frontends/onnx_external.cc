#include "frontends/context.h"
#include "frontends/onnx_reader.h"

namespace zeropoint::onnx_reader {
namespace {

namespace fs = std::filesystem;

void check_location(const std::string& location) {
  const fs::path path(location);
  if (location.empty()) fail_here("external data without a location");
  if (location.find('\0') != std::string::npos) fail_here("the location of external data contains a zero byte");
  if (path.is_absolute()) fail_here("external data at '{}': an absolute path leaves the model's folder", location);
  for (const fs::path& part : path) {
    if (part == "..") fail_here("external data at '{}': '..' leaves the model's folder", location);
  }
}

bool is_inside(const fs::path& file, const fs::path& folder) {
  auto at = file.begin();
  for (const fs::path& part : folder) {
    if (at == file.end() || *at != part) return false;
    ++at;
  }
  return true;
}

}  // namespace

std::shared_ptr<const MappedFile> ExternalFiles::open(const std::string& location) {
  const auto opened = files_.find(location);
  if (opened != files_.end()) return opened->second;
  if (folder_.empty()) fail_here("external data at '{}', and the model was not read from a folder", location);
  check_location(location);

  std::error_code error;
  const fs::path folder = fs::canonical(folder_, error);
  if (error) fail(ErrorKind::io, folder_.string(), "cannot resolve: {}", error.message());
  const fs::path file = fs::canonical(folder / location, error);
  if (error) fail(ErrorKind::io, (folder_ / location).string(), "cannot open external data: {}", error.message());
  if (!is_inside(file, folder)) fail_here("external data at '{}': a link leaves the model's folder", location);
  return files_.emplace(location, MappedFile::open(file)).first->second;
}

std::vector<std::string> ExternalFiles::paths() const {
  std::vector<std::string> paths;
  for (const auto& [location, file] : files_) paths.push_back((folder_ / location).string());
  return paths;
}

}  // namespace zeropoint::onnx_reader
