// How the program ends when something is wrong: one line, the right exit code, no file left behind.
#include "cli/cli.h"
#include "fixture.h"

namespace zeropoint::testing {
namespace {

using cli::kExitError;
using cli::kExitUsage;
using ::testing::HasSubstr;

using Errors = CommandLine;

TEST_F(Errors, WrongUsageExitsWithTwo) {
  EXPECT_EQ(error_of({}, kExitUsage), "a command is wanted (see zeropoint --help)");
  EXPECT_THAT(error_of({"evla"}, kExitUsage), HasSubstr("unknown command 'evla'; did you mean 'eval'?"));
  EXPECT_EQ(error_of({"eval", "m.onnx", "--dta", "x"}, kExitUsage),
            "eval: unknown option '--dta'; did you mean '--data'? (see zeropoint eval --help)");
  EXPECT_EQ(error_of({"eval", "m.onnx"}, kExitUsage), "eval: --data is required (see zeropoint eval --help)");
  EXPECT_EQ(error_of({"ops", "more"}, kExitUsage), "ops: unexpected argument 'more' (see zeropoint ops --help)");
  EXPECT_THAT(error_of({"ops", "--threads", "many"}, kExitUsage), HasSubstr("ops: --threads: "));
  EXPECT_EQ(error_of({"eval", "m.onnx", "--data", "x", "--limit", "0"}, kExitUsage),
            "eval: --limit: '0' is not a whole number above 0 (see zeropoint eval --help)");
  EXPECT_EQ(error_of({"eval", "m.onnx", "--data", "x", "--batch", "-1"}, kExitUsage),
            "eval: --batch: '-1' is not a whole number from 0 (see zeropoint eval --help)");
  EXPECT_EQ(error_of({"ops", "--threads", "-1"}, kExitUsage),
            "ops: --threads: '-1' is not a whole number from 0 to 1024 (see zeropoint ops --help)");
  EXPECT_EQ(error_of({"explain", "add", "--scales", "1,a,1"}, kExitUsage),
            "explain: --scales: '1,a,1' is no list of numbers (see zeropoint explain --help)");
  EXPECT_EQ(error_of({"merge", "-o", "x"}, kExitUsage), "merge: FILE is required (see zeropoint merge --help)");
  EXPECT_EQ(
      error_of({"quantize", "x.npy", "-o", "q.npz", "--nan", "zerro"}, kExitUsage),
      "quantize: --nan: unknown word 'zerro'; did you mean 'zero'? (error, zero) (see zeropoint quantize --help)");
  EXPECT_EQ(error_of({"explain", "--min", "0", "--max", "1", "--dtype", "INT8"}, kExitUsage),
            "--dtype: 'INT8' is no type; did you mean 'int8'?");
  EXPECT_THAT(error_of({"explain", "--min", "0", "--max", "1", "--dtype", "bool"}, kExitUsage),
              HasSubstr("--dtype: bool is not a type of codes"));
}

TEST_F(Errors, AnOutputIsNamedLikeWhatItHolds) {
  EXPECT_EQ(error_of({"quantize", path("x.npy"), "-o", path("q")}, kExitUsage), "--output: 'q' does not end in .npz");
  EXPECT_EQ(error_of({"dequantize", path("q.npz"), "-o", path("x.npz.out")}, kExitUsage),
            "--output: 'x.npz.out' does not end in .npy");
  EXPECT_EQ(error_of({"quantize", path("net.onnx"), "--data", path("x.npz"), "-o", path("q.npz")}, kExitUsage),
            "--output: 'q.npz' ends in .npz: what is written is an ONNX model");
  EXPECT_EQ(error_of({"quantize", path("net.onnx"), "--method", "absmax", "-o", path("q.txt")}, kExitUsage),
            "--output: 'q.txt' ends in .txt: what is written is an ONNX model");
  const auto convert = [&](const std::string& format, const std::string& output) {
    return error_of({"convert", path("none"), "--format", format, "-o", path(output)}, kExitUsage);
  };
  EXPECT_EQ(convert("onnx", "q.gguf"), "--output: 'q.gguf' ends in .gguf: what is written is an ONNX model");
  EXPECT_EQ(convert("gguf", "q.onnx"), "--output: 'q.onnx' does not end in .gguf");
  EXPECT_EQ(convert("plain", "q.onnx"),
            "--output: 'q.onnx' would be a folder, which is what this format writes; --format onnx, matmulnbits and "
            "gguf write a file");
}

TEST_F(Errors, AnArrayHasNoModelToChooseItsObserver) {
  save_npy(Tensor::of<float>({2}, {1, 2}), path("x.npy"));
  EXPECT_THAT(
      error_of({"quantize", path("x.npy"), "--observer", "auto", "-o", path("q.npz")}, kExitUsage),
      ::testing::StartsWith("--observer: auto runs a model to compare its answers; an array wants a rule: minmax, "));
  EXPECT_THAT(run_zeropoint({"quantize", "x.npy", "--help"}).out, HasSubstr("rule that chooses the range: minmax, "));
}

TEST_F(Errors, ALineThatPassesForAHeadingIsQuoted) {
  EXPECT_EQ(error_of({"eval", path("net.onnx"), "--data", folder_.write("c.csv", "image.jpg,abc\n")}, kExitError),
            "c.csv: lists no files: its only line is a heading, for 'abc' is no label");
}

TEST_F(Errors, AValueThatDoesNotExistIsWrongUsage) {
  const std::vector<std::string> eval = {"eval", path("net.onnx"), "--data", path("x.npz")};
  const auto with = [&](const std::vector<std::string>& more) {
    std::vector<std::string> all = eval;
    all.insert(all.end(), more.begin(), more.end());
    return error_of(all, kExitUsage);
  };
  EXPECT_EQ(with({"--metric", "top2"}),
            "--metric: unknown metric 'top2'; did you mean 'top1'? (top1, perplexity, speed)");
  EXPECT_THAT(with({"--preprocess", "imagnet"}),
              HasSubstr("--preprocess: unknown preset 'imagnet'; did you mean 'imagenet'?"));
  EXPECT_THAT(with({"--output-name", "z"}), HasSubstr("unknown output 'z' (y)"));
  EXPECT_EQ(with({"--select", "[:,9]"}), "--select: 9 is no index of axis 1 in [1, 3]");
}

TEST_F(Errors, ExplainRefusesOptionsThatCouldNotChangeItsAnswer) {
  const auto explain = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "explain");
    return error_of(arguments, kExitUsage);
  };
  EXPECT_EQ(explain({"--mistakes", "--svg", path("a.svg")}), "--svg: has no use with --mistakes");
  EXPECT_EQ(explain({"--mistakes", "--padding"}), "--padding: has no use with --mistakes");
  EXPECT_EQ(explain({"--min", "0", "--max", "1", "--scales", "1,1,1"}), "--scales: has no use with a range");
  EXPECT_EQ(explain({"add", "--scales", "1,1,1", "--symmetric"}), "--symmetric: has no use with an operation");
  EXPECT_EQ(explain({path("net.onnx"), "--min", "0", "--max", "1"}), "--min: has no use with a tensor");
  EXPECT_EQ(explain({"divide", "--scales", "1,1,1"}), "divide: is no file, and no operation: multiply, add or matmul");
  EXPECT_EQ(explain({"--min", "2", "--max", "1"}), "--min, --max: [2, 1] is no finite range");
}

