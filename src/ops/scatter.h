// What the scattering operators share: how an update meets the element that is there.
#pragma once

#include <string_view>

#include "ops/op.h"

namespace zeropoint {

enum class Reduction { none, add, mul, max, min };

/// The attribute `reduction`, none by default. Throws invalid_model for an unknown word.
Reduction reduction_of(const OpSite& site);

template <class T>
T reduce(Reduction reduction, T there, T update) {
  switch (reduction) {
    case Reduction::add:
      return static_cast<T>(there + update);
    case Reduction::mul:
      return static_cast<T>(there * update);
    case Reduction::max:
      return there < update ? update : there;
    case Reduction::min:
      return update < there ? update : there;
    default:
      return update;
  }
}

/// Output 0 starts as a copy of input 0, unless they share storage.
void start_from_data(const KernelIo& io);

}  // namespace zeropoint
