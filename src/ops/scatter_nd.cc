#include <cstring>

#include "ops/arguments.h"
#include "ops/dispatch.h"
#include "ops/indices.h"
#include "ops/move.h"
#include "ops/narrow_types.h"
#include "ops/scatter.h"

namespace zeropoint {
namespace {

std::vector<ValueFacts> infer(const OpSite& site) {
  const ValueFacts& data = site.input(0);
  const Shape& indices = site.input(1).shape;
  const ValueFacts& updates = site.input(2);
  if (updates.dtype != data.dtype) site.invalid("data is {}, updates are {}", name(data.dtype), name(updates.dtype));
  if (indices.empty() || indices.back() < 0 || indices.back() > static_cast<std::int64_t>(data.shape.size())) {
    site.invalid("indices {} name no place in data {}", to_string(indices), to_string(data.shape));
  }
  Shape expected(indices.begin(), indices.end() - 1);
  expected.insert(expected.end(), data.shape.begin() + indices.back(), data.shape.end());
  if (updates.shape != expected) {
    site.invalid("updates have shape {}; {} is expected", to_string(updates.shape), to_string(expected));
  }
  return {{.dtype = data.dtype, .shape = data.shape}};
}

/// output = data; output[indices[i], :] = updates[i, :], one after the other, so that repeated indices are well defined
template <class T>
class ScatterND final : public Kernel {
 public:
  ScatterND(const OpSite& site, Reduction reduction) : reduction_(reduction) {
    check_index_type(site, 1);
    const Shape& data = site.input(0).shape;
    const Shape& indices = site.input(1).shape;
    const std::ptrdiff_t depth = indices.back();
    const Shape strides = row_major_strides(data);
    tuples_ =
        TupleReader(site, Shape(data.begin(), data.begin() + depth), Shape(strides.begin(), strides.begin() + depth));
    count_ = count_between(indices, 0, indices.size() - 1);
    slice_ = count_between(data, static_cast<std::size_t>(depth), data.size());
  }

  std::size_t scratch_bytes() const override { return static_cast<std::size_t>(count_) * sizeof(std::int64_t); }

  void run(const KernelIo& io) override {
    auto* offsets = reinterpret_cast<std::int64_t*>(io.scratch);
    tuples_.read(io.in(1), {offsets, static_cast<std::size_t>(count_)});
    start_from_data(io);
    T* to = io.out(0).mutable_data<T>();
    const T* updates = io.in(2).data<T>();
    for (std::int64_t i = 0; i < count_; ++i) apply(to + offsets[i], updates + i * slice_);
  }

 private:
  void apply(T* to, const T* update) const {
    if constexpr (std::is_arithmetic_v<T>) {
      if (reduction_ != Reduction::none) {
        for (std::int64_t j = 0; j < slice_; ++j) to[j] = reduce(reduction_, to[j], update[j]);
        return;
      }
    }
    std::memcpy(to, update, static_cast<std::size_t>(slice_) * sizeof(T));
  }

  Reduction reduction_;
  TupleReader tuples_;
  std::int64_t count_ = 0;
  std::int64_t slice_ = 0;
};

std::unique_ptr<Kernel> make_replacing(const OpSite& site) {
  return for_size(site, site.input(0).dtype, [&]<class T>() -> std::unique_ptr<Kernel> {
    return std::make_unique<ScatterND<T>>(site, Reduction::none);
  });
}

std::unique_ptr<Kernel> make_reducing(const OpSite& site) {
  return for_number(site, site.input(0).dtype, [&]<class T>() -> std::unique_ptr<Kernel> {
    return std::make_unique<ScatterND<T>>(site, reduction_of(site));
  });
}

std::unique_ptr<Kernel> make(const OpSite& site) {
  if (reduction_of(site) == Reduction::none) return packed_too<infer, make_replacing>(site);
  return halves_too<infer, make_reducing>(site);
}

constexpr OpSpec kOps[] = {
    {.op_type = "ScatterND", .infer = infer, .make = make, .in_place = 0, .float_types = kAnyType},
};

}  // namespace

std::span<const OpSpec> ops_scatter_nd() { return kOps; }

}  // namespace zeropoint