TEST_F(Errors, AnAxisThatDoesNotExistIsNamedByItsOption) {
  save_npy(Tensor::of<float>({2, 1}, {1, 2}), path("x.npy"));
  const std::string text = "--axis: there is no axis 5 in an array of 2 axes";
  EXPECT_EQ(error_of({"explain", path("x.npy"), "--compare", "--axis", "5"}, kExitUsage), text);
  EXPECT_EQ(error_of({"quantize", path("x.npy"), "--axis", "5", "-o", path("q.npz")}, kExitUsage), text);
}

TEST_F(Errors, AFileThatIsMissingOrBrokenIsNamed) {
  EXPECT_EQ(error_of({"inspect", path("none.onnx")}, kExitError), "none.onnx: cannot open: No such file or directory");
  EXPECT_THAT(error_of({"inspect", folder_.path().string()}, kExitError),
              HasSubstr("is no checkpoint: it holds no config.json"));
  EXPECT_THAT(error_of({"inspect", folder_.write("bad.onnx", "not a model")}, kExitError), HasSubstr("bad.onnx: "));
  EXPECT_THAT(error_of({"inspect", folder_.write("empty.onnx", "")}, kExitError), HasSubstr("empty.onnx: "));
  EXPECT_EQ(error_of({"eval", path("net.onnx"), "--data", path("none.npz")}, kExitError),
            "none.npz: cannot open: No such file or directory");
  EXPECT_THAT(error_of({"eval", path("net.onnx"), "--data", folder_.write("bad.npz", "PK")}, kExitError),
              HasSubstr("bad.npz: is not an npz file"));
}

