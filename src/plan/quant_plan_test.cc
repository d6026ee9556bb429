#include "zeropoint/plan.h"

#include <gmock/gmock.h>

#include <cmath>

#include "zeropoint/error.h"

namespace zeropoint {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

QuantPlan small_plan() {
  QuantPlan plan;
  PlanTensor x{.name = "x \"quoted\"", .method = "minmax", .reason = "range [-3, 3.2]", .rounding_error = 0.00005};
  x.qparams = tensor_qparams({.dtype = DType::u8}, {0.0243137255F, 123});
  x.ranges = {{-3, 3.2}};
  PlanTensor w{.name = "w", .role = TensorRole::weight, .method = "absmax"};
  w.qparams = {.scheme = {.dtype = DType::i8, .symmetric = true, .granularity = Granularity::per_axis, .axis = 1},
               .scales = Tensor::of<float>({2}, {0.5F, 0.1F}),
               .zero_points = Tensor::zeros(DType::i8, {2})};
  PlanTensor b{.name = "b", .role = TensorRole::bias, .correction = Tensor::of<float>({2}, {0.25F, -0.5F})};
  b.qparams = {.scheme = {.dtype = DType::i32, .symmetric = true}, .scales = Tensor::scalar(0.125F), .zero_points = {}};
  plan.observer = "minmax";
  plan.tensors = {x, w, b};
  plan.nodes = {{.name = "fc", .op_type = "Gemm", .is_quantized = true},
                {.name = "prob", .op_type = "Softmax", .reason = "exponentials need float"}};
  return plan;
}

TEST(QuantPlan, TextIsReadable) {
  EXPECT_EQ(small_plan().to_json(), R"({
  "zeropoint_plan": 1,
  "format": "qdq",
  "observer": "minmax",
  "quantize_outputs": false,
  "tensors": [
    {
      "name": "x \"quoted\"",
      "role": "activation",
      "dtype": "uint8",
      "granularity": "per_tensor",
      "scale": 0.024313726,
      "zero_point": 123,
      "ranges": [[-3, 3.2]],
      "method": "minmax",
      "reason": "range [-3, 3.2]",
      "rounding_error": 5e-05
    },
    {
      "name": "w",
      "role": "weight",
      "dtype": "int8",
      "symmetric": true,
      "granularity": "per_axis",
      "axis": 1,
      "scale": [0.5, 0.1],
      "zero_point": [0, 0],
      "method": "absmax",
      "reason": ""
    },
    {
      "name": "b",
      "role": "bias",
      "dtype": "int32",
      "symmetric": true,
      "granularity": "per_tensor",
      "scale": 0.125,
      "correction": [0.25, -0.5],
      "method": "",
      "reason": ""
    }
  ],
  "nodes": [
    {"name": "fc", "op_type": "Gemm", "quantized": true},
    {"name": "prob", "op_type": "Softmax", "quantized": false, "reason": "exponentials need float"}
  ]
}
)");
}

TEST(QuantPlan, ReadsBackWhatItWrites) {
  const std::string text = small_plan().to_json();
  const QuantPlan read = QuantPlan::from_json(text, "plan.json");
  EXPECT_EQ(read.to_json(), text);
  const PlanTensor* w = read.find("w");
  ASSERT_NE(w, nullptr);
  EXPECT_EQ(w->role, TensorRole::weight);
  EXPECT_EQ(w->qparams.scheme,
            (Scheme{.dtype = DType::i8, .symmetric = true, .granularity = Granularity::per_axis, .axis = 1}));
  EXPECT_THAT(w->qparams.scales.values<float>(), ElementsAre(0.5F, 0.1F));
  EXPECT_EQ(read.find("nothing"), nullptr);
}

TEST(QuantPlan, ANegativeZeroStaysOne) {
  QuantPlan plan;
  plan.tensors = {{.name = "b", .role = TensorRole::bias, .correction = Tensor::of<float>({2}, {-0.0F, 0.0F})}};
  plan.tensors[0].qparams = {.scheme = {.dtype = DType::i32, .symmetric = true}, .scales = Tensor::scalar(1.0F)};
  const QuantPlan read = QuantPlan::from_json(plan.to_json(), "p");
  EXPECT_TRUE(std::signbit(read.tensors[0].correction.values<float>()[0]));
  EXPECT_FALSE(std::signbit(read.tensors[0].correction.values<float>()[1]));
}

TEST(QuantPlan, BlockedGridsKeepTheirShape) {
  QuantPlan plan;
  PlanTensor w{.name = "w", .role = TensorRole::weight};
  w.qparams = {.scheme = {.dtype = DType::i4,
                          .symmetric = true,
                          .granularity = Granularity::blocked,
                          .axis = 0,
                          .block_size = 32},
               .scales = Tensor::of<float>({2, 3}, {1, 2, 3, 4, 5, 6}),
               .zero_points = {}};
  plan.tensors = {w};
  const QuantPlan read = QuantPlan::from_json(plan.to_json(), "p");
  EXPECT_EQ(read.tensors[0].qparams.scales.shape(), (Shape{2, 3}));
  EXPECT_EQ(read.tensors[0].qparams.scheme.block_size, 32);
  EXPECT_FALSE(read.tensors[0].qparams.zero_points);
}

std::string refusal(const std::string& text) {
  try {
    QuantPlan::from_json(text, "p.json");
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::invalid_data);
    return e.what();
  }
  return "accepted";
}

std::string with_row(const std::string& fields) {
  return R"({"zeropoint_plan": 1, "format": "qdq", "nodes": [], "tensors": [{"name": "x", "role": "activation", )" +
         fields + "}]}";
}

