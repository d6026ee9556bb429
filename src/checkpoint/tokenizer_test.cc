#include "checkpoint/tokenizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "support/assets.h"
#include "support/gguf_bytes.h"
#include "support/temp_folder.h"
#include "zeropoint/error.h"

namespace zeropoint {
namespace {

using ::testing::ElementsAre;
using testing::f32;
using ::testing::Optional;
using testing::TempFolder;
using testing::u32;
using enum TokenType;

const std::string kMark = "\xE2\x96\x81";  // U+2581

std::string refusal(const std::string& path) {
  try {
    read_tokenizer(path);
  } catch (const Error& error) {
    return error.message();
  }
  return "accepted";
}

std::string llama2c(std::initializer_list<std::pair<std::string, float>> tokens) {
  std::string bytes = u32(16);
  for (const auto& [text, score] : tokens) bytes += f32(score) + u32(static_cast<std::uint32_t>(text.size())) + text;
  return bytes;
}

TEST(Tokenizer, Llama2cTokensAreThoseOfSentencePiece) {
  const TempFolder folder;
  const Tokenizer t = read_tokenizer(folder.write(
      "tok.bin", llama2c({{"<unk>", 0}, {"\n<s>\n", 0}, {"\n</s>\n", 0}, {"<0x0A>", 0}, {" the", -1}, {"a b", -2}})));
  EXPECT_EQ(t.kind, Tokenizer::Kind::sentencepiece);
  EXPECT_THAT(t.tokens, ElementsAre("<unk>", "<s>", "</s>", "<0x0A>", kMark + "the", "a" + kMark + "b"));
  EXPECT_THAT(t.types, ElementsAre(unknown, control, control, byte, normal, normal));
  EXPECT_THAT(t.scores, ElementsAre(0, 0, 0, 0, -1, -2));
  EXPECT_THAT(special_id(t, "bos"), Optional(1));
  EXPECT_THAT(special_id(t, "eos"), Optional(2));
  EXPECT_THAT(special_id(t, "unk"), Optional(0));
  EXPECT_EQ(special_id(t, "pad"), std::nullopt);
}

TEST(Tokenizer, BrokenLlama2cFilesAreRefused) {
  const TempFolder folder;
  const std::string whole = llama2c({{"<unk>", 0}, {"<s>", 0}, {"</s>", 0}});
  EXPECT_EQ(refusal(folder.write("a.bin", whole.substr(0, whole.size() - 1))), "is cut off in token 2");
  EXPECT_EQ(refusal(folder.write("b.bin", whole.substr(0, 20))), "is cut off in token 1");
  EXPECT_EQ(refusal(folder.write("c.bin", u32(4) + f32(0) + u32(0xFFFFFFFF))),
            "token 0 takes 4294967295 bytes, the longest 4");
  EXPECT_EQ(refusal(folder.write("d.bin", u32(4))), "holds fewer tokens than <unk>, <s> and </s>");
}

// A field of protobuf with a length.
std::string message(int field, const std::string& payload) {
  return std::string{static_cast<char>(field << 3 | 2), static_cast<char>(payload.size())} + payload;
}
std::string piece(const std::string& text, float score, char type) {
  return message(1, message(1, text) + "\x15" + f32(score) + "\x18" + std::string(1, type));
}
// Field 3, the model's type; 2 is BPE.
std::string trainer(char type) { return message(2, std::string("\x18") + type); }

TEST(Tokenizer, SentencePieceModelsAreRead) {
  const TempFolder folder;
  folder.write(
      "tokenizer_config.json",
      R"({"add_bos_token":true,"add_eos_token":false,"chat_template":"{{x}}","pad_token":"<pad>",)"
      R"("added_tokens_decoder":{"0":{"content":"<unk>","special":true},"4":{"content":"<pad>","special":true}}})");
  const Tokenizer t = read_tokenizer(folder.write(
      "tokenizer.model", piece("<unk>", 0, 2) + piece("<s>", 0, 3) + piece("</s>", 0, 3) +
                             piece(kMark + "a", -1.5F, 1) + trainer(2) + message(3, std::string("\x18\0", 2))));
  EXPECT_EQ(t.kind, Tokenizer::Kind::sentencepiece);
  EXPECT_THAT(t.tokens, ElementsAre("<unk>", "<s>", "</s>", kMark + "a", "<pad>"));
  EXPECT_THAT(t.types, ElementsAre(unknown, control, control, normal, control));
  EXPECT_THAT(t.scores, ElementsAre(0, 0, 0, -1.5F, 0));
  EXPECT_THAT(special_id(t, "bos"), Optional(1));
  EXPECT_THAT(special_id(t, "pad"), Optional(4));
  EXPECT_THAT(t.add_bos, Optional(true));
  EXPECT_THAT(t.add_eos, Optional(false));
  EXPECT_THAT(t.add_space_prefix, Optional(false));
  EXPECT_EQ(t.chat_template, "{{x}}");
}

TEST(Tokenizer, OtherKindsOfSentencePieceAreRefused) {
  const TempFolder folder;
  EXPECT_EQ(refusal(folder.write("a.model", piece("a", 0, 1) + trainer(1))),
            "is no BPE model of SentencePiece; other kinds are not offered");
  EXPECT_EQ(refusal(folder.write("b.model", piece("a", 0, 9) + trainer(2))), "token 0 has the unknown type 9");
  EXPECT_EQ(refusal(folder.write("c.model", "")), "holds no tokens");
}

TEST(Tokenizer, BytePairEncodingsAreRead) {
  const TempFolder folder;
  folder.write("tokenizer_config.json", R"({"eos_token":{"content":"<|end|>"}})");
  const Tokenizer t = read_tokenizer(folder.write(
      "tokenizer.json", R"({"model":{"type":"BPE","vocab":{"a":0,"b":1,"ab":2},"merges":["a b",["ab","a"]]},)"
                        R"("pre_tokenizer":{"type":"ByteLevel","use_regex":true},)"
                        R"("added_tokens":[{"id":4,"content":"<|end|>","special":true}]})"));
  EXPECT_EQ(t.kind, Tokenizer::Kind::bpe);
  EXPECT_THAT(t.tokens, ElementsAre("a", "b", "ab", "[PAD3]", "<|end|>"));
  EXPECT_THAT(t.types, ElementsAre(normal, normal, normal, unused, control));
  EXPECT_THAT(t.merges, ElementsAre("a b", "ab a"));
  EXPECT_TRUE(t.scores.empty());
  EXPECT_EQ(t.pre, "gpt-2");
  EXPECT_THAT(special_id(t, "eos"), Optional(4));
}

TEST(Tokenizer, ByteFallbackMeansSentencePiece) {
  const Tokenizer t = parse_tokenizer_json(
      R"({"model":{"type":"BPE","byte_fallback":true,"unk_token":"<unk>",)"
      R"("vocab":{"<unk>":0,"<0x41>":1,"a":2,"b":3,"ab":4,"aba":5,"<0xZZ>":6},"merges":["a b","ab a"]},)"
      R"("added_tokens":[{"id":0,"content":"<unk>","special":true}]})");
  EXPECT_EQ(t.kind, Tokenizer::Kind::sentencepiece);
  EXPECT_THAT(t.types, ElementsAre(unknown, byte, normal, normal, normal, normal, normal));
  EXPECT_THAT(t.scores, ElementsAre(-2, 0, -2, -2, 0, -1, -2));  // what merged first scores best
  EXPECT_TRUE(t.merges.empty());
  EXPECT_THAT(special_id(t, "unk"), Optional(0));
}

TEST(Tokenizer, WordPiecesMarkTheStartsOfWords) {
  const Tokenizer t =
      parse_tokenizer_json(R"({"model":{"type":"WordPiece","vocab":{"[CLS]":0,"a":1,"##b":2,"[unused1]":3}},)"
                           R"("added_tokens":[{"id":0,"content":"[CLS]","special":true}]})");
  EXPECT_EQ(t.kind, Tokenizer::Kind::wordpiece);
  EXPECT_THAT(t.tokens, ElementsAre("[CLS]", kMark + "a", "b", "[unused1]"));
}

TEST(Tokenizer, BrokenTokenizerJsonIsRefused) {
  const TempFolder folder;
  const auto with = [&](const std::string& json) { return refusal(folder.write("t.json", json)); };
  EXPECT_EQ(with("{"), "is not a JSON object");
  EXPECT_EQ(with(R"({"model":{"type":"Unigram"}})"), "is a tokenizer of type 'Unigram'; BPE and WordPiece are read");
  EXPECT_EQ(with(R"({"model":{"type":"BPE"}})"), "'model' holds no object 'vocab'");
  EXPECT_EQ(with(R"({"model":{"type":"BPE","vocab":{"a":2000000000}}})"), "token id 2000000000 is out of range");
  EXPECT_EQ(with(R"({"model":{"type":"BPE","vocab":{"a":"0"}}})"), "token 'a' has no number");
  EXPECT_EQ(with(R"({"model":{"type":"BPE","vocab":{"a":0}}})"), "'model' holds no list 'merges'");
  EXPECT_EQ(with(R"({"model":{"type":"BPE","vocab":{"a":0},"merges":["aa"]}})"), "merge 0 is no pair of tokens");
  EXPECT_EQ(refusal(folder.write("t.txt", "")), "is no tokenizer: a .model, .json, .bin or .gguf file is wanted");
}

TEST(Tokenizer, IsFoundInTheFolder) {
  const TempFolder folder;
  EXPECT_EQ(find_tokenizer(folder.path()), std::nullopt);
  folder.write("tok1.bin", "");
  EXPECT_EQ(find_tokenizer(folder.path())->filename(), "tok1.bin");
  folder.write("tok2.bin", "");
  EXPECT_EQ(find_tokenizer(folder.path()), std::nullopt);  // which one?
  folder.write("tokenizer.json", "");
  EXPECT_EQ(find_tokenizer(folder.path())->filename(), "tokenizer.json");
  folder.write("tokenizer.model", "");
  EXPECT_EQ(find_tokenizer(folder.path())->filename(), "tokenizer.model");
}

}  // namespace
}  // namespace zeropoint
