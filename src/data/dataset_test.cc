#include "data/dataset.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "base/parallel.h"
#include "data/npz_writer.h"
#include "support/temp_folder.h"
#include "zeropoint/error.h"

namespace zeropoint {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
namespace fs = std::filesystem;

/// A model input; -1 is an open dimension.
ProgramValue input(const std::string& name, const Shape& shape, DType dtype = DType::f32) {
  ProgramValue value{.name = name, .dtype = dtype, .shape = {}};
  for (const std::int64_t size : shape) value.shape.push_back({.value = size, .symbol = size < 0 ? "N" : ""});
  return value;
}

class DatasetTest : public ::testing::Test {
 protected:
  DatasetTest() : folder_(temporary_.path()) {}

  std::string path(const std::string& name) const { return (folder_ / name).string(); }

  /// n samples of two floats: {0, 1}, {2, 3} ...
  std::string save_samples(const std::string& name, std::int64_t n) const {
    Tensor t = Tensor::allocate(DType::f32, {n, 2});
    for (std::int64_t i = 0; i < t.size(); ++i) t.mutable_data<float>()[i] = static_cast<float>(i);
    fs::create_directories((folder_ / name).parent_path());
    save_npy(t, path(name));
    return path(name);
  }

  std::string refusal(const std::string& data, const std::vector<ProgramValue>& inputs,
                      const DataOptions& options = {}) {
    try {
      const auto dataset = Dataset::open(data, inputs, options);
      while (dataset->next()) {
      }
    } catch (const Error& error) {
      std::string text = error.what();
      if (text.starts_with(folder_.string())) text.erase(0, folder_.string().size() + 1);
      return text;
    }
    return "no error";
  }

