#include "base/overwrite.h"

#include <gtest/gtest.h>

#include "support/temp_folder.h"
#include "zeropoint/error.h"

namespace zeropoint {
namespace {

namespace fs = std::filesystem;

class Overwrite : public ::testing::Test {
 protected:
  Overwrite() {
    folder_.write("in.npz", "numbers");
    fs::create_directory(at("data"));
    folder_.write("data/a.npy", "numbers");
  }

  fs::path at(const std::string& name) const { return folder_.path() / name; }

  std::string refusal(const std::vector<ReadPath>& inputs, const std::vector<WrittenPath>& outputs) const {
    try {
      require_no_overwrite(inputs, outputs);
    } catch (const Error& e) {
      std::string text = e.what();
      const std::string folder = folder_.path().string() + "/";
      for (std::size_t i = text.find(folder); i != std::string::npos; i = text.find(folder))
        text.erase(i, folder.size());
      return text;
    }
    return "none";
  }

  testing::TempFolder folder_;
};

TEST_F(Overwrite, AFileThatIsReadIsFoundUnderAnyName) {
  fs::create_symlink(at("in.npz"), at("link.npz"));
  fs::create_hard_link(at("in.npz"), at("hard.npz"));
  const std::vector<ReadPath> inputs = {{"what --data reads", at("in.npz")}};
  EXPECT_EQ(refusal(inputs, {{"--output", at("in.npz")}}),
            "--output: 'in.npz' is what --data reads; it is never overwritten");
  EXPECT_EQ(refusal(inputs, {{"--output", at("link.npz")}}),
            "--output: 'link.npz' is what --data reads; it is never overwritten");
  EXPECT_EQ(refusal(inputs, {{"--output", at("hard.npz")}}),
            "--output: 'hard.npz' is what --data reads; it is never overwritten");
  EXPECT_EQ(refusal(inputs, {{"--output", at("data/../in.npz")}}),
            "--output: 'data/../in.npz' is what --data reads; it is never overwritten");
  EXPECT_EQ(refusal(inputs, {{"--output", at("out.npz")}}), "none");
}

TEST_F(Overwrite, FoldersGuardTheFilesInThem) {
  const std::vector<ReadPath> inputs = {{"what --data reads", at("data")}};
  EXPECT_EQ(refusal(inputs, {{"--output", at("data/a.npy")}}),
            "--output: 'data/a.npy' lies in 'data', what --data reads; no file there is overwritten");
  EXPECT_EQ(refusal(inputs, {{"--output", at("data/new.npy")}}), "none");
  EXPECT_EQ(refusal({{"the input", at("data/a.npy")}}, {{"--output", at("data")}}),
            "--output: 'data' holds 'data/a.npy', the input; it is never overwritten");
  EXPECT_EQ(refusal({{"the input", at("data/a.npy")}}, {{"--output", at("data2")}}), "none");
}

TEST_F(Overwrite, TwoResultsNeedTwoFiles) {
  fs::create_symlink(at("in.npz"), at("link.npz"));
  EXPECT_EQ(refusal({}, {{"--output", at("new")}, {"--save-plan", at("data/../new")}}),
            "--save-plan: 'data/../new' is where --output goes too");
  EXPECT_EQ(refusal({}, {{"--output", at("in.npz")}, {"--save-plan", at("link.npz")}}),
            "--save-plan: 'link.npz' is where --output goes too");
  EXPECT_EQ(refusal({}, {{"--output", at("new")}, {"--save-plan", at("newer")}}), "none");
}

}  // namespace
}  // namespace zeropoint
