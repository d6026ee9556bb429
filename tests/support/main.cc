#include <gtest/gtest.h>

#include "base/parallel.h"

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  zeropoint::set_num_threads(0);
  return RUN_ALL_TESTS();
}
