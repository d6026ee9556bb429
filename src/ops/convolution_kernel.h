// The kernel that Conv and ConvTranspose share: packs constant weights once, then runs.
#pragma once

#include <memory>

#include "onednn/convolution.h"
#include "ops/op.h"

namespace zeropoint {

constexpr std::size_t kConvolutionBias = 2;    // which input
constexpr std::size_t kConvolutionAddend = 3;  // joined operator only: a tensor like the output, added to the result

/// Inputs 0 and 3 and the output are channels_last.
std::unique_ptr<Kernel> make_convolution(const OpSite& site, const onednn::ConvolutionConfig& config);

}  // namespace zeropoint
