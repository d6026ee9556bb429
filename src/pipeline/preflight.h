// What the machine has, against what the work will take.
#pragma once

#include <cstdint>
#include <filesystem>

#include "zeropoint/checkpoint.h"

namespace zeropoint {

constexpr std::uint64_t kBaseMemory = 64'000'000;  // the program, its libraries and buffers
constexpr double kDiskRate = 500e6;                // bytes per second of a plain disk, for estimates

/// Bytes that a process may still take: what the system says is available, or less where a control group says so. 0:
/// not known.
std::uint64_t available_memory();

/// Free bytes on the file system that `target` will be on.
std::uint64_t free_disk(const std::filesystem::path& target);

/// What the output and what is beside it until it is complete will take.
std::uint64_t disk_bytes(const Preflight& preflight);

/// Throws io when memory or disk do not suffice, saying how much is missing.
void require_resources(const Preflight& preflight, const std::filesystem::path& target);

/// "1.23 GB"
std::string bytes_text(std::uint64_t bytes);

}  // namespace zeropoint
