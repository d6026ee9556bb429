// Token ids as text: a sequence per line, integers between blanks or commas. Lines may differ in length.
#include <algorithm>
#include <charconv>
#include <memory>
#include <string_view>
#include <vector>

#include "base/fail.h"
#include "base/mapped_file.h"
#include "data/source.h"

namespace zeropoint {
namespace {

constexpr std::string_view kSeparators = " \t\r,";

struct Line {
  std::string_view text;
  std::int64_t number = 0;  // from 1
};

class TokenSource final : public Source {
 public:
  TokenSource(const std::filesystem::path& path, std::int64_t limit)
      : path_(path.string()), file_(MappedFile::open(path)) {
    std::string_view rest = file_->text();
    for (std::int64_t number = 1; !rest.empty(); ++number) {
      const std::string_view line = rest.substr(0, rest.find('\n'));
      rest.remove_prefix(std::min(line.size() + 1, rest.size()));
      if (line.find_first_not_of(kSeparators) == std::string_view::npos) continue;
      lines_.push_back({line, number});
      if (limit > 0 && samples() >= limit) break;
    }
    if (lines_.empty()) fail(ErrorKind::invalid_data, path_, "holds no samples");
  }

  std::int64_t samples() const override { return std::ssize(lines_); }
  bool has_labels() const override { return false; }
  void rewind() override { position_ = 0; }

  RawSample next() override {
    const Line& line = lines_[position_++];
    RawSample sample;
    sample.where = fmt::format("{}: line {}", path_, line.number);
    sample.inputs.push_back({parse(line.text, sample.where), {}});
    return sample;
  }

 private:
  static Tensor parse(std::string_view text, const std::string& where) {
    std::vector<std::int64_t> tokens;
    for (std::size_t at = 0; (at = text.find_first_not_of(kSeparators, at)) != std::string_view::npos;) {
      const std::string_view word = text.substr(at, text.find_first_of(kSeparators, at) - at);
      std::int64_t token = 0;
      const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), token);
      if (error != std::errc() || end != word.data() + word.size() || token < 0) {
        constexpr std::size_t kShown = 20;
        fail(ErrorKind::invalid_data, where, "'{}' is no token id", word.substr(0, kShown));
      }
      tokens.push_back(token);
      at += word.size();
    }
    return Tensor::copy_of<std::int64_t>({std::ssize(tokens)}, tokens);
  }

  std::string path_;
  std::shared_ptr<const MappedFile> file_;
  std::vector<Line> lines_;
  std::size_t position_ = 0;
};

}  // namespace

std::unique_ptr<Source> token_source(const std::filesystem::path& path, const SourceContext& context) {
  return std::make_unique<TokenSource>(path, context.options.limit);
}

}  // namespace zeropoint
