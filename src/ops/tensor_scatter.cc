#include <cstring>
#include <string>

#include "ops/arguments.h"
#include "ops/move.h"
#include "ops/narrow_types.h"
#include "ops/scatter.h"

namespace zeropoint {
namespace {

std::size_t axis_of(const OpSite& site) {
  const auto rank = static_cast<std::int64_t>(site.input(0).shape.size());
  const std::int64_t axis = positive_axis(site, site.node.get_int("axis", -2), rank);
  if (axis == 0) site.invalid("axis 0 is the batch");
  return static_cast<std::size_t>(axis);
}

bool is_circular(const OpSite& site) {
  const std::string mode = site.node.get_string("mode", "linear");
  if (mode != "linear" && mode != "circular") site.invalid("mode '{}' is neither linear nor circular", mode);
  return mode == "circular";
}

std::vector<ValueFacts> infer(const OpSite& site) {
  const ValueFacts& cache = site.input(0);
  const ValueFacts& update = site.input(1);
  const std::size_t axis = axis_of(site);
  Shape expected = update.shape;
  if (axis < expected.size()) expected[axis] = cache.shape[axis];
  if (update.dtype != cache.dtype || expected != cache.shape || update.shape[axis] > cache.shape[axis]) {
    site.invalid("the update {} of {} does not fit the cache {} of {} along axis {}", to_string(update.shape),
                 name(update.dtype), to_string(cache.shape), name(cache.dtype), axis);
  }
  if (site.has(2) && (site.input(2).dtype != DType::i64 || site.input(2).shape != Shape{cache.shape[0]})) {
    site.invalid("write_indices must be int64 of shape [{}]", cache.shape[0]);
  }
  return {{.dtype = cache.dtype, .shape = cache.shape}};
}

/// present[batch, ..., write_indices[batch] + s, ...] = update[batch, ..., s, ...]
std::unique_ptr<Kernel> make(const OpSite& site) {
  const Shape& shape = site.input(0).shape;
  const std::size_t axis = axis_of(site);
  const bool circular = is_circular(site);
  const std::int64_t room = shape[axis];
  const std::int64_t steps = site.input(1).shape[axis];
  const std::int64_t rows = count_between(shape, 1, axis);
  const std::int64_t batch = shape[0];
  const std::int64_t bytes = count_between(shape, axis + 1, shape.size()) *
                             static_cast<std::int64_t>(element_bytes(site, site.input(0).dtype));
  return make_kernel([=, where = site.node.label](const KernelIo& io) {
    start_from_data(io);
    auto* dst = static_cast<std::byte*>(io.out(0).mutable_raw());
    const auto* src = static_cast<const std::byte*>(io.in(1).raw());
    for (std::int64_t b = 0; b < batch; ++b) {
      std::int64_t first = io.has(2) ? io.in(2).data<std::int64_t>()[b] : 0;
      if (first < 0 || (!circular && first > room - steps)) {
        fail(ErrorKind::invalid_data, where, "write index {} of batch {} leaves the cache of {} steps", first, b, room);
      }
      if (circular && room > 0) first %= room;
      for (std::int64_t row = b * rows; row < (b + 1) * rows; ++row) {
        for (std::int64_t s = 0; s < steps; ++s) {
          std::memcpy(dst + (row * room + (first + s) % room) * bytes, src + (row * steps + s) * bytes,
                      static_cast<std::size_t>(bytes));
        }
      }
    }
  });
}

constexpr OpSpec kOps[] = {
    {.op_type = "TensorScatter",
     .infer = infer,
     .make = packed_too<infer, make>,
     .in_place = 0,
     .float_types = kAnyType},
};

}  // namespace

std::span<const OpSpec> ops_tensor_scatter() { return kOps; }

}  // namespace zeropoint
