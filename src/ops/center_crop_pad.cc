#include <algorithm>
#include <cstring>
#include <numeric>

#include "ops/arguments.h"
#include "ops/move.h"
#include "ops/narrow_types.h"

namespace zeropoint {
namespace {

std::vector<ValueFacts> infer(const OpSite& site) {
  const ValueFacts& x = site.input(0);
  if (is_pending(site, 1)) return late(x.dtype);
  const std::vector<std::int64_t> wanted = integers(site, site.constant(1, "shape"), "shape");
  std::vector<std::int64_t> axes(x.shape.size());
  std::iota(axes.begin(), axes.end(), 0);
  if (site.node.find("axes") != nullptr) {
    axes = positive_axes(site, site.node.get_ints("axes"), static_cast<std::int64_t>(x.shape.size()));
  }
  if (wanted.size() != axes.size())
    site.invalid("the shape {} names {} axes, not {}", to_string(wanted), wanted.size(), axes.size());
  Shape shape = x.shape;
  for (std::size_t i = 0; i < axes.size(); ++i) shape[static_cast<std::size_t>(axes[i])] = wanted[i];
  return {planned(site, x.dtype, std::move(shape))};
}

/// Along each axis the smaller of both is centred in the larger; what is left over goes to the end.
std::unique_ptr<Kernel> make(const OpSite& site) {
  const Shape& from = site.input(0).shape;
  const Shape to = infer(site)[0].shape;
  const Shape from_strides = row_major_strides(from);
  const Shape to_strides = row_major_strides(to);
  const std::size_t size = element_bytes(site, site.input(0).dtype);
  Shape common(to.size());
  std::size_t from_offset = 0;
  std::size_t to_offset = 0;
  for (std::size_t i = 0; i < to.size(); ++i) {
    common[i] = std::min(from[i], to[i]);
    from_offset += static_cast<std::size_t>((from[i] - common[i]) / 2 * from_strides[i]) * size;
    to_offset += static_cast<std::size_t>((to[i] - common[i]) / 2 * to_strides[i]) * size;
  }
  const bool is_padded = common != to;
  return make_kernel([=, copy = StridedCopy(common, to_strides, from_strides, size)](const KernelIo& io) {
    auto* dst = static_cast<std::byte*>(io.out(0).mutable_raw());
    if (is_padded) std::memset(dst, 0, io.out(0).bytes());
    copy.run(dst + to_offset, static_cast<const std::byte*>(io.in(0).raw()) + from_offset);
  });
}

constexpr OpSpec kOps[] = {
    {.op_type = "CenterCropPad", .infer = infer, .make = packed_too<infer, make>, .float_types = kAnyType},
};

}  // namespace

std::span<const OpSpec> ops_center_crop_pad() { return kOps; }

}  // namespace zeropoint
