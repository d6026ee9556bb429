#include <limits>

#include "kernels/pool/window_walk.h"
#include "ops/narrow_types.h"
#include "ops/pool_geometry.h"

namespace zeropoint {
namespace {

std::vector<ValueFacts> infer(const OpSite& site) {
  const ValueFacts y = pooled_facts(site, pool_window(site));
  ValueFacts indices = y;
  indices.dtype = DType::i64;
  if (site.node.outputs.size() > 1) return {y, indices};
  return {y};
}

/// Where an element stands in the input as the graph sees it, [N, C, spatial...] row by row; column_major: the first
/// spatial axis runs fastest.
struct IndexRule {
  std::int64_t channels;
  PoolGeometry::Axes size;
  bool column_major;

  std::int64_t operator()(std::int64_t element) const {
    const std::int64_t c = element % channels;
    std::int64_t position = element / channels;
    const std::int64_t w = position % size[2];
    position /= size[2];
    const std::int64_t h = position % size[1];
    position /= size[1];
    const std::int64_t d = position % size[0];
    const std::int64_t plane = position / size[0] * channels + c;
    const std::int64_t inside = column_major ? (w * size[1] + h) * size[0] + d : (d * size[1] + h) * size[2] + w;
    return plane * size[0] * size[1] * size[2] + inside;
  }
};

template <class T>
void pool_with_indices(const PoolGeometry& geometry, const IndexRule& index_of, const KernelIo& io) {
  const T* x = io.in(0).data<T>();
  T* y = io.out(0).mutable_data<T>();
  const bool wants_indices = io.outputs.size() > 1 && io.out(1);
  std::int64_t* indices = wants_indices ? io.out(1).mutable_data<std::int64_t>() : nullptr;
  for_each_window(geometry, [&](std::int64_t out, std::int64_t n, std::int64_t c, const auto&, const auto& spans) {
    T best = std::numeric_limits<T>::lowest();
    std::int64_t best_at = -1;
    for_each_in_window(geometry, n, c, spans, [&](std::int64_t in, bool) {
      if (best_at >= 0 && !(x[in] > best)) return;
      best = x[in];
      best_at = in;
    });
    y[out] = best;
    if (indices != nullptr) indices[out] = best_at < 0 ? -1 : index_of(best_at);
  });
}

template <class T>
std::unique_ptr<Kernel> make_fast(const PoolGeometry& geometry) {
  return make_kernel(
      [geometry](const KernelIo& io) { max_pool(geometry, io.in(0).data<T>(), io.out(0).mutable_data<T>()); });
}

template <class T>
std::unique_ptr<Kernel> make_with_indices(const PoolGeometry& geometry, bool column_major) {
  const IndexRule rule{geometry.channels, geometry.input, column_major};
  return make_kernel([=](const KernelIo& io) { pool_with_indices<T>(geometry, rule, io); });
}

std::unique_ptr<Kernel> make(const OpSite& site) {
  const ValueFacts& x = site.input(0);
  const PoolGeometry geometry = pool_geometry(x.shape, pool_window(site));
  const bool column_major = site.node.get_int("storage_order", 0) != 0;
  const bool wants_indices = site.node.outputs.size() > 1 && site.node.outputs[1] != kNoValue;
  switch (x.dtype) {
    case DType::f32:
      return wants_indices ? make_with_indices<float>(geometry, column_major) : make_fast<float>(geometry);
    case DType::u8:
      return wants_indices ? make_with_indices<std::uint8_t>(geometry, column_major)
                           : make_fast<std::uint8_t>(geometry);
    case DType::i8:
      return wants_indices ? make_with_indices<std::int8_t>(geometry, column_major) : make_fast<std::int8_t>(geometry);
    case DType::f64:
      return make_with_indices<double>(geometry, column_major);
    default:
      site.unsupported("{} is not offered", name(x.dtype));
  }
}

constexpr OpSpec kOps[] = {
    {.op_type = "MaxPool",
     .infer = infer,
     .make = halves_too<infer, make>,
     .channels_last_inputs = 1,
     .float_types = "all floats, int8 uint8"},
};

}  // namespace

std::span<const OpSpec> ops_max_pool() { return kOps; }

}  // namespace zeropoint
