// Analytic clipping for a known distribution (Banner, Nahshan, Soudry 2019, "Post training 4-bit
// quantization of convolutional networks for rapid-deployment", section 3): the multiple k of sigma
// (Gauss) or of b = E|x - mean| (Laplace) that minimises rounding plus clipping error at a number of bits.
#pragma once

#include "observers/observer.h"

namespace zeropoint {

/// k sigma clips best. The derivative of equation (10) of the paper is zero:
///   k erfc(k / sqrt 2) - sqrt(2 / pi) exp(-k^2 / 2) + k / (3 * 4^bits) = 0
double aciq_gauss_multiple(int bits);

/// k b clips best: k exp(k) = 3 * 4^bits.
double aciq_laplace_multiple(int bits);

/// What both observers share: the interval around the mean. Values on one side of zero only use half of
/// the distribution, which is worth one bit more; their range starts at zero.
RangeChoice choose_aciq(const SliceStatistics& seen, const Scheme& scheme, double spread, std::string_view spread_name,
                        double (*multiple)(int bits));

}  // namespace zeropoint
