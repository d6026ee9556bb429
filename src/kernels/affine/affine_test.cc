#include "kernels/affine/affine.h"

#include <gtest/gtest.h>

#include <vector>

namespace zeropoint {
namespace {

std::vector<float> ramp(std::int64_t count, float step) {
  std::vector<float> values(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i) * step - 1.7F;
  return values;
}

TEST(Affine, AgreesWithTheReferenceBitForBit) {
  for (const std::int64_t channels : {1, 3, 15, 16, 17, 67}) {
    for (const std::int64_t columns : {1, 4, 16, 33}) {
      const std::int64_t rows = 2 * channels;
      const std::vector<float> x = ramp(rows * columns, 0.31F), scale = ramp(channels, 0.7F),
                               offset = ramp(channels, 0.13F);
      std::vector<float> y(x.size()), expected(x.size());
      affine_rows_f32(x.data(), scale.data(), offset.data(), y.data(), rows, channels, columns);
      reference::affine_rows_f32(x.data(), scale.data(), offset.data(), expected.data(), rows, channels, columns);
      EXPECT_EQ(y, expected);
      affine_columns_f32(x.data(), scale.data(), offset.data(), y.data(), 2 * columns, channels);
      reference::affine_columns_f32(x.data(), scale.data(), offset.data(), expected.data(), 2 * columns, channels);
      EXPECT_EQ(y, expected);
    }
  }
}

}  // namespace
}  // namespace zeropoint
