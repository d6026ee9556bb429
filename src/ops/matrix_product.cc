#include "ops/matrix_product.h"

#include "ops/arguments.h"

#include <algorithm>
#include <limits>
#include <type_traits>

#include "base/parallel.h"
#include "kernels/gemm/gemm.h"
#include "ops/dispatch.h"
#include "ops/fused_activation.h"
#include "tensor/reals.h"

namespace zeropoint {
namespace {

constexpr std::size_t kAddend = 2;
constexpr std::int64_t kAlignmentFloats = 16;  // packed matrices begin at cache lines

std::int64_t aligned(std::int64_t floats) {
  return (floats + kAlignmentFloats - 1) / kAlignmentFloats * kAlignmentFloats;
}

/// The addend's steps along rows and columns; 0 where it is repeated.
MatrixView addend_view(const Shape& shape) {
  const std::int64_t columns = shape.empty() ? 1 : shape.back();
  const std::int64_t rows = shape.size() < 2 ? 1 : shape[shape.size() - 2];
  return {.row_step = rows == 1 ? 0 : columns, .column_step = columns == 1 ? 0 : 1};
}

class FloatProduct final : public Kernel {
 public:
  FloatProduct(const OpSite& site, ProductPlan plan) : plan_(std::move(plan)), adds_(site.has(kAddend)) {
    packed_floats_ = aligned(packed_rhs_size(plan_.k, plan_.n));
    const Tensor& rhs = site.input(1).constant;
    if (rhs) packed_ = site.shared(rhs, packing_key(), [&] { return pack_constant(rhs); });
    const Tensor& addend = adds_ ? site.input(kAddend).constant : Tensor();
    const MatrixView view = addend_view(plan_.addend);
    if (adds_ && view.row_step == 0 && addend) {
      for (std::int64_t j = 0; j < plan_.n; ++j)
        bias_.push_back(plan_.beta * addend.data<float>()[j * view.column_step]);
    }
    for (const ProductItem& item : plan_.items) copies_lhs_ = copies_lhs_ || item.a.column_step != 1;
    prepare();
  }

  void run(const KernelIo& io) override {
    auto* scratch = reinterpret_cast<float*>(io.scratch);
    const float* a = io.in(0).data<float>();
    float* c = io.out(0).mutable_data<float>();
    const float* panels = packed_ ? packed_.data<float>() : pack(io.in(1).data<float>(), scratch);
    float* lhs = packed_ ? scratch : scratch + packed_floats();
    if (adds_ && bias_.empty()) fill_addend(io.in(kAddend).data<float>(), c);
    for (std::size_t i = 0; i < gemms_.size(); ++i) {
      const ProductItem& item = plan_.items[i];
      gemms_[i].a = copies_lhs_ ? transposed(a, item.a, lhs + static_cast<std::int64_t>(i) * plan_.m * plan_.k)
                                : a + item.a.offset;
      gemms_[i].b = panels + static_cast<std::int64_t>(item.b) * packed_floats_;
      gemms_[i].c = c + item.c;
    }
    run_gemms(gemms_);
  }

  std::size_t scratch_bytes() const override {
    const std::int64_t lhs = copies_lhs_ ? std::ssize(plan_.items) * plan_.m * plan_.k : 0;
    return static_cast<std::size_t>(lhs + (packed_ ? 0 : packed_floats())) * sizeof(float);
  }

 private:
  std::int64_t packed_floats() const { return std::ssize(plan_.b) * packed_floats_; }

  std::string packing_key() const {
    std::string key = fmt::format("gemm {} {}", plan_.k, plan_.n);
    for (const MatrixView& b : plan_.b) key += fmt::format(" {},{},{}", b.offset, b.row_step, b.column_step);
    return key;
  }

  Tensor pack_constant(const Tensor& rhs) const {
    Tensor result = Tensor::allocate(DType::f32, {packed_floats()});
    std::vector<float> buffer;
    pack(load_f32(rhs, 0, rhs.size(), buffer), result.mutable_data<float>());
    return result;
  }

  const float* pack(const float* rhs, float* target) const {
    parallel_ranges(std::ssize(plan_.b), 1 + 65536 / (packed_floats_ + 1), [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        const MatrixView& b = plan_.b[static_cast<std::size_t>(i)];
        pack_rhs(rhs + b.offset, b.row_step, b.column_step, plan_.k, plan_.n, target + i * packed_floats_);
      }
    });
    return target;
  }

  /// A left factor whose rows are not dense, copied so that they are.
  const float* transposed(const float* a, const MatrixView& view, float* target) const {
    for (std::int64_t p = 0; p < plan_.k; ++p) {
      const float* from = a + view.offset + p * view.column_step;
      for (std::int64_t i = 0; i < plan_.m; ++i) target[i * plan_.k + p] = from[i * view.row_step];
    }
    return target;
  }

