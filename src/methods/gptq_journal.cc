#include "methods/gptq_journal.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/atomic_file.h"
#include "base/fail.h"
#include "base/fingerprint.h"
#include "base/mapped_file.h"

namespace zeropoint {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr std::string_view kList = "journal.json";
constexpr std::string_view kWeight = ".weight";
constexpr std::string_view kKind = "zeropoint gptq journal 1";

std::string checksum(std::span<const std::byte> bytes) {
  Fingerprint fingerprint;
  fingerprint.add(bytes);
  return fingerprint.hex();
}

/// The file of a weight: codes, scales, zero points and groups one after the other; their sizes follow from the scheme.
struct Parts {
  explicit Parts(QuantizedMatrix& matrix) : parts{&matrix.codes, &matrix.scales, &matrix.zero_points, &matrix.groups} {}
  Tensor* parts[4];
};

QuantizedMatrix allocated(const MatrixScheme& scheme, std::int64_t rows, std::int64_t columns) {
  QuantizedMatrix matrix{.scheme = scheme, .rows = rows, .columns = columns};
  const Shape grids = matrix_grid_shape(scheme, rows, columns);
  matrix.codes = Tensor::allocate(DType::i8, {rows, columns});
  matrix.scales = Tensor::allocate(DType::f32, grids);
  if (!scheme.symmetric) matrix.zero_points = Tensor::allocate(DType::i8, grids);
  if (scheme.act_order) matrix.groups = Tensor::allocate(DType::i32, {columns});
  return matrix;
}

Json to_json(const MatrixScheme& s) {
  return {s.bits, s.symmetric, s.narrow_range, s.per_tensor, s.block_size, s.act_order};
}

MatrixScheme scheme_from(const Json& s) { return {s.at(0), s.at(1), s.at(2), s.at(3), s.at(4), s.at(5)}; }

Json to_json(const GptqWeightReport& r) {
  return {{"name", r.name},
          {"node", r.node},
          {"rows", r.rows},
          {"columns", r.columns},
          {"samples", r.samples},
          {"input_rows", r.input_rows},
          {"loss", r.gptq.loss},
          {"rounding_loss", r.gptq.rounding_loss},
          {"damping", r.gptq.damping},
          {"damping_raises", r.gptq.damping_raises},
          {"dead_columns", r.gptq.dead_columns},
          {"rounded_rows", r.gptq.rounded_rows}};
}

GptqWeightReport report_from(const Json& r) {
  return {.name = r.at("name"),
          .node = r.at("node"),
          .rows = r.at("rows"),
          .columns = r.at("columns"),
          .samples = r.at("samples"),
          .input_rows = r.at("input_rows"),
          .gptq = {.loss = r.at("loss"),
                   .rounding_loss = r.at("rounding_loss"),
                   .damping = r.at("damping"),
                   .damping_raises = r.at("damping_raises"),
                   .dead_columns = r.at("dead_columns"),
                   .rounded_rows = r.at("rounded_rows")}};
}

}  // namespace

GptqJournal::GptqJournal(fs::path folder, std::string fingerprint, OtherRun other_run)
    : folder_(std::move(folder)), fingerprint_(std::move(fingerprint)) {
  std::error_code error;
  if (fs::exists(folder_, error) && read_list(other_run)) return;
  remove();
  if (!fs::create_directory(folder_, error)) {
    fail(ErrorKind::io, folder_.string(), "cannot be made: {}", error ? error.message() : "something is there");
  }
  write_list();
}

