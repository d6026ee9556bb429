// The paths on a command line, checked before any work is done for them.
#pragma once

namespace CLI {
class App;
}

namespace zeropoint::cli {

/// Of a command line that was parsed. Every value that names a file or folder counts as read, except those of the
/// options that write; an ONNX model brings the files of its external data with it. Throws invalid_option for what has
/// no name and for what would write over what is read, io for a place where nothing can be written.
void check_paths(const CLI::App& app);

}  // namespace zeropoint::cli
