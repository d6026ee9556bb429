// What Conv and ConvTranspose share: checks, and the kernel, which packs constant weights once and then runs.
#pragma once

#include <memory>

#include "onednn/convolution.h"
#include "ops/op.h"
#include "ops/window.h"

namespace zeropoint {

constexpr std::size_t kConvolutionBias = 2;    // which input
constexpr std::size_t kConvolutionAddend = 3;  // joined operator only: a tensor like the output, added to the result

/// The output with `channels` channels; checks the types and the bias.
ValueFacts infer_convolution(const OpSite& site, std::int64_t channels, const Window& window);

/// Inputs 0 and 3 and the output are channels_last.
std::unique_ptr<Kernel> make_convolution(const OpSite& site, const onednn::ConvolutionConfig& config);

}  // namespace zeropoint
