#include "kernels/elementwise/select.h"
#include "ops/arguments.h"
#include "ops/broadcast.h"
#include "ops/dispatch.h"
#include "ops/elementwise.h"

// Where: condition ? x : y, all three broadcast.
namespace zeropoint {
namespace {

std::vector<ValueFacts> infer(const OpSite& site) {
  if (site.input(0).dtype != DType::boolean) site.invalid("condition is {}, not boolean", name(site.input(0).dtype));
  if (site.input(1).dtype != site.input(2).dtype) {
    site.invalid("inputs 1 and 2 have different types, {} and {}", name(site.input(1).dtype),
                 name(site.input(2).dtype));
  }
  return {planned(site, site.input(1).dtype, broadcast_shape(site))};
}

template <class T>
void select(const Broadcast::Tile& t, const std::uint8_t* condition, const T* x, const T* y, T* out) {
  for (std::int64_t row = 0; row < t.rows; ++row) {
    const std::uint8_t* c = condition + t.in[0] + row * t.row_step[0];
    const T* a = x + t.in[1] + row * t.row_step[1];
    const T* b = y + t.in[2] + row * t.row_step[2];
    T* to = out + t.out + row * t.cols;
    for (std::int64_t i = 0; i < t.cols; ++i) {
      to[i] = c[i * t.col_step[0]] != 0 ? a[i * t.col_step[1]] : b[i * t.col_step[2]];
    }
  }
}

std::unique_ptr<Kernel> make(const OpSite& site) {
  const Broadcast walk(broadcast_shape(site), {&site.input(0).shape, &site.input(1).shape, &site.input(2).shape},
                       kCheapGrain);
  return for_size(site, site.input(1).dtype, [&]<class T>() {
    return make_kernel([walk](const KernelIo& io) {
      const auto* condition = io.in(0).data<std::uint8_t>();
      const T* x = io.in(1).data<T>();
      const T* y = io.in(2).data<T>();
      T* out = io.out(0).mutable_data<T>();
      walk.for_each_tile([&](const Broadcast::Tile& t) {
        if constexpr (std::is_same_v<T, std::uint32_t>) {
          select_u32({condition + t.in[0], t.row_step[0], t.col_step[0]}, {x + t.in[1], t.row_step[1], t.col_step[1]},
                     {y + t.in[2], t.row_step[2], t.col_step[2]}, out + t.out, t.rows, t.cols);
        } else {
          select(t, condition, x, y, out);
        }
      });
    });
  });
}

constexpr OpSpec kOps[] = {{.op_type = "Where",
                            .since = 9,
                            .infer = infer,
                            .make = make,
                            .keeps_layout = true,
                            .float_types = "all types of whole bytes"}};

}  // namespace

std::span<const OpSpec> ops_where() { return kOps; }

}  // namespace zeropoint
