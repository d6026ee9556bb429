// The one error type of the library.
//
// Everything that goes wrong is thrown as zeropoint::Error; the library never prints and never
// exits. `where` names the place in the user's terms (file, then node or tensor), `message` says
// what is wrong with the value and what to do. Both are one line of UTF-8.
#pragma once

#include <exception>
#include <string>
#include <string_view>

namespace zeropoint {

enum class ErrorKind {
  invalid_model,   // the model's bytes or its graph break the format's rules
  invalid_data,    // calibration or evaluation data is broken, mis-shaped or not finite
  invalid_option,  // the caller asked for something that does not exist or matches nothing
  unsupported,     // valid, but not offered here
  io,              // the operating system refused
  interrupted,     // the user pressed Ctrl-C
  internal,        // a bug in zeropoint
};

std::string_view name(ErrorKind kind);

class Error : public std::exception {
 public:
  Error(ErrorKind kind, std::string where, std::string message);

  ErrorKind kind() const noexcept { return kind_; }
  const std::string& where() const noexcept { return where_; }
  const std::string& message() const noexcept { return message_; }
  const char* what() const noexcept override { return what_.c_str(); }  // "where: message"

 private:
  ErrorKind kind_;
  std::string where_;
  std::string message_;
  std::string what_;
};

}  // namespace zeropoint
