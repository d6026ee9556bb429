// com.microsoft.GatherBlockQuantized: Gather from a table of codes, dequantized block by block:
//   output = scale * (code - zero_point)
#include <algorithm>
#include <string>

#include "base/parallel.h"
#include "ops/arguments.h"
#include "ops/indices.h"
#include "ops/narrow_types.h"
#include "ops/wide.h"

namespace zeropoint {
namespace {

constexpr std::size_t kData = 0, kIndices = 1, kScales = 2, kZeroPoints = 3;

/// One node, decided. "Row" is what lies between two steps along the axes before the quantized one.
struct Table {
  DType code_type;  // u8 data may hold several codes of 2 or 4 bits in a byte
  std::int64_t codes_per_element;
  Shape shape;  // in codes
  std::size_t gather_axis, quantize_axis;
  std::int64_t block_size, blocks;
  std::int64_t default_zero_point;
};

Table table_of(const OpSite& site) {
  const ValueFacts& data = site.input(kData);
  const auto rank = static_cast<std::int64_t>(data.shape.size());
  if (rank == 0) site.invalid("the data is a scalar");
  Table t{.code_type = data.dtype,
          .codes_per_element = 1,
          .shape = data.shape,
          .gather_axis = static_cast<std::size_t>(positive_axis(site, site.node.get_int("gather_axis", 0), rank)),
          .quantize_axis = static_cast<std::size_t>(positive_axis(site, site.node.get_int("quantize_axis", 1), rank)),
          .block_size = site.node.get_int("block_size", 128),
          .blocks = 0,
          .default_zero_point = 0};
  if (data.dtype == DType::u8) {
    const std::int64_t width = site.node.get_int("bits", 4);
    if (width != 2 && width != 4 && width != 8) site.invalid("bits is {}; 2, 4 or 8 is expected", width);
    t.code_type = width == 2 ? DType::u2 : width == 4 ? DType::u4 : DType::u8;
    t.codes_per_element = 8 / width;
    t.shape.back() *= t.codes_per_element;
    t.default_zero_point = std::int64_t{1} << (width - 1);
    if (t.gather_axis != 0 || t.quantize_axis + 1 != t.shape.size()) {
      site.unsupported("uint8 data is gathered along axis 0 and quantized along the last axis only");
    }
  } else if (data.dtype != DType::i4 && data.dtype != DType::u4) {
    site.unsupported("data of {} is not offered", name(data.dtype));
  }
  if (t.block_size < 16 || (t.block_size & (t.block_size - 1)) != 0) {
    site.invalid("block_size {} is no power of two of at least 16", t.block_size);
  }
  t.blocks = (t.shape[t.quantize_axis] + t.block_size - 1) / t.block_size;
  Shape expected = t.shape;
  expected[t.quantize_axis] = t.blocks;
  if (site.input(kScales).shape != expected) {
    site.invalid("scales have shape {}; {} is expected", to_string(site.input(kScales).shape), to_string(expected));
  }
  expected.back() = (expected.back() + t.codes_per_element - 1) / t.codes_per_element;
  if (site.has(kZeroPoints) &&
      (site.input(kZeroPoints).shape != expected || site.input(kZeroPoints).dtype != data.dtype)) {
    site.invalid("zero_points are {} of shape {}; {} of shape {} is expected", name(site.input(kZeroPoints).dtype),
                 to_string(site.input(kZeroPoints).shape), name(data.dtype), to_string(expected));
  }
  return t;
}

std::vector<ValueFacts> infer(const OpSite& site) {
  const Table t = table_of(site);
  const auto axis = static_cast<std::ptrdiff_t>(t.gather_axis);
  const Shape& indices = site.input(kIndices).shape;
  Shape shape(t.shape.begin(), t.shape.begin() + axis);
  shape.insert(shape.end(), indices.begin(), indices.end());
  shape.insert(shape.end(), t.shape.begin() + axis + 1, t.shape.end());
  return {planned(site, site.input(kScales).dtype, std::move(shape))};
}

class GatherBlockQuantized final : public Kernel {
 public:
  explicit GatherBlockQuantized(const OpSite& site)
      : where_(site.node.label), t_(table_of(site)), index_count_(element_count(site.input(kIndices).shape)) {
    check_index_type(site, kIndices);
    outer_ = count_between(t_.shape, 0, t_.gather_axis);
    dim_ = t_.shape[t_.gather_axis];
    inner_ = count_between(t_.shape, t_.gather_axis + 1, t_.shape.size());
    length_ = t_.shape[t_.quantize_axis];
    below_ = count_between(t_.shape, t_.quantize_axis + 1, t_.shape.size());
    if (site.has(kZeroPoints)) {  // bytes of packed zero points may be padded at the end of a row
      const bool is_last = t_.quantize_axis + 1 == t_.shape.size();
      zero_point_row_ = is_last ? site.input(kZeroPoints).shape.back() * t_.codes_per_element : t_.blocks;
    }
  }

