#include "base/parallel.h"
#include "ops/arguments.h"
#include "ops/dispatch.h"
#include "ops/element_walk.h"
#include "ops/indices.h"
#include "ops/move.h"
#include "ops/narrow_types.h"

namespace zeropoint {
namespace {

std::vector<ValueFacts> infer(const OpSite& site) {
  return {{.dtype = site.input(0).dtype, .shape = site.input(1).shape}};
}

/// output[i][j][k] = data[indices[i][j][k]][j][k] for axis 0, and likewise for the others
std::unique_ptr<Kernel> make(const OpSite& site) {
  return for_size(site, site.input(0).dtype, [&]<class T>() {
    return make_kernel([walk = ElementWalk(site)](const KernelIo& io) {
      const T* data = io.in(0).data<T>();
      T* to = io.out(0).mutable_data<T>();
      parallel_ranges(walk.line_count(), walk.lines_per_chunk(), [&](std::int64_t begin, std::int64_t end) {
        walk.for_lines(io.in(1), begin, end,
                       [&](std::int64_t position, std::int64_t offset) { to[position] = data[offset]; });
      });
    });
  });
}

constexpr OpSpec kOps[] = {
    {.op_type = "GatherElements", .infer = infer, .make = packed_too<infer, make>, .float_types = kAnyType},
};

}  // namespace

std::span<const OpSpec> ops_gather_elements() { return kOps; }

}  // namespace zeropoint
