// Coefficients of the float32 functions in math-inl.h and reference.cc: minimax fits, each with its largest error.
//
// No fused multiply-add is used anywhere in this family, so every instruction set gives the same bits.
#pragma once

namespace zeropoint::math {

// exp: x = n ln2 + r, |r| <= ln2 / 2, e^r = 1 + r + r^2 P(r); relative error of the fit 3.3e-9.
inline constexpr float kLog2E = 0x1.715476p+0F;
inline constexpr float kLn2High = 0x1.62e4p-1F;  // 15 bits: n * kLn2High is exact
inline constexpr float kLn2Low = 0x1.7f7d1cp-20F;
inline constexpr float kExpLowest = -104.0F;  // below: 0
inline constexpr float kExpHighest = 89.0F;   // above: infinity
inline constexpr float kExp[] = {0x1.fffffcp-2F, 0x1.55548ap-3F, 0x1.555916p-5F, 0x1.123fc6p-7F, 0x1.6a1a72p-10F};

// tanh: |x| < 0.625: x + x^3 P(x^2), relative error 4.4e-9; beyond: 1 - 2 / (e^2x + 1).
inline constexpr float kTanhSwitch = 0.625F;
inline constexpr float kTanh[] = {-0x1.555532p-2F, 0x1.110726p-3F, -0x1.b83c5ap-5F, 0x1.52269cp-6F, -0x1.75e1cep-8F};

// erf: |x| < 1: x + x P(x^2), relative error 1.2e-9; beyond: 1 - exp(-Q(|x|)), Q = -ln(erfc), relative error 2.1e-11.
inline constexpr float kErfSwitch = 1.0F;
inline constexpr float kErfHighest = 4.0F;  // above: 1
inline constexpr float kErfSmall[] = {0x1.06eba8p-3F, -0x1.81273ep-2F,  0x1.ce2cf8p-4F, -0x1.b7f90ep-6F,
                                      0x1.5405b8p-8F, -0x1.a3f728p-11F, 0x1.496a92p-14F};
inline constexpr float kErfLarge[] = {-0x1.8b3f5p-13F, 0x1.212c2cp+0F, 0x1.4434fp-1F,    0x1.bc18d2p-4F,
                                      -0x1.9d0bd8p-6F, 0x1.1398fcp-8F, -0x1.ceeaf6p-12F, 0x1.6c0696p-16F};

// log: x = 2^n m, sqrt(1/2) <= m < sqrt(2), s = (m - 1) / (m + 1), ln m = 2 atanh(s) = 2 s + s^3 P(s^2).
// log1p on [0, 1] uses the same P up to s = 1/3; relative error 1.2e-10.
inline constexpr float kLog[] = {0x1.555558p-1F, 0x1.99969cp-2F, 0x1.250b0ep-2F, 0x1.b6ae0ap-3F, 0x1.f25b5p-3F};
inline constexpr float kSqrtHalf = 0x1.6a09e6p-1F;

inline constexpr float kSqrt2OverPi = 0x1.988454p-1F;  // tanh form: x / 2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3)))
inline constexpr float kGeluCubic = 0.044715F;

}  // namespace zeropoint::math
