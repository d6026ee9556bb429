#include "checkpoint/tokenizer.h"

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>

#include "base/mapped_file.h"
#include "checkpoint/json_file.h"
#include "frontends/context.h"

namespace zeropoint {
namespace {

namespace fs = std::filesystem;

struct Reader {
  std::string_view extension;
  Tokenizer (*parse)(std::string_view bytes);
};

constexpr Reader kReaders[] = {
    {".model", parse_sentencepiece}, {".json", parse_tokenizer_json}, {".bin", parse_llama2c_tokenizer}};

}  // namespace

std::optional<fs::path> find_tokenizer(const fs::path& folder) {
  for (const char* name : {"tokenizer.model", "tokenizer.json"}) {
    if (fs::exists(folder / name)) return folder / name;
  }
  std::optional<fs::path> found;
  std::error_code unreadable;  // as empty
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, unreadable)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with("tok") || !name.ends_with(".bin")) continue;
    if (found) return std::nullopt;  // which of them is not ours to say
    found = entry.path();
  }
  return found;
}

Tokenizer read_tokenizer(const fs::path& file) {
  const std::string extension = file.extension().string();
  const auto* reader = std::ranges::find(kReaders, extension, &Reader::extension);
  if (reader == std::end(kReaders)) {
    fail(ErrorKind::invalid_option, file.string(), "is no tokenizer: a .model, .json, .bin or .gguf file is wanted");
  }
  const auto mapped = MappedFile::open(file);
  return within_file(file.string(), [&] {
    Tokenizer tokenizer = reader->parse(mapped->text());
    if (tokenizer.tokens.empty()) fail_here("holds no tokens");
    const fs::path config = file.parent_path() / "tokenizer_config.json";
    if (extension != ".bin" && fs::exists(config)) apply_tokenizer_config(read_json(config), tokenizer);
    return tokenizer;
  });
}

bool is_byte_token(std::string_view text) {
  const auto is_digit = [&](std::size_t i) { return std::isxdigit(static_cast<unsigned char>(text[i])) != 0; };
  return text.size() == 6 && text.starts_with("<0x") && text.ends_with('>') && is_digit(3) && is_digit(4);
}

std::optional<std::int64_t> special_id(const Tokenizer& tokenizer, std::string_view role) {
  const auto at = std::ranges::find(tokenizer.specials, role, &Tokenizer::Special::role);
  return at == tokenizer.specials.end() ? std::nullopt : std::optional(at->id);
}

void set_special(Tokenizer& tokenizer, std::string_view role, std::int64_t id) {
  const auto at = std::ranges::find(tokenizer.specials, role, &Tokenizer::Special::role);
  if (at == tokenizer.specials.end()) {
    tokenizer.specials.push_back({role, id});
  } else {
    at->id = id;
  }
}

}  // namespace zeropoint
