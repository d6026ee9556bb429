// A convolution of 8-bit codes whose weights are packed once and which then runs on many inputs.
//
// Both operands are taken as differences q - Z, which fit 16 bits with room: real zeros are zeros, so padding and odd
// channels need no correction. A row of weights is multiplied by the columns of all outputs under it
// (kernels/matmul_s16), which are read straight from the phases of the input (phases.h): nothing is gathered.
#pragma once

#include <functional>
#include <vector>

#include "integer/conv_shape.h"
#include "integer/operand.h"
#include "integer/phases.h"

namespace zeropoint::integer {

/// The sums of one output channel at consecutive positions, which are its elements `begin` to begin + n of the result.
struct ChannelRun {
  std::int32_t* sums = nullptr;
  std::int64_t n = 0;
  std::int64_t channel = 0;
  std::int64_t begin = 0;
};

class PreparedConv {
 public:
  /// True where every sum fits int32 and codes have at most 8 bits: the others are left to the reference.
  static bool takes(const ConvShape& shape, const Operand& x, const Operand& weights);

  /// Weights as run() wants them: int16 [m, pairs of channels of a group, taps, 2], differences.
  static Tensor pack(const Tensor& codes, const Operand& weights);

  PreparedConv(const ConvShape& shape, std::int32_t x_zero_point, Tensor packed_weights);

  /// Calls sink(run) for every piece of the result, on any thread. start[channel] is added to the sums (nullptr: 0).
  void run(const Tensor& x, const std::int32_t* start, const std::function<void(const ChannelRun&)>& sink) const;

 private:
  struct Group;
  void run_group(const Group& group, const std::int32_t* start,
                 const std::function<void(const ChannelRun&)>& sink) const;
  template <class Code>
  void stage_group(const Code* x, std::int16_t* image) const;

  ConvShape shape_;
  PhaseLayout layout_;
  std::int32_t x_zero_point_;
  Tensor weights_;
  std::int64_t channel_pairs_;
  std::vector<std::int64_t> offsets_;  // of every pair of a row of weights
};

}  // namespace zeropoint::integer
