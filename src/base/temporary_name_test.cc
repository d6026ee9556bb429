#include "base/temporary_name.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <set>
#include <string>

#include "base/atomic_file.h"
#include "base/output_folder.h"
#include "base/staging_folder.h"
#include "support/temp_folder.h"

namespace zeropoint {
namespace {

namespace fs = std::filesystem;

/// The number of a process that has ended and been waited for.
std::string dead_process() {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(0);
  ::waitpid(child, nullptr, 0);
  return std::to_string(child);
}

class TemporaryName : public ::testing::Test {
 protected:
  void file(const std::string& name) const { std::ofstream(home_ / name) << "old"; }
  void folder(const std::string& name) const {
    fs::create_directory(home_ / name);
    file(name + "/a");
  }
  std::set<std::string> names() const {
    std::set<std::string> all;
    for (const auto& entry : fs::directory_iterator(home_.path())) all.insert(entry.path().filename().string());
    return all;
  }

  testing::TempFolder home_;
  const std::string dead_ = dead_process();
  const std::string own_ = std::to_string(::getpid());
};

TEST_F(TemporaryName, WhatKilledRunsLeftIsRemoved) {
  file("m.onnx." + dead_ + ".tmp");
  folder("m.onnx." + own_ + ".tmp");  // of an earlier process with this number
  EXPECT_EQ(temporary_name(home_ / "m.onnx"), home_ / ("m.onnx." + own_ + ".tmp"));
  EXPECT_EQ(names(), std::set<std::string>{});
}

TEST_F(TemporaryName, NothingElseIsTouched) {
  const std::string running = "1";  // there is always one
  folder("m.onnx." + running + ".tmp");
  folder("m.onnx." + dead_ + ".tmp.old");
  folder("m.onnx." + dead_ + ".tmp");
  fs::create_directory(home_ / ("m.onnx." + dead_ + ".tmp/photos"));
  fs::create_symlink(home_.path(), home_ / ("link." + dead_ + ".tmp"));
  const std::string others[] = {"m.onnx",
                                "m.onnx.tmp",
                                "m.onnx..tmp",
                                "m.onnx.-1.tmp",
                                "m.onnx.0.tmp",
                                "m.onnx.99999999999999999999.tmp",
                                "n.onnx." + dead_ + ".tmp",
                                "m.onnx.0" + dead_ + ".tmp",
                                "m.onnx." + dead_ + "x.tmp",
                                "m.onnx.1." + dead_ + ".tmp"};
  for (const std::string& name : others) file(name);
  const std::set<std::string> before = names();
  temporary_name(home_ / "m.onnx");
  temporary_name(home_ / "link");
  temporary_name(home_ / "missing/m.onnx");
  EXPECT_EQ(names(), before);
}

TEST_F(TemporaryName, EveryKindOfOutputRemovesThem) {
  for (const std::string name : {"a", "b"}) file(name + "." + dead_ + ".tmp");
  folder("c." + dead_ + ".tmp");
  write_file_atomically(home_ / "a", "new");
  { const StagingFolder staging(home_ / "b"); }
  OutputFolder output(home_ / "c/");
  output.commit();
  EXPECT_EQ(names(), (std::set<std::string>{"a", "c"}));
}

}  // namespace
}  // namespace zeropoint
