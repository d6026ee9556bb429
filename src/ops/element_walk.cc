#include "ops/element_walk.h"

namespace zeropoint {

ElementWalk::ElementWalk(const OpSite& site) : where_(site.node.label), shape_(site.input(1).shape) {
  check_index_type(site, 1);
  const Shape& data = site.input(0).shape;
  if (data.size() != shape_.size() || data.empty()) {
    site.invalid("data {} and indices {} must have the same rank of at least 1", to_string(data), to_string(shape_));
  }
  const auto axis = static_cast<std::size_t>(
      positive_axis(site, site.node.get_int("axis", 0), static_cast<std::int64_t>(data.size())));
  for (std::size_t i = 0; i < data.size(); ++i) {
    if (i != axis && shape_[i] > data[i]) {
      site.invalid("indices {} reach outside data {} along axis {}", to_string(shape_), to_string(data), i);
    }
  }
  strides_ = row_major_strides(data);
  dim_ = data[axis];
  axis_stride_ = strides_[axis];
  strides_[axis] = 0;
  last_stride_ = strides_.back();
  length_ = shape_.back();
  lines_ = length_ == 0 ? 0 : element_count(shape_) / length_;
}

std::int64_t ElementWalk::line_start(std::int64_t line) const {
  std::int64_t offset = 0;
  for (std::size_t i = shape_.size() - 1; i-- > 0;) {
    offset += line % shape_[i] * strides_[i];
    line /= shape_[i];
  }
  return offset;
}

void ElementWalk::refuse(std::int64_t index, std::int64_t position) const {
  fail(ErrorKind::invalid_data, where_, "index {} at position {} is outside [{}, {}]", index, position, -dim_,
       dim_ - 1);
}

}  // namespace zeropoint
