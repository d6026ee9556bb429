// Resize, and Upsample which it replaced in opset 10.
#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <utility>

#include "kernels/movement/table_copy.h"
#include "kernels/resample/resample.h"
#include "ops/arguments.h"
#include "ops/choice.h"
#include "ops/dispatch.h"
#include "ops/move.h"
#include "ops/narrow_types.h"

namespace zeropoint {
namespace {

constexpr Choice<Interpolation> kModes[] = {{"nearest", Interpolation::nearest},
                                            {"linear", Interpolation::linear},
                                            {"bilinear", Interpolation::linear},  // Upsample of opset 1
                                            {"cubic", Interpolation::cubic}};
constexpr Choice<Coordinates> kCoordinates[] = {{"half_pixel", Coordinates::half_pixel},
                                                {"half_pixel_symmetric", Coordinates::half_pixel_symmetric},
                                                {"pytorch_half_pixel", Coordinates::pytorch_half_pixel},
                                                {"align_corners", Coordinates::align_corners},
                                                {"asymmetric", Coordinates::asymmetric},
                                                {"tf_half_pixel_for_nn", Coordinates::tf_half_pixel_for_nn},
                                                {"tf_crop_and_resize", Coordinates::tf_crop_and_resize}};
constexpr Choice<NearestMode> kNearestModes[] = {{"round_prefer_floor", NearestMode::round_prefer_floor},
                                                 {"round_prefer_ceil", NearestMode::round_prefer_ceil},
                                                 {"floor", NearestMode::floor},
                                                 {"ceil", NearestMode::ceil}};
enum class AspectRatio { stretch, not_larger, not_smaller };
constexpr Choice<AspectRatio> kAspectRatios[] = {{"stretch", AspectRatio::stretch},
                                                 {"not_larger", AspectRatio::not_larger},
                                                 {"not_smaller", AspectRatio::not_smaller}};

/// Which inputs hold what; they moved when Resize got its regions (opset 11).
struct Places {
  std::size_t roi, scales, sizes;
};
constexpr std::size_t kNowhere = 99;
Places places(const OpSite& site) { return site.opset < 11 ? Places{kNowhere, 1, kNowhere} : Places{1, 2, 3}; }

bool is_given(const OpSite& site, std::size_t i) { return site.has(i) && element_count(site.input(i).shape) > 0; }

ResampleOptions options_of(const OpSite& site) {
  ResampleOptions options{.interpolation = chosen(site, "mode", kModes, "nearest")};
  if (site.opset < 11) {  // there was one way
    options.coordinates = Coordinates::asymmetric;
    options.nearest_mode = NearestMode::floor;
    return options;
  }
  options.coordinates = chosen(site, "coordinate_transformation_mode", kCoordinates, "half_pixel");
  options.nearest_mode = chosen(site, "nearest_mode", kNearestModes, "round_prefer_floor");
  options.cubic_coeff_a = site.node.get_float("cubic_coeff_a", -0.75F);
  options.exclude_outside = site.node.get_int("exclude_outside", 0) != 0;
  options.antialias = site.node.get_int("antialias", 0) != 0;
  return options;
}

std::vector<double> scales_of(const OpSite& site, std::size_t count) {
  std::vector<double> scales;
  if (site.node.find("scales") != nullptr) {
    const std::vector<float> given = site.node.get_floats("scales");
    scales.assign(given.begin(), given.end());
  } else {
    scales = numbers(site, places(site).scales, "scales");
  }
  if (scales.size() != count) site.invalid("{} scales for {} axes", scales.size(), count);
  for (const double scale : scales) {
    if (!(scale > 0) || !std::isfinite(scale)) site.invalid("the scale {} is not above 0", scale);
  }
  return scales;
}

/// Sets scale and output length of the named axes from the wanted sizes.
void apply_sizes(const OpSite& site, const std::vector<std::size_t>& axes, std::vector<ResampleAxis>& all) {
  const std::vector<std::int64_t> sizes = integers(site, site.constant(places(site).sizes, "sizes"), "sizes");
  if (sizes.size() != axes.size()) site.invalid("{} sizes for {} axes", sizes.size(), axes.size());
  const AspectRatio policy = chosen(site, "keep_aspect_ratio_policy", kAspectRatios, "stretch");
  double common = policy == AspectRatio::not_larger ? HUGE_VAL : 0;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    ResampleAxis& axis = all[axes[i]];
    if (sizes[i] < 0) site.invalid("the size {} is negative", sizes[i]);
    axis.output = sizes[i];
    axis.scale = static_cast<double>(sizes[i]) / static_cast<double>(std::max<std::int64_t>(1, axis.input));
    common = policy == AspectRatio::not_larger ? std::min(common, axis.scale) : std::max(common, axis.scale);
  }
  if (policy == AspectRatio::stretch) return;
  for (const std::size_t i : axes) {
    all[i].scale = common;
    all[i].output = static_cast<std::int64_t>(std::floor(common * static_cast<double>(all[i].input) + 0.5));
  }
}

/// Every axis of the input, resampled or not.
std::vector<ResampleAxis> axes_of(const OpSite& site) {
  const Shape& shape = site.input(0).shape;
  std::vector<ResampleAxis> all;
  for (const std::int64_t dim : shape) all.push_back({.input = dim, .output = dim});
  std::vector<std::int64_t> named(shape.size());
  std::iota(named.begin(), named.end(), 0);
  if (site.node.find("axes") != nullptr) {
    named = positive_axes(site, site.node.get_ints("axes"), static_cast<std::int64_t>(shape.size()));
  }
  const std::vector<std::size_t> axes(named.begin(), named.end());
  if (is_given(site, places(site).sizes)) {
    apply_sizes(site, axes, all);
  } else {
    const std::vector<double> scales = scales_of(site, axes.size());
    for (std::size_t i = 0; i < axes.size(); ++i) {
      ResampleAxis& axis = all[axes[i]];
      axis.scale = scales[i];
      const double length = std::floor(static_cast<double>(axis.input) * scales[i]);
      if (length > 0x1p62) site.invalid("axis {} of {} times {} is too large", axes[i], to_string(shape), scales[i]);
      axis.output = static_cast<std::int64_t>(length);
    }
  }
  if (is_given(site, places(site).roi)) {
    const std::vector<double> roi = numbers(site, places(site).roi, "roi");
    if (roi.size() != 2 * axes.size()) site.invalid("roi has {} numbers for {} axes", roi.size(), axes.size());
    for (std::size_t i = 0; i < axes.size(); ++i) {
      all[axes[i]].crop_start = roi[i];
      all[axes[i]].crop_end = roi[axes.size() + i];
    }
  }
  return all;
}

std::vector<ValueFacts> infer(const OpSite& site) {
  const ValueFacts& x = site.input(0);
  for (std::size_t i = 1; i < site.inputs.size(); ++i) {
    if (is_pending(site, i) && is_given(site, i)) return late(x.dtype);
  }
  Shape shape;
  for (const ResampleAxis& axis : axes_of(site)) {
    if (axis.input == 0 && axis.output > 0) site.invalid("{} is empty: there is nothing to resize", to_string(x.shape));
    shape.push_back(axis.output);
  }
  return {planned(site, x.dtype, std::move(shape))};
}

std::vector<AxisFilter> filters_of(const OpSite& site) {
  std::vector<AxisFilter> filters;
  const ResampleOptions options = options_of(site);
  for (const ResampleAxis& axis : axes_of(site)) filters.push_back(make_axis_filter(axis, options));
  return filters;
}

std::unique_ptr<Kernel> make_nearest(const OpSite& site, std::vector<AxisFilter> filters) {
  const Shape strides = row_major_strides(site.input(0).shape);
  std::vector<std::vector<std::int64_t>> tables;
  for (std::size_t axis = 0; axis < filters.size(); ++axis) {
    for (std::int64_t& position : filters[axis].positions) position *= strides[axis];
    tables.push_back(std::move(filters[axis].positions));
  }
  return make_kernel([copy = TableCopy(std::move(tables), element_bytes(site, site.input(0).dtype))](
                         const KernelIo& io) { copy.run(io.out(0).mutable_raw(), io.in(0).raw()); });
}

template <class Real>
class Interpolate final : public Kernel {
 public:
  explicit Interpolate(const OpSite& site)
      : resampler_(site.input(0).shape, filters_of(site), site.node.get_float("extrapolation_value", 0)) {}
  std::size_t scratch_bytes() const override { return resampler_.scratch_elements() * sizeof(Real); }
  void run(const KernelIo& io) override {
    resampler_.run(io.out(0).mutable_data<Real>(), io.in(0).data<Real>(), reinterpret_cast<Real*>(io.scratch));
  }

 private:
  Resampler<Real> resampler_;
};

std::unique_ptr<Kernel> make_interpolating(const OpSite& site) {
  return for_float(site, site.input(0).dtype,
                   [&]<class Real>() -> std::unique_ptr<Kernel> { return std::make_unique<Interpolate<Real>>(site); });
}

std::unique_ptr<Kernel> make_copying(const OpSite& site) { return make_nearest(site, filters_of(site)); }

std::unique_ptr<Kernel> make(const OpSite& site) {
  if (element_count(infer(site)[0].shape) == 0) return make_moves({});
  const std::vector<AxisFilter> filters = filters_of(site);
  const bool only_picks = std::all_of(filters.begin(), filters.end(),
                                      [](const AxisFilter& f) { return f.taps == 1 && f.is_outside.empty(); });
  return only_picks ? packed_too<infer, make_copying>(site) : halves_too<infer, make_interpolating>(site);
}

constexpr OpSpec kOps[] = {
    {.op_type = "Resize", .since = 10, .infer = infer, .make = make},
    {.op_type = "Upsample", .since = 7, .until = 10, .infer = infer, .make = make},
};

}  // namespace

std::span<const OpSpec> ops_resize() { return kOps; }

}  // namespace zeropoint
