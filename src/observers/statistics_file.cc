// The statistics file: JSON, version 1.
//
//   {"zeropoint_statistics": 1, "samples": 200, "tensors": {
//   "relu1": {"axis": -1, "histogram_bins": 4096, "moving_average_constant": 0.01,
//     "torch_histogram": false, "slices": [{...}]},
//   ...
//   }, "channel_means": {
//   "relu1": {"count": 605000, "sums": [[1234.5], [0.25, 1e-17], ...]},
//   ...
//   }}
//
// An exact sum is a list of doubles (ExactSum::parts): the first is the sum for a reader, the rest
// makes it exact. What a merge has lost (the moving average, the PyTorch histogram) is left out.
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "base/fail.h"
#include "base/mapped_file.h"
#include "observers/statistics.h"

namespace zeropoint {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kVersion = 1;
constexpr int kMaxAxis = 64;

Json to_json(const SliceStatistics& s) {
  Json json = {{"samples", s.samples},
               {"count", s.count},
               {"zeros", s.zeros},
               {"min", s.min},
               {"max", s.max},
               {"sum", s.sum.parts()},
               {"sum_of_squares", s.sum_of_squares.parts()},
               {"sum_of_abs", s.sum_of_abs.parts()},
               {"sum_of_sample_min", s.sum_of_sample_min.parts()},
               {"sum_of_sample_max", s.sum_of_sample_max.parts()}};
  if (!s.is_merged) {
    json["moving_min"] = s.moving_min;
    json["moving_max"] = s.moving_max;
  }
  if (!s.torch_histogram.empty()) {
    const TorchHistogram& h = s.torch_histogram;
    json["torch_histogram"] = {{"min", h.min}, {"max", h.max}, {"counts", h.counts}};
  }
  if (!s.histogram.empty()) {
    json["histogram"] = {
        {"exponent", s.histogram.exponent}, {"first", s.histogram.first}, {"counts", s.histogram.counts}};
  }
  return json;
}

Json to_json(const TensorStatistics& t) {
  Json slices = Json::array();
  for (const SliceStatistics& slice : t.slices()) slices.push_back(to_json(slice));
  return {{"axis", t.options().axis},
          {"histogram_bins", t.options().histogram_bins},
          {"moving_average_constant", t.options().moving_average_constant},
          {"torch_histogram", t.options().torch_histogram},
          {"slices", std::move(slices)}};
}

Json to_json(const ChannelMeans& means) {
  Json sums = Json::array();
  for (const ExactSum& sum : means.sums()) sums.push_back(sum.parts());
  return {{"count", means.count()}, {"sums", std::move(sums)}};
}

/// One line per entry of a map from tensors' names.
template <class Record>
std::string rows(const std::map<std::string, Record>& records) {
  std::string text;
  for (const auto& [tensor, record] : records) {
    try {
      text += fmt::format("{}{}: {}", text.empty() ? "\n" : ",\n", Json(tensor).dump(), to_json(record).dump());
    } catch (const Json::type_error&) {
      fail(ErrorKind::invalid_model, "statistics", "a tensor's name is not UTF-8");
    }
  }
  return text + "\n";
}

/// One object of the file, read key by key; complains in the file's name.
class Reader {
 public:
  Reader(const Json& json, std::string file, std::string path)
      : json_(json), file_(std::move(file)), path_(std::move(path)) {
    if (!json.is_object()) complain("is not an object");
  }

  template <class... Args>
  [[noreturn]] void complain(fmt::format_string<Args...> format, Args&&... args) const {
    fail(ErrorKind::invalid_data, file_, "not a statistics file that can be read: {} {}", path_,
         fmt::format(format, std::forward<Args>(args)...));
  }

  bool has(const char* key) const { return json_.contains(key); }

  const Json& at(const char* key) const {
    const auto found = json_.find(key);
    if (found == json_.end()) complain("has no \"{}\"", key);
    return *found;
  }

  auto items() const { return json_.items(); }

  Reader object(const char* key) const { return {at(key), file_, path_ + "." + key}; }

  const Json& array(const char* key) const {
    if (!at(key).is_array()) complain("has a \"{}\" that is not a list", key);
    return at(key);
  }

