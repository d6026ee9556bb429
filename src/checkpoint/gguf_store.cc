#include "checkpoint/gguf_store.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/fail.h"
#include "base/parallel.h"
#include "checkpoint/coded_store.h"
#include "checkpoint/gguf_architecture.h"
#include "kernels/ggml/ggml.h"
#include "tensor/transpose.h"
#include "weights/ggml_matrix.h"

namespace zeropoint {
namespace {

using kernels::GgmlType;

constexpr std::int64_t kGrain = 1 << 16;  // values per task

/// The type of plain elements; undefined for blocks.
DType plain_type(std::uint32_t number) {
  struct Row {
    std::uint32_t number;
    DType dtype;
  };
  static constexpr Row kRows[] = {{0, DType::f32},  {1, DType::f16},  {24, DType::i8},  {25, DType::i16},
                                  {26, DType::i32}, {27, DType::i64}, {28, DType::f64}, {30, DType::bf16}};
  for (const Row& row : kRows) {
    if (row.number == number) return row.dtype;
  }
  return DType::undefined;
}

/// What has to be done to the elements as they lie in the file.
struct Place {
  const GgufTensor* tensor = nullptr;
  std::size_t index = 0;           // among the stored tensors
  std::optional<WeightForm> form;  // of a matrix of codes
  std::int64_t permuted_head = 0;  // rows of a head whose order is undone; 0: none
  bool is_transposed = false;
};

class GgufStore final : public CodedStore {
 public:
  GgufStore(GgufFile file, const Config& config) : file_(std::move(file)) {
    const GgufArchitecture* architecture = find_gguf_architecture(config.text("model_type", ""));
    tensors_.reserve(file_.tensors().size());  // names in it are keys
    for (const GgufTensor& tensor : file_.tensors()) add(tensor, architecture, config);
  }

  std::span<const StoredTensor> tensors() const override { return tensors_; }
  std::span<const GgufField> fields() const { return file_.fields(); }

  const StoredTensor* find(std::string_view name) const override {
    const auto at = places_.find(name);
    return at == places_.end() ? nullptr : &tensors_[at->second.index];
  }

  Tensor read(const StoredTensor& stored) const override {
    const Place& place = place_of(stored);
    const GgufTensor& tensor = *place.tensor;
    const auto bytes = file_.bytes(tensor);
    if (const DType plain = plain_type(tensor.type->number); plain != DType::undefined) {
      const Tensor view = Tensor::view(plain, tensor.shape, bytes.data(), file_.owner());
      return in_order(view, place);
    }
    const auto type = kernels::ggml_type(tensor.type->number);
    if (!type)
      fail(ErrorKind::unsupported, file_.where(), "tensor '{}': {} blocks are not offered", tensor.name,
           tensor.type->name);
    return in_order(decode(*type, bytes, tensor.shape), place);
  }

  const WeightForm* form(const StoredTensor& stored) const override {
    const Place& place = place_of(stored);
    return place.form ? &*place.form : nullptr;
  }

  std::string objection(const StoredTensor& stored) const override {
    const Place& place = place_of(stored);
    if (stored.encoding.empty() || place.form) return "";
    const auto type = kernels::ggml_type(place.tensor->type->number);
    if (!type) return "blocks of this type are not offered";
    if (!scheme_of_blocks(*type)) return "its blocks count from a float minimum, which is no integer zero point";
    return fmt::format("it is no matrix but {}", to_string(stored.shape));
  }

  QuantizedWeight load(const StoredTensor& stored) const override {
    const Place& place = place_of(stored);
    const WeightForm& form = *place.form;
    QuantizedMatrix matrix =
        matrix_of_blocks(*kernels::ggml_type(place.tensor->type->number), file_.bytes(*place.tensor), form.rows,
                         form.columns, fmt::format("{}: tensor '{}'", file_.where(), place.tensor->name));
    if (place.permuted_head > 0 && form.rows > 0) {
      matrix.codes = deinterleaved(matrix.codes, place.permuted_head);
      matrix.scales = deinterleaved(matrix.scales, place.permuted_head);
    }
    return matrix;
  }

  void release(const StoredTensor& stored) const override { file_.release(*place_of(stored).tensor); }