  testing::TempFolder temporary_;
  fs::path folder_;
};

std::vector<float> all_values(Dataset& dataset) {
  std::vector<float> values;
  while (const auto batch = dataset.next()) {
    for (const float v : batch->inputs[0].values<float>()) values.push_back(v);
  }
  return values;
}

TEST_F(DatasetTest, ReadsAnArraySampleBySample) {
  const auto dataset = Dataset::open(save_samples("x.npy", 3), std::vector{input("x", {-1, 2})});
  EXPECT_EQ(dataset->size(), 3);
  EXPECT_FALSE(dataset->has_labels());
  const auto first = dataset->next();
  EXPECT_EQ(first->inputs[0].shape(), (Shape{1, 2}));
  EXPECT_THAT(first->inputs[0].values<float>(), ElementsAre(0, 1));
  EXPECT_THAT(all_values(*dataset), ElementsAre(2, 3, 4, 5));
  EXPECT_FALSE(dataset->next());
  dataset->rewind();
  EXPECT_THAT(all_values(*dataset), ElementsAre(0, 1, 2, 3, 4, 5));
}

TEST_F(DatasetTest, JoinsBatchesWhereTheModelAllowsIt) {
  const std::string data = save_samples("x.npy", 5);
  const auto open = Dataset::open(data, std::vector{input("x", {-1, 2})}, {.batch = 2});
  EXPECT_EQ(open->next()->inputs[0].shape(), (Shape{2, 2}));
  EXPECT_EQ(open->next()->inputs[0].shape(), (Shape{2, 2}));
  EXPECT_EQ(open->next()->inputs[0].shape(), (Shape{1, 2}));
  EXPECT_FALSE(open->next());

  const auto fixed = Dataset::open(data, std::vector{input("x", {1, 2})}, {.batch = 2});
  EXPECT_EQ(fixed->next()->samples, 1);

  const auto pairs = Dataset::open(data, std::vector{input("x", {2, 2})});
  EXPECT_EQ(pairs->size(), 4);
  EXPECT_THAT(pairs->warnings(), ElementsAre("the last 1 of 5 samples are left out: the model takes 2 at a time"));
  EXPECT_EQ(pairs->next()->inputs[0].shape(), (Shape{2, 2}));

  const auto whole = Dataset::open(data, std::vector{input("x", {-1, 2})}, {.batch = 0});
  EXPECT_EQ(whole->next()->inputs[0].shape(), (Shape{5, 2}));
  EXPECT_FALSE(whole->next());
}

TEST_F(DatasetTest, AnyThreadCountGivesTheSameSamples) {
  const std::string data = save_samples("x.npy", 50);
  const int threads = num_threads();
  std::vector<std::vector<float>> results;
  for (const int n : {1, 2, 7}) {
    set_num_threads(n);
    const auto dataset = Dataset::open(data, std::vector{input("x", {-1, 2})}, {.preprocess = "scale=1/3"});
    results.push_back(all_values(*dataset));
  }
  set_num_threads(threads);
  EXPECT_EQ(results[0].size(), 100U);
  EXPECT_EQ(results[0], results[1]);
  EXPECT_EQ(results[0], results[2]);
}

TEST_F(DatasetTest, TakesLabelsFromTheArchive) {
  const NamedTensor arrays[] = {{"pixels", Tensor::of<std::uint8_t>({2, 1, 1, 3}, {1, 2, 3, 4, 5, 6})},
                                {"label", Tensor::of<std::int32_t>({2}, {7, 9})}};
  save_npz(arrays, path("x.npz"));
  const auto dataset =
      Dataset::open(path("x.npz"), std::vector{input("data", {-1, 3, 1, 1})}, {.preprocess = "scale=1/2"});
  EXPECT_TRUE(dataset->has_labels());
  const auto first = dataset->next();
  EXPECT_EQ(first->inputs[0].shape(), (Shape{1, 3, 1, 1}));
  EXPECT_THAT(first->labels, ElementsAre(7));
  EXPECT_THAT(dataset->next()->labels, ElementsAre(9));

  const auto limited = Dataset::open(path("x.npz"), std::vector{input("data", {-1, 1, 1, 3})}, {.limit = 1});
  EXPECT_EQ(limited->size(), 1);
  EXPECT_THAT(limited->next()->labels, ElementsAre(7));
  EXPECT_FALSE(limited->next());
}

TEST_F(DatasetTest, ALimitCutsArraysThatWouldPassWhole) {
  std::filesystem::create_directory(path("parts"));
  save_npy(Tensor::of<float>({2, 1}, {1, 2}), path("parts/a.npy"));
  save_npy(Tensor::of<float>({3, 1}, {3, 4, 5}), path("parts/b.npy"));
  const auto values = [&](std::int64_t limit) {
    const auto dataset = Dataset::open(path("parts"), std::vector{input("x", {-1, 1})}, {.limit = limit, .batch = 0});
    std::vector<float> all;
    while (const auto batch = dataset->next()) {
      const auto part = batch->inputs[0].values<float>();
      all.insert(all.end(), part.begin(), part.end());
    }
    EXPECT_EQ(dataset->size(), static_cast<std::int64_t>(all.size()));
    return all;
  };
  EXPECT_THAT(values(1), ElementsAre(1));
  EXPECT_THAT(values(2), ElementsAre(1, 2));
  EXPECT_THAT(values(4), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(values(9), ElementsAre(1, 2, 3, 4, 5));
}

TEST_F(DatasetTest, FeedsSeveralInputsByName) {
  const NamedTensor arrays[] = {{"b", Tensor::of<std::int64_t>({2}, {1, 2})}, {"a", Tensor::of<float>({2, 1}, {3, 4})}};
  save_npz(arrays, path("x.npz"));
  const std::vector inputs{input("a", {-1, 1}), input("b", {-1}, DType::i64)};
  const auto batch = Dataset::open(path("x.npz"), inputs)->next();
  EXPECT_THAT(batch->inputs[0].values<float>(), ElementsAre(3));
  EXPECT_THAT(batch->inputs[1].values<std::int64_t>(), ElementsAre(1));
  EXPECT_THAT(batch->labels, IsEmpty());
  EXPECT_EQ(refusal(path("x.npz"), {input("a", {-1, 1}), input("c", {-1})}),
            "x.npz: holds the arrays (b, a); the model's inputs are (a, c)");
  EXPECT_EQ(refusal(path("x.npz"), inputs, {.preprocess = "scale01"}),
            "--preprocess: the model has 2 inputs: say which one with input=NAME");
}

TEST_F(DatasetTest, ReadsAFolderOfArraysInOrder) {
  save_samples("many/b.npy", 1);
  save_samples("many/a.npy", 2);
  save_npy(Tensor::of<float>({2}, {8, 9}), path("many/c.npy"));  // one sample without a batch axis
  const auto dataset = Dataset::open(path("many"), std::vector{input("x", {-1, 2})});
  EXPECT_EQ(dataset->size(), 4);
  EXPECT_THAT(all_values(*dataset), ElementsAre(0, 1, 2, 3, 0, 1, 8, 9));
}

TEST_F(DatasetTest, ReadsAFolderWithAFilePerInput) {
  save_samples("named/left.npy", 2);
  save_samples("named/right.npy", 2);
  save_npy(Tensor::of<std::int64_t>({2}, {5, 6}), path("named/label.npy"));
  const auto dataset = Dataset::open(path("named"), std::vector{input("right", {-1, 2}), input("left", {-1, 2})});
  const auto batch = dataset->next();
  EXPECT_EQ(batch->inputs.size(), 2U);
  EXPECT_THAT(batch->labels, ElementsAre(5));
  EXPECT_THAT(refusal(path("named"), {input("right", {-1, 2}), input("other", {-1, 2})}),
              "named: wants one .npy for each input of the model: 'right', 'other'");
}

TEST_F(DatasetTest, ReadsAListOfFiles) {
  save_npy(Tensor::of<float>({2}, {1, 2}), path("one.npy"));
  save_npy(Tensor::of<float>({2}, {3, 4}), path("and, two.npy"));
  std::ofstream(path("list.csv")) << "file,label\none.npy,4\r\n\n\"and, two.npy\",5\n";
  const auto dataset = Dataset::open(path("list.csv"), std::vector{input("x", {-1, 2})}, {.batch = 2});
  const auto batch = dataset->next();
  EXPECT_THAT(batch->inputs[0].values<float>(), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(batch->labels, ElementsAre(4, 5));

  std::ofstream(path("bad.csv")) << "one.npy,1\none.npy,cat\n";
  EXPECT_EQ(refusal(path("bad.csv"), {input("x", {-1, 2})}),
            "bad.csv: line 2: the label 'cat' is not a number from 0 up");
  std::ofstream(path("half.csv")) << "one.npy,1\none.npy\n";
  EXPECT_EQ(refusal(path("half.csv"), {input("x", {-1, 2})}), "half.csv: has labels for 1 of 2 files");
  std::ofstream(path("missing.csv")) << "nothing.jpg\n";
  EXPECT_EQ(refusal(path("missing.csv"), {input("x", {-1, 2})}), "nothing.jpg: cannot open: No such file or directory");
}

TEST_F(DatasetTest, FolderNamesAreClasses) {
  for (const char* name : {"dog", "cat"}) {
    fs::create_directories(folder_ / "pets" / name);
    save_npy(Tensor::of<float>({1}, {0}), path("pets/" + std::string(name) + "/1.npy"));
  }
  const auto pets = Dataset::open(path("pets"), std::vector{input("x", {-1, 1})}, {.batch = 2});
  EXPECT_THAT(pets->next()->labels, ElementsAre(0, 1));
  for (const char* name : {"10", "9"}) {
    fs::create_directories(folder_ / "numbers" / name);
    save_npy(Tensor::of<float>({1}, {0}), path("numbers/" + std::string(name) + "/1.npy"));
  }
  const auto numbers = Dataset::open(path("numbers"), std::vector{input("x", {-1, 1})}, {.batch = 2});
  EXPECT_THAT(numbers->next()->labels, ElementsAre(10, 9));
}

/// A TensorProto: dims (1), data_type (2) float, raw_data (9).
void write_tensor_proto(const fs::path& file, const std::string& dims, const std::vector<float>& values) {
  std::string bytes = "\x0A" + std::string(1, static_cast<char>(dims.size())) + dims + "\x10\x01\x4A";
  bytes += static_cast<char>(values.size() * sizeof(float));
  bytes.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float));
  fs::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << bytes;
}

TEST_F(DatasetTest, ReadsTestDataSets) {
  write_tensor_proto(folder_ / "sets/test_data_set_0/input_0.pb", "\x01\x02", {1, 2});
  write_tensor_proto(folder_ / "sets/test_data_set_0/input_1.pb", "\x01\x01", {3});
  write_tensor_proto(folder_ / "sets/test_data_set_1/input_0.pb", "\x01\x02", {4, 5});
  write_tensor_proto(folder_ / "sets/test_data_set_1/input_1.pb", "\x01\x01", {6});
  const std::vector inputs{input("a", {1, 2}), input("b", {1, 1})};
  const auto dataset = Dataset::open(path("sets"), inputs);
  EXPECT_EQ(dataset->size(), 2);
  EXPECT_THAT(dataset->next()->inputs[0].values<float>(), ElementsAre(1, 2));
  EXPECT_THAT(dataset->next()->inputs[1].values<float>(), ElementsAre(6));

  const auto single = Dataset::open(path("sets/test_data_set_1/input_0.pb"), std::vector{input("a", {-1, 2})});
  EXPECT_THAT(single->next()->inputs[0].values<float>(), ElementsAre(4, 5));
  fs::remove(folder_ / "sets/test_data_set_1/input_1.pb");
  EXPECT_EQ(refusal(path("sets"), inputs), "sets/test_data_set_1/input_1.pb: is missing: it would feed the input 'b'");
}

TEST_F(DatasetTest, LabelsMayComeFromAnotherFile) {
  const std::string data = save_samples("x.npy", 2);
  save_npy(Tensor::of<std::int64_t>({2}, {3, 1}), path("y.npy"));
  const auto dataset = Dataset::open(data, std::vector{input("x", {-1, 2})}, {.labels = path("y.npy"), .batch = 2});
  EXPECT_TRUE(dataset->has_labels());
  EXPECT_THAT(dataset->next()->labels, ElementsAre(3, 1));
  save_npy(Tensor::of<std::int64_t>({1}, {3}), path("short.npy"));
  EXPECT_THAT(refusal(data, {input("x", {-1, 2})}, {.labels = path("short.npy")}),
              HasSubstr("short.npy: has 1 label for 2"));
}

TEST_F(DatasetTest, RandomDataIsSaidToBeSoAndRepeats) {
  const auto dataset = Dataset::open("random", std::vector{input("x", {-1, 2})}, {.limit = 2, .seed = 3});
  EXPECT_THAT(dataset->warnings(), ElementsAre(HasSubstr("random noise")));
  const std::vector<float> first = all_values(*dataset);
  EXPECT_EQ(first.size(), 4U);
  dataset->rewind();
  EXPECT_EQ(all_values(*dataset), first);
  EXPECT_THAT(refusal("random", {input("x", {-1, -1})}), HasSubstr("only the first dimension may be open"));
}

TEST_F(DatasetTest, RandomTokensAreOfTheVocabulary) {
  ProgramValue tokens = input("tokens", {-1, -1}, DType::i64);
  tokens.count = 7;
  const auto first_ids = [&] { return Dataset::open("random", {&tokens, 1}, {.limit = 1})->next()->inputs[0]; };
  EXPECT_EQ(first_ids().shape(), Shape({1, 32}));
  EXPECT_THAT(first_ids().values<std::int64_t>(),
              ::testing::Each(::testing::AllOf(::testing::Ge(0), ::testing::Lt(7))));
  EXPECT_THAT(first_ids().values<std::int64_t>(), ::testing::Contains(6));
  tokens.shape[1].longest = 5;
  EXPECT_EQ(first_ids().shape(), Shape({1, 5}));
}

TEST_F(DatasetTest, ReadsTokenIdsAsTextALineEach) {
  std::ofstream(path("tokens.txt")) << "1 2 3\r\n\n 4,5,\t6 \n7";
  const std::vector<ProgramValue> inputs = {input("tokens", {-1, -1}, DType::i64)};
  const auto data = Dataset::open(path("tokens.txt"), inputs, {.batch = 2});
  EXPECT_EQ(data->size(), 3);
  const Batch two = *data->next();
  EXPECT_EQ(two.inputs[0].shape(), (Shape{2, 3}));
  EXPECT_THAT(two.inputs[0].values<std::int64_t>(), ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_THAT(data->next()->inputs[0].values<std::int64_t>(), ElementsAre(7));  // of another length: alone
  EXPECT_FALSE(data->next());
  data->rewind();
  EXPECT_EQ(data->next()->samples, 2);
  EXPECT_EQ(Dataset::open(path("tokens.txt"), inputs, {.limit = 1})->size(), 1);
}

TEST_F(DatasetTest, RefusesTextThatIsNoTokens) {
  std::ofstream(path("words.txt")) << "1 2\n3 four\n";
  std::ofstream(path("minus.txt")) << "-1";
  std::ofstream(path("empty.txt")) << "\n \n";
  const std::vector<ProgramValue> inputs = {input("tokens", {-1, -1}, DType::i64)};
  EXPECT_EQ(refusal(path("words.txt"), inputs), "words.txt: line 2: 'four' is no token id");
  EXPECT_EQ(refusal(path("minus.txt"), inputs), "minus.txt: line 1: '-1' is no token id");
  EXPECT_EQ(refusal(path("empty.txt"), inputs), "empty.txt: holds no samples");
  std::ofstream(path("short.txt")) << "1 2";
  EXPECT_EQ(refusal(path("short.txt"), {input("tokens", {-1, 3}, DType::i64)}),
            "short.txt: line 1: gives the shape [1, 2]; the input 'tokens' wants [N, 3]");
  save_npy(Tensor::of<std::int64_t>({1, 2}, {1, 2}), path("short.npy"));
  EXPECT_EQ(refusal(path("short.npy"), {input("tokens", {-1, 3}, DType::i64)}),
            "short.npy: has the shape [1, 2]; the input 'tokens' wants [N, 3]");
}

TEST_F(DatasetTest, SaysWhatDoesNotFit) {
  const std::string data = save_samples("x.npy", 2);
  EXPECT_EQ(refusal(path("none.npy"), {input("x", {-1, 2})}), "none.npy: cannot open: No such file or directory");
  EXPECT_EQ(refusal(data, {input("x", {-1, 3})}),
            "x.npy: has the shape [2, 2]; the input 'x' wants [N, 3] (--preprocess can change layout and size)");
  EXPECT_EQ(refusal(data, {input("x", {-1, 3, 4, 4})}),
            "x.npy: has the shape [2, 2]; the input 'x' wants [N, 3, 4, 4] (--preprocess can change layout and size)");
  EXPECT_EQ(refusal(data, {input("x", {-1, 2}), input("y", {-1, 2})}),
            "x.npy: feeds one input; the model has 2: 'x', 'y'. Give an npz with an array for each");
  save_npy(Tensor::of<float>({1, 2}, {1, NAN}), path("nan.npy"));
  EXPECT_EQ(refusal(path("nan.npy"), {input("x", {-1, 2})}),
            "nan.npy: has 1 NaN among 2 values (the first is element 1) for the input 'x'");
  save_npy(Tensor::of<float>({1, 2}, {1, 0.5F}), path("half.npy"));
  EXPECT_THAT(refusal(path("half.npy"), {input("x", {-1, 2}, DType::i64)}), HasSubstr("the model wants int64"));
  std::ofstream(path("x.doc")) << "text";
  EXPECT_THAT(refusal(path("x.doc"), {input("x", {-1, 2})}), HasSubstr("is no data that is read here"));
  fs::create_directories(folder_ / "empty");
  EXPECT_THAT(refusal(path("empty"), {input("x", {-1, 2})}), HasSubstr("holds no data"));
  std::ofstream(path("bad.png")) << "not an image";
  EXPECT_EQ(refusal(path("bad.png"), {input("x", {-1, 3, 2, 2})}), "bad.png: is neither a JPEG nor a PNG image");
}

}  // namespace
}  // namespace zeropoint
