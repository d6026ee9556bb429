// Reading an operator's arguments: axes, integer lists, and the shapes that follow from them.
//
// Many operators moved an argument from an attribute to an input as the opsets went by;
// integer_list() reads either. All errors name the node.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "ops/op.h"

namespace zeropoint {

/// `axis` counted from the front. Throws invalid_model unless -rank <= axis < rank.
std::int64_t positive_axis(const OpSite& site, std::int64_t axis, std::int64_t rank);

/// The same for a list, which must not name an axis twice; order is kept.
std::vector<std::int64_t> positive_axes(const OpSite& site, std::vector<std::int64_t> axes, std::int64_t rank);

/// The values of an int32 or int64 tensor of rank 0 or 1. `role` names it in errors.
std::vector<std::int64_t> integers(const OpSite& site, const Tensor& tensor, std::string_view role);

/// A single integer, given as a scalar or as a tensor of one element.
std::int64_t single_integer(const OpSite& site, std::size_t input, std::string_view role);

/// A single number of any integer or floating-point type.
double number(const OpSite& site, std::size_t input, std::string_view role);
std::vector<double> numbers(const OpSite& site, std::size_t input, std::string_view role);  ///< All of its elements.

/// The attribute when the node has it, else the values of the input; nullopt when neither is given.
std::optional<std::vector<std::int64_t>> integer_list(const OpSite& site, std::string_view attribute,
                                                      std::size_t input);

/// Input i, a number or a list, is given but its value is not known while planning: infer() answers late().
/// Throws invalid_model for a shape whose content no plan will ever hand out.
bool is_pending(const OpSite& site, std::size_t i);

/// `count` outputs whose shapes are known only at run time.
std::vector<ValueFacts> late(DType dtype, std::size_t count = 1);

/// An output of this type and shape. Throws invalid_model when no such tensor fits in memory.
ValueFacts planned(const OpSite& site, DType dtype, Shape shape);

/// Bytes of one element. Throws unsupported for types that are not whole bytes and for strings.
std::size_t element_bytes(const OpSite& site, DType dtype);

/// The shape that both broadcast to (ONNX Broadcast.md). Throws invalid_model when there is none.
Shape broadcast_shape(const OpSite& site, const Shape& a, const Shape& b);

/// Product of shape[begin, end).
std::int64_t count_between(const Shape& shape, std::size_t begin, std::size_t end);

}  // namespace zeropoint
