// The importance matrix in llama.cpp's GGUF form.
#include <utility>

#include "base/fail.h"
#include "exporters/gguf_writer.h"
#include "methods/importance.h"

namespace zeropoint {

void save_importance(const ObservedImportance& seen, const GgufArchitecture& architecture, const std::string& dataset,
                     const std::filesystem::path& file) {
  const std::vector<GgufField> fields = {make_gguf_string("general.type", "imatrix"),
                                         make_gguf_u32("imatrix.chunk_count", 1),
                                         make_gguf_u32("imatrix.chunk_size", static_cast<std::uint32_t>(seen.rows)),
                                         make_gguf_strings("imatrix.datasets", std::vector{dataset})};
  std::vector<GgufTensorSpec> tensors;
  for (const auto& [name, sums] : seen.sums) {
    const auto known = architecture.to_gguf(name);
    if (!known) fail(ErrorKind::unsupported, name, "has no name in GGUF files of '{}'", architecture.gguf);
    tensors.push_back({.name = *known + ".in_sum2", .shape = {1, static_cast<std::int64_t>(sums.size())}});
    tensors.push_back({.name = *known + ".counts", .shape = {1, 1}});
  }
  GgufWriter writer(file, fields, std::move(tensors));
  const auto count = static_cast<float>(seen.rows);
  for (const auto& [name, sums] : seen.sums) {
    writer.write(std::as_bytes(std::span(sums)));
    writer.write(std::as_bytes(std::span(&count, 1)));
  }
  writer.commit();
}

}  // namespace zeropoint
