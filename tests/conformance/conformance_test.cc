#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <set>

#include "support/assets.h"
#include "support/node_tests.h"

namespace zeropoint::conformance {
namespace {

constexpr const char* kArchive = "conformance/onnx-node-tests.tar.zst";

const std::filesystem::path kFolder = std::filesystem::path(ZEROPOINT_BINARY).parent_path() / "onnx-node-tests";
const std::filesystem::path kExpectedFailures =
    std::filesystem::path(ZEROPOINT_SOURCE_DIR) / "tests/conformance/expected_failures.txt";

/// Every test with its result; run once.
struct Suite {
  std::vector<NodeTest> tests;
  std::vector<Result> results;
  std::map<std::string, std::string> expected_failures;

  Suite() {
    unpack(testing::assets() / kArchive, kFolder);
    tests = find_node_tests(kFolder);
    for (const NodeTest& test : tests) results.push_back(run(test));
    expected_failures = read_expected_failures(kExpectedFailures);
  }
};

const Suite& suite() {
  static const Suite all;
  return all;
}

TEST(Conformance, EveryOfferedNodeTestPassesOrIsExpectedToFail) {
  ZEROPOINT_NEEDS_ASSET(kArchive);
  for (std::size_t i = 0; i < suite().tests.size(); ++i) {
    const NodeTest& test = suite().tests[i];
    const bool failed = suite().results[i].outcome == Outcome::failed;
    const bool expected = suite().expected_failures.contains(test.name);
    if (failed && !expected) ADD_FAILURE() << test.name << ": " << suite().results[i].message;
    if (!failed && expected) ADD_FAILURE() << test.name << " no longer fails: take it off expected_failures.txt";
  }
}

TEST(Conformance, ExpectedFailuresNameTestsThatExist) {
  ZEROPOINT_NEEDS_ASSET(kArchive);
  std::set<std::string> names;
  for (const NodeTest& test : suite().tests) names.insert(test.name);
  for (const auto& [name, reason] : suite().expected_failures) EXPECT_TRUE(names.contains(name)) << name;
}

TEST(Conformance, EveryQuantizationOperatorPassesAllItsTests) {
  ZEROPOINT_NEEDS_ASSET(kArchive);
  const std::set<std::string> ops = {"QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear",
                                     "Cast",           "CastLike",         "ConvInteger",
                                     "MatMulInteger",  "QLinearConv",      "QLinearMatMul"};
  for (std::size_t i = 0; i < suite().tests.size(); ++i) {
    if (!ops.contains(suite().tests[i].op_type)) continue;
    EXPECT_TRUE(suite().results[i].outcome == Outcome::passed)
        << suite().tests[i].name << ": " << suite().results[i].message;
  }
}

/// scripts/conformance sets the variable to the page's path.
TEST(Conformance, WritesItsReportWhereAsked) {
  const char* page = std::getenv("ZEROPOINT_CONFORMANCE_REPORT");
  if (page == nullptr) GTEST_SKIP() << "skipped: no report was asked for (ZEROPOINT_CONFORMANCE_REPORT)";
  ZEROPOINT_NEEDS_ASSET(kArchive);
  std::ofstream(page) << report(suite().tests, suite().results, suite().expected_failures);
}

}  // namespace
}  // namespace zeropoint::conformance
