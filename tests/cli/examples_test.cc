// The examples of help and of the pages run as they are written, one after the other in one folder.
#include <array>
#include <cstdio>
#include <cstdlib>
#include <sstream>

#include "fixture.h"
#include "support/tiny_llama.h"

namespace zeropoint::testing {
namespace {

using ::testing::HasSubstr;

/// The lines that start with "zeropoint " up to the first other line after them, with those that continue them.
std::string first_commands(const std::string& text) {
  std::istringstream stream(text);
  std::string commands;
  bool continues = false;
  for (std::string line; std::getline(stream, line);) {
    const std::string trimmed = line.substr(std::min(line.find_first_not_of(' '), line.size()));
    const bool is_command = trimmed.starts_with("zeropoint ");
    if (!is_command && !continues && !commands.empty()) break;
    if (is_command || continues) commands += trimmed + "\n";
    continues = (is_command || continues) && line.ends_with('\\');
  }
  return commands;
}

/// What help shows below "examples:".
std::string examples_of(const std::vector<std::string>& command) {
  const std::string help = run_zeropoint(command).out;
  return first_commands(help.substr(std::min(help.find("\nexamples:\n"), help.size())));
}

class Examples : public CommandLine {
 protected:
  /// llama/, its GGUF file, and token ids under every name that the examples use.
  Examples() {
    write_tiny_llama(folder_ / "llama", {.hidden = 256, .intermediate = 512});
    const Tensor ids = Tensor::of<std::int64_t>({2, 8}, {1, 2, 3, 4, 5, 6, 7, 8, 8, 7, 6, 5, 4, 3, 2, 1});
    const NamedTensor arrays[] = {{"tokens", ids}};
    save_npz(arrays, path("tokens.npz"));
    for (const char* name : {"tokens.txt", "test.txt"}) folder_.write(name, "1 2 3 4 5 6 7 8\n8 7 6 5 4 3 2 1\n");
    EXPECT_EQ(run("zeropoint quantize llama/ --method gguf:Q8_0 --tokenizer none -o llama-Q8_0.gguf"), "");
  }

  /// What a script says on standard error and where it failed; empty: all went well.
  std::string run(const std::string& script) const {
    const std::string file =
        folder_.write("script.sh", "set -e\nzeropoint() { '" ZEROPOINT_BINARY
                                   "' \"$@\" --quiet >&3 || { echo failed: \"$@\"; exit 1; }; }\n" +
                                       script + "\n");
    FILE* pipe = popen(("cd '" + folder_.path().string() + "' && sh script.sh 3>/dev/null 2>&1").c_str(), "r");
    std::string output;
    std::array<char, 4096> buffer{};
    while (const std::size_t n = fread(buffer.data(), 1, buffer.size(), pipe)) output.append(buffer.data(), n);
    pclose(pipe);
    std::filesystem::remove(file);
    return output;
  }
};

TEST_F(Examples, OfQuantizingACheckpointAndConvertingIt) {
  const std::string quantize = examples_of({"quantize", "llama/", "--help"});
  EXPECT_THAT(quantize, HasSubstr("--format gptq-v2 -o llama-gptq/\n"));
  EXPECT_EQ(run(quantize), "");
  const std::string convert = examples_of({"convert", "--help"});
  EXPECT_THAT(convert, HasSubstr("-o llama-ct/\n"));
  EXPECT_EQ(run(convert), "");
}

TEST_F(Examples, OfThePageOfCheckpoints) {
  std::ifstream page(ZEROPOINT_SOURCE_DIR "/docs/checkpoints.md");
  const std::string commands = first_commands({std::istreambuf_iterator<char>(page), {}});
  EXPECT_THAT(commands, HasSubstr("--format plain -o plain/\n"));
  EXPECT_EQ(run(commands), "");
}

}  // namespace
}  // namespace zeropoint::testing
