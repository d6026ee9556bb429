#include "methods/gptq_model.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <random>

#include "executor/program.h"
#include "methods/gptq_cost.h"
#include "methods/gptq_fingerprint.h"
#include "methods/gptq_journal.h"
#include "methods/input_rows.h"
#include "support/model_text.h"
#include "support/temp_folder.h"
#include "zeropoint/error.h"

namespace zeropoint {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::model_of;
using ::testing::SizeIs;
using Samples = std::vector<std::vector<Tensor>>;

Tensor normal(const Shape& shape, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> distribution(0, 1);
  Tensor x = Tensor::allocate(DType::f32, shape);
  for (float& value : x.mutable_values<float>()) value = distribution(random);
  return x;
}

void set(Model& model, std::string_view name, Tensor tensor) {
  model.graph.value(model.graph.find(name)).constant = std::move(tensor);
}

/// x -> w1 -> Relu -> w2.
Model two_layers() {
  Model model = model_of(
      "g (float32[N, 4] x) => (float32[N, 3] y)\n"
      "<float32[4, 6] w1 = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},\n"
      " float32[6, 3] w2 = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}>\n"
      "{ [\"first\"] h = MatMul(x, w1) r = Relu(h) [\"second\"] y = MatMul(r, w2) }");
  set(model, "w1", normal({4, 6}, 1));
  set(model, "w2", normal({6, 3}, 2));
  return model;
}

Samples samples() { return {{normal({8, 4}, 3)}, {normal({8, 4}, 4)}}; }

struct Outcome {
  std::map<std::string, QuantizedMatrix> matrices;
  GptqModelReport report;
};

Outcome quantize(const Model& model, const Samples& data, const GptqModelOptions& options) {
  Outcome outcome;
  outcome.report = gptq_model(model, data, options,
                              [&](const QuantizedMatrix& matrix, const auto& w) { outcome.matrices[w.name] = matrix; });
  return outcome;
}

std::string refusal(const Model& model, const Samples& data, const GptqModelOptions& options) {
  try {
    quantize(model, data, options);
  } catch (const Error& e) {
    return e.what();
  }
  return "no error";
}

template <typename T>
bool equal(const Tensor& a, const Tensor& b) {
  return std::ranges::equal(a.values<T>(), b.values<T>());
}

bool equal(const QuantizedMatrix& a, const QuantizedMatrix& b) {
  return a.scheme == b.scheme && equal<std::int8_t>(a.codes, b.codes) && equal<float>(a.scales, b.scales);
}

Tensor hessian(const Samples& inputs) {
  GramMatrix sum(inputs[0][0].dim(1));
  for (const auto& x : inputs) sum.add(x[0].data<float>(), x[0].dim(0), x[0].dim(1));
  return sum.finish(2.0F / static_cast<float>(sum.rows()));
}

/// [out, in] of a [in, out] operand, and back.
Tensor transposed(const Tensor& m) {
  Tensor t = Tensor::allocate(DType::f32, {m.dim(1), m.dim(0)});
  for (std::int64_t r = 0; r < m.dim(0); ++r) {
    for (std::int64_t c = 0; c < m.dim(1); ++c) {
      t.mutable_data<float>()[c * m.dim(0) + r] = m.data<float>()[r * m.dim(1) + c];
    }
  }
  return t;
}

/// The value r of two_layers() when the first layer has these weights.
Samples hidden(Model model, const Tensor& w1, const Samples& data) {
  set(model, "w1", w1);
  model.graph.outputs = {model.graph.find("r")};
  Program program = Program::compile(model);
  Samples result;
  for (const auto& x : data) result.push_back(program.run(x));
  return result;
}

TEST(GptqModel, TheSecondLayerSeesTheQuantizedFirst) {
  const Model model = two_layers();
  const Samples data = samples();
  const GptqOptions options{.bits = 2};
  const Outcome outcome = quantize(model, data, {.gptq = options});

  const Tensor w1 = model.graph.value(model.graph.find("w1")).constant;
  const Tensor w2 = model.graph.value(model.graph.find("w2")).constant;
  const GptqResult first = gptq(transposed(w1), hessian(data), options, "w1");
  const Samples behind = hidden(model, transposed(dequantize(first.matrix)), data);
  const GptqResult second = gptq(transposed(w2), hessian(behind), options, "w2");
  const GptqResult second_on_float = gptq(transposed(w2), hessian(hidden(model, w1, data)), options, "w2");

  EXPECT_TRUE(equal(outcome.matrices.at("w1"), first.matrix));
  EXPECT_TRUE(equal(outcome.matrices.at("w2"), second.matrix));
  ASSERT_THAT(outcome.report.weights, SizeIs(2));
  EXPECT_EQ(outcome.report.weights[1].gptq.loss, second.report.loss);
  EXPECT_NE(second.report.loss, second_on_float.report.loss);
  EXPECT_EQ(outcome.report.weights[1].name, "w2");
  EXPECT_EQ(outcome.report.weights[1].node, "second");
  EXPECT_EQ(outcome.report.weights[1].rows, 3);
  EXPECT_EQ(outcome.report.weights[1].columns, 6);
  EXPECT_EQ(outcome.report.weights[1].samples, 2);
  EXPECT_EQ(outcome.report.weights[1].input_rows, 16);
}

TEST(GptqModel, WeightsThatReadTheSameRowsShareAHessian) {
  Model model = model_of(
      "g (float32[N, 2] x) => (float32[N, 2] y)\n"
      "<float32[2, 2] q = {1, 2, 3, 4}, float32[2, 2] k = {4, 1, 2, 5}, float32[2, 2] v = {1, 7, 3, 2},\n"
      " float32[2, 2] o = {1, 2, 5, 3}>\n"
      "{ a = MatMul(x, q) b = MatMul(x, k) c = MatMul(x, v) ab = Add(a, b) abc = Add(ab, c) y = MatMul(abc, o) }");
  std::int64_t steps = 0;
  std::int64_t total = 0;
  const Outcome outcome = quantize(model, {{normal({8, 2}, 1)}, {normal({8, 2}, 2)}, {normal({8, 2}, 3)}},
                                   {.on_progress = [&](std::int64_t done, std::int64_t all) {
                                     EXPECT_EQ(done, ++steps);
                                     total = all;
                                   }});
  // Three samples through two layers, and four weights.
  EXPECT_EQ(total, 3 * 2 + 4);
  EXPECT_EQ(steps, total);
  std::vector<std::string> order;
  for (const auto& w : outcome.report.weights) order.push_back(w.name);
  EXPECT_THAT(order, ElementsAre("q", "k", "v", "o"));
}

TEST(GptqModel, FewRowsAreSaidBeforeTheFirstWeight) {
  std::vector<std::string> events;
  const GptqModelOptions options{.on_warning = [&](const std::string& warning) { events.push_back(warning); }};
  const Model model = two_layers();
  gptq_model(model, {{normal({2, 4}, 3)}, {normal({1, 4}, 4)}}, options,
             [&](const QuantizedMatrix&, const GptqWeightReport& report) { events.push_back(report.name); });
  EXPECT_THAT(events, ElementsAre("'w2' gets 3 rows of calibration for 6 inputs (and 1 more weight like it): only "
                                  "damping makes its Hessian regular; give more data",
                                  "w1", "w2"));
}

TEST(GptqModel, FewRowsAreAWarning) {
  const Outcome outcome = quantize(two_layers(), {{normal({5, 4}, 3)}}, {});
  EXPECT_THAT(outcome.report.warnings,
              ElementsAre("'w2' gets 5 rows of calibration for 6 inputs: only damping makes its Hessian regular; "
                          "give more data"));
}

TEST(GptqModel, RefusesBeforeItComputes) {
  Model model = two_layers();
  bool has_begun = false;
  GptqModelOptions options{.on_progress = [&](auto, auto) { has_begun = true; }};
  EXPECT_EQ(refusal(model, {}, options), "calibration data: there is no sample");
  options.gptq.block_size = 4;
  EXPECT_EQ(refusal(model, samples(), options), "test.onnx: w2: it has 6 inputs, which blocks of 4 do not divide");
  options.gptq = {.bits = 5};
  EXPECT_EQ(refusal(model, samples(), options), "--bits: weights have 8, 4, 3 or 2 bits, not 5");
  options.gptq = {};
  options.keep = [](const std::string&) { return "stays"; };
  EXPECT_EQ(refusal(model, samples(), options), "test.onnx: there is no weight to quantize: first: stays");
  options.keep = nullptr;
  Tensor broken = normal({6, 3}, 2);
  broken.mutable_data<float>()[4] = std::numeric_limits<float>::quiet_NaN();
  set(model, "w2", broken);
  EXPECT_EQ(refusal(model, samples(), options),
            "test.onnx: w2: has a NaN at [1, 1] (1 of 18 values), which has no code");
  EXPECT_FALSE(has_begun);
}

TEST(GptqModel, NamesTheWeightWhoseInputsAreNotFinite) {
  Samples data = samples();
  data[1][0].mutable_data<float>()[5] = std::numeric_limits<float>::infinity();
  EXPECT_THAT(refusal(two_layers(), data, {}), HasSubstr("test.onnx: w1: its Hessian has a"));
}

TEST(GptqCost, IsKnownFromSizes) {
  const Model model = two_layers();
  const GptqCost cost = gptq_cost(model, samples(), {});
  // The second layer: 16 rows of 6 inputs, of 4 before it, and of 4 in and behind the residual stream; the Hessian, its
  // factor and half of it; per weight three floats and two codes.
  EXPECT_EQ(cost.memory, 4U * (16 * (6 + 4 + 2 * 4) + 2 * 36 + 18 + 3 * 18) + 2 * 18);
  EXPECT_EQ(cost.grid_weights, 2 * (24 + 18));
  // Forward passes and Hessians of 16 rows; factors, sweeps and losses.
  EXPECT_DOUBLE_EQ(cost.multiply_adds, 16 * (24 + 18 + (16 + 36) / 2.0) + (64 + 216) / 3.0 + 1.5 * (6 * 16 + 3 * 36));
  EXPECT_GT(gptq_seconds(cost, model, {}), 0);
  EXPECT_EQ(gptq_cost(model, samples(), {.keep = [](const std::string&) { return "stays"; }}).memory, 0U);
}

TEST(InputRows, AreTheWindowsOfAConvolution) {
  const auto gram = [](const std::string& attributes, const Tensor& x, const Shape& weight) {
    const Model model = model_of("g (float32[1, 1, 1, 3] x) => (y) <float32[1, 1, 1, 2] w = {1, 1}> { y = Conv<" +
                                 attributes + ">(x, w) }");
    GramMatrix sum(element_count(weight) / weight[0]);
    add_input_rows(model.graph.nodes[0], 13, weight, x, sum);
    const Tensor result = sum.finish(1);
    const auto values = result.values<float>();
    return std::vector<float>(values.begin(), values.end());
  };
  const Tensor line = Tensor::of<float>({1, 1, 1, 3}, {1, 2, 3});
  // (1, 2) and (2, 3)
  EXPECT_THAT(gram("kernel_shape = [1, 2]", line, {1, 1, 1, 2}), ElementsAre(5, 8, 8, 13));
  // (0, 1), (1, 2) and (2, 3)
  EXPECT_THAT(gram("pads = [0, 1, 0, 0]", line, {1, 1, 1, 2}), ElementsAre(5, 8, 8, 14));
  // (1, 3)
  EXPECT_THAT(gram("dilations = [1, 2]", line, {1, 1, 1, 2}), ElementsAre(1, 3, 3, 9));
  // (0, 1) and (2, 3)
  EXPECT_THAT(gram("pads = [0, 1, 0, 0], strides = [1, 2]", line, {1, 1, 1, 2}), ElementsAre(4, 6, 6, 10));
  // two channels, (1, 2) and (3, 4): channel by channel
  EXPECT_THAT(gram("kernel_shape = [1, 2]", Tensor::of<float>({1, 2, 1, 2}, {1, 2, 3, 4}), {1, 2, 1, 2}),
              ElementsAre(1, 2, 3, 4, 2, 4, 6, 8, 3, 6, 9, 12, 4, 8, 12, 16));
}

TEST(GptqModel, TheLossIsWhatTheConvolutionLoses) {
  Model model = model_of(
      "g (float32[2, 3, 7, 6] x) => (y) <float32[1] w = {0}>\n"
      "{ y = Conv<strides = [2, 1], pads = [1, 0, 2, 1], dilations = [1, 2]>(x, w) }");
  const Tensor weight = normal({4, 3, 3, 2}, 1);
  set(model, "w", weight);
  const Samples data = {{normal({2, 3, 7, 6}, 2)}};
  const Outcome outcome = quantize(model, data, {.gptq = {.bits = 3}});

  const Tensor exact = Program::compile(model).run(data[0])[0];
  set(model, "w", dequantize(outcome.matrices.at("w")).reshaped(weight.shape()));
  const Tensor coded = Program::compile(model).run(data[0])[0];
  double squares = 0;
  for (std::int64_t i = 0; i < exact.size(); ++i) {
    const double d = double{exact.data<float>()[i]} - double{coded.data<float>()[i]};
    squares += d * d;
  }
  const double positions = static_cast<double>(exact.size()) / 4;
  const GptqWeightReport& report = outcome.report.weights.at(0);
  EXPECT_EQ(report.input_rows, static_cast<std::int64_t>(positions));
  EXPECT_NEAR(report.gptq.loss / (2 * squares / positions), 1, 1e-4);
}

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
      if (x.zero_points) EXPECT_TRUE(equal<std::int8_t>(x.zero_points, y.zero_points));
      if (x.groups) EXPECT_TRUE(equal<std::int32_t>(x.groups, y.groups));
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
                                    "repeat its command, or remove the folder to start over"));
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

