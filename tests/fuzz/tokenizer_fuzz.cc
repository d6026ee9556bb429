// The tokenizer readers on arbitrary bytes: as many types as tokens, or one clear error.
#include <string_view>

#include "checkpoint/tokenizer.h"
#include "only_errors.h"

using namespace zeropoint;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  for (const auto parse : {parse_sentencepiece, parse_tokenizer_json, parse_llama2c_tokenizer}) {
    only_errors([&] {
      const Tokenizer tokenizer = parse(bytes);
      if (tokenizer.types.size() != tokenizer.tokens.size()) std::abort();
      if (!tokenizer.scores.empty() && tokenizer.scores.size() != tokenizer.tokens.size()) std::abort();
    });
  }
  return 0;
}
