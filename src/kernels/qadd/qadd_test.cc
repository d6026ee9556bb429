#include "kernels/qadd/qadd.h"

#include <gtest/gtest.h>

#include "kernels/qmul/qmul.h"
#include "support/simd_targets.h"

namespace zeropoint {
namespace {

using testing::awkward_sizes;
using testing::for_each_target;

template <class Code>
struct Kernels;
template <>
struct Kernels<std::uint8_t> {
  static constexpr CodeRange codes{0, 255};
  static constexpr auto add = qadd_u8;
  static constexpr auto mul = qmul_u8;
};
template <>
struct Kernels<std::int8_t> {
  static constexpr CodeRange codes{-128, 127};
  static constexpr auto add = qadd_i8;
  static constexpr auto mul = qmul_i8;
};

template <class Code>
std::vector<Code> random_codes(std::int64_t n, std::uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<Code> codes(static_cast<std::size_t>(n));
  for (Code& code : codes) code = static_cast<Code>(random());
  return codes;
}

/// Operands: ratios that make ties, that make none, that saturate, and that leave the fast way.
struct Scales {
  float a, b, y;
};
constexpr Scales kScales[] = {
    {1, 1, 2},       {0.5F, 0.25F, 1},    {0.0213F, 0.0378F, 0.051F}, {1, 1e-3F, 1},      {3e-5F, 1, 0.01F},
    {100, 3, 1e-6F}, {1e-20F, 1e-20F, 1}, {1e30F, 1e30F, 1e-8F},      {0.1F, 0.1F, 0.1F}, {0x1p-12F, 3, 0.125F}};

template <class Code>
void expect_reference(const Scales& s, std::int64_t n, Arithmetic arithmetic, CodeRange result) {
  const auto seed = static_cast<std::uint32_t>(n);
  const std::int32_t zero_a = Kernels<Code>::codes.min + 113;
  const std::int32_t zero_b = Kernels<Code>::codes.max - static_cast<std::int32_t>(seed % 3);
  const std::int32_t zero_y = result.min + static_cast<std::int32_t>(seed % 7);
  const CodeOperand a{{s.a, zero_a}, Kernels<Code>::codes};
  const CodeOperand b{{s.b, zero_b}, Kernels<Code>::codes};
  const CodeOperand y{{s.y, zero_y}, result};
  const auto left = random_codes<Code>(n + 1, seed);
  const auto right = random_codes<Code>(n + 1, seed + 1);
  std::vector<Code> want(static_cast<std::size_t>(n + 2), 33);
  std::vector<Code> got = want;
  const AddRule add(a, b, y, arithmetic);
  reference::qadd(left.data() + 1, right.data(), n, add, want.data() + 1);
  Kernels<Code>::add(left.data() + 1, right.data(), n, add, got.data() + 1);
  ASSERT_EQ(got, want) << name(arithmetic) << " sum, n " << n << ", scales " << s.a << " " << s.b << " " << s.y;
  const MulRule mul(a, b, y, arithmetic);
  reference::qmul(left.data() + 1, right.data(), n, mul, want.data() + 1);
  Kernels<Code>::mul(left.data() + 1, right.data(), n, mul, got.data() + 1);
  ASSERT_EQ(got, want) << name(arithmetic) << " product, n " << n << ", scales " << s.a << " " << s.b << " " << s.y;
}

TEST(PairKernels, SumsAndProductsMatchTheirRulesOnEveryTarget) {
  for_each_target([] {
    for (const Arithmetic arithmetic : {Arithmetic::onnx, Arithmetic::ort_x86, Arithmetic::fixed_point}) {
      for (const Scales& s : kScales) {
        for (const std::int64_t n : awkward_sizes()) {
          expect_reference<std::uint8_t>(s, n, arithmetic, {0, 255});
          expect_reference<std::int8_t>(s, n, arithmetic, {-127, 127});
        }
      }
    }
  });
}

TEST(PairKernels, EveryPairOfCodes) {
  std::vector<std::uint8_t> a(65536), b(65536), want(65536), got(65536);
  for (std::size_t i = 0; i < a.size(); ++i) {
    a[i] = static_cast<std::uint8_t>(i);
    b[i] = static_cast<std::uint8_t>(i / 256);
  }
  for (const Arithmetic arithmetic : {Arithmetic::onnx, Arithmetic::ort_x86}) {
    for (const Scales& s : kScales) {
      const CodeRange all{0, 255};
      const AddRule add({{s.a, 120}, all}, {{s.b, 7}, all}, {{s.y, 33}, all}, arithmetic);
      reference::qadd(a.data(), b.data(), 65536, add, want.data());
      qadd_u8(a.data(), b.data(), 65536, add, got.data());
      ASSERT_EQ(got, want);
      const MulRule mul({{s.a, 120}, all}, {{s.b, 7}, all}, {{s.y, 33}, all}, arithmetic);
      reference::qmul(a.data(), b.data(), 65536, mul, want.data());
      qmul_u8(a.data(), b.data(), 65536, mul, got.data());
      ASSERT_EQ(got, want);
    }
  }
}

}  // namespace
}  // namespace zeropoint
