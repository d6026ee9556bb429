#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "base/parallel.h"
#include "ops/elementwise.h"
#include "ops/inner_op.h"
#include "ops/narrow_types.h"
#include "ops/wide.h"

// MatMulNBits of com.microsoft: y = a B^T + bias, where B [N, K] is stored as codes of 2, 4 or 8 bits in
// blocks along K, low bits first: B = (q - zero_point) scale, one scale and zero point per block. Absent zero
// points are 2^(bits - 1). The weights are dequantized once, while the plan is made. With accuracy_level 4, a is
// rounded to 8 bits per block (scale max|a| / 127), where ONNX Runtime does so to use integer products.
namespace zeropoint {
namespace {

enum Input : std::size_t { kA, kB, kScales, kZeroPoints, kGroups, kBias };

struct Format {
  std::int64_t k, n, bits, block_size;

  explicit Format(const OpSite& site)
      : k(site.node.get_int("K", 0)),
        n(site.node.get_int("N", 0)),
        bits(site.node.get_int("bits", 4)),
        block_size(site.node.get_int("block_size", 0)) {
    if (k <= 0 || n <= 0) site.invalid("K = {} and N = {} must be positive", k, n);
    if (bits != 2 && bits != 4 && bits != 8) site.invalid("bits = {}; 2, 4 and 8 are offered", bits);
    if (block_size < 16 || (block_size & (block_size - 1)) != 0) {
      site.invalid("block_size = {}; it must be a power of two of at least 16", block_size);
    }
    if (site.has(kGroups)) site.unsupported("g_idx (input 4) is not offered");
  }

  std::int64_t blocks() const { return (k + block_size - 1) / block_size; }
  std::int64_t block_bytes() const { return block_size * bits / 8; }
  std::int64_t zero_point_bytes() const { return (blocks() * bits + 7) / 8; }
};

void require_size(const OpSite& site, std::size_t input, DType dtype, std::int64_t size, std::string_view role) {
  const ValueFacts& facts = site.input(input);
  if (facts.dtype != dtype || element_count(facts.shape) != size) {
    site.invalid("{} is {} {}; {} elements of {} are expected", role, name(facts.dtype), to_string(facts.shape), size,
                 name(dtype));
  }
}

unsigned code_at(const std::uint8_t* bytes, std::int64_t i, std::int64_t bits) {
  const std::int64_t bit = i * bits;
  return (bytes[bit / 8] >> (bit % 8)) & ((1U << bits) - 1U);
}

/// One value per block, in row-major [N, blocks].
std::vector<float> zero_points(const OpSite& site, const Format& f) {
  std::vector<float> zeros(static_cast<std::size_t>(f.n * f.blocks()), static_cast<float>(1 << (f.bits - 1)));
  if (!site.has(kZeroPoints)) return zeros;
  const Tensor& given = site.constant(kZeroPoints, "zero_points");
  if (given.dtype() != DType::u8) {
    require_size(site, kZeroPoints, site.input(kScales).dtype, f.n * f.blocks(), "zero_points");
    load_wide(given.dtype(), given.raw(), 0, given.size(), zeros.data());
    return zeros;
  }
  require_size(site, kZeroPoints, DType::u8, f.n * f.zero_point_bytes(), "zero_points");
  const auto* bytes = given.data<std::uint8_t>();
  for (std::int64_t row = 0; row < f.n; ++row) {
    for (std::int64_t block = 0; block < f.blocks(); ++block) {
      zeros[static_cast<std::size_t>(row * f.blocks() + block)] =
          static_cast<float>(code_at(bytes + row * f.zero_point_bytes(), block, f.bits));
    }
  }
  return zeros;
}

/// B as float32 [K, N], ready for a matrix product.
Tensor dequantized(const OpSite& site, const Format& f) {
  require_size(site, kB, DType::u8, f.n * f.blocks() * f.block_bytes(), "B");
  require_size(site, kScales, site.input(kScales).dtype, f.n * f.blocks(), "scales");
  const auto* codes = site.constant(kB, "B").data<std::uint8_t>();
  const Tensor& given = site.constant(kScales, "scales");
  std::vector<float> scales(static_cast<std::size_t>(f.n * f.blocks()));
  load_wide(given.dtype(), given.raw(), 0, given.size(), scales.data());
  const std::vector<float> zeros = zero_points(site, f);

  Tensor b = Tensor::allocate(DType::f32, {f.k, f.n});
  float* to = b.mutable_data<float>();
  parallel_ranges(f.n, 16, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      for (std::int64_t i = 0; i < f.k; ++i) {
        const std::int64_t block = row * f.blocks() + i / f.block_size;
        const unsigned code = code_at(codes + block * f.block_bytes(), i % f.block_size, f.bits);
        const auto at = static_cast<std::size_t>(block);
        to[i * f.n + row] = (static_cast<float>(code) - zeros[at]) * scales[at];
      }
    }
  });
  return b;
}

