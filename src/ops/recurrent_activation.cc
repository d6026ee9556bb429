#include "ops/recurrent_activation.h"

#include <algorithm>
#include <cctype>
#include <string>
#include <string_view>

namespace zeropoint {
namespace {

enum class Numbers { none, alpha, alpha_and_beta };  // which of the attribute lists a function reads

struct Entry {
  std::string_view name;  // lower case: the names are not case sensitive
  UnaryF32 function;
  Numbers numbers;
  float alpha, beta;  // defaults
};

constexpr Entry kFunctions[] = {
    {"relu", UnaryF32::relu, Numbers::none, 0, 0},
    {"tanh", UnaryF32::tanh, Numbers::none, 0, 0},
    {"sigmoid", UnaryF32::sigmoid, Numbers::none, 0, 0},
    {"softsign", UnaryF32::softsign, Numbers::none, 0, 0},
    {"softplus", UnaryF32::softplus, Numbers::none, 0, 0},
    {"leakyrelu", UnaryF32::leaky_relu, Numbers::alpha, 0.01F, 0},
    {"thresholdedrelu", UnaryF32::thresholded_relu, Numbers::alpha, 1, 0},
    {"elu", UnaryF32::elu, Numbers::alpha, 1, 0},
    {"hardsigmoid", UnaryF32::hard_sigmoid, Numbers::alpha_and_beta, 0.2F, 0.5F},
    {"scaledtanh", UnaryF32::tanh, Numbers::alpha_and_beta, 1, 1},
    {"affine", UnaryF32::relu, Numbers::alpha_and_beta, 1, 0},
};

/// The third activation, of LSTM's cell state on its way out, is not clipped (as in ONNX Runtime): only gates are.
constexpr std::size_t kClippedActivations = 2;

std::string lower(std::string word) {
  std::transform(word.begin(), word.end(), word.begin(), [](unsigned char c) { return std::tolower(c); });
  return word;
}

std::vector<std::string> names_of(const OpSite& site, std::size_t count, const std::vector<std::string>& defaults) {
  std::vector<std::string> names;
  if (const Attribute* given = site.node.find("activations")) {
    const auto* words = std::get_if<std::vector<std::string>>(&given->value);
    if (words == nullptr) site.invalid("activations is no list of names");
    names = *words;
  } else {
    while (names.size() < count) names.insert(names.end(), defaults.begin(), defaults.end());
  }
  if (names.size() != count) site.invalid("{} activations are named; {} are expected", names.size(), count);
  return names;
}

}  // namespace

RecurrentActivation RecurrentActivation::affine(float alpha, float beta) {
  RecurrentActivation activation(UnaryF32::relu, {.alpha = alpha, .beta = beta});
  activation.is_affine_ = true;
  return activation;
}

void RecurrentActivation::apply(float* values, std::int64_t count) const {
  if (clip_ > 0) unary_f32(UnaryF32::clip, {.alpha = -clip_, .beta = clip_}, values, values, count);
  if (is_affine_) {
    for (std::int64_t i = 0; i < count; ++i) values[i] = params_.alpha * values[i] + params_.beta;
    return;
  }
  if (inner_scale_ != 1) std::transform(values, values + count, values, [&](float v) { return v * inner_scale_; });
  unary_f32(function_, params_, values, values, count);
  if (outer_scale_ != 1) std::transform(values, values + count, values, [&](float v) { return v * outer_scale_; });
}

std::vector<RecurrentActivation> recurrent_activations(const OpSite& site, std::size_t directions,
                                                       const std::vector<std::string>& defaults) {
  const std::vector<std::string> names = names_of(site, directions * defaults.size(), defaults);
  const std::vector<float> alphas = site.node.get_floats("activation_alpha");
  const std::vector<float> betas = site.node.get_floats("activation_beta");
  const float clip = site.node.get_float("clip", 0);
  std::size_t next_alpha = 0;
  std::size_t next_beta = 0;
  std::vector<RecurrentActivation> result;
  for (const std::string& name : names) {
    const auto entry = std::find_if(std::begin(kFunctions), std::end(kFunctions),
                                    [&](const Entry& e) { return e.name == lower(name); });
    if (entry == std::end(kFunctions)) site.invalid("there is no activation '{}'", name);
    UnaryParams params{entry->alpha, entry->beta};
    if (entry->numbers != Numbers::none && next_alpha < alphas.size()) params.alpha = alphas[next_alpha++];
    if (entry->numbers == Numbers::alpha_and_beta && next_beta < betas.size()) params.beta = betas[next_beta++];
    if (entry->name == "affine") {
      result.push_back(RecurrentActivation::affine(params.alpha, params.beta));
    } else if (entry->name == "scaledtanh") {  // alpha * tanh(beta * x)
      result.emplace_back(UnaryF32::tanh, UnaryParams{}, params.beta, params.alpha);
    } else {
      result.emplace_back(entry->function, params);
    }
    const std::size_t place = (result.size() - 1) % defaults.size();
    if (place < kClippedActivations) result.back().set_clip(clip);
  }
  return result;
}

}  // namespace zeropoint
