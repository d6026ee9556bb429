#include "ops/elementwise.h"

#include <algorithm>

#include "base/parallel.h"
#include "ops/arguments.h"

namespace zeropoint {
namespace {

void require_one_type(const OpSite& site) {
  for (std::size_t i = 1; i < site.inputs.size(); ++i) {
    if (site.input(i).dtype != site.input(0).dtype) {
      site.invalid("inputs 0 and {} have different types, {} and {}", i, name(site.input(0).dtype),
                   name(site.input(i).dtype));
    }
  }
}

template <class Table>
auto lookup(const OpSite& site, const Table& table) {
  const DType dtype = site.input(0).dtype;
  const auto f = has_wide(dtype) ? table[static_cast<std::size_t>(wide_of(dtype))] : nullptr;
  if (f == nullptr) site.unsupported("{} is not offered for this operator", name(dtype));
  return f;
}

}  // namespace

const void* WideOperand::block(std::int64_t col, std::int64_t n) {
  if (col_step_ != 0) {
    load_wide(tensor_.dtype(), tensor_.raw(), row_begin_ + col, n, block_.bytes);
  } else if (filled_ < n) {
    load_wide(tensor_.dtype(), tensor_.raw(), row_begin_, 1, block_.bytes);
    if (wide_of(tensor_.dtype()) == Wide::f32) {
      std::fill_n(block_.as<float>() + 1, n - 1, *block_.as<float>());
    } else {
      std::fill_n(block_.as<std::uint64_t>() + 1, n - 1, *block_.as<std::uint64_t>());  // f64, i64, u64: 8 bytes
    }
    filled_ = n;
  }
  return block_.bytes;
}

std::vector<ValueFacts> infer_like_input(const OpSite& site) {
  return {{.dtype = site.input(0).dtype, .shape = site.input(0).shape}};
}

std::vector<ValueFacts> infer_broadcast(const OpSite& site) {
  if (site.inputs.empty()) site.invalid("there are no inputs");
  require_one_type(site);
  return {planned(site, site.input(0).dtype, broadcast_shape(site))};
}

std::vector<ValueFacts> infer_broadcast_boolean(const OpSite& site) {
  require_one_type(site);
  return {planned(site, DType::boolean, broadcast_shape(site))};
}

std::vector<ValueFacts> infer_boolean_like_input(const OpSite& site) {
  return {{.dtype = DType::boolean, .shape = site.input(0).shape}};
}

WideUnary function_for(const OpSite& site, const WideUnaryTable& table) { return lookup(site, table); }
WideBinary function_for(const OpSite& site, const WideBinaryTable& table) { return lookup(site, table); }

void run_binary(WideBinary f, WideResult result, const Broadcast& walk, const Tensor& a, const Tensor& b, Tensor& y) {
  walk.for_each_tile([&](const Broadcast::Tile& tile) {
    WideBlock out;
    for (std::int64_t row = 0; row < tile.rows; ++row) {
      WideOperand lhs(a, tile.in[0] + row * tile.row_step[0], tile.col_step[0]);
      WideOperand rhs(b, tile.in[1] + row * tile.row_step[1], tile.col_step[1]);
      for (std::int64_t col = 0; col < tile.cols; col += kWideBlock) {
        const std::int64_t n = std::min(kWideBlock, tile.cols - col);
        const std::int64_t at = tile.out + row * tile.cols + col;
        if (result == WideResult::boolean) {
          f(lhs.block(col, n), rhs.block(col, n), y.mutable_data<std::uint8_t>() + at, n);
        } else {
          f(lhs.block(col, n), rhs.block(col, n), out.bytes, n);
          store_wide(y.dtype(), y.mutable_raw(), at, n, out.bytes);
        }
      }
    }
  });
}

void run_binary(BinaryF32 f, const Broadcast& walk, const Tensor& a, const Tensor& b, Tensor& y) {
  const float* pa = a.data<float>();
  const float* pb = b.data<float>();
  float* py = y.mutable_data<float>();
  walk.for_each_tile([&](const Broadcast::Tile& t) {
    binary_f32(f, {pa + t.in[0], t.row_step[0], t.col_step[0]}, {pb + t.in[1], t.row_step[1], t.col_step[1]},
               py + t.out, t.rows, t.cols);
  });
}

std::unique_ptr<Kernel> make_wide_unary(const OpSite& site, const WideUnaryTable& table, WideResult result) {
  const WideUnary f = function_for(site, table);
  return make_kernel([f, result](const KernelIo& io) {
    const Tensor& x = io.in(0);
    Tensor& y = io.out(0);
    parallel_ranges(x.size(), kCostlyGrain, [&](std::int64_t begin, std::int64_t end) {
      WideBlock in;
      WideBlock out;
      for (std::int64_t i = begin; i < end; i += kWideBlock) {
        const std::int64_t n = std::min(kWideBlock, end - i);
        load_wide(x.dtype(), x.raw(), i, n, in.bytes);
        if (result == WideResult::boolean) {
          f(in.bytes, y.mutable_data<std::uint8_t>() + i, n);
        } else {
          f(in.bytes, out.bytes, n);
          store_wide(y.dtype(), y.mutable_raw(), i, n, out.bytes);
        }
      }
    });
  });
}

std::unique_ptr<Kernel> make_wide_binary(const OpSite& site, const WideBinaryTable& table, WideResult result) {
  const WideBinary f = function_for(site, table);
  const Broadcast walk(broadcast_shape(site), {&site.input(0).shape, &site.input(1).shape}, kCostlyGrain);
  return make_kernel(
      [f, result, walk](const KernelIo& io) { run_binary(f, result, walk, io.in(0), io.in(1), io.out(0)); });
}

std::unique_ptr<Kernel> make_binary(const OpSite& site, BinaryF32 f32, const WideBinaryTable& others) {
  if (site.input(0).dtype != DType::f32) return make_wide_binary(site, others);
  const Broadcast walk(broadcast_shape(site), {&site.input(0).shape, &site.input(1).shape}, kCheapGrain);
  return make_kernel([f32, walk](const KernelIo& io) { run_binary(f32, walk, io.in(0), io.in(1), io.out(0)); });
}

}  // namespace zeropoint
