#include <algorithm>
#include <utility>

#include "base/parallel.h"
#include "kernels/movement/strided_copy.h"
#include "ops/arguments.h"
#include "ops/dispatch.h"
#include "ops/einsum_equation.h"
#include "ops/elementwise.h"
#include "ops/narrow_types.h"

// Einsum: operands are contracted pair by pair, from left to right. A pair becomes a batch of matrix
// products: labels of both operands that are kept are the batch, labels of one operand that are kept
// its rows or columns, and labels of both that nothing needs any more are summed. Labels of one operand
// that nothing else needs are summed before.
namespace zeropoint {
namespace {

using Label = EinsumEquation::Label;
using Labels = std::vector<Label>;

bool contains(const Labels& labels, Label label) { return std::ranges::find(labels, label) != labels.end(); }

/// A dense operand or intermediate result.
struct Term {
  Labels labels;
  Shape shape;

  /// Elements between neighbours along a label: 0 where it is absent or repeats one value; a label that
  /// occurs twice walks the diagonal.
  std::int64_t stride(Label label) const {
    const Shape strides = row_major_strides(shape);
    std::int64_t sum = 0;
    for (std::size_t i = 0; i < labels.size(); ++i) {
      if (labels[i] == label && shape[i] != 1) sum += strides[i];
    }
    return sum;
  }
};

/// One pair: result[b, m, n] = sum over k of lhs[b, m, k] * rhs[b, k, n].
struct Contraction {
  StridedCopy pack_lhs, pack_rhs;
  std::int64_t batch = 1, m = 1, k = 1, n = 1;
};

class Planner {
 public:
  Planner(const EinsumEquation& equation, std::size_t element_bytes)
      : equation_(equation), element_bytes_(element_bytes) {}

  /// `later`: labels that the output or a later operand needs.
  std::pair<Contraction, Term> contract(const Term& lhs, const Term& rhs, const Labels& later) const {
    Labels batch, m, k, n;
    for (const auto& [label, size] : equation_.sizes) {
      const bool in_lhs = contains(lhs.labels, label);
      const bool in_rhs = contains(rhs.labels, label);
      if (!in_lhs && !in_rhs) continue;
      Labels& role = !contains(later, label) ? k : in_lhs && in_rhs ? batch : in_lhs ? m : n;
      role.push_back(label);
    }
    Contraction c;
    c.pack_lhs = pack(lhs, {&batch, &m, &k});
    c.pack_rhs = pack(rhs, {&batch, &k, &n});
    c.batch = count(batch);
    c.m = count(m);
    c.k = count(k);
    c.n = count(n);
    Term result;
    for (const Labels* role : {&batch, &m, &n}) {
      for (const Label label : *role) {
        result.labels.push_back(label);
        result.shape.push_back(equation_.sizes.at(label));
      }
    }
    return {std::move(c), std::move(result)};
  }

  /// The result's dimensions in the order of the output.
  StridedCopy permute(const Term& result) const { return pack(result, {&equation_.output}); }

 private:
  std::int64_t count(const Labels& labels) const {
    std::int64_t product = 1;
    for (const Label label : labels) product *= equation_.sizes.at(label);
    return product;
  }

  StridedCopy pack(const Term& term, std::initializer_list<const Labels*> roles) const {
    Shape shape, strides;
    for (const Labels* role : roles) {
      for (const Label label : *role) {
        shape.push_back(equation_.sizes.at(label));
        strides.push_back(term.stride(label));
      }
    }
    return {shape, row_major_strides(shape), strides, element_bytes_};
  }

  const EinsumEquation& equation_;
  std::size_t element_bytes_;
};

/// y[b, m, n] = a[b, m, k] b[b, k, n], row by row.
template <class T>
void multiply(const Contraction& c, const T* lhs, const T* rhs, T* y) {
  parallel_ranges(c.batch * c.m, std::max<std::int64_t>(1, kCheapGrain / std::max<std::int64_t>(1, c.k * c.n)),
                  [&](std::int64_t begin, std::int64_t end) {
                    for (std::int64_t row = begin; row < end; ++row) {
                      const T* a = lhs + row * c.k;
                      const T* b = rhs + row / c.m * c.k * c.n;
                      T* to = y + row * c.n;
                      std::fill_n(to, c.n, T{0});
                      for (std::int64_t k = 0; k < c.k; ++k) {
                        const T factor = a[k];
                        for (std::int64_t i = 0; i < c.n; ++i) {
                          to[i] =
                              wrapping(to[i], wrapping(factor, b[k * c.n + i], [](auto u, auto v) { return u * v; }),
                                       [](auto u, auto v) { return u + v; });
                        }
                      }
                    }
                  });
}

template <class T>
class EinsumKernel final : public Kernel {
 public:
  explicit EinsumKernel(const OpSite& site) : equation_(parse_einsum(site)), inputs_(site.inputs.size()) {
    for (std::size_t i = 0; i < inputs_; ++i) terms_.push_back({equation_.operands[i], site.input(i).shape});
    std::size_t result = summed(site, 0, 1);
    for (std::size_t i = 1; i < inputs_; ++i) {
      const std::size_t rhs = summed(site, i, i + 1, &terms_[result].labels);
      result = add_step(site, result, rhs, needed_after(i + 1));
    }
    result_ = result;
    permute_ = Planner(equation_, sizeof(T)).permute(terms_[result]);
  }

