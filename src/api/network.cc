#include "api/network.h"

#include "architectures/load_model.h"
#include "exporters/onnx.h"
#include "plan/prepare.h"

namespace zeropoint {
namespace {

std::vector<TensorInfo> describe(std::span<const ProgramValue> values) {
  std::vector<TensorInfo> infos;
  for (const ProgramValue& value : values) {
    TensorInfo info{.name = value.name, .dtype = value.dtype, .shape = {}};
    for (const Dim& dim : value.shape) info.shape.push_back(dim.value);
    infos.push_back(std::move(info));
  }
  return infos;
}

}  // namespace

Program& Network::Impl::program() {
  if (!compiled) compiled = Program::compile(model);
  return *compiled;
}

const Model& Network::Impl::prepared() {
  if (!prepared_model) prepared_model = prepare_model(model);
  return *prepared_model;
}

Network::Network(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

Network Network::load(const std::filesystem::path& path) {
  return Network(std::make_shared<Impl>(Impl{.model = load_model(path)}));
}

std::vector<TensorInfo> Network::inputs() const { return describe(impl_->program().inputs()); }

std::vector<TensorInfo> Network::outputs() const { return describe(impl_->program().outputs()); }

std::vector<Tensor> Network::run(std::span<const Tensor> inputs) const { return impl_->program().run(inputs); }

void Network::save(const std::filesystem::path& path) const { save_onnx(impl_->model, path); }

}  // namespace zeropoint
