#include <cstring>
#include <string>

#include "ops/arguments.h"
#include "ops/move.h"
#include "ops/narrow_types.h"

namespace zeropoint {
namespace {

std::vector<ValueFacts> infer(const OpSite& site) {
  const ValueFacts& x = site.input(0);
  const std::int64_t time = site.node.get_int("time_axis", 0);
  const std::int64_t batch = site.node.get_int("batch_axis", 1);
  if (time < 0 || time > 1 || batch != 1 - time)
    site.invalid("time_axis {} and batch_axis {} are not 0 and 1", time, batch);
  if (x.shape.size() < 2) site.invalid("the input has shape {}; at least two axes are expected", to_string(x.shape));
  const ValueFacts& lengths = site.input(1);
  if (lengths.dtype != DType::i64 || lengths.shape != Shape{x.shape[static_cast<std::size_t>(batch)]}) {
    site.invalid("sequence_lens must be int64 of shape [{}]", x.shape[static_cast<std::size_t>(batch)]);
  }
  return {{.dtype = x.dtype, .shape = x.shape}};
}

/// Step t of sequence b is step length[b] - 1 - t of the input while t < length[b], step t after that.
std::unique_ptr<Kernel> make(const OpSite& site) {
  const Shape& shape = site.input(0).shape;
  const bool time_first = site.node.get_int("time_axis", 0) == 0;
  const std::int64_t steps = shape[time_first ? 0 : 1];
  const std::int64_t batch = shape[time_first ? 1 : 0];
  const std::int64_t inner =
      count_between(shape, 2, shape.size()) * static_cast<std::int64_t>(element_bytes(site, site.input(0).dtype));
  return make_kernel([=, where = site.node.label](const KernelIo& io) {
    const auto* src = static_cast<const std::byte*>(io.in(0).raw());
    auto* dst = static_cast<std::byte*>(io.out(0).mutable_raw());
    const std::int64_t* lengths = io.in(1).data<std::int64_t>();
    const std::int64_t step_bytes = inner * (time_first ? batch : 1);
    const std::int64_t sequence_bytes = inner * (time_first ? 1 : steps);
    for (std::int64_t b = 0; b < batch; ++b) {
      const std::int64_t length = lengths[b];
      if (length < 0 || length > steps) {
        fail(ErrorKind::invalid_data, where, "sequence {} has length {}, outside [0, {}]", b, length, steps);
      }
      for (std::int64_t t = 0; t < steps; ++t) {
        const std::int64_t from = t < length ? length - 1 - t : t;
        std::memcpy(dst + b * sequence_bytes + t * step_bytes, src + b * sequence_bytes + from * step_bytes,
                    static_cast<std::size_t>(inner));
      }
    }
  });
}

constexpr OpSpec kOps[] = {
    {.op_type = "ReverseSequence", .infer = infer, .make = packed_too<infer, make>, .float_types = kAnyType},
};

}  // namespace

std::span<const OpSpec> ops_reverse_sequence() { return kOps; }

}  // namespace zeropoint
