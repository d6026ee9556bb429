#include "ops/move.h"

#include "ops/arguments.h"

namespace zeropoint {
namespace {

class Moves final : public Kernel {
 public:
  explicit Moves(std::vector<Move> moves) : moves_(std::move(moves)) {}

  void run(const KernelIo& io) override {
    for (const Move& move : moves_) {
      auto* dst = static_cast<std::byte*>(io.out(move.to).mutable_raw()) + move.to_offset;
      const auto* src = static_cast<const std::byte*>(io.in(move.from).raw()) + move.from_offset;
      move.copy.run(dst, src);
    }
  }

 private:
  std::vector<Move> moves_;
};

std::unique_ptr<Kernel> make_string_copy() {
  return make_kernel([](const KernelIo& io) { io.out(0) = Tensor::of_strings(io.out(0).shape(), io.in(0).strings()); });
}

}  // namespace

std::unique_ptr<Kernel> make_copy(const OpSite& site) {
  const ValueFacts& x = site.input(0);
  if (x.dtype == DType::string) return make_string_copy();
  const auto bytes = static_cast<std::int64_t>(storage_bytes(x.dtype, element_count(x.shape)));
  return make_moves({{.copy = StridedCopy({bytes}, {1}, {1}, 1)}});
}

std::unique_ptr<Kernel> make_moves(std::vector<Move> moves) { return std::make_unique<Moves>(std::move(moves)); }

}  // namespace zeropoint
