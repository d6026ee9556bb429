// Runs every command that a page of docs/ shows and compares what it prints with the page, so that
// the pages cannot go stale. A block looks like this:
//
//   ```console
//   $ zeropoint explain --min -3 --max 3.2
//   int8 affine ...
//   ```
//
// Commands run in the project's folder. A line "..." in the page stands for any lines.
// With ZEROPOINT_UPDATE_DOCS=1 the page is rewritten with what the commands print now.
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;
using Lines = std::vector<std::string>;

Lines split(std::istream& stream) {
  Lines lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::string join(const Lines& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

/// What a documented command prints, errors included.
Lines run(std::string command) {
  const std::string program = "zeropoint ";
  EXPECT_TRUE(command.starts_with(program)) << command;
  command = "cd " ZEROPOINT_SOURCE_DIR " && " ZEROPOINT_BINARY " " + command.substr(program.size()) + " 2>&1";
  FILE* pipe = popen(command.c_str(), "r");
  std::string output;
  std::array<char, 4096> buffer{};
  while (const std::size_t n = fread(buffer.data(), 1, buffer.size(), pipe)) output.append(buffer.data(), n);
  pclose(pipe);
  std::istringstream stream(output);
  return split(stream);
}

/// Does `actual` fit `shown`, in which "..." matches any number of lines?
bool fits(const Lines& shown, std::size_t i, const Lines& actual, std::size_t j) {
  for (; i < shown.size(); ++i, ++j) {
    if (shown[i] == "...") {
      for (std::size_t k = j; k <= actual.size(); ++k) {
        if (fits(shown, i + 1, actual, k)) return true;
      }
      return false;
    }
    if (j >= actual.size() || shown[i] != actual[j]) return false;
  }
  return j == actual.size();
}

class Documentation : public testing::TestWithParam<const char*> {};

TEST_P(Documentation, CommandsPrintWhatThePageShows) {
  const bool is_update = std::getenv("ZEROPOINT_UPDATE_DOCS") != nullptr;
  const fs::path page = fs::path(ZEROPOINT_SOURCE_DIR) / GetParam();
  std::ifstream file(page);
  const Lines lines = split(file);
  Lines updated;
  int commands = 0;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    updated.push_back(lines[i]);
    if (lines[i] != "```console") continue;
    for (++i; i < lines.size() && lines[i] != "```";) {
      ASSERT_TRUE(lines[i].starts_with("$ ")) << page << ":" << i + 1 << ": a console block starts with a command";
      const std::string command = lines[i].substr(2);
      updated.push_back(lines[i]);
      Lines shown;
      for (++i; i < lines.size() && lines[i] != "```" && !lines[i].starts_with("$ "); ++i) shown.push_back(lines[i]);
      const Lines actual = run(command);
      const bool is_right = fits(shown, 0, actual, 0);
      for (const std::string& line : is_right ? shown : actual) updated.push_back(line);
      ++commands;
      EXPECT_TRUE(is_right || is_update) << page << "\n$ " << command << "\n--- prints\n"
                                         << join(actual) << "--- the page shows\n"
                                         << join(shown);
    }
    updated.emplace_back("```");
  }
  EXPECT_GT(commands, 0) << page << " shows no command";
  if (is_update) std::ofstream(page) << join(updated);
}

INSTANTIATE_TEST_SUITE_P(Pages, Documentation,
                         testing::Values("docs/quantization.md", "docs/cli.md", "docs/gguf.md", "docs/gptq.md",
                                         "docs/checkpoints.md"));

}  // namespace
