#include "executor/program.h"

#include <algorithm>
#include <list>
#include <map>
#include <utility>

#include "base/fail.h"
#include "executor/compile.h"
#include "executor/plan.h"

namespace zeropoint {
namespace {

constexpr std::size_t kMostPlans = 4;  // kept at a time: full batch, last batch, and a spare pair

/// "float32 [N, 3, 32, 32]"
std::string describe(const ProgramValue& value) {
  std::string text = fmt::format("{} [", name(value.dtype));
  for (std::size_t i = 0; i < value.shape.size(); ++i) {
    const Dim& dim = value.shape[i];
    text += i > 0 ? ", " : "";
    text += dim.value >= 0 ? std::to_string(dim.value) : dim.symbol.empty() ? "?" : dim.symbol;
  }
  return text + "]";
}

/// Throws when an int64 element is outside the range that the input declares.
void check_range(const ProgramValue& declared, const Tensor& given) {
  if (declared.count < 0 || given.dtype() != DType::i64) return;
  const auto values = given.values<std::int64_t>();
  const auto bad = std::ranges::find_if(values, [&](std::int64_t v) { return v < 0 || v >= declared.count; });
  if (bad == values.end()) return;
  fail(ErrorKind::invalid_data, fmt::format("input '{}'", declared.name),
       "holds {} at position {}; the model knows 0 to {}", *bad, bad - values.begin(), declared.count - 1);
}

std::string describe(const Tensor& tensor) {
  return fmt::format("{} {}", name(tensor.dtype()), to_string(tensor.shape()));
}

/// Runs `body`; its errors get the model's file in front of their place.
template <class Body>
decltype(auto) naming_file(const std::string& file, Body&& body) {
  try {
    return body();
  } catch (const Error& error) {
    if (file.empty() || error.kind() == ErrorKind::interrupted || error.where().starts_with(file)) throw;
    throw Error(error.kind(), error.where().empty() ? file : file + ": " + error.where(), error.message());
  }
}

ProgramValue program_value(const Graph& graph, ValueId id) {
  const Value& value = graph.value(id);
  return {.name = value.name,
          .dtype = value.dtype,
          .shape = value.shape.value_or(std::vector<Dim>()),
          .count = value.count};
}

}  // namespace

std::vector<ProgramValue> declared_inputs(const Graph& graph) {
  std::vector<ProgramValue> inputs;
  for (const ValueId id : graph.inputs) inputs.push_back(program_value(graph, id));
  return inputs;
}

struct Program::Impl {
  std::string source;  // the model's file, for messages
  Compiled compiled;
  std::unique_ptr<PlanServices> services;
  std::vector<ProgramValue> inputs;
  std::vector<ProgramValue> outputs;
  std::vector<bool> input_has_rank;
  std::list<Plan> plans;  // the one used last comes first