/// Whether it is this run's. Leaves alone what is no journal: everything in a journal's folder is removed in the end.
bool GptqJournal::read_list(OtherRun other_run) {
  std::size_t others = 0;
  try {
    const auto file = MappedFile::open(folder_ / kList);
    const Json list = Json::parse(file->text());
    if (list.at("kind") != kKind) throw Error(ErrorKind::io, {}, "another kind");
    const Json& weights = list.at("weights");
    if (list.at("fingerprint") == fingerprint_) {
      for (const Json& row : weights) {
        GptqWeightReport report = report_from(row.at("report"));
        const std::string weight = report.name;
        order_.push_back(weight);
        entries_[weight] = {row.at("file"), row.at("checksum"), std::move(report), scheme_from(row.at("scheme"))};
      }
      return true;
    }
    others = weights.size();
  } catch (const std::exception&) {
    fail(ErrorKind::io, folder_.string(), "is in the way of the journal, and is none; move it elsewhere");
  }
  if (others > 0 && other_run == OtherRun::refuse) {
    fail(ErrorKind::invalid_option, folder_.string(),
         "holds {} finished weight{} of another run (other options, data or weights); repeat its command, or start "
         "over with --force",
         others, others == 1 ? "" : "s");
  }
  return false;
}

void GptqJournal::write_list() const {
  Json list = {{"kind", kKind}, {"fingerprint", fingerprint_}, {"weights", Json::array()}};
  for (const std::string& weight : order_) {
    const Entry& entry = entries_.at(weight);
    list["weights"].push_back({{"file", entry.file},
                               {"checksum", entry.checksum},
                               {"scheme", to_json(entry.scheme)},
                               {"report", to_json(entry.report)}});
  }
  write_file_atomically(folder_ / kList, list.dump(1) + "\n");
}

std::optional<FinishedWeight> GptqJournal::find(const std::string& weight) const {
  const auto found = entries_.find(weight);
  if (found == entries_.end()) return std::nullopt;
  const Entry& entry = found->second;
  std::error_code error;
  const fs::path path = folder_ / fs::path(entry.file).filename();
  if (!fs::is_regular_file(path, error)) return std::nullopt;
  const auto file = MappedFile::open(path);
  if (checksum(file->bytes()) != entry.checksum) return std::nullopt;
  const auto size = static_cast<std::int64_t>(file->bytes().size());
  const std::int64_t rows = entry.report.rows;
  if (rows <= 0 || entry.report.columns <= 0 || entry.report.columns > size / rows) return std::nullopt;
  FinishedWeight finished{allocated(entry.scheme, entry.report.rows, entry.report.columns), entry.report};
  std::span<const std::byte> rest = file->bytes();
  for (Tensor* part : Parts(finished.matrix).parts) {
    if (!*part) continue;
    if (rest.size() < part->bytes()) return std::nullopt;
    std::copy_n(rest.data(), part->bytes(), part->mutable_data<std::byte>());
    rest = rest.subspan(part->bytes());
  }
  if (!rest.empty()) return std::nullopt;
  return finished;
}

void GptqJournal::add(const FinishedWeight& weight) {
  const auto known = entries_.find(weight.report.name);  // a damaged one is written again
  const std::string file =
      known != entries_.end() ? known->second.file : fmt::format("{:05d}{}", order_.size(), kWeight);
  QuantizedMatrix matrix = weight.matrix;
  AtomicFile to(folder_ / file);
  std::vector<std::byte> bytes;
  for (const Tensor* part : Parts(matrix).parts) {
    if (!*part) continue;
    const auto* data = static_cast<const std::byte*>(part->raw());
    bytes.insert(bytes.end(), data, data + part->bytes());
  }
  to.write(bytes);
  to.commit();
  if (known == entries_.end()) order_.push_back(weight.report.name);
  entries_[weight.report.name] = {file, checksum(bytes), weight.report, weight.matrix.scheme};
  write_list();
}

void GptqJournal::remove() {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder_, error)) {
    const fs::path& file = entry.path();
    const bool is_ours = file.filename() == kList || file.extension() == kWeight || file.extension() == ".tmp";
    if (is_ours) fs::remove(file, error);
  }
  fs::remove(folder_, error);  // fails, and stays, when somebody put something else there
  order_.clear();
  entries_.clear();
}

void GptqJournal::give_up() {
  if (finished() == 0) remove();
  try {
    throw;
  } catch (const Error& e) {
    if (e.kind() != ErrorKind::interrupted || finished() == 0) throw;
    fail(ErrorKind::interrupted, "", "interrupted; the same command goes on from {}, which holds {} finished weight{}",
         folder_.string(), finished(), finished() == 1 ? "" : "s");
  }
}

}  // namespace zeropoint
