// Where samples come from, before anything is done to them. A Dataset pulls samples in order from a
// source, then decodes, preprocesses and converts several at once.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "data/preprocess.h"
#include "zeropoint/tensor.h"

namespace zeropoint {

/// What feeds one model input: an array in memory, or an image file that is still encoded.
struct RawInput {
  Tensor tensor;
  std::filesystem::path image;
};

struct RawSample {
  std::vector<RawInput> inputs;      // in the model's order
  std::vector<std::int64_t> labels;  // one per sample, or none
  std::string where;                 // "test.npz: sample 3"
  bool is_whole = false;             // the tensors have the model's rank; otherwise they lack the batch axis
  std::int64_t samples = 1;          // more than one only when is_whole
};

class Source {
 public:
  virtual ~Source() = default;
  virtual std::int64_t samples() const = 0;
  virtual bool has_labels() const = 0;
  virtual RawSample next() = 0;  ///< At most samples() of them; may throw invalid_data.
  virtual void rewind() = 0;
  virtual std::vector<std::string> warnings() const { return {}; }
};

/// What a source needs to know to cut arrays into samples.
struct SourceContext {
  std::span<const ProgramValue> inputs;
  const DataOptions& options;
  const Preprocess& preprocess;

  bool is_preprocessed(const ProgramValue& input) const;
};

/// Chooses by what `path` is: its extension, or what lies in the folder.
std::unique_ptr<Source> open_source(const std::string& path, const SourceContext& context);

/// An array in a file of its own (.npy, .pb) or in an archive.
struct ArrayPlace {
  std::filesystem::path file;
  std::string member;  // of an .npz; empty otherwise
};

/// Arrays that belong together: one per model input, in order, and perhaps one of labels.
struct ArrayShard {
  std::vector<ArrayPlace> inputs;
  std::vector<ArrayPlace> labels;  // none or one
};
std::unique_ptr<Source> array_source(std::vector<ArrayShard> shards, const SourceContext& context);

/// Which arrays of an .npz feed which inputs. Throws invalid_data listing both.
ArrayShard npz_shard(const std::filesystem::path& file, std::span<const ProgramValue> inputs);

/// Files that hold a sample each: images or .npy arrays. For models with one input.
struct ListedFile {
  std::filesystem::path path;
  std::int64_t label = 0;
};
struct FileList {
  std::vector<ListedFile> files;
  bool has_labels = false;
};
std::unique_ptr<Source> file_source(FileList list, const SourceContext& context);

/// Rows "file,label" or "file"; files are relative to the CSV's folder.
FileList read_csv(const std::filesystem::path& file);

/// A subfolder per class. The label is the folder's name when every name is a number, otherwise its place in byte
/// order.
FileList list_class_folders(const std::filesystem::path& folder);

/// Token ids as text, a sequence per line. For models with one input.
std::unique_ptr<Source> token_source(const std::filesystem::path& path, const SourceContext& context);

/// Noise of the model's shapes, the same for the same seed.
std::unique_ptr<Source> random_source(const SourceContext& context);

bool is_image_file(const std::filesystem::path& path);

/// Dimensions as the model declares them: "[N, 3, 224, 224]", "?" for unknown ones without a name.
std::string describe(std::span<const Dim> dims);

/// What may help an array whose shape is wrong for this input: "" or " (--preprocess can ...)", which is for pictures
/// and measurements, not for token ids and positions.
std::string_view preprocess_hint(const ProgramValue& input, bool is_preprocessed);

/// Whether a shape agrees with dimensions of the same number, unknown ones being free.
bool fits(const Shape& shape, std::span<const Dim> dims);

}  // namespace zeropoint
