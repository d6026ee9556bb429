#include "exporters/safetensors_writer.h"

#include <utility>

#include "base/atomic_file.h"
#include "base/fail.h"

namespace zeropoint {
namespace {

constexpr std::uint64_t kSyncStep = 32 << 20;  // bytes of a tensor after which the system begins to write them

}  // namespace

SafetensorsWriter::SafetensorsWriter(const std::filesystem::path& folder, std::vector<TensorSpec> tensors,
                                     Options options)
    : folder_(folder), tensors_(std::move(tensors)), shards_(lay_out_safetensors(tensors_, options.max_shard_bytes)) {
  for (const SafetensorsShard& shard : shards_) {
    files_.push_back(std::make_unique<PlacedFile>(folder / shard.file, shard.bytes));
    files_.back()->write_at(0, std::as_bytes(std::span(shard.header)));
    for (const SafetensorsShard::Place& place : shard.places) {
      const TensorSpec& spec = tensors_[place.tensor];
      Place& entry = places_[spec.name];
      entry.tensor = place.tensor;
      entry.file = files_.back().get();
      entry.offset = place.offset;
      entry.bytes = storage_bytes(spec);
    }
  }
}

std::uint64_t SafetensorsWriter::bytes() const {
  std::uint64_t total = 0;
  for (const SafetensorsShard& shard : shards_) total += shard.bytes;
  return total;
}

SafetensorsWriter::Place& SafetensorsWriter::place(std::string_view name) {
  const auto at = places_.find(name);
  if (at == places_.end()) fail(ErrorKind::internal, std::string(name), "is written but was not announced");
  return at->second;
}

void SafetensorsWriter::write(std::string_view name, const Tensor& tensor) {
  const TensorSpec& spec = tensors_[place(name).tensor];
  if (tensor.dtype() != spec.dtype || tensor.shape() != spec.shape) {
    fail(ErrorKind::internal, spec.name, "announced as {} {}, written as {} {}", zeropoint::name(spec.dtype),
         to_string(spec.shape), zeropoint::name(tensor.dtype()), to_string(tensor.shape()));
  }
  write(name, 0, {static_cast<const std::byte*>(tensor.stored()), tensor.bytes()});
}

void SafetensorsWriter::write(std::string_view name, std::uint64_t offset, std::span<const std::byte> bytes) {
  Place& to = place(name);
  if (offset > to.bytes || bytes.size() > to.bytes - offset) {
    fail(ErrorKind::internal, std::string(name), "bytes {} to {} of {}", offset, offset + bytes.size(), to.bytes);
  }
  to.file->write_at(to.offset + offset, bytes);
  const std::uint64_t before = to.written.fetch_add(bytes.size());
  const std::uint64_t after = before + bytes.size();
  if (before / kSyncStep != after / kSyncStep || after == to.bytes) to.file->begin_sync(to.offset, to.bytes);
}

void SafetensorsWriter::finish() {
  for (const auto& [name, place] : places_) {
    if (place.written != place.bytes) {
      fail(ErrorKind::internal, std::string(name), "{} of {} bytes were written", place.written.load(), place.bytes);
    }
  }
  if (shards_.size() > 1) {
    write_file_atomically(folder_ / "model.safetensors.index.json", safetensors_index(tensors_, shards_));
  }
}

}  // namespace zeropoint
