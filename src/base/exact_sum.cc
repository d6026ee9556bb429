#include "base/exact_sum.h"

#include <bit>
#include <cmath>

#include "base/fail.h"

namespace zeropoint {
namespace {

constexpr int kMantissaBits = 53;
constexpr int kExponentLimit = 320;  // |value| < 2^320

bool is_negative(std::span<const std::uint64_t> words) { return (words.back() >> 63) != 0; }

void negate(std::span<std::uint64_t> words) {
  bool carry = true;
  for (std::uint64_t& word : words) {
    word = ~word + (carry ? 1 : 0);
    carry = carry && word == 0;
  }
}

/// words += magnitude * 2^shift
void add_shifted(std::span<std::uint64_t> words, std::uint64_t magnitude, int shift) {
  std::size_t i = static_cast<std::size_t>(shift) / 64;
  const int offset = shift % 64;
  const std::uint64_t low = magnitude << offset;
  std::uint64_t high = offset == 0 ? 0 : magnitude >> (64 - offset);
  words[i] += low;
  bool carry = words[i] < low;
  for (++i; i < words.size() && (high != 0 || carry); ++i) {
    const std::uint64_t before = words[i];
    words[i] += high + (carry ? 1 : 0);
    carry = carry ? words[i] <= before : words[i] < before;
    high = 0;
  }
}

}  // namespace

void ExactSum::add(double value) {
  if (value == 0) return;
  int exponent = 0;
  const double fraction = std::frexp(std::fabs(value), &exponent);  // fraction * 2^exponent, fraction in [1/2, 1)
  if (!std::isfinite(value) || exponent > kExponentLimit) {
    fail(ErrorKind::internal, "exact sum", "{} is outside of the accumulator", value);
  }
  auto magnitude = static_cast<std::uint64_t>(std::ldexp(fraction, kMantissaBits));
  int shift = exponent - kMantissaBits - kUnitExponent;
  if (shift < 0) {
    const bool is_multiple = shift > -64 && (magnitude & ((std::uint64_t{1} << -shift) - 1)) == 0;
    if (!is_multiple) fail(ErrorKind::internal, "exact sum", "{} is finer than the accumulator", value);
    magnitude >>= -shift;
    shift = 0;
  }
  if (value > 0) {
    add_shifted(words_, magnitude, shift);
    return;
  }
  ExactSum negative;
  add_shifted(negative.words_, magnitude, shift);
  negate(negative.words_);
  add(negative);
}

void ExactSum::add(const ExactSum& other) {
  bool carry = false;
  for (int i = 0; i < kWords; ++i) {
    const std::uint64_t before = words_[i];
    words_[i] += other.words_[i] + (carry ? 1 : 0);
    carry = carry ? words_[i] <= before : words_[i] < before;
  }
}

double ExactSum::value() const {
  std::array<std::uint64_t, kWords> magnitude = words_;
  const bool negative = is_negative(magnitude);
  if (negative) negate(magnitude);
  int top = kWords - 1;
  while (top >= 0 && magnitude[top] == 0) --top;
  if (top < 0) return 0;
  const std::uint64_t below = top > 0 ? magnitude[top - 1] : 0;
  const int lead = std::countl_zero(magnitude[top]);
  // The leading 64 bits; whatever lies below them only matters as "there is more" for rounding.
  std::uint64_t bits = lead == 0 ? magnitude[top] : (magnitude[top] << lead) | (below >> (64 - lead));
  bool more = lead == 0 ? below != 0 : (below << lead) != 0;
  for (int i = 0; i < top - 1; ++i) more = more || magnitude[i] != 0;
  if (more) bits |= 1;
  // 64 bits to 53 rounds once, to nearest even; the sticky lowest bit keeps ties honest.
  const double rounded = std::ldexp(static_cast<double>(bits), top * 64 - lead + kUnitExponent);
  return negative ? -rounded : rounded;
}

std::vector<double> ExactSum::parts() const {
  std::vector<double> parts;
  ExactSum rest = *this;
  for (double head = rest.value(); head != 0; head = rest.value()) {
    parts.push_back(head);
    rest.add(-head);
  }
  return parts;
}

}  // namespace zeropoint
