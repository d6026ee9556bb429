// Quantizing and packing weight matrices against copying them.
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "base/parallel.h"
#include "formats/format.h"
#include "harness/harness.h"
#include "methods/method.h"
#include "methods/round_to_nearest.h"

namespace {

using namespace zeropoint;  // NOLINT: a program, not a header
using bench::Comparison;
using bench::keep;
using bench::Verdict;

constexpr std::int64_t kRows = 8192;
constexpr std::int64_t kColumns = 8192;

Tensor gaussian() {
  Tensor w = Tensor::allocate(DType::f32, {kRows, kColumns});
  std::mt19937 random(1);
  std::normal_distribution<float> normal(0, 0.02F);
  std::vector<float> noise(1 << 20);
  for (float& x : noise) x = normal(random);
  for (std::int64_t i = 0; i < w.size(); ++i)
    w.mutable_data<float>()[i] = noise[static_cast<std::size_t>(i) % noise.size()];
  return w;
}

struct Case {
  std::string what;
  std::string method;
  MethodOptions options;
  double bar = 0;  // of memcpy's rate; 0: reported only
};

}  // namespace

int main() {
  set_num_threads(1);
  const Tensor w = gaussian();
  Tensor copy = w.clone();
  const Case cases[] = {{"int8 absmax per channel", "absmax", {.bits = 8}, 0.8},
                        {"int8 zero-point per channel", "zero-point", {.bits = 8}, 0.8},
                        {"int4 absmax per channel", "absmax", {.bits = 4}, 0.8},
                        {"int4 absmax, blocks of 128", "absmax", {.bits = 4, .block_size = 128}},
                        {"int4 zero-point, blocks of 32", "zero-point", {.bits = 4, .block_size = 32}},
                        {"llm-int8", "llm-int8", {}},
                        {"nf4", "nf4", {}}};
  const auto elements = static_cast<double>(w.size());
  std::vector<Verdict> verdicts;
  for (const Case& c : cases) {
    const Method& method = find_method(c.method);
    const WeightScheme scheme = method.scheme(c.options);
    Comparison comparison(c.what, {.rounds = 11});
    comparison.add("memcpy", elements, [&] {
      std::memcpy(copy.mutable_raw(), w.raw(), w.bytes());
      keep(copy.data<float>()[17]);
    });
    const auto* affine = std::get_if<MatrixScheme>(&scheme);
    QuantizedMatrix to = affine != nullptr ? allocate_matrix(*affine, kRows, kColumns) : QuantizedMatrix();
    comparison.add(c.what, elements, [&] {
      if (affine == nullptr) {
        keep(method.quantize(w, scheme, c.options, {}, "w"));
      } else {
        round_to_nearest_into(to, w, {}, "w");  // like memcpy, into memory that is there
      }
    });
    const Format* format = find_format("compressed-tensors");
    const WeightForm form{.name = "w.weight", .rows = kRows, .columns = kColumns, .scheme = scheme};
    const bool packs = c.options.bits == 4;
    if (packs) {
      comparison.add("and packed", elements, [&] {
        round_to_nearest_into(to, w, {}, "w");
        keep(format->encode(form, to));
      });
    }
    comparison.run();
    verdicts.push_back({c.what + " over memcpy", comparison.speedup(c.what, "memcpy"), c.bar});
    if (packs) verdicts.push_back({c.what + ", packed, over memcpy", comparison.speedup("and packed", "memcpy")});
  }
  return bench::print(verdicts) ? 0 : 1;
}