  std::uint64_t natural(const char* key) const {
    if (!at(key).is_number_unsigned()) complain("has a \"{}\" that is not a whole number from 0", key);
    return at(key).get<std::uint64_t>();
  }

  std::int64_t integer(const char* key, std::int64_t least, std::int64_t most) const {
    const Json& value = at(key);
    if (!value.is_number_integer() || value.get<std::int64_t>() < least || value.get<std::int64_t>() > most) {
      complain("has a \"{}\" that is not a whole number from {} to {}", key, least, most);
    }
    return value.get<std::int64_t>();
  }

  bool boolean(const char* key) const {
    if (!at(key).is_boolean()) complain("has a \"{}\" that is neither true nor false", key);
    return at(key).get<bool>();
  }

  double number(const char* key) const {
    if (!at(key).is_number()) complain("has a \"{}\" that is not a number", key);
    const auto value = at(key).get<double>();
    if (!std::isfinite(value)) complain("has a \"{}\" that is not finite", key);
    return value;
  }

  double float32(const char* key) const {
    const double value = number(key);
    if (std::fabs(value) > std::numeric_limits<float>::max() || static_cast<float>(value) != value) {
      complain("has a \"{}\" that is no float32", key);
    }
    return value;
  }

  ExactSum exact_sum(const char* key) const { return exact_sum(array(key), key); }

  ExactSum exact_sum(const Json& parts, const char* key) const {
    if (!parts.is_array()) complain("has a \"{}\" that is not a list of lists", key);
    ExactSum sum;
    for (const Json& part : parts) {
      if (!part.is_number()) complain("has a \"{}\" with something that is not a number", key);
      try {
        sum.add(part.get<double>());
      } catch (const Error&) {
        complain("has a \"{}\" that no sum of float32 values can be", key);
      }
    }
    return sum;
  }

 private:
  const Json& json_;
  std::string file_;
  std::string path_;
};

Histogram read_histogram(const Reader& reader, const SliceStatistics& slice, int bins) {
  Histogram h = Histogram::over(slice.min, slice.max, bins);
  const Json& counts = reader.array("counts");
  if (reader.integer("exponent", -1100, 1100) != h.exponent || reader.at("first") != h.first ||
      counts.size() != h.counts.size()) {
    reader.complain("does not cover the values from {} to {}", slice.min, slice.max);
  }
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (!counts[i].is_number_unsigned()) reader.complain("has a count that is not a whole number from 0");
    h.counts[i] = counts[i].get<std::uint64_t>();
    if (h.counts[i] > slice.count - total) reader.complain("counts more than {} values", slice.count);
    total += h.counts[i];
  }
  if (total != slice.count) reader.complain("counts {} values instead of {}", total, slice.count);
  return h;
}

TorchHistogram read_torch_histogram(const Reader& reader) {
  TorchHistogram h{.min = static_cast<float>(reader.float32("min")), .max = static_cast<float>(reader.float32("max"))};
  for (const Json& count : reader.array("counts")) {
    const bool is_count = count.is_number() && count.get<double>() >= 0 && std::isfinite(count.get<float>());
    if (!is_count) reader.complain("has a count that is no number from 0");
    h.counts.push_back(count.get<float>());
  }
  if (h.counts.size() != TorchHistogram::kBins || h.min > h.max) reader.complain("is no histogram of PyTorch's");
  return h;
}

SliceStatistics read_slice(const Reader& reader, const StatisticsOptions& options) {
  SliceStatistics s;
  s.samples = reader.natural("samples");
  s.count = reader.natural("count");
  s.zeros = reader.natural("zeros");
  s.min = reader.float32("min");
  s.max = reader.float32("max");
  if (s.samples == 0 || s.count < s.samples || s.zeros > s.count || s.min > s.max) {
    reader.complain("contradicts itself: {} samples, {} values, {} zeros, from {} to {}", s.samples, s.count, s.zeros,
                    s.min, s.max);
  }
  s.sum = reader.exact_sum("sum");
  s.sum_of_squares = reader.exact_sum("sum_of_squares");
  s.sum_of_abs = reader.exact_sum("sum_of_abs");
  s.sum_of_sample_min = reader.exact_sum("sum_of_sample_min");
  s.sum_of_sample_max = reader.exact_sum("sum_of_sample_max");
  s.is_merged = !reader.has("moving_min");
  if (!s.is_merged) {
    s.moving_min = reader.number("moving_min");
    s.moving_max = reader.number("moving_max");
  }
  if (options.histogram_bins > 0) s.histogram = read_histogram(reader.object("histogram"), s, options.histogram_bins);
  if (options.torch_histogram && !s.is_merged) {
    s.torch_histogram = read_torch_histogram(reader.object("torch_histogram"));
  }
  return s;
}

