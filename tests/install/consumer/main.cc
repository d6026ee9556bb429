// A program outside the project that uses the installed library.
#include <cstdio>

#include "zeropoint/zeropoint.h"

int main() {
  const zeropoint::QParams p = zeropoint::choose_qparams({-3.0, 3.2}, {.dtype = zeropoint::DType::i8});
  std::printf("scale %.6f zero_point %d\n", static_cast<double>(p.scale), static_cast<int>(p.zero_point));
  if (p.zero_point != -5) return 1;
  try {
    zeropoint::Network::load("missing.onnx");
  } catch (const zeropoint::Error& error) {
    std::printf("%s\n", error.what());
    return error.kind() == zeropoint::ErrorKind::io ? 0 : 1;
  }
  return 1;
}
