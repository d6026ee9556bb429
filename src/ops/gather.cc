#include <algorithm>
#include <cstring>
#include <string>

#include "base/parallel.h"
#include "ops/arguments.h"
#include "ops/indices.h"
#include "ops/move.h"
#include "ops/narrow_types.h"

namespace zeropoint {
namespace {

constexpr std::int64_t kChunkBytes = 128 << 10;

std::size_t axis_of(const OpSite& site) {
  const auto rank = static_cast<std::int64_t>(site.input(0).shape.size());
  return static_cast<std::size_t>(positive_axis(site, site.node.get_int("axis", 0), rank));
}

std::vector<ValueFacts> infer(const OpSite& site) {
  const Shape& data = site.input(0).shape;
  const Shape& indices = site.input(1).shape;
  const std::size_t axis = axis_of(site);
  Shape shape(data.begin(), data.begin() + static_cast<std::ptrdiff_t>(axis));
  shape.insert(shape.end(), indices.begin(), indices.end());
  shape.insert(shape.end(), data.begin() + static_cast<std::ptrdiff_t>(axis) + 1, data.end());
  return {planned(site, site.input(0).dtype, std::move(shape))};
}

/// output[outer, i, inner] = data[outer, indices[i], inner]
class Gather final : public Kernel {
 public:
  explicit Gather(const OpSite& site) : where_(site.node.label), index_count_(element_count(site.input(1).shape)) {
    const Shape& data = site.input(0).shape;
    const std::size_t axis = axis_of(site);
    check_index_type(site, 1);
    outer_ = count_between(data, 0, axis);
    dim_ = data[axis];
    inner_bytes_ = count_between(data, axis + 1, data.size()) *
                   static_cast<std::int64_t>(element_bytes(site, site.input(0).dtype));
  }

  std::size_t scratch_bytes() const override { return static_cast<std::size_t>(index_count_) * sizeof(std::int64_t); }

  void run(const KernelIo& io) override {
    auto* offsets = reinterpret_cast<std::int64_t*>(io.scratch);
    read_indices(io.in(1), dim_, where_, {offsets, static_cast<std::size_t>(index_count_)});
    for (std::int64_t i = 0; i < index_count_; ++i) offsets[i] *= inner_bytes_;
    const auto* src = static_cast<const std::byte*>(io.in(0).raw());
    auto* dst = static_cast<std::byte*>(io.out(0).mutable_raw());
    const std::int64_t grain = std::max<std::int64_t>(1, kChunkBytes / std::max<std::int64_t>(1, inner_bytes_));
    parallel_ranges(outer_ * index_count_, grain, [&](std::int64_t begin, std::int64_t end) {
      std::int64_t i = begin % index_count_;
      const std::byte* from = src + begin / index_count_ * dim_ * inner_bytes_;
      for (std::int64_t piece = begin; piece < end; ++piece) {
        std::memcpy(dst + piece * inner_bytes_, from + offsets[i], static_cast<std::size_t>(inner_bytes_));
        if (++i == index_count_) {
          i = 0;
          from += dim_ * inner_bytes_;
        }
      }
    });
  }

 private:
  std::string where_;
  std::int64_t index_count_;
  std::int64_t outer_ = 0;
  std::int64_t dim_ = 0;
  std::int64_t inner_bytes_ = 0;
};

std::unique_ptr<Kernel> make(const OpSite& site) { return std::make_unique<Gather>(site); }

constexpr OpSpec kOps[] = {
    {.op_type = "Gather", .infer = infer, .make = packed_too<infer, make>, .float_types = kAnyType},
};

}  // namespace

std::span<const OpSpec> ops_gather() { return kOps; }

}  // namespace zeropoint
