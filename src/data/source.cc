#include "data/source.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <map>

#include "base/fail.h"
#include "base/mapped_file.h"

namespace zeropoint {
namespace {

namespace fs = std::filesystem;

std::string extension(const fs::path& path) {
  std::string ext = path.extension().string();
  std::transform(ext.begin(), ext.end(), ext.begin(), [](unsigned char c) { return std::tolower(c); });
  return ext;
}

enum class Kind { npy, npz, pb, image, folder, other };

Kind kind_of(const fs::path& path) {
  if (fs::is_directory(path)) return Kind::folder;
  const std::string ext = extension(path);
  if (ext == ".npy") return Kind::npy;
  if (ext == ".npz") return Kind::npz;
  if (ext == ".pb") return Kind::pb;
  return is_image_file(path) ? Kind::image : Kind::other;
}

/// What a folder holds, by kind, each list in byte order of the names.
std::map<Kind, std::vector<fs::path>> list_folder(const fs::path& folder) {
  std::map<Kind, std::vector<fs::path>> listing;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    if (it->path().filename().string().starts_with('.')) continue;
    listing[kind_of(it->path())].push_back(it->path());
  }
  if (error) fail(ErrorKind::io, folder.string(), "cannot list: {}", error.message());
  for (auto& [kind, paths] : listing) std::sort(paths.begin(), paths.end());
  return listing;
}

std::string input_names(std::span<const ProgramValue> inputs) {
  std::string names;
  for (const ProgramValue& input : inputs) names += (names.empty() ? "'" : ", '") + input.name + "'";
  return names;
}

void require_one_input(const std::string& where, const SourceContext& context) {
  if (context.inputs.size() == 1) return;
  fail(ErrorKind::invalid_data, where, "feeds one input; the model has {}: {}. Give an npz with an array for each",
       context.inputs.size(), input_names(context.inputs));
}

/// input_0.pb, input_1.pb ...: one run of the model.
ArrayShard pb_shard(const fs::path& folder, const SourceContext& context) {
  ArrayShard shard;
  for (std::size_t i = 0; i < context.inputs.size(); ++i) {
    const fs::path file = folder / fmt::format("input_{}.pb", i);
    if (!fs::exists(file)) {
      fail(ErrorKind::invalid_data, file.string(), "is missing: it would feed the input '{}'", context.inputs[i].name);
    }
    shard.inputs.push_back({file, {}});
  }
  return shard;
}

bool holds_pb(const fs::path& folder) { return fs::exists(folder / "input_0.pb"); }

bool is_label_name(const std::string& name) { return name == "label" || name == "labels"; }

/// One file per input, named after it, or a file per sample of the only input.
std::vector<ArrayShard> npy_shards(const fs::path& folder, std::vector<fs::path> files, const SourceContext& context,
                                   std::string& labels) {
  std::erase_if(files, [&](const fs::path& file) {
    if (!is_label_name(file.stem().string())) return false;
    labels = file.string();
    return true;
  });
  ArrayShard named;
  for (const ProgramValue& input : context.inputs) {
    const auto at = std::find_if(files.begin(), files.end(), [&](const fs::path& f) { return f.stem() == input.name; });
    if (at != files.end()) named.inputs.push_back({*at, {}});
  }
  if (named.inputs.size() == context.inputs.size()) return {named};
  if (context.inputs.size() > 1) {
    fail(ErrorKind::invalid_data, folder.string(), "wants one .npy for each input of the model: {}",
         input_names(context.inputs));
  }
  std::vector<ArrayShard> shards;
  for (const fs::path& file : files) shards.push_back({.inputs = {{file, {}}}, .labels = {}});
  return shards;
}

std::unique_ptr<Source> open_folder(const fs::path& folder, const SourceContext& context) {
  const std::map<Kind, std::vector<fs::path>> listing = list_folder(folder);
  const auto has = [&](Kind kind) { return listing.contains(kind); };
  const int kinds = static_cast<int>(has(Kind::npy)) + static_cast<int>(has(Kind::npz)) +
                    static_cast<int>(holds_pb(folder)) + static_cast<int>(has(Kind::image));
  if (kinds > 1) {
    fail(ErrorKind::invalid_data, folder.string(),
         "holds several kinds of data; name a file, or sort them into folders");
  }
  if (holds_pb(folder)) return array_source({pb_shard(folder, context)}, context);
  if (has(Kind::npz)) {
    std::vector<ArrayShard> shards;
    for (const fs::path& file : listing.at(Kind::npz)) shards.push_back(npz_shard(file, context.inputs));
    return array_source(std::move(shards), context);
  }
  if (has(Kind::npy)) {
    std::string labels;
    std::vector<ArrayShard> shards = npy_shards(folder, listing.at(Kind::npy), context, labels);
    if (!labels.empty() && shards.size() == 1) shards[0].labels.push_back({labels, {}});
    return array_source(std::move(shards), context);
  }
  if (has(Kind::image)) {
    require_one_input(folder.string(), context);
    FileList list;
    for (const fs::path& file : listing.at(Kind::image)) list.files.push_back({file});
    return file_source(std::move(list), context);
  }
  if (has(Kind::folder)) {
    std::vector<ArrayShard> shards;
    for (const fs::path& sub : listing.at(Kind::folder)) {
      if (holds_pb(sub)) shards.push_back(pb_shard(sub, context));
    }
    if (!shards.empty()) return array_source(std::move(shards), context);
    require_one_input(folder.string(), context);
    return file_source(list_class_folders(folder), context);
  }
  fail(ErrorKind::invalid_data, folder.string(),
       "holds no data: .npy, .npz, input_0.pb, JPEG or PNG files, or a folder of images per class");
}

}  // namespace

