// The name under which a result is written before it appears: "<target>.<pid>.tmp", beside its target.
#pragma once

#include <filesystem>

namespace zeropoint {

/// This process's name for `target`. What a run that was killed left behind under such a name is removed: a file, or a
/// folder of nothing but files, whose process is no more. Nothing else is touched, and what cannot be removed stays.
std::filesystem::path temporary_name(const std::filesystem::path& target);

}  // namespace zeropoint
