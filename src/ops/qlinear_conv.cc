// QLinearConv and ConvInteger: convolutions of codes, by the integer library. Where all inputs but x are constants, as
// in nearly every model, they are checked and packed when the plan is made.
#include <algorithm>
#include <optional>

#include "integer/conv_layer.h"
#include "ops/arguments.h"
#include "ops/quantized_operand.h"
#include "ops/window.h"

namespace zeropoint {
namespace {

template <std::size_t w>
Window window_of(const OpSite& site) {
  const Shape& x = site.input(0).shape;
  const Shape& weight = site.input(w).shape;
  const std::vector<std::int64_t> kernel = weight_kernel(site, x, weight);
  convolution_groups(site, x, weight);
  if (site.node.get_int("ceil_mode", 0) != 0) site.invalid("a convolution has no ceil_mode");
  return sliding_window(site, x, kernel);
}

WindowOptions options_of(const OpSite& site, const Window& window) {
  WindowOptions o{.strides = window.strides, .dilations = window.dilations, .pads = window.pads_begin};
  o.pads.insert(o.pads.end(), window.pads_end.begin(), window.pads_end.end());
  o.groups = site.node.get_int("group", 1);
  return o;
}

template <std::size_t w>
std::vector<ValueFacts> infer_conv(const OpSite& site) {
  const DType dtype = w == 1 ? DType::i32 : site.input(7).dtype;
  return {planned(site, dtype, windowed_shape(site.input(0).shape[0], site.input(w).shape[0], window_of<w>(site)))};
}

/// The weights of input `w`, packed once for all plans.
Tensor packed(const OpSite& site, std::size_t w, const integer::Operand& weights) {
  const Tensor& codes = site.input(w).constant;
  return site.shared(codes,
                     fmt::format("integer conv {} {} {}", name(codes.dtype()), to_string(codes.shape()),
                                 fmt::join(weights.zero_points, " ")),
                     [&] { return integer::PreparedConv::pack(codes, weights); });
}

/// nullopt: integer::conv() looks at the operands at every run.
std::optional<integer::ConvLayer> prepare_layer(const OpSite& site, const WindowOptions& window) {
  if (!are_known(site, {1, 2, 3, 4, 5, 6, 7, 8})) return std::nullopt;
  const Shape& x_shape = site.input(0).shape;
  const auto x = integer::open_input(grids_of(site.input(0).dtype, known(site, 1), known(site, 2), 1), integer::kConv);
  const Tensor w = known(site, 3);
  const auto weights =
      integer::open_operand({w, grids_of(w.dtype(), known(site, 4), known(site, 5), 0)}, 0, integer::kConv);
  if (!integer::PreparedConv::takes({x_shape, w.shape(), window, integer::kConv}, x, weights)) return std::nullopt;
  return integer::ConvLayer(x_shape, x, weights, packed(site, 3, weights), known(site, 8),
                            {.window = window,
                             .output = output_grid(known(site, 6), known(site, 7)),
                             .overflow = integer::BiasOverflow::saturate});
}

/// nullopt: integer::conv_accumulators() looks at the operands at every run.
std::optional<integer::PreparedConv> prepare_conv(const OpSite& site, const WindowOptions& window) {
  if (!are_known(site, {1, 2, 3})) return std::nullopt;
  const auto x = integer::open_input(grids_of(site.input(0).dtype, Tensor(), known(site, 2), 1), integer::kConv);
  const Tensor w = known(site, 1);
  const auto weights = integer::open_operand({w, grids_of(w.dtype(), Tensor(), known(site, 3), 0)}, 0, integer::kConv);
  const integer::ConvShape shape(site.input(0).shape, w.shape(), window, integer::kConv);
  if (!integer::PreparedConv::takes(shape, x, weights)) return std::nullopt;
  return integer::PreparedConv(shape, x.zero_points.front(), packed(site, 1, weights));
}

std::unique_ptr<Kernel> make_qlinear_conv(const OpSite& site) {
  const std::int64_t channels = site.input(3).shape[0];
  for (const std::size_t i : {std::size_t{0}, std::size_t{3}, std::size_t{7}}) require_bytes(site, i);
  require_scale(site, 1, 1);
  require_scale(site, 4, channels);
  require_scale(site, 6, 1);
  require_zero_point(site, 2, 0, 1);
  require_zero_point(site, 5, 3, channels);
  require_zero_point(site, 7, 7, 1);
  if (site.has(8) && (site.input(8).dtype != DType::i32 || site.input(8).shape != Shape{channels})) {
    site.invalid("the bias is {} {}, not int32 [{}]", name(site.input(8).dtype), to_string(site.input(8).shape),
                 channels);
  }
  const WindowOptions window = options_of(site, window_of<3>(site));
  if (const auto layer = prepare_layer(site, window)) {
    return make_kernel([layer = *layer](const KernelIo& io) { layer.run(io.in(0), io.out(0)); });
  }
  return make_kernel([window](const KernelIo& io) {
    const Tensor bias = io.has(8) ? io.in(8) : Tensor();
    copy_out(integer::conv(operand(io, 0, 1, 2, 1), operand(io, 3, 4, 5, 0), bias, window, output_grid(io, 6, 7),
                           Arithmetic::onnx, integer::BiasOverflow::saturate)
                 .codes,
             io.out(0));
  });
}

std::unique_ptr<Kernel> make_conv_integer(const OpSite& site) {
  for (const std::size_t i : {std::size_t{0}, std::size_t{1}}) require_bytes(site, i);
  require_zero_point(site, 2, 0, 1);
  require_zero_point(site, 3, 1, site.input(1).shape[0]);
  const WindowOptions window = options_of(site, window_of<1>(site));
  if (const auto conv = prepare_conv(site, window)) {
    return make_kernel([conv = *conv](const KernelIo& io) {
      auto* to = io.out(0).mutable_data<std::int32_t>();
      conv.run(io.in(0), nullptr,
               [&](const integer::ChannelRun& run) { std::copy_n(run.sums, run.n, to + run.begin); });
    });
  }
  return make_kernel([window](const KernelIo& io) {
    copy_out(integer::conv_accumulators(operand(io, 0, 0, 2, 1), operand(io, 1, 1, 3, 0), window), io.out(0));
  });
}

constexpr OpSpec kOps[] = {
    {.op_type = "QLinearConv",
     .since = 10,
     .infer = infer_conv<3>,
     .make = make_qlinear_conv,
     .float_types = "",
     .integer_types = "int8 uint8"},
    {.op_type = "ConvInteger",
     .since = 10,
     .infer = infer_conv<1>,
     .make = make_conv_integer,
     .float_types = "",
     .integer_types = "int8 uint8"},
};

}  // namespace

std::span<const OpSpec> ops_qlinear_conv() { return kOps; }

}  // namespace zeropoint