TEST(QuantPlan, RefusesHostileText) {
  EXPECT_EQ(refusal(""), "p.json: not a plan: the text is not valid JSON");
  EXPECT_EQ(refusal("[1, 2"), "p.json: not a plan: the text is not valid JSON");
  EXPECT_EQ(refusal("[]"), "p.json: expected an object");
  EXPECT_EQ(refusal("{}"), "p.json: not a plan: 'zeropoint_plan' is missing");
  EXPECT_EQ(refusal(R"({"zeropoint_plan": 99})"), "p.json: 'zeropoint_plan' is 99; it must be in [1, 1]");
  EXPECT_EQ(refusal(R"({"zeropoint_plan": 1, "format": "qdq", "tensors": 3})"), "p.json: 'tensors' must be a list");
  EXPECT_EQ(refusal(R"({"zeropoint_plan": 1, "format": "qdq", "tensors": [7], "nodes": []})"),
            "p.json: tensors[0]: expected an object");
}

TEST(QuantPlan, RefusesNumbersThatMakeNoGrid) {
  const std::string grid = R"("dtype": "uint8", "granularity": "per_tensor", )";
  EXPECT_EQ(refusal(with_row(grid + R"("scale": 0, "zero_point": 0)")),
            "p.json: tensors[0]: 'scale' must be finite and above zero");
  EXPECT_EQ(refusal(with_row(grid + R"("scale": 1e300, "zero_point": 0)")),
            "p.json: tensors[0]: 'scale' must be finite and above zero");
  EXPECT_EQ(refusal(with_row(grid + R"("scale": "big", "zero_point": 0)")),
            "p.json: tensors[0]: 'scale' must be a number");
  EXPECT_EQ(refusal(with_row(grid + R"("scale": 1, "zero_point": 256)")),
            "p.json: tensors[0]: 'zero_point' is 256; it must be in [0, 255]");
  EXPECT_EQ(refusal(with_row(grid + R"("scale": 1, "zero_point": 1.5)")),
            "p.json: tensors[0]: 'zero_point' must be an integer");
  EXPECT_EQ(refusal(with_row(R"("dtype": "float32", "granularity": "per_tensor", "scale": 1)")),
            "p.json: tensors[0]: 'dtype' is 'float32', not a type of integer codes");
  EXPECT_EQ(refusal(with_row(R"("dtype": "int8", "granularity": "per_axis", "scale": [1, 2], "zero_point": [0])")),
            "p.json: tensors[0]: 1 zero points for 2 scales");
  EXPECT_EQ(refusal(with_row(R"("dtype": "int4", "granularity": "blocked", "block_size": 0, "scale": [1])")),
            "p.json: tensors[0]: 'block_size' is 0; it must be in [1, 1099511627776]");
  EXPECT_EQ(refusal(with_row(
                R"("dtype": "int4", "granularity": "blocked", "block_size": 8, "grid_shape": [4, 4], "scale": [1])")),
            "p.json: tensors[0]: 'grid_shape' is 4; it must be in [0, 1]");
}

TEST(QuantPlan, RefusesTwoRowsOfOneTensor) {
  QuantPlan plan = small_plan();
  plan.tensors[1].name = plan.tensors[0].name;
  EXPECT_THAT(refusal(plan.to_json()), HasSubstr("tensors[1]: 'x \"quoted\"' has two rows"));
}

TEST(QuantPlan, RefusesFieldsThatItWouldIgnore) {
  const std::string start = R"({"zeropoint_plan": 1, "format": "qdq", "tensors": [], )";
  EXPECT_EQ(
      refusal(start + R"("nodes": [{"name": "fc", "op_type": "Gemm", "quantised": false}]})"),
      "p.json: nodes[0]: unknown field 'quantised'; did you mean 'quantized'? (name, op_type, quantized, reason)");
  EXPECT_EQ(refusal(start + R"("nodes": [{"name": "fc", "op_type": "Gemm"}]})"),
            "p.json: nodes[0]: 'quantized' is missing");
  EXPECT_THAT(refusal(start + R"("nodes": [], "quantize_output": true})"),
              HasSubstr("p.json: unknown field 'quantize_output'; did you mean 'quantize_outputs'? ("));
  EXPECT_THAT(refusal(with_row(R"("dtype": "uint8", "granularity": "per_tensor", "scale": 1, "zeropoint": 3)")),
              HasSubstr("p.json: tensors[0]: unknown field 'zeropoint'; did you mean 'zero_point'? ("));
  EXPECT_EQ(refusal(R"({"zeropoint_plan": 1, "format": "foo", "tensors": [], "nodes": []})"),
            "p.json: 'format' is 'foo'; it must be qdq or qoperator");
}

TEST(QuantPlan, EveryFieldThatIsWrittenIsRead) {
  QuantPlan plan = small_plan();
  PlanTensor& x = plan.tensors[0];
  x.qparams.scheme = {.dtype = DType::u8, .symmetric = true, .narrow_range = true, .power_of_two = true};
  x.clipping_error = 0.5;
  x.candidates = 7;
  PlanTensor blocked{.name = "blocked", .role = TensorRole::weight};
  blocked.qparams = {.scheme = {.dtype = DType::i4, .granularity = Granularity::blocked, .axis = 0, .block_size = 32},
                     .scales = Tensor::of<float>({1, 2}, {1, 2}),
                     .zero_points = {}};
  plan.tensors.push_back(blocked);
  EXPECT_EQ(QuantPlan::from_json(plan.to_json(), "p").to_json(), plan.to_json());
}

TEST(QuantPlan, AnyTruncationIsRefused) {
  const std::string text = small_plan().to_json();
  for (std::size_t n = 0; n + 2 < text.size(); ++n) EXPECT_NE(refusal(text.substr(0, n)), "accepted") << n;
}

}  // namespace
}  // namespace zeropoint
