#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <utility>

#include "base/fail.h"
#include "base/mapped_file.h"
#include "data/array_reader.h"
#include "data/source.h"

namespace zeropoint {
namespace {

class FileSource final : public Source {
 public:
  FileSource(FileList list, const SourceContext& context) : list_(std::move(list)) {
    if (list_.files.empty()) fail(ErrorKind::invalid_data, "--data", "names no files");
    const std::int64_t limit = context.options.limit;
    if (limit > 0 && limit < samples()) list_.files.resize(static_cast<std::size_t>(limit));
    for (const ListedFile& file : list_.files) {
      require_exists(file.path);
    }
  }

  std::int64_t samples() const override { return static_cast<std::int64_t>(list_.files.size()); }
  bool has_labels() const override { return list_.has_labels; }

  RawSample next() override {
    const ListedFile& file = list_.files[position_++];
    RawSample sample;
    sample.where = file.path.string();
    if (list_.has_labels) sample.labels.push_back(file.label);
    if (is_image_file(file.path)) {
      sample.inputs.push_back({{}, file.path});
    } else {
      sample.inputs.push_back({load_npy(file.path), {}});
    }
    return sample;
  }

  void rewind() override { position_ = 0; }

 private:
  FileList list_;
  std::size_t position_ = 0;
};

std::optional<std::int64_t> parse_label(std::string_view text) {
  std::int64_t label = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), label);
  if (error != std::errc() || end != text.data() + text.size() || label < 0) return std::nullopt;
  return label;
}

/// Takes one field off the front; RFC 4180 quotes are understood.
std::string take_field(std::string_view& line) {
  std::string field;
  if (line.starts_with('"')) {
    std::size_t i = 1;
    for (; i < line.size(); ++i) {
      if (line[i] != '"') {
        field += line[i];
      } else if (i + 1 < line.size() && line[i + 1] == '"') {
        field += line[++i];
      } else {
        break;
      }
    }
    line.remove_prefix(std::min(i + 1, line.size()));
  }
  const std::size_t end = std::min(line.find(','), line.size());
  field += line.substr(0, end);
  line.remove_prefix(std::min(end + 1, line.size()));
  const std::size_t first = field.find_first_not_of(" \t");
  if (first == std::string::npos) return {};
  return field.substr(first, field.find_last_not_of(" \t") - first + 1);
}

std::string_view take_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

}  // namespace

std::unique_ptr<Source> file_source(FileList list, const SourceContext& context) {
  return std::make_unique<FileSource>(std::move(list), context);
}

FileList read_csv(const std::filesystem::path& file) {
  const auto mapped = MappedFile::open(file);
  std::string_view text = mapped->text();
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);  // byte order mark
  FileList list;
  std::size_t labelled = 0;
  std::string header;  // what a first line that is taken for a heading has in the labels' column
  for (int number = 1; !text.empty(); ++number) {
    std::string_view line = take_line(text);
    if (line.find_first_not_of(" \t") == std::string_view::npos) continue;
    const std::string name = take_field(line);
    const std::string label_text = take_field(line);
    const std::optional<std::int64_t> label = parse_label(label_text);
    const bool is_header = number == 1 && !label && (name == "file" || name == "path" || !label_text.empty());
    if (is_header) {
      header = label_text;
      continue;
    }
    if (!label_text.empty() && !label) {
      fail(ErrorKind::invalid_data, fmt::format("{}: line {}", file.string(), number),
           "the label '{}' is not a number from 0 up", label_text);
    }
    list.files.push_back({file.parent_path() / name, label.value_or(0)});
    if (label) ++labelled;
  }
  if (list.files.empty()) {
    fail(ErrorKind::invalid_data, file.string(), "lists no files{}",
         header.empty() ? "" : fmt::format(": its only line is a heading, for '{}' is no label", header));
  }
  if (labelled != 0 && labelled != list.files.size()) {
    fail(ErrorKind::invalid_data, file.string(), "has labels for {} of {} files", labelled, list.files.size());
  }
  list.has_labels = labelled != 0;
  return list;
}

}  // namespace zeropoint
