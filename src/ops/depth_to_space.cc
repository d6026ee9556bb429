// DepthToSpace and SpaceToDepth: blocks of pixels become channels or come from them.
#include "ops/arguments.h"
#include "ops/move.h"
#include "ops/narrow_types.h"

namespace zeropoint {
namespace {

struct Blocks {
  std::int64_t n, c, h, w;  // of the image with the fewest channels, in blocks: [n, c, h * size, w * size]
  std::int64_t size;
};

bool is_crd(const OpSite& site) {
  const std::string mode = site.node.get_string("mode", "DCR");
  if (mode != "DCR" && mode != "CRD") site.invalid("mode '{}' is neither DCR nor CRD", mode);
  return mode == "CRD";
}

std::int64_t block_size(const OpSite& site) {
  const std::int64_t size = site.node.get_int("blocksize", 0);
  constexpr std::int64_t kLargest = 1 << 20;  // its square does not overflow
  if (size < 1 || size > kLargest) site.invalid("blocksize {} is outside [1, {}]", size, kLargest);
  return size;
}

const Shape& image_shape(const OpSite& site) {
  const Shape& shape = site.input(0).shape;
  if (shape.size() != 4) site.invalid("the input has shape {}; [N, C, H, W] is expected", to_string(shape));
  return shape;
}

Blocks depth_blocks(const OpSite& site) {
  const Shape& x = image_shape(site);
  const std::int64_t size = block_size(site);
  if (x[1] % (size * size) != 0) {
    site.invalid("{} channels are not a multiple of blocksize squared, {}", x[1], size * size);
  }
  return {x[0], x[1] / (size * size), x[2], x[3], size};
}

Blocks space_blocks(const OpSite& site) {
  const Shape& x = image_shape(site);
  const std::int64_t size = block_size(site);
  if (x[2] % size != 0 || x[3] % size != 0) {
    site.invalid("height and width of {} are not multiples of blocksize {}", to_string(x), size);
  }
  return {x[0], x[1], x[2] / size, x[3] / size, size};
}

Shape deep(const Blocks& b) { return {b.n, b.c * b.size * b.size, b.h, b.w}; }
Shape wide(const Blocks& b) { return {b.n, b.c, b.h * b.size, b.w * b.size}; }

struct Walk {
  Shape loops;         // n, c, h, row in block, w, column in block
  Shape wide_strides;  // dense in this order
  Shape deep_strides;
};

/// How the elements of both images correspond: the deep one numbers its channels by (row, column, c) for DCR and by
/// (c, row, column) for CRD.
Walk walk_of(const Blocks& b, bool crd) {
  Walk walk{{b.n, b.c, b.h, b.size, b.w, b.size}, {}, {}};
  walk.wide_strides = row_major_strides(walk.loops);
  const std::int64_t plane = b.h * b.w;
  const std::int64_t channel = crd ? b.size * b.size * plane : plane;
  const std::int64_t column = crd ? plane : b.c * plane;
  walk.deep_strides = {b.c * b.size * b.size * plane, channel, b.w, column * b.size, 1, column};
  return walk;
}

std::vector<ValueFacts> infer_depth_to_space(const OpSite& site) {
  return {{.dtype = site.input(0).dtype, .shape = wide(depth_blocks(site))}};
}

std::unique_ptr<Kernel> make_depth_to_space(const OpSite& site) {
  const Walk walk = walk_of(depth_blocks(site), is_crd(site));
  const std::size_t size = element_bytes(site, site.input(0).dtype);
  return make_moves({{.copy = StridedCopy(walk.loops, walk.wide_strides, walk.deep_strides, size)}});
}

std::vector<ValueFacts> infer_space_to_depth(const OpSite& site) {
  return {{.dtype = site.input(0).dtype, .shape = deep(space_blocks(site))}};
}

std::unique_ptr<Kernel> make_space_to_depth(const OpSite& site) {
  const Walk walk = walk_of(space_blocks(site), is_crd(site));
  const std::size_t size = element_bytes(site, site.input(0).dtype);
  return make_moves({{.copy = StridedCopy(walk.loops, walk.deep_strides, walk.wide_strides, size)}});
}

constexpr OpSpec kOps[] = {
    {.op_type = "DepthToSpace",
     .infer = infer_depth_to_space,
     .make = packed_too<infer_depth_to_space, make_depth_to_space>,
     .float_types = kAnyType},
    {.op_type = "SpaceToDepth",
     .infer = infer_space_to_depth,
     .make = packed_too<infer_space_to_depth, make_space_to_depth>,
     .float_types = kAnyType},
};

}  // namespace

std::span<const OpSpec> ops_depth_to_space() { return kOps; }

}  // namespace zeropoint