  void run(const KernelIo& io) override {
    const T one = 1;
    std::vector<std::vector<T>> results(terms_.size());
    const auto data = [&](std::size_t term) {
      return term == kOne ? &one : term < inputs_ ? io.in(term).data<T>() : results[term].data();
    };
    for (const Step& step : steps_) {
      const Contraction& c = step.contraction;
      std::vector<T> lhs(static_cast<std::size_t>(c.batch * c.m * c.k));
      std::vector<T> rhs(static_cast<std::size_t>(c.batch * c.k * c.n));
      c.pack_lhs.run(lhs.data(), data(step.lhs));
      c.pack_rhs.run(rhs.data(), data(step.rhs));
      results[step.result].resize(static_cast<std::size_t>(c.batch * c.m * c.n));
      multiply(c, lhs.data(), rhs.data(), results[step.result].data());
    }
    permute_.run(io.out(0).mutable_data<T>(), data(result_));
  }

 private:
  static constexpr std::size_t kOne = static_cast<std::size_t>(-1);  // the number 1, a term without labels

  struct Step {
    Contraction contraction;
    std::size_t lhs, rhs, result;  // terms
  };

  /// Labels of the output and of the operands from `first` on.
  Labels needed_after(std::size_t first) const {
    Labels labels = equation_.output;
    for (std::size_t i = first; i < inputs_; ++i) {
      labels.insert(labels.end(), equation_.operands[i].begin(), equation_.operands[i].end());
    }
    return labels;
  }

  /// Multiplies two terms; the new term.
  std::size_t add_step(const OpSite& site, std::size_t lhs, std::size_t rhs, const Labels& later) {
    const Term one;
    auto [contraction, product] =
        Planner(equation_, sizeof(T)).contract(terms_[lhs], rhs == kOne ? one : terms_[rhs], later);
    planned(site, site.input(0).dtype, product.shape);  // refuses what no memory holds
    terms_.push_back(std::move(product));
    steps_.push_back({std::move(contraction), lhs, rhs, terms_.size() - 1});
    return terms_.size() - 1;
  }

  /// The term without the labels that nothing needs: neither the operands from `first` on, nor the output, nor its
  /// `partner`. A diagonal is taken here, too.
  std::size_t summed(const OpSite& site, std::size_t term, std::size_t first, const Labels* partner = nullptr) {
    Labels needed = needed_after(first);
    if (partner != nullptr) needed.insert(needed.end(), partner->begin(), partner->end());
    const Labels& own = terms_[term].labels;
    const auto is_plain = [&](Label label) { return contains(needed, label) && std::ranges::count(own, label) == 1; };
    return std::ranges::all_of(own, is_plain) ? term : add_step(site, term, kOne, needed);
  }

  EinsumEquation equation_;
  std::size_t inputs_;
  std::vector<Term> terms_;  // the inputs, then the results
  std::vector<Step> steps_;
  std::size_t result_ = 0;
  StridedCopy permute_;
};

std::vector<ValueFacts> infer(const OpSite& site) {
  if (site.inputs.empty()) site.invalid("there are no inputs");
  for (std::size_t i = 1; i < site.inputs.size(); ++i) {
    if (site.input(i).dtype != site.input(0).dtype) site.invalid("inputs 0 and {} have different types", i);
  }
  const EinsumEquation equation = parse_einsum(site);
  Shape shape;
  for (const Label label : equation.output) shape.push_back(equation.sizes.at(label));
  return {planned(site, site.input(0).dtype, shape)};
}

std::unique_ptr<Kernel> make(const OpSite& site) {
  return for_number(site, site.input(0).dtype,
                    [&]<class T>() -> std::unique_ptr<Kernel> { return std::make_unique<EinsumKernel<T>>(site); });
}

constexpr OpSpec kOps[] = {{.op_type = "Einsum",
                            .since = 12,
                            .infer = infer,
                            .make = halves_too<infer, make>,
                            .float_types = "all floats, integers"}};

}  // namespace

std::span<const OpSpec> ops_einsum() { return kOps; }

}  // namespace zeropoint
