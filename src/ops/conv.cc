// Conv: patches unrolled into a matrix (im2col), then a matrix product per group.
#include <algorithm>
#include <vector>

#include "base/parallel.h"
#include "kernels/small_gemm/small_gemm.h"
#include "ops/arguments.h"
#include "ops/window.h"

namespace zeropoint {
namespace {

Window window_of(const OpSite& site) {
  const ValueFacts& x = site.input(0);
  const ValueFacts& w = site.input(1);
  if (w.shape.size() != x.shape.size() || w.shape.size() < 3) {
    site.invalid("the weight {} does not fit the input {}", to_string(w.shape), to_string(x.shape));
  }
  return sliding_window(site, x.shape, {w.shape.begin() + 2, w.shape.end()});
}

std::int64_t group_of(const OpSite& site) {
  const std::int64_t group = site.node.get_int("group", 1);
  const std::int64_t channels = site.input(0).shape[1];
  const Shape& w = site.input(1).shape;
  if (group < 1 || w[0] % group != 0 || w[1] > channels || w[1] * group != channels) {
    site.invalid("{} channels in {} groups do not fit the weight {}", channels, group, to_string(w));
  }
  return group;
}

std::vector<ValueFacts> infer(const OpSite& site) {
  const Window window = window_of(site);
  group_of(site);
  const std::int64_t channels = site.input(1).shape[0];
  if (site.has(2) && site.input(2).shape != Shape{channels}) {
    site.invalid("the bias has shape {}, not [{}]", to_string(site.input(2).shape), channels);
  }
  return {planned(site, site.input(0).dtype, windowed_shape(site.input(0).shape[0], channels, window))};
}

/// One row of the patch matrix: input plane `x` seen through kernel position `at`, for every window; 0 outside.
void unroll(const Window& w, const Shape& in, const float* x, std::int64_t kernel_index, float* row) {
  const std::size_t rank = w.rank();
  std::vector<std::int64_t> offset(rank);
  for (std::size_t d = rank; d-- > 0;) {
    offset[d] = kernel_index % w.kernel[d] * w.dilations[d] - w.pads_begin[d];
    kernel_index /= w.kernel[d];
  }
  std::vector<std::int64_t> at(rank, 0);
  const std::int64_t last = w.output[rank - 1];
  const std::int64_t rows = count_between(w.output, 0, rank - 1);
  for (std::int64_t r = 0; r < rows; ++r) {
    std::int64_t base = 0;
    bool is_inside = true;
    for (std::size_t d = 0; d + 1 < rank; ++d) {
      const std::int64_t position = at[d] * w.strides[d] + offset[d];
      is_inside &= position >= 0 && position < in[2 + d];
      base = base * in[2 + d] + position;
    }
    base *= in[2 + rank - 1];
    for (std::int64_t i = 0; i < last; ++i) {
      const std::int64_t position = i * w.strides[rank - 1] + offset[rank - 1];
      *row++ = is_inside && position >= 0 && position < in[2 + rank - 1] ? x[base + position] : 0.0F;
    }
    for (std::size_t d = rank - 1; d-- > 0;) {
      if (++at[d] < w.output[d]) break;
      at[d] = 0;
    }
  }
}

std::unique_ptr<Kernel> make(const OpSite& site) {
  if (site.input(0).dtype != DType::f32) site.unsupported("{} is not offered", name(site.input(0).dtype));
  const Window window = window_of(site);
  return make_kernel(
      [window, groups = group_of(site), in = site.input(0).shape, ws = site.input(1).shape](const KernelIo& io) {
        const std::int64_t plane = count_between(in, 2, in.size());
        const std::int64_t kernel = count_between(ws, 2, ws.size());
        const std::int64_t windows = count_between(window.output, 0, window.rank());
        const std::int64_t k = ws[1] * kernel;
        const std::int64_t m = ws[0] / groups;
        std::vector<float> patches(static_cast<std::size_t>(k * windows));
        for (std::int64_t item = 0; item < in[0] * groups; ++item) {
          const float* x = io.in(0).data<float>() + item * ws[1] * plane;
          parallel_chunks(k, [&](std::int64_t row) {
            unroll(window, in, x + row / kernel * plane, row % kernel, patches.data() + row * windows);
          });
          const std::int64_t group = item % groups;
          float* y = io.out(0).mutable_data<float>() + item * m * windows;
          constexpr std::int64_t kColumns = 512;
          parallel_ranges(windows, kColumns, [&](std::int64_t begin, std::int64_t end) {
            for (std::int64_t i = 0; i < m; ++i) {
              const float bias = io.has(2) ? io.in(2).data<float>()[group * m + i] : 0.0F;
              std::fill(y + i * windows + begin, y + i * windows + end, bias);
            }
            small_gemm({.m = m,
                        .n = end - begin,
                        .k = k,
                        .a = io.in(1).data<float>() + group * m * k,
                        .lda = k,
                        .b = patches.data() + begin,
                        .ldb = windows,
                        .c = y + begin,
                        .ldc = windows,
                        .accumulate = true});
          });
        }
      });
}

constexpr OpSpec kOps[] = {{.op_type = "Conv", .infer = infer, .make = make}};

}  // namespace

std::span<const OpSpec> ops_conv() { return kOps; }

}  // namespace zeropoint
