#include "zeropoint/plan.h"

#include <algorithm>

namespace zeropoint {

const PlanTensor* QuantPlan::find(const std::string& tensor) const {
  const auto row = std::find_if(tensors.begin(), tensors.end(), [&](const PlanTensor& t) { return t.name == tensor; });
  return row == tensors.end() ? nullptr : &*row;
}

}  // namespace zeropoint
