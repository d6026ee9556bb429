#include "pipeline/checkpoint_plan.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "base/fail.h"
#include "formats/matrix_parts.h"
#include "pipeline/linear_layers.h"
#include "pipeline/weight_patterns.h"

namespace zeropoint {
namespace {

/// What the architecture says of its weights; empty for one that is not known, where the user names the matrices.
std::vector<WeightPlace> places_of(const Checkpoint& checkpoint, bool has_patterns) {
  try {
    return find_architecture(checkpoint).weights(checkpoint);
  } catch (const Error& e) {
    if (e.kind() != ErrorKind::unsupported) throw;
    if (has_patterns) return {};
    throw Error(e.kind(), e.where(), e.message() + "; or name the matrices with --include");
  }
}

/// In every format alike, whether or not it could hold a short last block: those that load it cannot.
std::string block_objection(const WeightForm& form) {
  const auto* grids = std::get_if<MatrixScheme>(&form.scheme);
  if (grids == nullptr || grids->block_size == 0 || form.columns % grids->block_size == 0) return "";
  return fmt::format("blocks of {} do not divide its {} columns", grids->block_size, form.columns);
}

bool is_float_matrix(const StoredTensor& tensor) {
  const bool is_real = tensor.dtype == DType::f32 || tensor.dtype == DType::f16 || tensor.dtype == DType::bf16;
  return is_real && tensor.shape.size() == 2 && tensor.shape[0] > 0 && tensor.shape[1] > 0;
}

class Planner {
 public:
  Planner(const Checkpoint& checkpoint, const Method& method, const Format& format, const CheckpointJob& job)
      : checkpoint_(checkpoint), format_(format), job_(job), scheme_(method.scheme(job.options)) {
    plan_.model.method = method.name;
    if (job.options.damping) plan_.model.damping = *job.options.damping;
    plan_.model.static_groups = job.options.static_groups;
  }

  CheckpointPlan plan() {
    check_weight_patterns(checkpoint_, job_.include, "--include");
    check_weight_patterns(checkpoint_, job_.exclude, "--exclude");
    const std::vector<WeightPlace> places = places_of(checkpoint_, !job_.include.empty());
    for (const WeightPlace& place : places) places_.emplace(place.name, place);
    for (const StoredTensor& tensor : checkpoint_.weights->tensors()) add(tensor);
    if (wanted_ == 0) fail(ErrorKind::invalid_option, checkpoint_.path.string(), "no matrix is left to quantize");
    if (as_asked_ == 0) {
      fail(ErrorKind::invalid_option, std::string(format_.name), "no weight can be {}: {}", to_string(scheme_),
           first_objection_);
    }
    std::unordered_set<std::string> quantized;
    for (const WeightForm& form : plan_.model.weights) quantized.insert(form.name);
    plan_.model.skipped = float_linear_layers(checkpoint_, places, quantized);
    return std::move(plan_);
  }

 private:
  WeightRole role_of(const StoredTensor& tensor) const {
    const auto place = places_.find(tensor.name);
    return place == places_.end() ? WeightRole::other : place->second.role;
  }

  bool is_wanted(const StoredTensor& tensor) const {
    if (!is_float_matrix(tensor) || matches_any(job_.exclude, tensor.name)) return false;
    if (!job_.include.empty()) return matches_any(job_.include, tensor.name);
    return role_of(tensor) == WeightRole::linear;
  }

  void add(const StoredTensor& tensor) {
    PlannedTensor planned{.tensor = &tensor, .must_be_finite = places_.contains(tensor.name)};
    const WeightRole role = role_of(tensor);
    if (is_wanted(tensor)) {
      ++wanted_;
      choose(planned, role);
    }
    if (planned.is_quantized) plan_.model.weights.push_back(planned.form);
    plan_.tensors.push_back(std::move(planned));
  }

  /// As asked for; or with a grid per output where blocks do not fit; or not at all.
  void choose(PlannedTensor& planned, WeightRole role) {
    const StoredTensor& tensor = *planned.tensor;
    const auto place = places_.find(tensor.name);
    const bool is_in_out = place != places_.end() && place->second.is_in_out;
    planned.form = {.name = tensor.name,
                    .rows = tensor.shape[is_in_out ? 1 : 0],
                    .columns = tensor.shape[is_in_out ? 0 : 1],
                    .scheme = scheme_,
                    .stored = tensor.encoding.empty() ? tensor.dtype : DType::f32,
                    .is_in_out = is_in_out};
    if (role == WeightRole::embedding && !format_.holds_embeddings) {
      object(tensor, "is an embedding, which only the plain format holds");
      planned.note = "is an embedding, which only the plain format holds; stays float";
      return;
    }
    std::string objection = format_.objection(planned.form);
    if (objection.empty()) objection = block_objection(planned.form);
    if (objection.empty()) {
      planned.is_quantized = true;
      ++as_asked_;
      return;
    }
    object(tensor, objection);
    planned.note = objection + "; stays float";
    auto* grids = std::get_if<MatrixScheme>(&planned.form.scheme);
    if (grids == nullptr || grids->block_size == 0) return;
    grids->block_size = 0;
    grids->act_order = false;
    if (!format_.objection(planned.form).empty()) return;
    planned.is_quantized = true;
    planned.note = objection + "; has a grid per output instead";
  }

  void object(const StoredTensor& tensor, const std::string& objection) {
    if (first_objection_.empty()) first_objection_ = fmt::format("'{}': {}", tensor.name, objection);
  }

  const Checkpoint& checkpoint_;
  const Format& format_;
  const CheckpointJob& job_;
  WeightScheme scheme_;
  std::unordered_map<std::string, WeightPlace> places_;
  CheckpointPlan plan_;
  std::size_t wanted_ = 0;
  std::size_t as_asked_ = 0;
  std::string first_objection_;
};

}  // namespace

std::vector<TensorSpec> CheckpointPlan::outputs(const Format& format) const {
  std::vector<TensorSpec> specs;
  for (const PlannedTensor& planned : tensors) {
    if (!planned.is_quantized) {
      specs.push_back({planned.tensor->name, planned.tensor->dtype, planned.tensor->shape});
      continue;
    }
    for (TensorSpec& part : format.parts(planned.form)) specs.push_back(std::move(part));
  }
  return specs;
}

CheckpointPlan plan_checkpoint(const Checkpoint& checkpoint, const Method& method, const Format& format,
                               const CheckpointJob& job) {
  return Planner(checkpoint, method, format, job).plan();
}

}  // namespace zeropoint
