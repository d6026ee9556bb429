#include <algorithm>
#include <numeric>
#include <optional>

#include "ops/arguments.h"
#include "ops/dispatch.h"
#include "ops/move.h"
#include "ops/narrow_types.h"
#include "ops/ordering.h"

namespace zeropoint {
namespace {

std::vector<ValueFacts> infer(const OpSite& site) {
  std::vector<ValueFacts> outputs = late(DType::i64, site.node.outputs.size());
  if (!outputs.empty()) outputs[0].dtype = site.input(0).dtype;
  return outputs;
}

/// The rows that differ, found by sorting row numbers.
struct Groups {
  std::vector<std::int64_t> first;    // the first row of each group, in output order
  std::vector<std::int64_t> inverse;  // per row: its group
  std::vector<std::int64_t> counts;
};

template <class T>
Groups group_rows(const T* rows, std::int64_t count, std::int64_t length, bool sorted) {
  const auto compare = [&](std::int64_t a, std::int64_t b) {  // below 0, 0 or above 0
    for (std::int64_t i = 0; i < length; ++i) {
      if (is_below(rows[a * length + i], rows[b * length + i])) return -1;
      if (is_below(rows[b * length + i], rows[a * length + i])) return 1;
    }
    return 0;
  };
  std::vector<std::int64_t> order(static_cast<std::size_t>(count));
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) { return compare(a, b) < 0; });
  Groups groups;
  groups.inverse.resize(order.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (i == 0 || compare(order[i - 1], order[i]) != 0) {
      groups.first.push_back(order[i]);  // stable: the earliest row of its group
      groups.counts.push_back(0);
    }
    groups.inverse[static_cast<std::size_t>(order[i])] = static_cast<std::int64_t>(groups.first.size()) - 1;
    ++groups.counts.back();
  }
  if (sorted) return groups;
  std::vector<std::size_t> by_appearance(groups.first.size());
  std::iota(by_appearance.begin(), by_appearance.end(), 0);
  std::sort(by_appearance.begin(), by_appearance.end(),
            [&](std::size_t a, std::size_t b) { return groups.first[a] < groups.first[b]; });
  Groups result{{}, std::vector<std::int64_t>(order.size()), {}};
  std::vector<std::int64_t> new_place(by_appearance.size());
  for (const std::size_t group : by_appearance) {
    new_place[group] = static_cast<std::int64_t>(result.first.size());
    result.first.push_back(groups.first[group]);
    result.counts.push_back(groups.counts[group]);
  }
  for (std::size_t i = 0; i < order.size(); ++i) {
    result.inverse[i] = new_place[static_cast<std::size_t>(groups.inverse[i])];
  }
  return result;
}

template <class T>
class Unique final : public Kernel {
 public:
  explicit Unique(const OpSite& site) : dtype_(site.input(0).dtype), sorted_(site.node.get_int("sorted", 1) != 0) {
    Shape shape = site.input(0).shape;
    std::int64_t axis = 0;
    if (site.node.find("axis") == nullptr) {
      shape = {element_count(shape)};
    } else {
      axis = positive_axis(site, site.node.get_int("axis", 0), static_cast<std::int64_t>(shape.size()));
    }
    shape_ = shape;
    axis_ = static_cast<std::size_t>(axis);
    rows_ = shape_[axis_];
    length_ = count_between(shape_, 0, axis_) * count_between(shape_, axis_ + 1, shape_.size());
  }

  void run(const KernelIo& io) override {
    std::vector<T> rows(static_cast<std::size_t>(rows_ * length_));
    to_rows(shape_).run(rows.data(), io.in(0).raw());
    const Groups groups = group_rows(rows.data(), rows_, length_, sorted_);

    std::vector<T> unique_rows;
    for (const std::int64_t row : groups.first) {
      unique_rows.insert(unique_rows.end(), rows.begin() + row * length_, rows.begin() + (row + 1) * length_);
    }
    Shape shape = shape_;
    shape[axis_] = static_cast<std::int64_t>(groups.first.size());
    io.out(0) = Tensor::allocate(dtype_, shape);
    from_rows(shape).run(io.out(0).mutable_raw(), unique_rows.data());
    const std::vector<std::int64_t>* lists[] = {&groups.first, &groups.inverse, &groups.counts};
    for (std::size_t i = 1; i < io.outputs.size(); ++i) {
      const std::vector<std::int64_t>& values = *lists[i - 1];
      io.out(i) = Tensor::copy_of<std::int64_t>({static_cast<std::int64_t>(values.size())}, values);
    }
  }

 private:
  struct Order {
    Shape loops;
    Shape strides;  // of the tensor, the axis first
  };
  Order axis_first(const Shape& shape) const {
    const Shape strides = row_major_strides(shape);
    Order order{{shape[axis_]}, {strides[axis_]}};
    for (std::size_t i = 0; i < shape.size(); ++i) {
      if (i == axis_) continue;
      order.loops.push_back(shape[i]);
      order.strides.push_back(strides[i]);
    }
    return order;
  }
  StridedCopy to_rows(const Shape& shape) const {
    const Order order = axis_first(shape);
    return {order.loops, row_major_strides(order.loops), order.strides, sizeof(T)};
  }
  StridedCopy from_rows(const Shape& shape) const {
    const Order order = axis_first(shape);
    return {order.loops, order.strides, row_major_strides(order.loops), sizeof(T)};
  }

  DType dtype_;
  bool sorted_;
  Shape shape_;
  std::size_t axis_ = 0;
  std::int64_t rows_ = 0;
  std::int64_t length_ = 0;
};

std::unique_ptr<Kernel> make(const OpSite& site) {
  return for_number_or_bool(site, site.input(0).dtype,
                            [&]<class T>() -> std::unique_ptr<Kernel> { return std::make_unique<Unique<T>>(site); });
}

constexpr OpSpec kOps[] = {
    {.op_type = "Unique", .infer = infer, .make = halves_too<infer, make>},
};

}  // namespace

std::span<const OpSpec> ops_unique() { return kOps; }

}  // namespace zeropoint