 private:
  void add(const GgufTensor& tensor, const GgufArchitecture* architecture, const Config& config) {
    Place place{.tensor = &tensor, .index = tensors_.size()};
    const DType plain = plain_type(tensor.type->number);
    StoredTensor stored{.name = tensor.name,
                        .dtype = plain == DType::undefined ? DType::f32 : plain,
                        .shape = tensor.shape,
                        .encoding = plain == DType::undefined ? std::string(tensor.type->name) : "",
                        .bytes = tensor.bytes};
    if (architecture != nullptr) {
      stored.name = architecture->to_hugging_face(tensor.name);
      place.is_transposed = tensor.shape.size() == 2 && architecture->is_in_out(tensor.name);
      if (place.is_transposed) std::swap(stored.shape[0], stored.shape[1]);
      if (const std::int64_t heads = architecture->permuted_heads(tensor.name, config); heads > 0) {
        const std::int64_t rows = tensor.shape.empty() ? 0 : tensor.shape[0];
        if (rows % heads != 0 || rows / heads % 2 != 0) {
          fail(ErrorKind::invalid_model, file_.where(), "tensor '{}': {} rows are not {} heads of even size",
               tensor.name, rows, heads);
        }
        place.permuted_head = rows / heads;
      }
    }
    place.form = form_of(stored, place);
    tensors_.push_back(std::move(stored));
    if (!places_.emplace(tensors_.back().name, place).second) {
      fail(ErrorKind::invalid_model, file_.where(), "tensor '{}' has the name of another", tensor.name);
    }
  }

  static std::optional<WeightForm> form_of(const StoredTensor& stored, const Place& place) {
    const auto type = kernels::ggml_type(place.tensor->type->number);
    const auto scheme = type ? scheme_of_blocks(*type) : std::nullopt;
    const Shape& shape = place.tensor->shape;
    if (!scheme || shape.size() != 2) return std::nullopt;
    return WeightForm{.name = stored.name,
                      .rows = shape[0],
                      .columns = shape[1],
                      .scheme = *scheme,
                      .is_in_out = place.is_transposed};
  }

  const Place& place_of(const StoredTensor& stored) const {
    const auto at = places_.find(stored.name);
    if (at == places_.end()) fail(ErrorKind::internal, stored.name, "is no tensor of this store");
    return at->second;
  }

  static Tensor decode(GgmlType type, std::span<const std::byte> bytes, const Shape& shape) {
    Tensor x = Tensor::allocate(DType::f32, shape);
    auto* to = x.mutable_data<float>();
    const std::int64_t block = kernels::ggml_block_size(type);
    const std::size_t block_bytes = kernels::ggml_block_bytes(type);
    parallel_ranges(x.size() / block, kGrain / block, [&](std::int64_t begin, std::int64_t end) {
      kernels::ggml_dequantize(type, bytes.data() + static_cast<std::size_t>(begin) * block_bytes,
                               (end - begin) * block, to + begin * block);
    });
    return x;
  }

  static Tensor in_order(const Tensor& x, const Place& place) {
    if (place.permuted_head > 0 && x.size() > 0) return deinterleaved(x, place.permuted_head);
    return place.is_transposed ? transposed(x) : x;
  }

  static Tensor deinterleaved(const Tensor& x, std::int64_t head_size) {
    Tensor y = Tensor::allocate(x.dtype(), x.shape());
    const std::size_t row_bytes = x.bytes() / static_cast<std::size_t>(x.dim(0));
    const auto* from = static_cast<const std::byte*>(x.stored());
    auto* to = static_cast<std::byte*>(y.mutable_raw());
    for (std::int64_t row = 0; row < x.dim(0); ++row) {
      const auto source = static_cast<std::size_t>(interleaved_row(row, head_size));
      std::copy_n(from + source * row_bytes, row_bytes, to + static_cast<std::size_t>(row) * row_bytes);
    }
    return y;
  }

  GgufFile file_;
  std::vector<StoredTensor> tensors_;
  std::unordered_map<std::string_view, Place> places_;  // keys are the names in tensors_
};

}  // namespace

std::unique_ptr<TensorStore> make_gguf_store(GgufFile file, const nlohmann::ordered_json& config) {
  const std::string where = file.where();
  return std::make_unique<GgufStore>(std::move(file), Config(config, where));
}

std::span<const GgufField> gguf_fields(const TensorStore& store) {
  const auto* gguf = dynamic_cast<const GgufStore*>(&store);
  return gguf == nullptr ? std::span<const GgufField>() : gguf->fields();
}

}  // namespace zeropoint
