// A tensor that stays as it is, carried to the output in pieces.
#pragma once

#include "checkpoint/checkpoint.h"
#include "exporters/safetensors_writer.h"

namespace zeropoint {

constexpr std::uint64_t kCopyPiece = 16 << 20;  // bytes that are in memory at a time

/// Throws invalid_data naming the index of a NaN or an infinity; integers are always finite.
void require_finite(const Checkpoint& checkpoint, const StoredTensor& tensor);

/// Throws invalid_data naming the index of a NaN or an infinity where there must be none.
void copy_tensor(const Checkpoint& checkpoint, const StoredTensor& tensor, bool must_be_finite,
                 SafetensorsWriter& writer);

}  // namespace zeropoint