TensorStatistics read_tensor(const Reader& reader, const std::string& file, const std::string& name) {
  StatisticsOptions options;
  options.axis = static_cast<int>(reader.integer("axis", -1, kMaxAxis));
  options.histogram_bins = static_cast<int>(reader.integer("histogram_bins", 0, kMaxHistogramBins));
  options.moving_average_constant = reader.number("moving_average_constant");
  options.torch_histogram = reader.boolean("torch_histogram");
  try {
    TensorStatistics empty(options);  // checks the options before they are used
  } catch (const Error& e) {
    reader.complain("has options that no calibration has: {}", e.message());
  }
  std::vector<SliceStatistics> slices;
  const Json& list = reader.array("slices");
  for (std::size_t i = 0; i < list.size(); ++i) {
    const Reader slice(list[i], file, fmt::format("tensor '{}' slice {}", name, i));
    slices.push_back(read_slice(slice, options));
  }
  if (options.axis == -1 && slices.size() > 1) reader.complain("has {} slices but no axis", slices.size());
  return {options, std::move(slices)};
}

ChannelMeans read_channel_means(const Reader& reader) {
  std::vector<ExactSum> sums;
  for (const Json& parts : reader.array("sums")) sums.push_back(reader.exact_sum(parts, "sums"));
  const std::uint64_t count = reader.natural("count");
  if (count == 0 && !sums.empty()) reader.complain("has a \"count\" of 0");
  return {count, std::move(sums)};
}

}  // namespace

std::string Statistics::to_json() const {
  return fmt::format(
      "{{\"zeropoint_statistics\": {}, \"samples\": {}, \"tensors\": {{{}}}, \"channel_means\": {{{}}}}}\n", kVersion,
      samples, rows(tensors), rows(channel_means));
}

Statistics Statistics::from_json(std::string_view text, const std::string& file) {
  Json json;
  try {
    json = Json::parse(text);
  } catch (const Json::parse_error& e) {
    fail(ErrorKind::invalid_data, file, "is not JSON at its byte {}", e.byte);
  } catch (const Json::exception&) {
    fail(ErrorKind::invalid_data, file, "is not JSON: a number is too large");
  }
  const Reader reader(json, file, "the file");
  if (!reader.has("zeropoint_statistics")) reader.complain("has no \"zeropoint_statistics\"");
  const std::int64_t version = reader.integer("zeropoint_statistics", 1, std::numeric_limits<std::int32_t>::max());
  if (version != kVersion) {
    fail(ErrorKind::unsupported, file, "statistics version {}; this program reads version {}", version, kVersion);
  }
  Statistics statistics;
  statistics.samples = reader.natural("samples");
  for (const auto& [name, means] : reader.object("channel_means").items()) {
    const Reader one(means, file, fmt::format("channel means of '{}'", name));
    statistics.channel_means.insert_or_assign(name, read_channel_means(one));
  }
  if (!reader.at("tensors").is_object()) reader.complain("has \"tensors\" that are not an object");
  for (const auto& [name, tensor] : reader.at("tensors").items()) {
    try {
      const Reader one(tensor, file, fmt::format("tensor '{}'", name));
      statistics.tensors.insert_or_assign(name, read_tensor(one, file, name));
    } catch (const Error& e) {
      if (e.kind() != ErrorKind::invalid_option) throw;
      fail(ErrorKind::invalid_data, file, "tensor '{}': {}: {}", name, e.where(), e.message());
    }
  }
  return statistics;
}

Statistics Statistics::load(const std::filesystem::path& path) {
  return from_json(MappedFile::open(path)->text(), path.string());
}

void Statistics::save(const std::filesystem::path& path) const { write_file_atomically(path, to_json()); }

}  // namespace zeropoint
