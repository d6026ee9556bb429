#include <cmath>
#include <type_traits>

#include "base/int128.h"
#include "ops/arguments.h"
#include "ops/dispatch.h"
#include "ops/move.h"
#include "ops/narrow_types.h"

namespace zeropoint {
namespace {

/// ceil((limit - start) / delta), at least 0, exactly for integers of 64 bits.
std::int64_t exact_count(std::int64_t start, std::int64_t limit, std::int64_t delta) {
  const int128 distance = delta > 0 ? int128{limit} - start : int128{start} - limit;
  const int128 step = delta > 0 ? int128{delta} : -int128{delta};
  if (distance <= 0) return 0;
  const int128 count = (distance + step - 1) / step;
  return count > INT64_MAX ? INT64_MAX : static_cast<std::int64_t>(count);
}

std::int64_t count_of(const OpSite& site) {
  if (number(site, 2, "delta") == 0) site.invalid("delta is 0");
  if (site.input(0).dtype == DType::i64) {
    return exact_count(single_integer(site, 0, "start"), single_integer(site, 1, "limit"),
                       single_integer(site, 2, "delta"));
  }
  const double start = number(site, 0, "start");
  const double limit = number(site, 1, "limit");
  const double delta = number(site, 2, "delta");
  const double count = std::ceil((limit - start) / delta);
  if (!(count < 0x1p62)) site.invalid("{} to {} in steps of {} has no end", start, limit, delta);
  return count > 0 ? static_cast<std::int64_t>(count) : 0;
}

std::vector<ValueFacts> infer(const OpSite& site) {
  const DType dtype = site.input(0).dtype;
  if (site.input(1).dtype != dtype || site.input(2).dtype != dtype) {
    site.invalid("start is {}, limit {}, delta {}: one type is expected", name(dtype), name(site.input(1).dtype),
                 name(site.input(2).dtype));
  }
  if (is_pending(site, 0) || is_pending(site, 1) || is_pending(site, 2)) return late(dtype);
  return {planned(site, dtype, {count_of(site)})};
}

/// output[i] = start + i * delta
std::unique_ptr<Kernel> make(const OpSite& site) {
  return for_number(site, site.input(0).dtype, [&]<class T>() {
    return make_kernel([](const KernelIo& io) {
      const T start = io.in(0).data<T>()[0];
      const T delta = io.in(2).data<T>()[0];
      const auto to = io.out(0).mutable_values<T>();
      for (std::size_t i = 0; i < to.size(); ++i) to[i] = static_cast<T>(start + static_cast<T>(i) * delta);
    });
  });
}

constexpr OpSpec kOps[] = {
    {.op_type = "Range", .infer = infer, .make = halves_too<infer, make>},
};

}  // namespace

std::span<const OpSpec> ops_range() { return kOps; }

}  // namespace zeropoint
