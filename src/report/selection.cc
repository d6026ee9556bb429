#include "report/selection.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <string>
#include <utility>

#include "base/fail.h"

namespace zeropoint {

Selection Selection::parse(std::string_view text, std::string_view where) {
  Selection selection;
  selection.where_ = where;
  std::string_view rest = text;
  if (rest.starts_with('[') && rest.ends_with(']')) rest = rest.substr(1, rest.size() - 2);
  while (!rest.empty()) {
    std::string_view part = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(part.size() + 1, rest.size()));
    while (part.starts_with(' ')) part.remove_prefix(1);
    while (part.ends_with(' ')) part.remove_suffix(1);
    if (part == ":") {
      selection.axes_.push_back(std::nullopt);
      continue;
    }
    std::int64_t index = 0;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), index);
    if (error != std::errc() || end != part.data() + part.size()) {
      fail(ErrorKind::invalid_option, selection.where_, "'{}' is neither ':' nor a number in '{}'", part, text);
    }
    selection.axes_.push_back(index);
  }
  return selection;
}

Tensor Selection::of(const Tensor& tensor) const {
  if (axes_.empty()) return tensor;
  if (axes_.size() > tensor.shape().size()) {
    fail(ErrorKind::invalid_option, where_, "selects from {} axes; the shape is {}", axes_.size(),
         to_string(tensor.shape()));
  }
  // Axes are picked one after the other: the elements are [outer, size, inner] in bytes, outer holding the axes done.
  const auto* begin = static_cast<const std::byte*>(tensor.raw());
  std::vector<std::byte> part(begin, begin + tensor.bytes());
  Shape kept;
  std::size_t outer = 1;
  for (std::size_t axis = 0; axis < tensor.shape().size(); ++axis) {
    const std::int64_t size = tensor.shape()[axis];
    if (axis >= axes_.size() || !axes_[axis]) {
      kept.push_back(size);
      outer *= static_cast<std::size_t>(size);
      continue;
    }
    const std::int64_t index = *axes_[axis] < 0 ? *axes_[axis] + size : *axes_[axis];
    if (index < 0 || index >= size) {
      fail(ErrorKind::invalid_option, where_, "{} is no index of axis {} in {}", *axes_[axis], axis,
           to_string(tensor.shape()));
    }
    if (outer == 0) continue;
    const std::size_t inner = part.size() / outer / static_cast<std::size_t>(size);
    for (std::size_t i = 0; i < outer; ++i) {
      const std::byte* from =
          part.data() + (i * static_cast<std::size_t>(size) + static_cast<std::size_t>(index)) * inner;
      std::memmove(part.data() + i * inner, from, inner);
    }
    part.resize(outer * inner);
  }
  Tensor out = Tensor::allocate(tensor.dtype(), std::move(kept));
  if (!part.empty()) std::memcpy(out.mutable_raw(), part.data(), part.size());
  return out;
}

}  // namespace zeropoint