  std::size_t scratch_bytes() const override { return static_cast<std::size_t>(index_count_) * sizeof(std::int64_t); }

  void run(const KernelIo& io) override {
    auto* indices = reinterpret_cast<std::int64_t*>(io.scratch);
    read_indices(io.in(kIndices), dim_, where_, {indices, static_cast<std::size_t>(index_count_)});
    float* to = io.out(0).mutable_data<float>();
    parallel_chunks(outer_ * index_count_, [&](std::int64_t i) {
      const std::int64_t first = (i / index_count_ * dim_ + indices[i % index_count_]) * inner_;
      dequantize(io, first, to + i * inner_);
    });
  }

 private:
  /// The codes [first, first + inner) of the table, in runs that share scale and zero point.
  void dequantize(const KernelIo& io, std::int64_t first, float* to) const {
    for (std::int64_t at = first; at < first + inner_;) {
      const std::int64_t position = at / below_ % length_;
      const std::int64_t row = at / below_ / length_;
      std::int64_t run = 1;
      if (below_ == 1) {
        const std::int64_t block_end = std::min(length_, (position / t_.block_size + 1) * t_.block_size);
        run = std::min({block_end - position, first + inner_ - at, kWideBlock});
      }
      const std::int64_t block = position / t_.block_size;
      const float scale = io.in(kScales).data<float>()[(row * t_.blocks + block) * below_ + at % below_];
      const std::int64_t zero_point =
          io.has(kZeroPoints) ? code(io.in(kZeroPoints), (row * zero_point_row_ + block) * below_ + at % below_)
                              : t_.default_zero_point;
      WideBlock codes;
      load_run(io.in(kData), at, run, codes);
      for (std::int64_t k = 0; k < run; ++k) {
        to[k] = static_cast<float>(codes.as<std::int64_t>()[k] - zero_point) * scale;
      }
      at += run;
      to += run;
    }
  }

  void load_run(const Tensor& tensor, std::int64_t first, std::int64_t count, WideBlock& to) const {
    load_wide(t_.code_type, tensor.raw(), first, count, to.bytes);
  }
  std::int64_t code(const Tensor& tensor, std::int64_t at) const {
    WideBlock one;
    load_run(tensor, at, 1, one);
    return *one.as<std::int64_t>();
  }

  std::string where_;
  Table t_;
  std::int64_t index_count_;
  std::int64_t outer_ = 1, dim_ = 1, inner_ = 1;
  std::int64_t length_ = 1, below_ = 1;  // along the quantized axis, and of what lies below it
  std::int64_t zero_point_row_ = 0;
};

std::unique_ptr<Kernel> make(const OpSite& site) {
  if (site.input(kScales).dtype != DType::f32)
    site.unsupported("scales of {} are not offered", name(site.input(kScales).dtype));
  return std::make_unique<GatherBlockQuantized>(site);
}

constexpr OpSpec kOps[] = {
    {.op_type = "GatherBlockQuantized",
     .domain = "com.microsoft",
     .infer = infer,
     .make = halves_too<infer, make>,
     .integer_types = "int4, uint4, uint8"},
};

}  // namespace

std::span<const OpSpec> ops_gather_block_quantized() { return kOps; }

}  // namespace zeropoint