TEST_F(Errors, AFileNameCannotBreakTheLine) {
  EXPECT_THAT(error_of({"inspect", "two\nlines\x1b[31m.onnx"}, kExitError),
              HasSubstr("two\\x0alines\\x1b[31m.onnx: cannot open"));
}

TEST_F(Errors, MisshapenDataNamesBothShapes) {
  save_npy(Tensor::of<float>({2, 2}, {1, 2, 3, 4}), path("narrow.npy"));
  EXPECT_EQ(error_of({"run", path("net.onnx"), "--data", path("narrow.npy")}, kExitError),
            "narrow.npy: has the shape [2, 2]; the input 'x' wants [N, 3] (--preprocess can change layout and size)");
}

TEST_F(Errors, AnOperatorThatIsNotOfferedIsNamed) {
  save_model("odd.onnx", "g (float32[N, 3] x) => (float32[N, 3] y) { [\"n1\"] y = Nonsense(x) }");
  EXPECT_EQ(error_of({"eval", path("odd.onnx"), "--data", path("x.npz")}, kExitError),
            "odd.onnx: node 'n1' (Nonsense): the operator Nonsense is not offered at opset 13");
}

TEST_F(Errors, ARequiredOutputThatIsLeftOutIsNamed) {
  Model model = model_of("g (float32[4] x) => (int64[2] y)\n<int64[1] k = {2}> { [\"n1\"] v, y = TopK(x, k) }");
  model.graph.nodes[0].outputs[0] = kNoValue;
  save_onnx(model, path("top.onnx"));
  EXPECT_EQ(error_of({"run", path("top.onnx"), "--data", "random", "--limit", "4"}, kExitError),
            "top.onnx: node 'n1' (TopK): output 0 is left out, which only optional outputs may be");
}

TEST_F(Errors, AnOpsetOfTheFutureIsRefused) {
  Model model = model_of("g (float32[N, 3] x) => (float32[N, 3] y) { y = Relu(x) }");
  model.opsets[""] = 99;
  save_onnx(model, path("future.onnx"));
  EXPECT_EQ(error_of({"run", path("future.onnx"), "--data", path("x.npz")}, kExitError),
            "future.onnx: opset 99: the newest that is known is 28; what its operators mean is not");
  EXPECT_EQ(run_zeropoint({"inspect", path("future.onnx")}).exit_code, 0);
}

TEST_F(Errors, AnArchiveWithoutArraysIsNamed) {
  save_npz({}, path("none.npz"));
  EXPECT_EQ(error_of({"run", path("net.onnx"), "--data", path("none.npz")}, kExitError), "none.npz: holds no arrays");
}