bool SourceContext::is_preprocessed(const ProgramValue& input) const {
  return !preprocess.is_empty && (preprocess.input.empty() ? inputs.size() == 1 : preprocess.input == input.name);
}

bool is_image_file(const fs::path& path) {
  const std::string ext = extension(path);
  return ext == ".jpg" || ext == ".jpeg" || ext == ".png";
}

std::string describe(std::span<const Dim> dims) {
  std::string out = "[";
  for (const Dim& dim : dims) {
    if (out.size() > 1) out += ", ";
    out += dim.value >= 0 ? std::to_string(dim.value) : dim.symbol.empty() ? "?" : dim.symbol;
  }
  return out + "]";
}

std::string_view preprocess_hint(const ProgramValue& input, bool is_preprocessed) {
  const bool is_index = input.dtype == DType::i64 || input.dtype == DType::i32;
  return is_preprocessed || is_index ? "" : " (--preprocess can change layout and size)";
}

bool fits(const Shape& shape, std::span<const Dim> dims) {
  return std::equal(shape.begin(), shape.end(), dims.begin(), dims.end(),
                    [](std::int64_t size, const Dim& dim) { return dim.value < 0 || dim.value == size; });
}

FileList list_class_folders(const fs::path& folder) {
  const auto listing = list_folder(folder);
  const std::vector<fs::path>& classes = listing.at(Kind::folder);
  FileList list{.files = {}, .has_labels = true};
  std::vector<std::int64_t> numbers;
  for (const fs::path& sub : classes) {
    const std::string name = sub.filename().string();
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (error == std::errc() && end == name.data() + name.size() && number >= 0) numbers.push_back(number);
  }
  const bool are_numbers = numbers.size() == classes.size();
  for (std::size_t i = 0; i < classes.size(); ++i) {
    const std::int64_t label = are_numbers ? numbers[i] : static_cast<std::int64_t>(i);
    auto files = list_folder(classes[i]);
    for (const Kind kind : {Kind::image, Kind::npy}) {
      for (const fs::path& file : files[kind]) list.files.push_back({file, label});
    }
  }
  if (list.files.empty()) {
    fail(ErrorKind::invalid_data, folder.string(), "holds no JPEG, PNG or .npy files in its {} folders",
         classes.size());
  }
  return list;
}

std::unique_ptr<Source> open_source(const std::string& path, const SourceContext& context) {
  if (path == "random") return random_source(context);
  const fs::path file(path);
  require_exists(file);
  switch (kind_of(file)) {
    case Kind::folder:
      return open_folder(file, context);
    case Kind::npz:
      return array_source({npz_shard(file, context.inputs)}, context);
    case Kind::npy:
    case Kind::pb:
      require_one_input(path, context);
      return array_source({{.inputs = {{file, {}}}, .labels = {}}}, context);
    case Kind::image:
      require_one_input(path, context);
      return file_source({.files = {{file}}, .has_labels = false}, context);
    case Kind::other:
      break;
  }
  if (extension(file) == ".csv") {
    require_one_input(path, context);
    return file_source(read_csv(file), context);
  }
  if (extension(file) == ".txt") {
    require_one_input(path, context);
    return token_source(file, context);
  }
  fail(ErrorKind::invalid_data, path,
       "is no data that is read here: .npy, .npz, .pb, .csv, .txt of token ids, .jpg, .png or a folder");
}

}  // namespace zeropoint
