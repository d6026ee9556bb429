#include "ops/arguments.h"
#include "ops/move.h"

namespace zeropoint {
namespace {

Tensor value_of(const OpSite& site) {
  const Node& node = site.node;
  if (node.find("value") != nullptr) return node.get_tensor("value");
  if (node.find("value_float") != nullptr) return Tensor::scalar(node.get_float("value_float", 0));
  if (node.find("value_int") != nullptr) return Tensor::scalar(node.get_int("value_int", 0));
  if (node.find("value_string") != nullptr) return Tensor::of_strings({}, {node.get_string("value_string", "")});
  if (node.find("value_floats") != nullptr) {
    const std::vector<float> values = node.get_floats("value_floats");
    return Tensor::copy_of<float>({static_cast<std::int64_t>(values.size())}, values);
  }
  if (node.find("value_ints") != nullptr) {
    const std::vector<std::int64_t> values = node.get_ints("value_ints");
    return Tensor::copy_of<std::int64_t>({static_cast<std::int64_t>(values.size())}, values);
  }
  if (const Attribute* strings = node.find("value_strings")) {
    if (const auto* values = std::get_if<std::vector<std::string>>(&strings->value)) {
      return Tensor::of_strings({static_cast<std::int64_t>(values->size())}, *values);
    }
  }
  if (node.find("sparse_value") != nullptr) site.unsupported("a sparse value is not offered");
  site.invalid("there is no value");
}

std::vector<ValueFacts> infer(const OpSite& site) {
  Tensor value = value_of(site);
  return {{.dtype = value.dtype(), .shape = value.shape(), .constant = value}};
}

std::unique_ptr<Kernel> make(const OpSite& site) {
  return make_kernel([value = value_of(site)](const KernelIo& io) { io.out(0) = value; });
}

constexpr OpSpec kOps[] = {
    {.op_type = "Constant", .infer = infer, .make = make, .float_types = kAnyType},
};

}  // namespace

std::span<const OpSpec> ops_constant() { return kOps; }

}  // namespace zeropoint
