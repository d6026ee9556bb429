// NegativeLogLikelihoodLoss and SoftmaxCrossEntropyLoss: the loss of class scores against labels.
#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "base/parallel.h"
#include "kernels/softmax/softmax.h"
#include "ops/arguments.h"
#include "ops/choice.h"
#include "ops/indices.h"
#include "ops/narrow_types.h"

namespace zeropoint {
namespace {

enum class LossReduction { none, sum, mean };
constexpr Choice<LossReduction> kReductions[] = {
    {"none", LossReduction::none}, {"sum", LossReduction::sum}, {"mean", LossReduction::mean}};

std::vector<ValueFacts> infer(const OpSite& site) {
  const ValueFacts& scores = site.input(0);
  if (scores.shape.size() < 2) site.invalid("the scores have shape {}", to_string(scores.shape));
  Shape labels = scores.shape;
  labels.erase(labels.begin() + 1);
  if (site.input(1).shape != labels) {
    site.invalid("labels {} do not fit scores {}", to_string(site.input(1).shape), to_string(scores.shape));
  }
  check_index_type(site, 1);
  if (site.has(2) && (site.input(2).shape != Shape{scores.shape[1]} || site.input(2).dtype != scores.dtype)) {
    site.invalid("weights have shape {}; [{}] is expected", to_string(site.input(2).shape), scores.shape[1]);
  }
  const bool keeps_shape = chosen(site, "reduction", kReductions, "mean") == LossReduction::none;
  return {{.dtype = scores.dtype, .shape = keeps_shape ? labels : Shape{}},
          {.dtype = scores.dtype, .shape = scores.shape}};
}

std::vector<ValueFacts> infer_likelihood(const OpSite& site) {
  std::vector<ValueFacts> outputs = infer(site);
  outputs.pop_back();
  return outputs;
}

/// loss = -log probability of the label's class * the class's weight; 0 for labels that are ignored.
class CrossEntropy final : public Kernel {
 public:
  CrossEntropy(const OpSite& site, bool takes_softmax)
      : where_(site.node.label),
        reduction_(chosen(site, "reduction", kReductions, "mean")),
        takes_softmax_(takes_softmax) {
    const Shape& shape = site.input(0).shape;
    batch_ = shape[0];
    classes_ = shape[1];
    inner_ = count_between(shape, 2, shape.size());
    if (site.node.find("ignore_index") != nullptr) ignored_ = site.node.get_int("ignore_index", 0);
  }

  std::size_t scratch_bytes() const override {
    return takes_softmax_ ? static_cast<std::size_t>(batch_ * classes_ * inner_) * sizeof(float) : 0;
  }

  void run(const KernelIo& io) override {
    const float* log_probabilities = takes_softmax_ ? log_softmax(io) : io.in(0).data<float>();
    if (io.in(1).dtype() == DType::i32) {
      sum_losses(io, log_probabilities, io.in(1).data<std::int32_t>());
    } else {
      sum_losses(io, log_probabilities, io.in(1).data<std::int64_t>());
    }
  }

 private:
  const float* log_softmax(const KernelIo& io) const {
    const bool is_wanted = io.outputs.size() > 1 && io.out(1);
    float* to = is_wanted ? io.out(1).mutable_data<float>() : reinterpret_cast<float*>(io.scratch);
    const std::int64_t slice = classes_ * inner_;
    parallel_chunks(batch_, [&](std::int64_t i) {
      const float* from = io.in(0).data<float>() + i * slice;
      if (inner_ == 1) {
        softmax_rows_f32(SoftmaxKind::log_softmax, from, to + i * slice, 1, classes_);
      } else {
        softmax_columns_f32(SoftmaxKind::log_softmax, from, to + i * slice, classes_, inner_);
      }
    });
    return to;
  }

  template <class Label>
  void sum_losses(const KernelIo& io, const float* log_probabilities, const Label* labels) const {
    const float* weights = io.has(2) ? io.in(2).data<float>() : nullptr;
    float* to = io.out(0).mutable_data<float>();
    double loss_sum = 0;
    double weight_sum = 0;
    for (std::int64_t i = 0; i < batch_ * inner_; ++i) {
      const auto label = static_cast<std::int64_t>(labels[i]);
      float loss = 0;
      if (label != ignored_) {
        if (label < 0 || label >= classes_) {
          fail(ErrorKind::invalid_data, where_, "label {} at position {} is outside [0, {}]", label, i, classes_ - 1);
        }
        const float weight = weights != nullptr ? weights[label] : 1;
        loss = -log_probabilities[(i / inner_ * classes_ + label) * inner_ + i % inner_] * weight;
        weight_sum += weight;
      }
      loss_sum += loss;
      if (reduction_ == LossReduction::none) to[i] = loss;
    }
    if (reduction_ == LossReduction::sum) to[0] = static_cast<float>(loss_sum);
    if (reduction_ == LossReduction::mean) to[0] = static_cast<float>(loss_sum / weight_sum);
  }

  std::string where_;
  LossReduction reduction_;
  bool takes_softmax_;
  std::optional<std::int64_t> ignored_;
  std::int64_t batch_ = 0;
  std::int64_t classes_ = 0;
  std::int64_t inner_ = 1;
};

std::unique_ptr<Kernel> make_loss(const OpSite& site, bool takes_softmax) {
  if (site.input(0).dtype != DType::f32) site.unsupported("{} is not offered", name(site.input(0).dtype));
  return std::make_unique<CrossEntropy>(site, takes_softmax);
}

std::unique_ptr<Kernel> make_likelihood(const OpSite& site) { return make_loss(site, false); }
std::unique_ptr<Kernel> make_softmax(const OpSite& site) { return make_loss(site, true); }

constexpr OpSpec kOps[] = {
    {.op_type = "NegativeLogLikelihoodLoss",
     .since = 12,
     .infer = infer_likelihood,
     .make = halves_too<infer_likelihood, make_likelihood>},
    {.op_type = "SoftmaxCrossEntropyLoss", .since = 12, .infer = infer, .make = halves_too<infer, make_softmax>},
};

}  // namespace

std::span<const OpSpec> ops_cross_entropy() { return kOps; }

}  // namespace zeropoint
