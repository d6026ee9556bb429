#include "ops/einsum_equation.h"

#include <algorithm>
#include <cctype>

namespace zeropoint {
namespace {

using Label = EinsumEquation::Label;

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == separator) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

/// The labels of one term. `rank` < 0: an output, whose ellipsis has `ellipsis_rank` dimensions.
std::vector<Label> parse_term(const OpSite& site, const std::string& term, std::int64_t rank,
                              std::int64_t ellipsis_rank) {
  const std::size_t dots = term.find("...");
  const auto letters = static_cast<std::int64_t>(term.size()) - (dots == std::string::npos ? 0 : 3);
  if (rank >= 0) ellipsis_rank = rank - letters;
  if (ellipsis_rank < 0 || (dots == std::string::npos && rank >= 0 && ellipsis_rank != 0)) {
    site.invalid("the term '{}' does not fit an input of rank {}", term, rank);
  }
  std::vector<Label> labels;
  for (std::size_t i = 0; i < term.size(); ++i) {
    if (i == dots) {
      for (std::int64_t k = ellipsis_rank; k-- > 0;)
        labels.push_back(EinsumEquation::kEllipsis + static_cast<Label>(k));
      i += 2;
    } else if (std::isalpha(static_cast<unsigned char>(term[i])) != 0) {
      labels.push_back(term[i]);
    } else {
      site.invalid("the term '{}' has a character that is no letter", term);
    }
  }
  return labels;
}

/// Without "->": the ellipsis, then every letter that occurs once, in alphabetical order.
std::vector<Label> implicit_output(const std::vector<std::vector<Label>>& operands, std::int64_t ellipsis_rank) {
  std::map<Label, int> counts;
  for (const std::vector<Label>& operand : operands) {
    for (const Label label : operand) ++counts[label];
  }
  std::vector<Label> output;
  for (std::int64_t k = ellipsis_rank; k-- > 0;) output.push_back(EinsumEquation::kEllipsis + static_cast<Label>(k));
  for (const auto& [label, count] : counts) {
    if (label < EinsumEquation::kEllipsis && count == 1) output.push_back(label);
  }
  return output;
}

}  // namespace

EinsumEquation parse_einsum(const OpSite& site) {
  std::string text = site.node.get_string("equation", "");
  std::erase(text, ' ');
  const std::size_t arrow = text.find("->");
  const std::vector<std::string> terms = split(text.substr(0, arrow), ',');
  if (terms.size() != site.inputs.size()) {
    site.invalid("the equation '{}' has {} terms for {} inputs", text, terms.size(), site.inputs.size());
  }

  EinsumEquation equation;
  std::int64_t ellipsis_rank = 0;
  for (std::size_t i = 0; i < terms.size(); ++i) {
    const Shape& shape = site.input(i).shape;
    equation.operands.push_back(parse_term(site, terms[i], static_cast<std::int64_t>(shape.size()), 0));
    for (std::size_t d = 0; d < shape.size(); ++d) {
      const Label label = equation.operands[i][d];
      if (label >= EinsumEquation::kEllipsis)
        ellipsis_rank = std::max<std::int64_t>(ellipsis_rank, label - EinsumEquation::kEllipsis + 1);
      std::int64_t& size = equation.sizes.try_emplace(label, 1).first->second;
      if (size != shape[d] && size != 1 && shape[d] != 1) {
        site.invalid("in the equation '{}' one label has sizes {} and {}", text, size, shape[d]);
      }
      if (size == 1) size = shape[d];
    }
  }
  equation.output = arrow == std::string::npos ? implicit_output(equation.operands, ellipsis_rank)
                                               : parse_term(site, text.substr(arrow + 2), -1, ellipsis_rank);
  for (std::size_t i = 0; i < equation.output.size(); ++i) {
    if (!equation.sizes.contains(equation.output[i]))
      site.invalid("the output of '{}' has a label that no input has", text);
    if (std::ranges::count(equation.output, equation.output[i]) > 1)
      site.invalid("the output of '{}' repeats a label", text);
  }
  return equation;
}

}  // namespace zeropoint
