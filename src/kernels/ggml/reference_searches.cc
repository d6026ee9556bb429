#include <algorithm>
#include <cmath>

#include "kernels/ggml/searches.h"

namespace zeropoint::kernels::reference {
namespace {

constexpr int kMostValues = 32;
constexpr int kMostRefinements = 5;

/// The value of largest magnitude, the first of several.
float peak(const float* x, int n) {
  float peak = 0;
  for (int i = 0; i < n; ++i) {
    if (std::abs(x[i]) > std::abs(peak)) peak = x[i];
  }
  return peak;
}

int round_to(float v, int lowest, int highest) { return std::clamp(nearest_int(v), lowest, highest); }

/// The sums of a least-squares fit of x by scale * code: the best scale is xl / ll, the error it takes away xl^2 / ll.
struct Fit {
  float xl = 0;  // sum of w x code
  float ll = 0;  // sum of w code^2

  void add(float weighted_x, float weight, int code) {
    const auto l = static_cast<float>(code);
    xl += weighted_x * l;
    ll += weight * l * l;
  }
  void remove(float weighted_x, float weight, int code) {
    const auto l = static_cast<float>(code);
    xl -= weighted_x * l;
    ll -= weight * l * l;
  }
  float scale() const { return ll > 0 ? xl / ll : 0.0F; }
};

}  // namespace

float search_scale(const float* x, int n, int qmax, const float* weights, std::uint8_t* codes) {
  const float max = peak(x, n);
  if (std::abs(max) < kSmallestMagnitude) {
    std::fill_n(codes, n, std::uint8_t{0});
    return 0;
  }
  const auto fit_grid = [&](float inverse) {
    Fit fit;
    for (int i = 0; i < n; ++i) {
      const float w = weights != nullptr ? weights[i] : x[i] * x[i];
      fit.add(w * x[i], w, round_to(inverse * x[i], -qmax, qmax - 1));
    }
    return fit;
  };
  float best_inverse = static_cast<float>(-qmax) / max;
  const Fit first = fit_grid(best_inverse);
  float scale = first.ll != 0 ? first.xl / first.ll : 0.0F;
  float best = scale * first.xl;
  for (int step = -9; step <= 9; ++step) {
    if (step == 0) continue;
    const float inverse = -(static_cast<float>(qmax) + kGridStep * static_cast<float>(step)) / max;
    const Fit fit = fit_grid(inverse);
    if (fit.ll > 0 && fit.xl * fit.xl > best * fit.ll) {
      scale = fit.xl / fit.ll;
      best = scale * fit.xl;
      best_inverse = inverse;
    }
  }
  for (int i = 0; i < n; ++i) {
    codes[i] = static_cast<std::uint8_t>(qmax + round_to(best_inverse * x[i], -qmax, qmax - 1));
  }
  return scale;
}

float refine_scale(const float* x, int n, int qmax, std::uint8_t* codes) {
  const float max = peak(x, n);
  if (std::abs(max) < kSmallestMagnitude) {
    std::fill_n(codes, n, std::uint8_t{0});
    return 0;
  }
  const float inverse = static_cast<float>(-qmax) / max;
  int l[kMostValues];
  Fit fit;
  for (int i = 0; i < n; ++i) {
    const float w = x[i] * x[i];
    l[i] = round_to(inverse * x[i], -qmax, qmax - 1);
    fit.add(w * x[i], w, l[i]);
  }
  bool changed = true;
  for (int round = 0; round < kMostRefinements && changed; ++round) {
    changed = false;
    for (int i = 0; i < n; ++i) {
      const float w = x[i] * x[i];
      Fit other = fit;
      other.remove(w * x[i], w, l[i]);
      if (!(other.xl > 0)) continue;
      const int code = round_to(x[i] * other.ll / other.xl, -qmax, qmax - 1);
      if (code == l[i]) continue;
      other.add(w * x[i], w, code);
      if (!(other.ll > 0 && other.xl * other.xl * fit.ll > fit.xl * fit.xl * other.ll)) continue;
      l[i] = code;
      fit = other;
      changed = true;
    }
  }
  for (int i = 0; i < n; ++i) codes[i] = static_cast<std::uint8_t>(l[i] + qmax);
  return fit.scale();
}

float search_positive_scale(const float* x, int n, int qmax, const float* weights, std::uint8_t* codes) {
  float max = 0;
  for (int i = 0; i < n; ++i) max = std::max(max, x[i]);
  if (max < kSmallestMagnitude) {
    std::fill_n(codes, n, std::uint8_t{0});
    return 0;
  }
  const auto squared_error = [&](float inverse, const auto& code_of) {
    const float scale = 1 / inverse;
    float sum = 0;
    for (int i = 0; i < n; ++i) {
      const float difference = x[i] - scale * static_cast<float>(code_of(nearest_int(inverse * x[i])));
      sum += weights[i] * difference * difference;
    }
    return sum;
  };
  const auto at_most = [&](int code) { return std::min(qmax, code); };
  float best_inverse = static_cast<float>(qmax) / max;
  float best = squared_error(best_inverse, [](int code) { return static_cast<std::uint8_t>(code); });
  for (int step = -4; step <= 4; ++step) {
    if (step == 0) continue;
    const float inverse = (kGridStep * static_cast<float>(step) + static_cast<float>(qmax)) / max;
    const float error = squared_error(inverse, at_most);
    if (error < best) {
      best = error;
      best_inverse = inverse;
    }
  }
  Fit fit;
  for (int i = 0; i < n; ++i) {
    const int code = at_most(nearest_int(best_inverse * x[i]));
    codes[i] = static_cast<std::uint8_t>(code);
    fit.add(weights[i] * x[i], weights[i], code);
  }
  bool changed = true;
  for (int round = 0; round < kMostRefinements && changed; ++round) {
    changed = false;
    for (int i = 0; i < n; ++i) {
      const float w = weights[i];
      Fit other = fit;
      other.remove(w * x[i], w, codes[i]);
      if (!(other.xl > 0 && other.ll > 0)) continue;
      const int code = at_most(nearest_int(x[i] * other.ll / other.xl));
      if (code == codes[i]) continue;
      other.add(w * x[i], w, code);
      if (!(other.xl * other.xl * fit.ll > fit.xl * fit.xl * other.ll)) continue;
      codes[i] = static_cast<std::uint8_t>(code);
      fit = other;
      changed = true;
    }
  }
  return fit.scale();
}

ScaleAndMin search_scale_and_min(const float* x, int n, int qmax, const float* weights, const GridSteps& steps,
                                 Distance distance, std::uint8_t* codes) {
  float min = x[0];
  float max = x[0];
  float sum_w = weights[0];
  float sum_x = sum_w * x[0];
  for (int i = 1; i < n; ++i) {
    min = std::min(min, x[i]);
    max = std::max(max, x[i]);
    sum_w += weights[i];
    sum_x += weights[i] * x[i];
  }
  if (min > 0) min = 0;
  if (max <= min) {
    std::fill_n(codes, n, std::uint8_t{0});
    return {0, -min};
  }
  std::uint8_t tried[kMostValues];
  const auto round_all = [&](float inverse, std::uint8_t* to) {
    for (int i = 0; i < n; ++i) to[i] = static_cast<std::uint8_t>(round_to(inverse * (x[i] - min), 0, qmax));
  };
  const auto error_of = [&](const std::uint8_t* of, float scale, float offset) {
    float sum = 0;
    for (int i = 0; i < n; ++i) {
      const float difference = scale * static_cast<float>(of[i]) + offset - x[i];
      sum += weights[i] * (distance == Distance::absolute ? std::abs(difference) : difference * difference);
    }
    return sum;
  };
  const float first_inverse = static_cast<float>(qmax) / (max - min);
  float scale = 1 / first_inverse;
  round_all(first_inverse, codes);
  float best = error_of(codes, scale, min);
  for (int step = 0; step <= steps.count; ++step) {
    const float last_code = steps.first + steps.step * static_cast<float>(step) + static_cast<float>(qmax);
    round_all(last_code / (max - min), tried);  // of the best min so far, though max stays
    float sum_l = 0;
    float sum_ll = 0;
    float sum_xl = 0;
    for (int i = 0; i < n; ++i) {
      const auto l = static_cast<float>(tried[i]);
      const float wl = weights[i] * l;
      sum_l += wl;
      sum_ll += wl * l;
      sum_xl += wl * x[i];
    }
    const float determinant = sum_w * sum_ll - sum_l * sum_l;
    if (!(determinant > 0)) continue;
    float this_scale = (sum_w * sum_xl - sum_x * sum_l) / determinant;
    float this_min = (sum_ll * sum_x - sum_l * sum_xl) / determinant;
    if (this_min > 0) {
      this_min = 0;
      this_scale = sum_xl / sum_ll;
    }
    const float error = error_of(tried, this_scale, this_min);
    if (error < best) {
      best = error;
      scale = this_scale;
      min = this_min;
      std::copy_n(tried, n, codes);
    }
  }
  return {scale, -min};
}

}  // namespace zeropoint::kernels::reference
