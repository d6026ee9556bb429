// tokenizer.model: a ModelProto of SentencePiece.
#include "checkpoint/tokenizer.h"
#include "frontends/context.h"
#include "frontends/protobuf.h"

namespace zeropoint {
namespace {

// Fields of sentencepiece_model.proto.
constexpr int kPieces = 1;
constexpr int kTrainer = 2;
constexpr int kNormalizer = 3;
constexpr int kPieceText = 1;
constexpr int kPieceScore = 2;
constexpr int kPieceType = 3;
constexpr int kModelType = 3;
constexpr int kAddDummyPrefix = 3;
constexpr std::int64_t kUnigram = 1;
constexpr std::int64_t kBpe = 2;

void add_piece(std::string_view message, Tokenizer& tokenizer) {
  std::string_view text;
  float score = 0;
  std::int64_t type = static_cast<std::int64_t>(TokenType::normal);
  for (ProtoFields fields(message); fields.next();) {
    if (fields.number() == kPieceText) text = fields.bytes();
    if (fields.number() == kPieceScore) score = fields.float32();
    if (fields.number() == kPieceType) type = fields.integer();
  }
  if (type < 1 || type > static_cast<std::int64_t>(TokenType::byte)) {
    fail_here("token {} has the unknown type {}", tokenizer.tokens.size(), type);
  }
  require_utf8(text);
  tokenizer.tokens.emplace_back(text);
  tokenizer.scores.push_back(score);
  tokenizer.types.push_back(static_cast<TokenType>(type));
}

void read_trainer(std::string_view message, Tokenizer& tokenizer) {
  struct Row {
    int field;
    std::string_view role;
    std::int64_t id;  // the default
  };
  Row rows[] = {{40, "unk", 0}, {41, "bos", 1}, {42, "eos", 2}, {43, "pad", -1}};
  std::int64_t model_type = kUnigram;
  for (ProtoFields fields(message); fields.next();) {
    if (fields.number() == kModelType) model_type = fields.integer();
    for (Row& row : rows) {
      if (fields.number() == row.field) row.id = fields.integer();
    }
  }
  if (model_type != kBpe) {
    throw Error(ErrorKind::unsupported, "", "is no BPE model of SentencePiece; other kinds are not offered");
  }
  for (const Row& row : rows) {
    if (row.id >= 0) set_special(tokenizer, row.role, row.id);
  }
}

}  // namespace

Tokenizer parse_sentencepiece(std::string_view bytes) {
  Tokenizer tokenizer{.kind = Tokenizer::Kind::sentencepiece, .add_space_prefix = true};
  for (ProtoFields fields(bytes); fields.next();) {
    if (fields.number() == kPieces) add_piece(fields.bytes(), tokenizer);
    if (fields.number() == kTrainer) read_trainer(fields.bytes(), tokenizer);
    if (fields.number() != kNormalizer) continue;
    for (ProtoFields normalizer(fields.bytes()); normalizer.next();) {
      if (normalizer.number() == kAddDummyPrefix) tokenizer.add_space_prefix = normalizer.integer() != 0;
    }
  }
  return tokenizer;
}

}  // namespace zeropoint
