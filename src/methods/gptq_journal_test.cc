#include "methods/gptq_journal.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <fstream>

#include "methods/gptq_cost.h"
#include "methods/gptq_fingerprint.h"
#include "support/temp_folder.h"
#include "support/two_layers.h"
#include "zeropoint/error.h"

namespace zeropoint {
namespace {

using ::testing::ElementsAre;
using testing::equal;
using ::testing::HasSubstr;
using testing::Outcome;
using testing::quantize;
using testing::samples;
using ::testing::SizeIs;
using testing::two_layers;

class Journal : public ::testing::Test {
 protected:
  GptqJournal open(const Model& model, const GptqModelOptions& options = {},
                   GptqJournal::OtherRun other_run = GptqJournal::OtherRun::refuse) const {
    return GptqJournal(folder_ / "j", gptq_fingerprint(model, samples(), options), other_run);
  }
  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder_ / "j")) {
      names.push_back(entry.path().filename().string());
    }
    std::ranges::sort(names);
    return names;
  }

  testing::TempFolder folder_;
};

TEST_F(Journal, AResumedRunHasTheBytesOfAnUninterruptedOne) {
  const Model model = two_layers();
  GptqOptions schemes[] = {
      {.bits = 3}, {.bits = 4, .block_size = 2, .symmetric = false}, {.bits = 4, .act_order = true}};
  for (const GptqOptions& gptq : schemes) {
    const Outcome whole = quantize(model, samples(), {.gptq = gptq});
    {
      GptqJournal journal = open(model, {.gptq = gptq});
      EXPECT_EQ(journal.finished(), 0U);
      struct Stop {};
      // Two samples and the first weight; the second layer is not begun.
      const OnProgress stop = [](std::int64_t done, std::int64_t) {
        if (done == 3) throw Stop();
      };
      EXPECT_THROW(quantize(model, samples(), {.gptq = gptq, .journal = &journal, .on_progress = stop}), Stop);
    }
    GptqJournal journal = open(model, {.gptq = gptq});
    EXPECT_EQ(journal.finished(), 1U);
    const Outcome resumed = quantize(model, samples(), {.gptq = gptq, .journal = &journal});
    ASSERT_THAT(resumed.report.weights, SizeIs(2));
    for (std::size_t i = 0; i < 2; ++i) {
      const GptqWeightReport& a = whole.report.weights[i];
      const GptqWeightReport& b = resumed.report.weights[i];
      EXPECT_TRUE(equal(whole.matrices.at(a.name), resumed.matrices.at(a.name)));
      EXPECT_EQ(a.name, b.name);
      EXPECT_EQ(a.node, b.node);
      EXPECT_EQ(a.input_rows, b.input_rows);
      EXPECT_EQ(a.gptq.loss, b.gptq.loss);
      EXPECT_EQ(a.gptq.rounding_loss, b.gptq.rounding_loss);
      const QuantizedMatrix& x = whole.matrices.at(a.name);
      const QuantizedMatrix& y = resumed.matrices.at(a.name);
      if (x.zero_points) {
        EXPECT_TRUE(equal<std::int8_t>(x.zero_points, y.zero_points));
      }
      if (x.groups) {
        EXPECT_TRUE(equal<std::int32_t>(x.groups, y.groups));
      }
    }
    EXPECT_EQ(journal.finished(), 2U);
    journal.remove();
  }
}

TEST_F(Journal, TakesTheDiskThatWasAnnounced) {
  const Model model = two_layers();
  GptqOptions schemes[] = {
      {.bits = 3}, {.block_size = 2, .symmetric = false}, {.block_size = 2, .act_order = true}, {.per_tensor = true}};
  for (const GptqOptions& gptq : schemes) {
    GptqJournal journal = open(model, {.gptq = gptq});
    quantize(model, samples(), {.gptq = gptq, .journal = &journal});
    std::uint64_t bytes = 0;
    for (const std::string& name : files()) {
      if (name.ends_with(".weight")) bytes += std::filesystem::file_size(folder_ / ("j/" + name));
    }
    EXPECT_EQ(gptq_cost(model, samples(), {.gptq = gptq}).journal_bytes, bytes);
    journal.remove();
  }
}

TEST_F(Journal, ADamagedFileCountsAsMissing) {
  const Model model = two_layers();
  const Outcome whole = quantize(model, samples(), {});
  {
    GptqJournal journal = open(model);
    quantize(model, samples(), {.journal = &journal});
    EXPECT_THAT(files(), ElementsAre("00000.weight", "00001.weight", "journal.json"));
  }
  const auto damages = {+[](const std::filesystem::path& p) { std::filesystem::resize_file(p, 3); },
                        +[](const std::filesystem::path& p) { std::filesystem::remove(p); },
                        +[](const std::filesystem::path& p) {
                          std::fstream file(p, std::ios::in | std::ios::out | std::ios::binary);
                          const char first = static_cast<char>(file.get() ^ 1);
                          file.seekp(0);
                          file.put(first);
                        }};
  for (const auto damage : damages) {
    damage(folder_ / "j/00000.weight");
    GptqJournal journal = open(model);
    EXPECT_FALSE(journal.find("w1").has_value());
    EXPECT_TRUE(journal.find("w2").has_value());
    const Outcome again = quantize(model, samples(), {.journal = &journal});
    EXPECT_TRUE(equal(again.matrices.at("w1"), whole.matrices.at("w1")));
    EXPECT_TRUE(equal(again.matrices.at("w2"), whole.matrices.at("w2")));
    EXPECT_TRUE(journal.find("w1").has_value()) << "it is written again";
    EXPECT_THAT(files(), ElementsAre("00000.weight", "00001.weight", "journal.json"));
  }
}

TEST_F(Journal, OfAnotherRunIsKeptUnlessItIsToBeReplaced) {
  const Model model = two_layers();
  {
    GptqJournal journal = open(model);
    quantize(model, samples(), {.journal = &journal});
  }
  try {
    open(model, {.gptq = {.bits = 3}});
    FAIL() << "no error";
  } catch (const Error& e) {
    EXPECT_THAT(e.what(), HasSubstr("j: holds 2 finished weights of another run (other options, data or weights); "
                                    "repeat its command, or start over with --force"));
  }
  EXPECT_EQ(open(model).finished(), 2U);

  GptqJournal journal = open(model, {.gptq = {.bits = 3}}, GptqJournal::OtherRun::replace);
  EXPECT_EQ(journal.finished(), 0U);
  EXPECT_FALSE(journal.find("w1").has_value());
  EXPECT_THAT(files(), ElementsAre("journal.json"));
  EXPECT_EQ(open(model).finished(), 0U) << "one that holds nothing is in nobody's way";
  journal.remove();
  EXPECT_FALSE(std::filesystem::exists(folder_ / "j"));
}

TEST_F(Journal, LeavesAloneWhatIsNone) {
  std::filesystem::create_directory(folder_ / "j");
  folder_.write("j/notes.txt", "mine");
  try {
    open(two_layers());
    FAIL() << "no error";
  } catch (const Error& e) {
    EXPECT_THAT(e.what(), HasSubstr("j: is in the way of the journal, and is none; move it elsewhere"));
  }
  EXPECT_THAT(files(), ElementsAre("notes.txt"));
}

}  // namespace
}  // namespace zeropoint
