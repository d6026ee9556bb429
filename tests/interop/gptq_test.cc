// GPTQ against a plain one in NumPy at equal settings, and the ONNX models that it writes in ONNX Runtime.
#include <cmath>
#include <random>

#include "data/array_reader.h"
#include "data/npz.h"
#include "data/npz_writer.h"
#include "exporters/onnx.h"
#include "kernels/dense/dense.h"
#include "methods/gptq.h"
#include "python.h"
#include "support/model_text.h"
#include "zeropoint/weights.h"

namespace zeropoint {
namespace {

using testing::run_python;
using testing::script;

Tensor normal(const Shape& shape, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> distribution(0, 1);
  Tensor x = Tensor::allocate(DType::f32, shape);
  for (float& value : x.mutable_values<float>()) value = distribution(random);
  return x;
}

/// The Hessian of inputs that share some directions.
Tensor correlated_hessian(std::int64_t n, unsigned seed) {
  const std::int64_t rows = 2 * n;
  Tensor x = normal({rows, n}, seed);
  const Tensor shared = normal({rows, 8}, seed + 1);
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t c = 0; c < n; ++c) {
      float& value = x.mutable_data<float>()[r * n + c];
      value = 0.3F * value + shared.data<float>()[r * 8 + c % 8];
    }
  }
  GramMatrix sum(n);
  sum.add(x.data<float>(), rows, n);
  return sum.finish(2.0F / static_cast<float>(rows));
}

/// tr((W - Q) H (W - Q)^T), in double.
double loss(const Tensor& weight, const Tensor& quantized, const Tensor& hessian) {
  const std::int64_t n = weight.dim(1);
  double sum = 0;
  std::vector<double> d(static_cast<std::size_t>(n));
  for (std::int64_t r = 0; r < weight.dim(0); ++r) {
    for (std::int64_t c = 0; c < n; ++c) {
      d[static_cast<std::size_t>(c)] =
          double{weight.data<float>()[r * n + c]} - double{quantized.data<float>()[r * n + c]};
    }
    for (std::int64_t i = 0; i < n; ++i) {
      double product = 0;
      for (std::int64_t j = 0; j < n; ++j) {
        product += double{hessian.data<float>()[i * n + j]} * d[static_cast<std::size_t>(j)];
      }
      sum += d[static_cast<std::size_t>(i)] * product;
    }
  }
  return sum;
}

TEST(GptqReference, LosesNoMoreThanThePlainOneInNumPy) {
  ZEROPOINT_NEEDS_PYTHON("numpy");
  const testing::TempFolder folder;
  const Tensor weight = normal({96, 320}, 1);
  const Tensor hessian = correlated_hessian(320, 2);
  const NamedTensor arrays[] = {{"weight", weight}, {"hessian", hessian}};
  save_npz(arrays, folder / "in.npz");
  for (const std::int64_t block_size : {0, 32, 160}) {
    for (const bool symmetric : {true, false}) {
      const int bits = symmetric ? 4 : 3;
      const testing::PythonResult python =
          run_python({script("gptq_reference.py"), folder / "in.npz", folder / "out.npz", std::to_string(bits),
                      std::to_string(block_size), symmetric ? "1" : "0"});
      ASSERT_EQ(python.exit_code, 0) << python.output;
      const double theirs = loss(weight, NpzFile(folder / "out.npz").open("dequantized").all(), hessian);
      const auto ours = [&](bool clip_search) {
        const GptqOptions options{
            .bits = bits, .block_size = block_size, .symmetric = symmetric, .clip_search = clip_search};
        return loss(weight, dequantize(gptq(weight, hessian, options, "w").matrix), hessian);
      };
      SCOPED_TRACE(::testing::Message() << bits << " bits, blocks of " << block_size);
      // Equal grids and equal equations. A weight that falls on the other side of a tie changes all behind it.
      EXPECT_LT(ours(false), 1.01 * theirs);
      EXPECT_LT(ours(true), 1.01 * theirs) << "grids by squared error";
    }
  }
}

TEST(GptqOnnxRuntime, RunsWhatIsWrittenToOurNumbers) {
  ZEROPOINT_NEEDS_PYTHON("onnxruntime");
  const testing::TempFolder folder;
  Model model = testing::model_of(
      "g (float32[N, 64] x) => (float32[N, 24] y) <float32[1] w1 = {0}, float32[1] w2 = {0}, float32[1] b = {0}>\n"
      "{ [\"first\"] h = MatMul(x, w1) r = Relu(h) [\"second\"] y = Gemm<transB = 1>(r, w2, b) }");
  const auto set = [&](std::string_view name, const Tensor& tensor) {
    model.graph.value(model.graph.find(name)).constant = tensor;
  };
  set("w1", normal({64, 96}, 1));
  set("w2", normal({24, 96}, 2));
  set("b", normal({24}, 3));
  save_onnx(model, folder / "float.onnx");
  const Tensor x = normal({128, 64}, 4);
  save_npy(x, folder / "x.npy");

  const WeightsJob jobs[] = {{.format = "onnx-dq", .options = {.bits = 8}},
                             {.format = "onnx-dq", .options = {.bits = 4}},
                             {.format = "onnx-dq", .options = {.bits = 4, .block_size = 32}},
                             {.format = "onnx-dq", .options = {.bits = 4, .block_size = 32, .affine = true}},
                             {.format = "onnx-dq", .options = {.bits = 3, .block_size = 16, .act_order = true}},
                             {.format = "matmulnbits", .options = {.bits = 4, .block_size = 32}},
                             {.format = "matmulnbits", .options = {.bits = 4, .block_size = 16, .affine = true}},
                             {.format = "matmulnbits", .options = {.bits = 8, .block_size = 32}},
                             {.format = "matmulnbits", .options = {.bits = 4}}};
  for (WeightsJob job : jobs) {
    job.data.path = folder / "x.npy";
    const std::string written = folder / "q.onnx";
    quantize_weights(folder / "float.onnx", written, job);
    const testing::PythonResult python =
        run_python({script("run_onnxruntime.py"), written, folder / "x.npy", folder / "output"});
    SCOPED_TRACE(::testing::Message() << job.format << ", " << job.options.bits << " bits, blocks of "
                                      << job.options.block_size << (job.options.affine ? ", affine" : ""));
    ASSERT_EQ(python.exit_code, 0) << python.output;
    const Tensor theirs = load_npy(folder / "output0.npy");
    const Tensor ours = Network::load(written).run({&x, 1})[0];
    ASSERT_EQ(theirs.shape(), ours.shape());
    double signal = 0;
    double noise = 0;
    for (std::int64_t i = 0; i < ours.size(); ++i) {
      const double a = ours.data<float>()[i];
      signal += a * a;
      noise += std::pow(a - double{theirs.data<float>()[i]}, 2);
    }
    EXPECT_LT(noise, 1e-10 * signal);  // 100 dB: sums in another order
  }
}

}  // namespace
}  // namespace zeropoint
