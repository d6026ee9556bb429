// What goes through although it is probably not what was meant is said aloud; what cannot be meant is refused.
#include <nlohmann/json.hpp>

#include "base/mapped_file.h"
#include "cli/cli.h"
#include "fixture.h"

namespace zeropoint::testing {
namespace {

using cli::kExitUsage;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;
using Json = nlohmann::json;

class Warnings : public CommandLine {
 protected:
  Warnings() {
    save_model("product.onnx",
               "g (float32[N, 3] x) => (float32[N, 2] y)\n"
               "<float32[3, 2] w = {1, 2, 3, 4, 5, 6}> { [\"product\"] y = MatMul(x, w) }");
  }

  ProcessResult run(std::vector<std::string> arguments, const std::vector<std::string>& more) const {
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_zeropoint(arguments);
  }

  std::vector<std::string> quantize() const {
    return {"quantize", path("product.onnx"), "--data", path("x.npz"), "-o", path("q.onnx")};
  }

  std::vector<std::string> warnings(const std::vector<std::string>& more) const {
    std::vector<std::string> all = more;
    all.emplace_back("--json");
    const ProcessResult result = run(quantize(), all);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return result.exit_code == 0 ? Json::parse(result.out)["warnings"].get<std::vector<std::string>>()
                                 : std::vector<std::string>();
  }

  std::string refusal(const std::vector<std::string>& more, int exit_code = kExitUsage) const {
    std::vector<std::string> all = quantize();
    all.insert(all.end(), more.begin(), more.end());
    return error_of(all, exit_code);
  }

