// Ctrl-C without broken files: a handler sets a flag, long loops poll it and unwind as an Error.
#pragma once

namespace zeropoint {

/// Installs the SIGINT and SIGTERM handler. A second signal ends the process at once.
/// A write beyond the file size limit becomes an error of that write.
void install_interrupt_handler();

/// Throws Error{interrupted} once a signal has come. Cheap enough for every step of a loop.
void check_interrupt();

}  // namespace zeropoint
