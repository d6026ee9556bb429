// The paths on a command line, checked before any work is done for them.
#pragma once

#include <string>
#include <string_view>

namespace CLI {
class App;
}

namespace zeropoint::cli {

/// Of a command line that was parsed. Every value that names a file or folder counts as read, except those of the
/// options that write; an ONNX model brings the files of its external data with it. Throws invalid_option for what has
/// no name and for what would write over what is read, io for a place where nothing can be written.
void check_paths(const CLI::App& app);

/// Throws invalid_option unless the name of the file to write ends in `extension` (".npz").
void require_extension(const std::string& output, std::string_view extension);

/// Throws invalid_option where the name of the file to write ends like files of another kind than `own` (".svg");
/// `kind` says what is written. Names that end in nothing or in something unknown pass.
void refuse_other_extension(std::string_view option, const std::string& output, std::string_view own,
                            std::string_view kind);

/// Throws invalid_option for the name of an ONNX model to write that ends like another format's files.
void require_onnx_name(const std::string& output);

/// Throws invalid_option for the name of a folder to write that ends like a model's file; `files` says what writes
/// those.
void require_folder_name(const std::string& output, std::string_view files);

}  // namespace zeropoint::cli
