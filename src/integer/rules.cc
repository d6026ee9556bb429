#include "integer/rules.h"

namespace zeropoint::integer {
namespace {

CodeOperand on_one_grid(const Operand& operand) { return {operand.grid(0), operand.codes}; }

}  // namespace

AddRule add_rule(const Operand& a, const Operand& b, const Operand& y, Arithmetic arithmetic) {
  return {on_one_grid(a), on_one_grid(b), on_one_grid(y), arithmetic};
}

MulRule mul_rule(const Operand& a, const Operand& b, const Operand& y, Arithmetic arithmetic) {
  checked_accumulator(a.largest_difference() * b.largest_difference(), "integer mul");
  return {on_one_grid(a), on_one_grid(b), on_one_grid(y), arithmetic};
}

Rescale mean_rescale(const Operand& x, const Operand& y, std::int64_t count) {
  return make_rescale(x.scales.front(), 1.0F, y.scales.front() * static_cast<float>(count));
}

}  // namespace zeropoint::integer
