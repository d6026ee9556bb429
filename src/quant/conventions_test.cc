// The conventions number for number. The table was computed with NumPy in the types that each source
// uses, from a separate transcription of its formulas (docs/quantization.md names the sources).
#include <gtest/gtest.h>

#include "zeropoint/quant.h"

namespace zeropoint {
namespace {

struct Row {
  Convention convention;
  Range range;
  DType dtype;
  bool symmetric;
  float scale;
  std::int32_t zero_point;
};

constexpr Row kRows[] = {
    {Convention::torch, {-3.0, 3.2}, DType::i8, false, 0x1.8e5b28p-6F, -5},
    {Convention::torch, {-3.0, 3.2}, DType::i8, true, 0x1.9b34cep-6F, 0},
    {Convention::torch, {-0.1, 0.7}, DType::u8, false, 0x1.9b34cep-9F, 32},
    {Convention::torch, {-0.1, 0.7}, DType::u8, true, 0x1.67ce34p-8F, 128},
    {Convention::torch, {0.0, 6.0}, DType::i4, false, 0x1.99999ap-2F, -8},
    {Convention::torch, {0.0, 6.0}, DType::i4, true, 0x1.99999ap-1F, 0},
    {Convention::torch, {-1234.5, 17.25}, DType::i16, false, 0x1.38f138p-6F, 31864},
    {Convention::torch, {-1234.5, 17.25}, DType::i16, true, 0x1.34a134p-5F, 0},
    {Convention::torch, {-53.58397674560547, 34.898128509521484}, DType::i8, false, 0x1.6350fcp-2F, 26},
    {Convention::torch, {-53.58397674560547, 34.898128509521484}, DType::i8, true, 0x1.ae5a56p-2F, 0},
    {Convention::torch, {-0.001, 2e-05}, DType::u8, false, 0x1.0c6f7cp-18F, 250},
    {Convention::torch, {-0.001, 2e-05}, DType::u8, true, 0x1.072c0ap-17F, 128},
    {Convention::torch, {-2.0, 10.0}, DType::i4, false, 0x1.99999ap-1F, -6},
    {Convention::torch, {-2.0, 10.0}, DType::i4, true, 0x1.555556p+0F, 0},
    {Convention::torch, {0.5, 9.75}, DType::i16, false, 0x1.380138p-13F, -32768},
    {Convention::torch, {0.5, 9.75}, DType::i16, true, 0x1.380138p-12F, 0},
    {Convention::ort, {-3.0, 3.2}, DType::i8, false, 0x1.8e5b28p-6F, -5},
    {Convention::ort, {-3.0, 3.2}, DType::i8, true, 0x1.9cd340p-6F, 0},
    {Convention::ort, {-0.1, 0.7}, DType::u8, false, 0x1.9b34cep-9F, 32},
    {Convention::ort, {-0.1, 0.7}, DType::u8, true, 0x1.67ce34p-8F, 128},
    {Convention::ort, {0.0, 6.0}, DType::i4, false, 0x1.99999ap-2F, -8},
    {Convention::ort, {0.0, 6.0}, DType::i4, true, 0x1.b6db6ep-1F, 0},
    {Convention::ort, {-1234.5, 17.25}, DType::i16, false, 0x1.38f138p-6F, 31864},
    {Convention::ort, {-1234.5, 17.25}, DType::i16, true, 0x1.34a26ap-5F, 0},
    {Convention::ort, {-53.58397674560547, 34.898128509521484}, DType::i8, false, 0x1.6350fcp-2F, 26},
    {Convention::ort, {-53.58397674560547, 34.898128509521484}, DType::i8, true, 0x1.b00c14p-2F, 0},
    {Convention::ort, {-0.001, 2e-05}, DType::u8, false, 0x1.0c6f7cp-18F, 250},
    {Convention::ort, {-0.001, 2e-05}, DType::u8, true, 0x1.072c0ap-17F, 128},
    {Convention::ort, {-2.0, 10.0}, DType::i4, false, 0x1.99999ap-1F, -6},
    {Convention::ort, {-2.0, 10.0}, DType::i4, true, 0x1.6db6dcp+0F, 0},
    {Convention::ort, {0.5, 9.75}, DType::i16, false, 0x1.380138p-13F, -32768},
    {Convention::ort, {0.5, 9.75}, DType::i16, true, 0x1.380270p-12F, 0},
    {Convention::distiller, {-3.0, 3.2}, DType::i8, false, 0x1.8e5b28p-6F, -5},
    {Convention::distiller, {-3.0, 3.2}, DType::i8, true, 0x1.9b34cep-6F, 0},
    {Convention::distiller, {-0.1, 0.7}, DType::u8, false, 0x1.9b34cep-9F, 32},
    {Convention::distiller, {-0.1, 0.7}, DType::u8, true, 0x1.67ce36p-8F, 128},
    {Convention::distiller, {0.0, 6.0}, DType::i4, false, 0x1.99999ap-2F, -8},
    {Convention::distiller, {0.0, 6.0}, DType::i4, true, 0x1.99999ap-1F, 0},
    {Convention::distiller, {-1234.5, 17.25}, DType::i16, false, 0x1.38f13ap-6F, 31864},
    {Convention::distiller, {-1234.5, 17.25}, DType::i16, true, 0x1.34a134p-5F, 0},
    {Convention::distiller, {-53.58397674560547, 34.898128509521484}, DType::i8, false, 0x1.6350fep-2F, 26},
    {Convention::distiller, {-53.58397674560547, 34.898128509521484}, DType::i8, true, 0x1.ae5a56p-2F, 0},
    {Convention::distiller, {-0.001, 2e-05}, DType::u8, false, 0x1.0c6f7cp-18F, 250},
    {Convention::distiller, {-0.001, 2e-05}, DType::u8, true, 0x1.072c0ap-17F, 128},
    {Convention::distiller, {-2.0, 10.0}, DType::i4, false, 0x1.99999ap-1F, -6},
    {Convention::distiller, {-2.0, 10.0}, DType::i4, true, 0x1.555556p+0F, 0},
    {Convention::distiller, {0.5, 9.75}, DType::i16, false, 0x1.380138p-13F, -32768},
    {Convention::distiller, {0.5, 9.75}, DType::i16, true, 0x1.380138p-12F, 0},
    {Convention::blog, {-3.0, 3.2}, DType::i8, false, 0x1.8e5b28p-6F, -5},
    {Convention::blog, {-3.0, 3.2}, DType::i8, true, 0x1.9b34cep-6F, 0},
    {Convention::blog, {-0.1, 0.7}, DType::u8, false, 0x1.9b34cep-9F, 32},
    {Convention::blog, {-0.1, 0.7}, DType::u8, true, 0x1.67ce34p-8F, 128},
    {Convention::blog, {0.0, 6.0}, DType::i4, false, 0x1.99999ap-2F, -8},
    {Convention::blog, {0.0, 6.0}, DType::i4, true, 0x1.99999ap-1F, 0},
    {Convention::blog, {-1234.5, 17.25}, DType::i16, false, 0x1.38f138p-6F, 31864},
    {Convention::blog, {-1234.5, 17.25}, DType::i16, true, 0x1.34a134p-5F, 0},
    {Convention::blog, {-53.58397674560547, 34.898128509521484}, DType::i8, false, 0x1.6350fep-2F, 26},
    {Convention::blog, {-53.58397674560547, 34.898128509521484}, DType::i8, true, 0x1.ae5a56p-2F, 0},
    {Convention::blog, {-0.001, 2e-05}, DType::u8, false, 0x1.0c6f7ap-18F, 250},
    {Convention::blog, {-0.001, 2e-05}, DType::u8, true, 0x1.072c0ap-17F, 128},
    {Convention::blog, {-2.0, 10.0}, DType::i4, false, 0x1.99999ap-1F, -6},
    {Convention::blog, {-2.0, 10.0}, DType::i4, true, 0x1.555556p+0F, 0},
    {Convention::blog, {0.5, 9.75}, DType::i16, false, 0x1.380138p-13F, -32768},
    {Convention::blog, {0.5, 9.75}, DType::i16, true, 0x1.380138p-12F, 0},
    {Convention::tflite, {-3.0, 3.2}, DType::i8, false, 0x1.8e5b28p-6F, -5},
    {Convention::tflite, {-3.0, 3.2}, DType::i8, true, 0x1.9cd340p-6F, 0},
    {Convention::tflite, {-0.1, 0.7}, DType::u8, false, 0x1.9b34cep-9F, 32},
    {Convention::tflite, {-0.1, 0.7}, DType::u8, true, 0x1.67ce34p-8F, 128},
    {Convention::tflite, {0.0, 6.0}, DType::i4, false, 0x1.99999ap-2F, -8},
    {Convention::tflite, {0.0, 6.0}, DType::i4, true, 0x1.b6db6ep-1F, 0},
    {Convention::tflite, {-1234.5, 17.25}, DType::i16, false, 0x1.38f138p-6F, 31864},
    {Convention::tflite, {-1234.5, 17.25}, DType::i16, true, 0x1.34a26ap-5F, 0},
    {Convention::tflite, {-53.58397674560547, 34.898128509521484}, DType::i8, false, 0x1.6350fep-2F, 26},
    {Convention::tflite, {-53.58397674560547, 34.898128509521484}, DType::i8, true, 0x1.b00c14p-2F, 0},
    {Convention::tflite, {-0.001, 2e-05}, DType::u8, false, 0x1.0c6f7ap-18F, 250},
    {Convention::tflite, {-0.001, 2e-05}, DType::u8, true, 0x1.072c0ap-17F, 128},
    {Convention::tflite, {-2.0, 10.0}, DType::i4, false, 0x1.99999ap-1F, -6},
    {Convention::tflite, {-2.0, 10.0}, DType::i4, true, 0x1.6db6dcp+0F, 0},
    {Convention::tflite, {0.5, 9.75}, DType::i16, false, 0x1.380138p-13F, -32768},
    {Convention::tflite, {0.5, 9.75}, DType::i16, true, 0x1.380270p-12F, 0},
};

TEST(Conventions, EveryRowNumberForNumber) {
  for (const Row& row : kRows) {
    const QParams got = choose_qparams(row.range, {.dtype = row.dtype, .symmetric = row.symmetric}, row.convention);
    EXPECT_EQ(got.scale, row.scale) << name(row.convention) << " " << name(row.dtype) << " of [" << row.range.min
                                    << ", " << row.range.max << "]" << (row.symmetric ? ", symmetric" : "");
    EXPECT_EQ(got.zero_point, row.zero_point) << name(row.convention) << " " << name(row.dtype);
  }
}

TEST(Conventions, DifferWhereTheRangeIsZeroOrTiny) {
  const Scheme u8{.dtype = DType::u8};
  const Scheme i8{.dtype = DType::i8};
  EXPECT_EQ(choose_qparams({0, 0}, i8, Convention::torch), (QParams{0x1p-23F, -128}));
  EXPECT_EQ(choose_qparams({0, 0}, i8, Convention::ort), (QParams{1, 0}));
  EXPECT_EQ(choose_qparams({0, 0}, i8, Convention::distiller), (QParams{1, -128}));
  EXPECT_EQ(choose_qparams({0, 0}, i8, Convention::tflite), (QParams{1, 0}));
  EXPECT_EQ(choose_qparams({0, 1e-38}, u8, Convention::ort), (QParams{1, 0}));
  EXPECT_EQ(choose_qparams({0, 1e-6}, u8, Convention::torch), (QParams{0x1p-23F, 0}));
  EXPECT_TRUE(derive_qparams({0, 1e-6}, u8, Convention::torch).is_scale_raised);
}

TEST(Conventions, InverseScalesThatLeaveFloat32AreRaisedToo) {
  const Scheme i16{.dtype = DType::i16};
  for (const Convention convention : {Convention::distiller, Convention::blog}) {
    const Derivation d = derive_qparams({0, 1e-36}, i16, convention);
    EXPECT_TRUE(d.is_scale_raised);
    EXPECT_EQ(d.qparams, (QParams{0x1p-126F, -32768}));
  }
}

TEST(Conventions, NarrowSymmetricCodesWhereTheToolHasThem) {
  const Scheme symmetric{.dtype = DType::i8, .symmetric = true};
  EXPECT_EQ(derive_qparams({-1, 1}, symmetric, Convention::ort).codes, (CodeRange{-127, 127}));
  EXPECT_EQ(derive_qparams({-1, 1}, symmetric, Convention::tflite).codes, (CodeRange{-127, 127}));
  EXPECT_EQ(derive_qparams({-1, 1}, symmetric, Convention::torch).codes, (CodeRange{-128, 127}));
  EXPECT_EQ(choose_qparams({-1, 1}, symmetric, Convention::torch).scale, 1.0F / 127.5F);
}

}  // namespace
}  // namespace zeropoint