TEST_F(Errors, AFolderThatIsNoCheckpointSaysWhatItLacks) {
  std::filesystem::create_directory(path("weights"));
  EXPECT_EQ(error_of({"quantize", path("weights"), "--method", "absmax", "-o", path("out")}, kExitError),
            "weights: is no checkpoint: it holds no config.json");
  EXPECT_THAT(error_of({"quantize", path("nothing"), "--method", "absmax", "-o", path("out")}, kExitError),
              HasSubstr("nothing: cannot open: No such file or directory"));
}

TEST_F(Errors, NothingIsLeftWhenTheOutputCannotBeWritten) {
  const std::vector<std::string> before = files();
  const std::vector<std::string> run = {"run", path("net.onnx"), "--data", path("x.npz"), "-o"};
  const auto to = [&](const std::string& output, const ProcessOptions& options = {}) {
    std::vector<std::string> arguments = run;
    arguments.push_back(output);
    return error_of(arguments, kExitError, options);
  };
  EXPECT_EQ(to(path("no/such/folder/y.npz")), "no/such/folder/y.npz: cannot create: No such file or directory");
  EXPECT_THAT(to(folder_.path().string()), HasSubstr("is a folder; give the name of a file to write"));
  EXPECT_EQ(files(), before);
}

TEST_F(Errors, NothingIsLeftWhenTheDiskIsFull) {
  Tensor big = Tensor::zeros(DType::f32, {200000, 3});
  save_npy(big, path("big.npy"));
  const std::vector<std::string> before = files();
  EXPECT_EQ(error_of({"run", path("net.onnx"), "--data", path("big.npy"), "-o", path("y.npz")}, kExitError,
                     {.file_bytes_limit = 100000}),
            "y.npz: cannot write: File too large");
  EXPECT_EQ(files(), before);
}

TEST_F(Errors, AModelAppearsWithItsPlanOrNotAtAll) {
  save_model("product.onnx",
             "g (float32[N, 3] x) => (float32[N, 2] y)\n"
             "<float32[3, 2] w = {1, 2, 3, 4, 5, 6}> { y = MatMul(x, w) }");
  const std::vector<std::string> before = files();
  const auto quantize = [&](const std::string& plan, const ProcessOptions& options = {}) {
    return error_of(
        {"quantize", path("product.onnx"), "--data", path("x.npz"), "-o", path("q.onnx"), "--save-plan", plan},
        kExitError, options);
  };
  EXPECT_EQ(quantize(path("no/plan.json")), "no/plan.json: cannot create: No such file or directory");
  EXPECT_EQ(quantize("/dev/full"), "/dev/full: is not a regular file and cannot be replaced");
  EXPECT_EQ(quantize(path("plan.json"), {.file_bytes_limit = 700}), "plan.json: cannot write: File too large");
  EXPECT_EQ(files(), before);
}

TEST_F(Errors, AFullDiskIsToldByTheNameThatWasAskedFor) {
  save_model("product.onnx",
             "g (float32[N, 3] x) => (float32[N, 2] y)\n"
             "<float32[3, 2] w = {1, 2, 3, 4, 5, 6}> { y = MatMul(x, w) }");
  const std::vector<std::string> before = files();
  EXPECT_EQ(error_of({"quantize", path("product.onnx"), "--data", path("x.npz"), "-o", path("q.onnx")}, kExitError,
                     {.file_bytes_limit = 100}),
            "q.onnx: cannot write: File too large");
  EXPECT_EQ(files(), before);
}

TEST_F(Errors, AFullDiskBehindStandardOutputIsAnError) {
  if (!std::filesystem::exists("/dev/full")) GTEST_SKIP() << "skipped: no /dev/full";
  EXPECT_EQ(error_of({"ops"}, kExitError, {.stdout_path = "/dev/full"}),
            "standard output: cannot write: No space left on device");
}

}  // namespace
}  // namespace zeropoint::testing
