#include "cli/observer_names.h"

#include "observers/observer.h"

namespace zeropoint::cli {

std::string observer_names() {
  std::string names;
  for (const ObserverSpec& observer : all_observers()) {
    names += (names.empty() ? "" : ", ") + std::string(observer.name);
  }
  return names;
}

}  // namespace zeropoint::cli
