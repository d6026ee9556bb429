#include <gmock/gmock.h>

#include <cmath>

#include "support/checkpoint_jobs.h"

namespace zeropoint {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class ConvertCheckpoint : public testing::CheckpointJobs {};

TEST_F(ConvertCheckpoint, ConversionLosesNothing) {
  quantize_checkpoint(write(), out("gptq"),
                      {.method = "absmax", .format = "gptq", .options = {.bits = 4, .block_size = 32}});
  const Tensor expected = logits(out("gptq"));
  const auto bytes = [&](const std::string& folder) {
    std::ifstream file(fs::path(folder) / "model.safetensors", std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  std::string from = out("gptq");
  for (const std::string format : {"compressed-tensors", "plain", "gptq-v2", "pack-quantized", "gptq"}) {
    const std::string to = out("to " + format);
    convert_checkpoint(from, to, {.format = format});
    EXPECT_EQ(difference(logits(to), expected), 0) << format;
    from = to;
  }
  EXPECT_EQ(bytes(from), bytes(out("gptq")));
}

TEST_F(ConvertCheckpoint, ConversionSaysWhatItTakesBeforeItStarts) {
  quantize_checkpoint(write(), out("int8"), {.method = "absmax"});
  Preflight seen;
  ConvertJob job{.format = "compressed-tensors"};
  job.on_preflight = [&](const Preflight& p) {
    seen = p;
    EXPECT_FALSE(fs::exists(out()));
  };
  convert_checkpoint(out("int8"), out(), job);
  EXPECT_EQ(seen.weights, 7U);
  std::uint64_t written = 0;
  for (const std::string& file : files(out())) written += fs::file_size(fs::path(out()) / file);
  const std::uint64_t config = fs::file_size(fs::path(out()) / "config.json");
  EXPECT_LT(seen.output_bytes, written);
  EXPECT_GT(seen.output_bytes, written - config - 4096) << "the tokenizer counts; a header and config.json do not";
  EXPECT_GT(seen.peak_memory, 64'000'000U + 3 * 96 * 64);
  EXPECT_GT(seen.seconds, 0);
}

TEST_F(ConvertCheckpoint, ConversionRefusesWhatItWouldChange) {
  const auto refused = [&](const CheckpointJob& job, const std::string& format) {
    const std::string name = out("from");
    CheckpointJob forced = job;
    forced.force = true;
    quantize_checkpoint(folder_ / "in", name, forced);
    try {
      convert_checkpoint(name, out("to"), {.format = format});
    } catch (const Error& e) {
      EXPECT_FALSE(fs::exists(out("to")));
      return std::string(e.what()).substr(name.size());
    }
    return std::string();
  };
  write();
  EXPECT_THAT(refused({.method = "absmax"}, "gptq"), HasSubstr(".weight: scale 0."));
  EXPECT_THAT(refused({.method = "absmax"}, "gptq"), HasSubstr("would be rounded to float16"));
  EXPECT_THAT(refused({.method = "nf4"}, "plain"), HasSubstr("(nf4 block 64) cannot become plain: "));
  EXPECT_THAT(refused({.method = "absmax"}, "bitsandbytes"), HasSubstr("cannot become bitsandbytes"));
}

}  // namespace
}  // namespace zeropoint
