#include <algorithm>
#include <numeric>

#include "base/parallel.h"
#include "ops/arguments.h"
#include "ops/dispatch.h"
#include "ops/narrow_types.h"
#include "ops/ordering.h"
#include "ops/required_outputs.h"

namespace zeropoint {
namespace {

std::size_t axis_of(const OpSite& site) {
  const auto rank = static_cast<std::int64_t>(site.input(0).shape.size());
  return static_cast<std::size_t>(positive_axis(site, site.node.get_int("axis", -1), rank));
}

std::int64_t k_of(const OpSite& site) {
  return site.opset < 10 ? site.node.get_int("k", -1) : single_integer(site, 1, "K");
}

std::vector<ValueFacts> infer(const OpSite& site) {
  require_outputs(site, 1);  // models without the indices are about, and harmless
  const ValueFacts& x = site.input(0);
  if (is_pending(site, 1)) {
    std::vector<ValueFacts> outputs = late(x.dtype, 2);
    outputs[1].dtype = DType::i64;
    return outputs;
  }
  const std::size_t axis = axis_of(site);
  const std::int64_t k = k_of(site);
  if (k < 0 || k > x.shape[axis]) site.invalid("K is {}, outside [0, {}]", k, x.shape[axis]);
  Shape shape = x.shape;
  shape[axis] = k;
  return {{.dtype = x.dtype, .shape = shape}, {.dtype = DType::i64, .shape = shape}};
}

/// Values and indices of the k first elements of each lane in descending (or ascending) order; ties go by index, so
/// that the order is total and the answer unique, whatever algorithm finds it.
template <class T>
class TopK final : public Kernel {
 public:
  explicit TopK(const OpSite& site) : largest_(site.opset < 11 || site.node.get_int("largest", 1) != 0) {
    const Shape& shape = site.input(0).shape;
    const std::size_t axis = axis_of(site);
    outer_ = count_between(shape, 0, axis);
    dim_ = shape[axis];
    inner_ = count_between(shape, axis + 1, shape.size());
    k_ = k_of(site);
  }

  void run(const KernelIo& io) override {
    if (k_ == 0) return;
    const T* x = io.in(0).data<T>();
    T* values = io.out(0).mutable_data<T>();
    std::int64_t* indices = io.outputs.size() > 1 && io.out(1) ? io.out(1).mutable_data<std::int64_t>() : nullptr;
    constexpr std::int64_t kElementsPerChunk = 16 << 10;
    const std::int64_t grain = std::max<std::int64_t>(1, kElementsPerChunk / dim_);
    parallel_ranges(outer_ * inner_, grain, [&](std::int64_t begin, std::int64_t end) {
      std::vector<Entry> lane(static_cast<std::size_t>(dim_));
      for (std::int64_t i = begin; i < end; ++i) {
        const T* from = x + i / inner_ * dim_ * inner_ + i % inner_;
        for (std::int64_t j = 0; j < dim_; ++j) lane[static_cast<std::size_t>(j)] = {from[j * inner_], j};
        largest_ ? select(lane, [](const Entry& a, const Entry& b) { return is_below(b.value, a.value); })
                 : select(lane, [](const Entry& a, const Entry& b) { return is_below(a.value, b.value); });
        const std::int64_t to = i / inner_ * k_ * inner_ + i % inner_;
        for (std::int64_t j = 0; j < k_; ++j) {
          values[to + j * inner_] = lane[static_cast<std::size_t>(j)].value;
          if (indices != nullptr) indices[to + j * inner_] = lane[static_cast<std::size_t>(j)].index;
        }
      }
    });
  }

 private:
  struct Entry {
    T value;
    std::int64_t index;
  };

  template <class Before>
  void select(std::vector<Entry>& lane, const Before& before) const {
    const auto is_first = [&](const Entry& a, const Entry& b) {
      if (before(a, b)) return true;
      if (before(b, a)) return false;
      return a.index < b.index;
    };
    const auto middle = lane.begin() + k_;
    if (k_ * 64 < dim_) {  // a small heap sees most elements once
      std::partial_sort(lane.begin(), middle, lane.end(), is_first);
      return;
    }
    if (k_ < dim_) std::nth_element(lane.begin(), middle, lane.end(), is_first);
    std::sort(lane.begin(), middle, is_first);
  }

  bool largest_;
  std::int64_t outer_ = 1;
  std::int64_t dim_ = 1;
  std::int64_t inner_ = 1;
  std::int64_t k_ = 0;
};

std::unique_ptr<Kernel> make(const OpSite& site) {
  return for_number(site, site.input(0).dtype,
                    [&]<class T>() -> std::unique_ptr<Kernel> { return std::make_unique<TopK<T>>(site); });
}

constexpr OpSpec kOps[] = {
    {.op_type = "TopK", .infer = infer, .make = halves_too<infer, make>},
};

}  // namespace

std::span<const OpSpec> ops_top_k() { return kOps; }

}  // namespace zeropoint