  void fill_addend(const float* addend, float* c) const {
    const MatrixView view = addend_view(plan_.addend);
    for (const ProductItem& item : plan_.items) {
      for (std::int64_t i = 0; i < plan_.m; ++i) {
        float* row = c + item.c + i * plan_.n;
        const float* from = addend + i * view.row_step;
        for (std::int64_t j = 0; j < plan_.n; ++j) row[j] = plan_.beta * from[j * view.column_step];
      }
    }
  }

  void prepare() {
    Gemm gemm{.m = plan_.m, .n = plan_.n, .k = plan_.k, .c_row_step = plan_.n, .alpha = plan_.alpha};
    gemm.bias = bias_.empty() ? nullptr : bias_.data();
    gemm.adds_c = adds_ && bias_.empty();
    if (plan_.activation.kind == ActivationKind::relu) gemm.lowest = 0;
    if (plan_.activation.kind == ActivationKind::clip) {
      gemm.lowest = plan_.activation.alpha;
      gemm.highest = plan_.activation.beta;
    }
    for (const ProductItem& item : plan_.items) {
      gemm.a_row_step = copies_lhs_ ? plan_.k : item.a.row_step;
      gemms_.push_back(gemm);
    }
  }

  ProductPlan plan_;
  bool adds_;
  bool copies_lhs_ = false;
  std::int64_t packed_floats_ = 0;
  Tensor packed_;
  std::vector<float> bias_;
  std::vector<Gemm> gemms_;
};

/// Types without a fast kernel. Integers are multiplied and added as unsigned: they wrap.
template <class T>
void plain_product(const ProductPlan& plan, const KernelIo& io) {
  using U = typename std::conditional_t<std::is_integral_v<T>, std::make_unsigned<T>, std::type_identity<T>>::type;
  const T* a = io.in(0).data<T>();
  const T* b = io.in(1).data<T>();
  T* c = io.out(0).mutable_data<T>();
  const MatrixView addend = addend_view(plan.addend);
  for (const ProductItem& item : plan.items) {
    const MatrixView& rhs = plan.b[item.b];
    parallel_ranges(plan.m, 1 + 65536 / (plan.n * plan.k + 1), [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        for (std::int64_t j = 0; j < plan.n; ++j) {
          U sum = 0;
          for (std::int64_t p = 0; p < plan.k; ++p) {
            sum += static_cast<U>(a[item.a.offset + i * item.a.row_step + p * item.a.column_step]) *
                   static_cast<U>(b[rhs.offset + p * rhs.row_step + j * rhs.column_step]);
          }
          T& y = c[item.c + i * plan.n + j];
          if (!io.has(kAddend) && plan.alpha == 1) {
            y = static_cast<T>(sum);
            continue;
          }
          const double extra =
              io.has(kAddend)
                  ? static_cast<double>(io.in(kAddend).data<T>()[i * addend.row_step + j * addend.column_step])
                  : 0.0;
          y = static_cast<T>(double{plan.alpha} * static_cast<double>(static_cast<T>(sum)) + double{plan.beta} * extra);
        }
      }
    });
  }
}

}  // namespace

MatrixStacks matrix_stacks(const OpSite& site, Shape a, Shape b) {
  const bool a_is_vector = a.size() == 1;
  const bool b_is_vector = b.size() == 1;
  const auto refuse = [&] { site.invalid("{} and {} cannot be multiplied", to_string(a), to_string(b)); };
  if (a.empty() || b.empty()) refuse();
  if (a.back() != (b_is_vector ? b.front() : b[b.size() - 2])) refuse();
  if (a_is_vector) a.insert(a.begin(), 1);
  if (b_is_vector) b.push_back(1);
  MatrixStacks stacks{.a = std::move(a), .b = std::move(b)};
  stacks.batch = broadcast_shape(site, {stacks.a.begin(), stacks.a.end() - 2}, {stacks.b.begin(), stacks.b.end() - 2});
  stacks.result = stacks.batch;
  if (!a_is_vector) stacks.result.push_back(stacks.a[stacks.a.size() - 2]);
  if (!b_is_vector) stacks.result.push_back(stacks.b.back());
  return stacks;
}

std::unique_ptr<Kernel> make_product(const OpSite& site, ProductPlan plan) {
  const DType dtype = site.input(0).dtype;
  if (dtype == DType::f32) return std::make_unique<FloatProduct>(site, std::move(plan));
  return for_number(site, dtype, [&]<class T>() {
    return make_kernel([plan = std::move(plan)](const KernelIo& io) { plain_product<T>(plan, io); });
  });
}

}  // namespace zeropoint
