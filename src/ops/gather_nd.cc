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

struct Depths {
  std::size_t batch;  // leading axes that data and indices share
  std::size_t tuple;  // axes that one index tuple names
};

Depths depths_of(const OpSite& site) {
  const Shape& data = site.input(0).shape;
  const Shape& indices = site.input(1).shape;
  const std::int64_t batch = site.node.get_int("batch_dims", 0);
  const auto limit = static_cast<std::int64_t>(std::min(data.size(), indices.size()));
  if (batch < 0 || batch >= std::max<std::int64_t>(1, limit)) {
    site.invalid("batch_dims {} is outside [0, {}]", batch, limit - 1);
  }
  if (data.empty() || indices.empty()) site.invalid("data and indices must have at least one axis");
  const auto b = static_cast<std::size_t>(batch);
  if (!std::equal(data.begin(), data.begin() + batch, indices.begin())) {
    site.invalid("data {} and indices {} differ in their first {} axes", to_string(data), to_string(indices), batch);
  }
  const std::int64_t tuple = indices.back();
  if (tuple < 0 || tuple > static_cast<std::int64_t>(data.size() - b)) {
    site.invalid("index tuples of {} reach beyond the axes of data {}", tuple, to_string(data));
  }
  return {b, static_cast<std::size_t>(tuple)};
}

std::vector<ValueFacts> infer(const OpSite& site) {
  const Shape& data = site.input(0).shape;
  const Shape& indices = site.input(1).shape;
  const auto [batch, tuple] = depths_of(site);
  Shape shape(indices.begin(), indices.end() - 1);
  shape.insert(shape.end(), data.begin() + static_cast<std::ptrdiff_t>(batch + tuple), data.end());
  return {planned(site, site.input(0).dtype, std::move(shape))};
}

/// output[b, i, :] = data[b, indices[b, i], :]
class GatherND final : public Kernel {
 public:
  explicit GatherND(const OpSite& site) {
    check_index_type(site, 1);
    const Shape& data = site.input(0).shape;
    const auto [batch, tuple] = depths_of(site);
    const Shape strides = row_major_strides(data);
    tuples_ = TupleReader(site,
                          Shape(data.begin() + static_cast<std::ptrdiff_t>(batch),
                                data.begin() + static_cast<std::ptrdiff_t>(batch + tuple)),
                          Shape(strides.begin() + static_cast<std::ptrdiff_t>(batch),
                                strides.begin() + static_cast<std::ptrdiff_t>(batch + tuple)));
    const auto size = static_cast<std::int64_t>(element_bytes(site, site.input(0).dtype));
    const Shape& indices = site.input(1).shape;
    batches_ = count_between(indices, 0, batch);
    per_batch_ = count_between(indices, batch, indices.size() - 1);
    batch_bytes_ = count_between(data, batch, data.size()) * size;
    slice_bytes_ = count_between(data, batch + tuple, data.size()) * size;
    element_bytes_ = size;
  }

  std::size_t scratch_bytes() const override {
    return static_cast<std::size_t>(batches_ * per_batch_) * sizeof(std::int64_t);
  }

  void run(const KernelIo& io) override {
    auto* offsets = reinterpret_cast<std::int64_t*>(io.scratch);
    tuples_.read(io.in(1), {offsets, static_cast<std::size_t>(batches_ * per_batch_)});
    const auto* src = static_cast<const std::byte*>(io.in(0).raw());
    auto* dst = static_cast<std::byte*>(io.out(0).mutable_raw());
    constexpr std::int64_t kChunkBytes = 128 << 10;
    const std::int64_t grain = std::max<std::int64_t>(1, kChunkBytes / std::max<std::int64_t>(8, slice_bytes_));
    parallel_ranges(batches_ * per_batch_, grain, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        std::memcpy(dst + i * slice_bytes_, src + i / per_batch_ * batch_bytes_ + offsets[i] * element_bytes_,
                    static_cast<std::size_t>(slice_bytes_));
      }
    });
  }

 private:
  TupleReader tuples_;
  std::int64_t batches_ = 1;
  std::int64_t per_batch_ = 1;
  std::int64_t batch_bytes_ = 0;
  std::int64_t slice_bytes_ = 0;
  std::int64_t element_bytes_ = 0;
};

std::unique_ptr<Kernel> make(const OpSite& site) { return std::make_unique<GatherND>(site); }

constexpr OpSpec kOps[] = {
    {.op_type = "GatherND", .infer = infer, .make = packed_too<infer, make>, .float_types = kAnyType},
};

}  // namespace

std::span<const OpSpec> ops_gather_nd() { return kOps; }

}  // namespace zeropoint
