// How idle threads wait on a machine that others use too.
//
// OpenMP's threads spin while they wait for each other: the fastest way when every thread has a core of its own, and
// ten times slower than sleeping when it has not (a spinning thread takes the core that the awaited one needs). The
// policy can only be chosen before the OpenMP library is loaded, so the program starts itself again where it must.
#pragma once

#include <string_view>

namespace zeropoint::cli {

/// Whether more than `cores` programs want to run, judged by the text of /proc/loadavg. False for other text.
bool is_busy(std::string_view loadavg, int cores);

/// On a busy machine, unless the environment says how to wait: executes this program again with
/// OMP_WAIT_POLICY=passive.
void wait_politely(char** argv);

}  // namespace zeropoint::cli
