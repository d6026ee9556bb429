#include <fmt/format.h>

int main() {
  fmt::print("zeropoint\n");
  return 0;
}