TEST(GptqFingerprint, DiffersWithEverythingThatDecidesTheResult) {
  const auto gemm = [](std::string_view attribute) {
    return model_of(
        "g (float32[2, 2] x) => (y) <float32[2, 2] w = {1, 2, 3, 4}, float32[2, 2] v = {1, 2, 3, 4}>\n"
        "{ [\"first\"] h = Gemm<" +
        std::string(attribute) + ">(x, w) y = MatMul(h, v) }");
  };
  const Samples data = {{Tensor::of<float>({2, 2}, {1, 2, 3, 4})}};
  const Model model = gemm("transA = 1");
  Model changed = model;
  set(changed, "w", Tensor::of<float>({2, 2}, {1, 2, 3, 5}));
  const std::string fingerprints[] = {gptq_fingerprint(model, data, {}),
                                      gptq_fingerprint(gemm("transA = 0"), data, {}),
                                      gptq_fingerprint(gemm("transA = 1, alpha = 0.5"), data, {}),
                                      gptq_fingerprint(changed, data, {}),
                                      gptq_fingerprint(model, {}, {}),
                                      gptq_fingerprint(model, data, {.gptq = {.damping = 0.02}}),
                                      gptq_fingerprint(model, data, {.filter = {.exclude = {"first"}}})};
  std::vector<std::string> distinct(std::begin(fingerprints), std::end(fingerprints));
  std::ranges::sort(distinct);
  EXPECT_EQ(std::ranges::adjacent_find(distinct), distinct.end());
  EXPECT_EQ(gptq_fingerprint(gemm("transA = 1"), data, {}), fingerprints[0]);
}

}  // namespace
}  // namespace zeropoint