  /// What the data or a file said no to.
  std::string failure(const std::vector<std::string>& more) const { return refusal(more, cli::kExitError); }
};

TEST_F(Warnings, AnOptionThatCannotChangeTheResultIsNamed) {
  EXPECT_THAT(warnings({}), IsEmpty());
  EXPECT_THAT(warnings({"--observer", "minmax", "--percentile", "99"}),
              ElementsAre("--percentile has no use with observer minmax"));
  EXPECT_THAT(warnings({"--n-std", "4"}), ElementsAre("--n-std has no use with observer auto"));
  EXPECT_THAT(warnings({"--observer", "percentile", "--percentile", "80", "--save-plan", path("plan.json")}),
              IsEmpty());
  EXPECT_THAT(warnings({"--plan", path("plan.json"), "--observer", "mse", "--include", "product"}),
              ElementsAre("--observer has no use with --plan, which has decided everything",
                          "--include has no use with --plan, which has decided everything"));
  EXPECT_THAT(warnings({"--plan", path("plan.json"), "--format", "qoperator"}),
              ElementsAre("--format has no use with --plan, whose field 'format' decides"));
  EXPECT_THAT(run(quantize(), {"--plan", path("plan.json")}).err,
              HasSubstr("--data served only to compare the models: the ranges are those of --plan"));
}

TEST_F(Warnings, APlanSpeaksForItself) {
  ASSERT_THAT(warnings({"--observer", "minmax", "--save-plan", path("plan.json")}), IsEmpty());
  std::string plan(MappedFile::open(path("plan.json"))->text());
  const auto edit = [&](std::string_view from, std::string_view to) {
    ASSERT_NE(plan.find(from), std::string::npos) << plan;
    plan.replace(plan.find(from), from.size(), to);
    folder_.write("plan.json", plan);
  };
  EXPECT_THAT(run(quantize(), {"--plan", path("plan.json")}).out,
              HasSubstr("1 of 1 nodes quantized\nplan " + path("plan.json") + ", made with observer minmax\n"));
  edit("\"quantized\": true", "\"quantized\": false");
  EXPECT_THAT(run(quantize(), {"--plan", path("plan.json")}).out,
              HasSubstr("\nfloat: 1 (MatMul: the plan says so): product\n"));
  edit("\"dtype\": \"uint8\"", "\"dtype\": \"uint16\"");
  edit("\"qdq\"", "\"qoperator\"");
  EXPECT_EQ(failure({"--plan", path("plan.json")}),
            "plan.json: 'format': qoperator has operators on 8-bit codes only; uint16 wants qdq");
  edit("\"qoperator\"", "\"foo\"");
  EXPECT_EQ(failure({"--plan", path("plan.json")}), "plan.json: 'format' is 'foo'; it must be qdq or qoperator");
}

TEST_F(Warnings, AJournalIsForcedWhereThereIsOne) {
  EXPECT_THAT(run({"quantize", path("product.onnx"), "--method", "absmax"}, {"--force", "-o", path("q.onnx")}).err,
              HasSubstr("zeropoint: warning: --force has no use with --method absmax, which keeps no journal\n"));
  EXPECT_EQ(run({"quantize", path("product.onnx"), "--method", "gptq"},
                {"--data", path("x.npz"), "--force", "-o", path("q.onnx")})
                .err,
            "");
}

TEST_F(Warnings, OptionsOfDataWantData) {
  EXPECT_EQ(
      error_of({"quantize", path("product.onnx"), "--plan", "p.json", "--limit", "3", "-o", "q.onnx"}, kExitUsage),
      "quantize: --limit requires --data (see zeropoint quantize --help)");
}

TEST_F(Warnings, AModelThatIsWrittenAsItWasSaysWhy) {
  EXPECT_THAT(warnings({"--exclude", "*"}),
              ElementsAre("no node is quantized: the model is written as it was (1 of 1 node: excluded by '*')"));
}

TEST_F(Warnings, AModelThatIsQuantizedAlreadyIsRecognized) {
  ASSERT_THAT(warnings({}), IsEmpty());
  const ProcessResult again =
      run_zeropoint({"quantize", path("q.onnx"), "--data", path("x.npz"), "-o", path("qq.onnx"), "--json"});
  ASSERT_EQ(again.exit_code, 0) << again.err;
  const auto said = Json::parse(again.out)["warnings"].get<std::vector<std::string>>();
  ASSERT_FALSE(said.empty());
  EXPECT_THAT(said[0], StartsWith("the model is quantized already (3 nodes such as '"));
}

TEST_F(Warnings, AModelOfQuantizedOperatorsIsRecognized) {
  save_model("operators.onnx",
             "g (float32[N, 3] x) => (float32[N, 3] y)\n"
             "<float32[] s = {0.5}, uint8[] z = {0}, uint8[3, 3] w = {1, 0, 0, 0, 1, 0, 0, 0, 1}>\n"
             "{ [\"q\"] a = QuantizeLinear(x, s, z) [\"product\"] b = QLinearMatMul(a, s, z, w, s, z, s, z)"
             " [\"dq\"] y = DequantizeLinear(b, s, z) }");
  const ProcessResult again =
      run_zeropoint({"quantize", path("operators.onnx"), "--data", path("x.npz"), "-o", path("q.onnx")});
  EXPECT_THAT(again.err, HasSubstr("zeropoint: warning: the model is quantized already (3 nodes such as 'q', "
                                   "QuantizeLinear): nothing else is, and it is written as it was\n"));
  EXPECT_THAT(again.out, HasSubstr("\nfloat: 1 (QLinearMatMul: already part of a quantized model): product\n"));
}

TEST_F(Warnings, NumbersOutOfRangeAreRefusedByTheirOption) {
  EXPECT_EQ(refusal({"--percentile", "101"}), "--percentile: 101 is not above 50 and up to 100");
  EXPECT_EQ(refusal({"--percentile", "-5"}), "--percentile: -5 is not above 50 and up to 100");
  EXPECT_EQ(refusal({"--percentile", "nan"}), "--percentile: nan is not above 50 and up to 100");
  EXPECT_EQ(refusal({"--n-std", "0"}), "--n-std: 0 is not a number above 0");
  EXPECT_EQ(refusal({"--activations", "int16", "--format", "qoperator"}),
            "--format: qoperator has operators on 8-bit codes only; int16 wants qdq");
  EXPECT_EQ(refusal({"--activations", "int4"}),
            "--activations: int4 is not offered; choose uint8, int8, uint16 or int16");
  EXPECT_EQ(refusal({"--observer", "minmx"}).substr(0, 58),
            "--observer: unknown observer 'minmx'; did you mean 'minmax");
  EXPECT_THAT(refusal({"--observer", "msee"}), HasSubstr("did you mean 'mse'? (auto, minmax, "));
}

TEST_F(Warnings, NumbersAgreeWithTheirNouns) {
  const ProcessResult once =
      run_zeropoint({"run", path("net.onnx"), "--data", path("x.npz"), "--limit", "1", "-o", path("y.npz")});
  EXPECT_THAT(once.out, HasSubstr("y.npz: 1 sample\n"));
  EXPECT_THAT(run_zeropoint({"run", path("net.onnx"), "--data", path("x.npz"), "-o", path("y.npz")}).out,
              HasSubstr("y.npz: 4 samples\n"));
}

}  // namespace
}  // namespace zeropoint::testing
