// Installs the build into a temporary prefix and compiles an outside program against it, once with
// find_package and once with pkg-config.
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

namespace {

namespace fs = std::filesystem;

/// Runs a shell command; its output and exit status.
std::pair<int, std::string> shell(const std::string& command) {
  FILE* pipe = popen((command + " 2>&1").c_str(), "r");
  std::string output;
  std::array<char, 4096> buffer{};
  while (std::size_t n = fread(buffer.data(), 1, buffer.size(), pipe)) output.append(buffer.data(), n);
  return {pclose(pipe), output};
}

class Install : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    const auto [status, output] =
        shell("cmake --install " + build().string() + " --prefix " + prefix().string() + " >/dev/null");
    ASSERT_EQ(status, 0) << output;
  }
  static void TearDownTestSuite() { fs::remove_all(prefix().parent_path()); }

  static fs::path build() { return fs::path(ZEROPOINT_BINARY).parent_path(); }
  static fs::path prefix() {
    static const fs::path folder = [] {
      std::string pattern = (fs::temp_directory_path() / "zeropoint-install-XXXXXX").string();
      return fs::path(mkdtemp(pattern.data())) / "prefix";
    }();
    return folder;
  }
  static fs::path consumer() { return fs::path(ZEROPOINT_SOURCE_DIR) / "tests/install/consumer"; }
};

// An archive built with sanitizers asks its users for the same flags.
const std::string kFlags = *ZEROPOINT_SANITIZE == '\0' ? "" : "-fsanitize=" ZEROPOINT_SANITIZE;

// Row 1 of the golden table, [-3, 3.2] in int8, and the refusal of a file that is not there.
constexpr const char* kExpected =
    "scale 0.024314 zero_point -5\n"
    "missing.onnx: cannot open: No such file or directory\n";

TEST_F(Install, OutsideProgramFindsThePackage) {
  const fs::path work = prefix().parent_path() / "find_package";
  const auto [status, output] =
      shell("cmake -G Ninja -S " + consumer().string() + " -B " + work.string() + " -DCMAKE_CXX_FLAGS=" + kFlags +
            " -DCMAKE_PREFIX_PATH=" + prefix().string() + " && cmake --build " + work.string());
  ASSERT_EQ(status, 0) << output;
  EXPECT_EQ(shell((work / "consumer").string()).second, kExpected);
}

TEST_F(Install, OutsideProgramUsesPkgConfig) {
  const fs::path program = prefix().parent_path() / "consumer";
  const std::string pkg_config_path = "PKG_CONFIG_PATH=$(dirname $(find " + prefix().string() + " -name zeropoint.pc))";
  const auto [status, output] =
      shell("export " + pkg_config_path + "; c++ -std=c++20 " + kFlags + " " + (consumer() / "main.cc").string() +
            " -o " + program.string() + " $(pkg-config --cflags --libs --static zeropoint)");
  ASSERT_EQ(status, 0) << output;
  EXPECT_EQ(shell(program.string()).second, kExpected);
}

TEST_F(Install, ProgramRunsFromItsPrefix) {
  EXPECT_EQ(shell((prefix() / "bin/zeropoint").string() + " --version").first, 0);
}

}  // namespace
