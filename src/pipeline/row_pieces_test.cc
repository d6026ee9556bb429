#include "pipeline/row_pieces.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>

#include "frontends/safetensors.h"
#include "pipeline/weight_error.h"
#include "support/temp_folder.h"
#include "zeropoint/error.h"

namespace zeropoint {
namespace {

constexpr std::int64_t kRows = 300;  // several pieces, the last one short
constexpr std::int64_t kColumns = 1000;

Tensor normal() {
  Tensor x = Tensor::allocate(DType::f32, {kRows, kColumns});
  std::mt19937 random(1);
  std::normal_distribution<float> distribution(0, 0.1F);
  for (float& value : x.mutable_values<float>()) value = distribution(random);
  return x;
}

struct Case {
  const char* method;
  MethodOptions options;
  const char* format;
};

class RowPieces : public ::testing::TestWithParam<Case> {};

TEST_P(RowPieces, WriteWhatTheWholeWeightWouldGive) {
  const Case& c = GetParam();
  const Method& method = find_method(c.method);
  const Format& format = *find_format(c.format);
  const Tensor weight = normal();
  const WeightForm form{.name = "w.weight", .rows = kRows, .columns = kColumns, .scheme = method.scheme(c.options)};
  ASSERT_TRUE(goes_by_rows(method, format, form));
  const testing::TempFolder folder;
  SafetensorsWriter writer(folder.path(), format.parts(form), {});
  const double sqnr = quantize_by_rows(weight, form, method, c.options, format, "w", writer);
  writer.finish();

  const QuantizedWeight whole = method.quantize(weight, form.scheme, c.options, {}, "w");
  EXPECT_NEAR(sqnr, power_of(weight, whole).sqnr_db(), 1e-9);
  const std::vector<Tensor> expected = format.encode(form, whole);
  const SafetensorsFile file = SafetensorsFile::open(folder / "model.safetensors");
  const std::vector<TensorSpec> parts = format.parts(form);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto entry = std::ranges::find(file.tensors(), parts[i].name, &SafetensorsEntry::name);
    const Tensor written = file.read(*entry);
    ASSERT_EQ(written.bytes(), expected[i].bytes()) << parts[i].name;
    EXPECT_EQ(std::memcmp(written.stored(), expected[i].stored(), written.bytes()), 0) << parts[i].name;
  }
}

INSTANTIATE_TEST_SUITE_P(Formats, RowPieces,
                         ::testing::Values(Case{"absmax", {.bits = 8}, "plain"},
                                           Case{"absmax", {.bits = 3, .block_size = 300}, "plain"},
                                           Case{"zero-point", {.bits = 4, .block_size = 32}, "plain"},
                                           Case{"zero-point", {.bits = 8, .block_size = 40}, "compressed-tensors"},
                                           Case{"llm-int8", {}, "bitsandbytes"}));

TEST(RowPieces, ANanIsNamedByItsPlaceInTheWholeWeight) {
  Tensor weight = normal();
  weight.mutable_data<float>()[250 * kColumns + 7] = std::nanf("");
  const Method& method = find_method("absmax");
  const Format& format = *find_format("plain");
  const WeightForm form{.name = "w.weight", .rows = kRows, .columns = kColumns, .scheme = method.scheme({.bits = 8})};
  const testing::TempFolder folder;
  SafetensorsWriter writer(folder.path(), format.parts(form), {});
  try {
    quantize_by_rows(weight, form, method, {.bits = 8}, format, "m: 'w.weight'", writer);
    FAIL() << "no error";
  } catch (const Error& e) {
    EXPECT_STREQ(e.what(), "m: 'w.weight': has a NaN at [250, 7] (1 of 300000 values), which has no code");
  }
}

TEST(RowPieces, AreNotForWhatSpansRows) {
  const Method& absmax = find_method("absmax");
  const WeightForm whole{
      .name = "w", .rows = 4, .columns = 4, .scheme = absmax.scheme({.bits = 8, .per_tensor = true})};
  EXPECT_FALSE(goes_by_rows(absmax, *find_format("plain"), whole));
  const WeightForm packed{.name = "w", .rows = 4, .columns = 4, .scheme = absmax.scheme({.bits = 4})};
  EXPECT_FALSE(goes_by_rows(absmax, *find_format("compressed-tensors"), packed));
  EXPECT_FALSE(goes_by_rows(absmax, *find_format("gptq"), packed));
}

}  // namespace
}  // namespace zeropoint