/// a -> scale rint(a / scale) with scale = max|a| / 127 for every block of every row.
void round_to_8_bits(const float* a, std::int64_t rows, std::int64_t k, std::int64_t block_size, float* rounded) {
  constexpr float kLargestCode = 127;
  parallel_ranges(rows, std::max<std::int64_t>(1, kCheapGrain / k), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin * k; i < end * k;) {
      const std::int64_t stop = i + std::min(block_size, k - i % k);
      float largest = 0;
      for (std::int64_t p = i; p < stop; ++p) largest = std::max(largest, std::abs(a[p]));
      const float scale = largest / kLargestCode;
      for (; i < stop; ++i) rounded[i] = scale == 0 ? 0.0F : std::nearbyint(a[i] / scale) * scale;
    }
  });
}

class MatMulNBitsKernel final : public Kernel {
 public:
  explicit MatMulNBitsKernel(const OpSite& site)
      : format_(site),
        b_(dequantized(site, format_)),
        product_(site, "MatMul", {site.input(kA), {.dtype = DType::f32, .shape = b_.shape(), .constant = b_}}) {
    if (rounds_lhs(site)) rounded_a_ = Tensor::allocate(DType::f32, site.input(kA).shape);
    if (site.has(kBias)) {
      require_size(site, kBias, DType::f32, b_.dim(1), "bias");
      add_bias_.emplace(product_.facts().shape,
                        std::initializer_list<const Shape*>{&product_.facts().shape, &site.input(kBias).shape},
                        kCheapGrain);
    }
  }

  void run(const KernelIo& io) override {
    if (rounded_a_) {
      round_to_8_bits(io.in(kA).data<float>(), rounded_a_.size() / format_.k, format_.k, format_.block_size,
                      rounded_a_.mutable_data<float>());
    }
    const Tensor* const operands[] = {rounded_a_ ? &rounded_a_ : &io.in(kA), &b_};
    product_.run_into(operands, io.out(0));
    if (add_bias_) run_binary(BinaryF32::add, *add_bias_, io.out(0), io.in(kBias), io.out(0));
  }

 private:
  /// It has no integer product for zero points between the codes, nor for 2 bits in blocks of 16.
  bool rounds_lhs(const OpSite& site) const {
    constexpr std::int64_t kEightBits = 4;  // the accuracy level's number
    const bool has_integer_product = format_.bits > 2 || format_.block_size > 16;
    const bool has_codes = !site.has(kZeroPoints) || site.input(kZeroPoints).dtype == DType::u8;
    return site.node.get_int("accuracy_level", 0) == kEightBits && has_integer_product && has_codes;
  }

  Format format_;
  Tensor b_;
  Tensor rounded_a_;  // accuracy level 4 only
  InnerOp product_;
  std::optional<Broadcast> add_bias_;
};

std::vector<ValueFacts> infer(const OpSite& site) {
  const Format f(site);
  Shape shape = site.input(kA).shape;
  if (shape.empty() || shape.back() != f.k)
    site.invalid("input 0 of shape {} does not end in K = {}", to_string(shape), f.k);
  shape.back() = f.n;
  return {{.dtype = site.input(kA).dtype, .shape = shape}};
}

std::unique_ptr<Kernel> make(const OpSite& site) {
  if (site.input(kA).dtype != DType::f32) site.unsupported("{} is not offered", name(site.input(kA).dtype));
  return std::make_unique<MatMulNBitsKernel>(site);
}

constexpr OpSpec kOps[] = {{.op_type = "MatMulNBits",
                            .domain = "com.microsoft",
                            .infer = infer,
                            .make = halves_too<infer, make>,
                            .float_types = "float16 bfloat16 float32",
                            .integer_types = "2, 4 and 8 bit weights"}};

}  // namespace

std::span<const OpSpec> ops_matmul_nbits() { return kOps; }

}  // namespace zeropoint
