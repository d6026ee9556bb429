// The ONNX reader on arbitrary bytes: a model or one clear error, never a crash. What was read is
// printed, written and read again, and the second writing must be the first's bytes; then every pass
// tries its hand on it.
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "exporters/onnx.h"
#include "frontends/onnx.h"
#include "graph/text.h"
#include "passes/passes.h"
#include "zeropoint/error.h"

using namespace zeropoint;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const Model model = parse_onnx(std::as_bytes(std::span(data, size)), nullptr, "fuzz.onnx");
    print_graph(model.graph);
    const std::string once = serialize_onnx(model);
    const std::string twice = serialize_onnx(parse_onnx(std::as_bytes(std::span(once)), nullptr, "again.onnx"));
    if (once != twice) std::abort();
    Model cleaned = model;
    cleaned.graph = deep_copy(model.graph);
    inline_functions(cleaned);
    remove_identities(cleaned);
    fold_constants(cleaned);
    fold_batch_norm(cleaned);
    remove_dead_code(cleaned);
    upgrade_opset(cleaned, 21);
    serialize_onnx(cleaned);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::internal) std::abort();
    if (std::strchr(error.what(), '\n') != nullptr) std::abort();  // one line
  }
  return 0;
}