  void check_inputs(std::span<const Tensor> given) const;
  Plan& plan_for(std::span<const Tensor> given);
  Plan& plan_for(std::vector<InputShape> shapes);
};

Program::Program() : impl_(std::make_unique<Impl>()) {}
Program::Program(Program&&) noexcept = default;
Program& Program::operator=(Program&&) noexcept = default;
Program::~Program() = default;

Program Program::compile(const Model& model, const CompileOptions& options) {
  return naming_file(model.source, [&] {
    Program program = compile(model.graph, model.opsets, options);
    program.impl_->source = model.source;
    return program;
  });
}

Program Program::compile(const Graph& graph, const std::map<std::string, std::int64_t>& opsets,
                         const CompileOptions& options) {
  Program program;
  Impl& impl = *program.impl_;
  impl.compiled = compile_graph(graph, opsets, options);
  impl.services = make_services(opsets);
  impl.compiled.services = impl.services.get();

  std::vector<InputShape> declared;
  bool is_fixed = true;
  impl.inputs = declared_inputs(impl.compiled.graph);
  for (std::size_t i = 0; i < impl.inputs.size(); ++i) {
    const ValueId id = impl.compiled.graph.inputs[i];
    impl.input_has_rank.push_back(impl.compiled.graph.value(id).shape.has_value());
    declared.push_back({.dtype = impl.inputs[i].dtype});
    is_fixed = is_fixed && impl.input_has_rank.back() && declared.back().dtype != DType::undefined;
    for (const Dim& dim : impl.inputs[i].shape) {
      declared.back().shape.push_back(dim.value);
      is_fixed = is_fixed && dim.value >= 0;
    }
  }
  for (const ValueId id : impl.compiled.graph.outputs) impl.outputs.push_back(program_value(impl.compiled.graph, id));
  if (is_fixed) impl.plan_for(std::move(declared));  // finds what is wrong with the model before data comes
  return program;
}

std::span<const ProgramValue> Program::inputs() const { return impl_->inputs; }
std::span<const ProgramValue> Program::outputs() const { return impl_->outputs; }

std::size_t Program::arena_bytes() const { return impl_->plans.empty() ? 0 : impl_->plans.front().arena_bytes(); }

std::vector<StepTime> Program::step_times() const {
  return impl_->plans.empty() ? std::vector<StepTime>() : impl_->plans.front().step_times();
}

std::vector<Tensor> Program::run(std::span<const Tensor> inputs, const Tap& tap) {
  return naming_file(impl_->source, [&] {
    Plan& plan = impl_->plan_for(inputs);
    for (std::size_t i = 0; i < inputs.size(); ++i) check_range(impl_->inputs[i], inputs[i]);
    return plan.run(inputs, tap);
  });
}

void Program::Impl::check_inputs(std::span<const Tensor> given) const {
  if (given.size() != inputs.size()) {
    fail(ErrorKind::invalid_data, "inputs", "the model has {} inputs, {} given", inputs.size(), given.size());
  }
  std::map<std::string_view, std::int64_t> symbols;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const ProgramValue& declared = inputs[i];
    const auto refuse = [&] {
      fail(ErrorKind::invalid_data, fmt::format("input '{}'", declared.name), "the model takes {}, not {}",
           describe(declared), describe(given[i]));
    };
    if (!given[i] || (declared.dtype != DType::undefined && given[i].dtype() != declared.dtype)) refuse();
    if (!input_has_rank[i]) continue;
    if (given[i].shape().size() != declared.shape.size()) refuse();
    for (std::size_t axis = 0; axis < declared.shape.size(); ++axis) {
      const Dim& dim = declared.shape[axis];
      const std::int64_t size = given[i].shape()[axis];
      if (dim.value >= 0 && dim.value != size) refuse();
      if (dim.longest >= 0 && size > dim.longest) {
        fail(ErrorKind::invalid_data, fmt::format("input '{}'", declared.name),
             "has the length {}; the model has {} positions", size, dim.longest);
      }
      if (dim.value >= 0 || dim.symbol.empty()) continue;
      const auto [it, is_new] = symbols.emplace(dim.symbol, size);
      if (!is_new && it->second != size) {
        fail(ErrorKind::invalid_data, fmt::format("input '{}'", declared.name), "'{}' is {} here and {} before",
             dim.symbol, size, it->second);
      }
    }
  }
}

Plan& Program::Impl::plan_for(std::span<const Tensor> given) {
  const auto fits = [&](const Plan& plan) {
    return std::ranges::equal(plan.input_shapes(), given, [](const InputShape& made_for, const Tensor& tensor) {
      return made_for.dtype == tensor.dtype() && made_for.shape == tensor.shape();
    });
  };
  const auto found = std::ranges::find_if(plans, fits);
  if (found != plans.end()) {
    plans.splice(plans.begin(), plans, found);
    return plans.front();
  }
  check_inputs(given);
  std::vector<InputShape> shapes;
  for (const Tensor& tensor : given) shapes.push_back({tensor.dtype(), tensor.shape()});
  return plan_for(std::move(shapes));
}

Plan& Program::Impl::plan_for(std::vector<InputShape> shapes) {
  if (plans.size() >= kMostPlans) plans.pop_back();
  return plans.emplace_front(compiled, std::move(shapes));
}

}  // namespace zeropoint
