// Every format gives back what it was given, and lays it out as its readers elsewhere expect.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <cstring>
#include <nlohmann/json.hpp>
#include <random>

#include "formats/decoded_store.h"
#include "formats/matrix_parts.h"
#include "methods/method.h"
#include "methods/round_to_nearest.h"
#include "tensor/transpose.h"
#include "zeropoint/error.h"

namespace zeropoint {
namespace {

using ::testing::ElementsAre;

/// Tensors in memory.
class MemoryStore final : public TensorStore {
 public:
  void add(const TensorSpec& spec, const Tensor& tensor) {
    EXPECT_EQ(tensor.dtype(), spec.dtype) << spec.name;
    EXPECT_EQ(tensor.shape(), spec.shape) << spec.name;
    tensors_.push_back({spec.name, spec.dtype, spec.shape, "", tensor.bytes()});
    values_.push_back(tensor);
  }
  std::span<const StoredTensor> tensors() const override { return tensors_; }
  Tensor read(const StoredTensor& tensor) const override {
    return values_[static_cast<std::size_t>(&tensor - tensors_.data())];
  }
  void release(const StoredTensor&) const override {}

  std::vector<StoredTensor> tensors_;
  std::vector<Tensor> values_;
};

Tensor random_matrix(std::int64_t rows, std::int64_t columns) {
  std::mt19937 random(11);
  std::normal_distribution<float> normal;
  Tensor t = Tensor::allocate(DType::f32, {rows, columns});
  for (float& x : t.mutable_values<float>()) x = normal(random);
  return t;
}

struct Encoded {
  WeightForm form;
  QuantizedWeight weight;
  std::unique_ptr<MemoryStore> store = std::make_unique<MemoryStore>();
  nlohmann::ordered_json config;
};

Encoded encoded(const Format& format, const WeightForm& form, const QuantizedWeight& weight) {
  Encoded e{.form = form, .weight = weight};
  const std::vector<TensorSpec> specs = format.parts(form);
  const std::vector<Tensor> tensors = format.encode(form, weight);
  EXPECT_EQ(specs.size(), tensors.size());
  for (std::size_t i = 0; i < specs.size(); ++i) e.store->add(specs[i], tensors[i]);
  e.store->add({"norm.weight", DType::f32, {2}}, Tensor::of<float>({2}, {1, 2}));
  e.config["quantization_config"] =
      format.config({.method = "absmax", .weights = {form}, .skipped = {"lm_head.weight"}});
  return e;
}

Encoded quantized(const Format& format, std::string_view method, const MethodOptions& options, std::int64_t rows,
                  std::int64_t columns, bool is_in_out = false) {
  const Method& m = find_method(method);
  const WeightForm form{
      .name = "layer.up.weight", .rows = rows, .columns = columns, .scheme = m.scheme(options), .is_in_out = is_in_out};
  EXPECT_EQ(format.objection(form), "");
  return encoded(
      format, form,
      m.quantize(random_matrix(rows, columns), form.scheme, options, format.grid_storage(DType::f32), form.name));
}

/// Through the file's tensors and back: the same bits, the norm beside it untouched.
void expect_round_trip(const Format& format, Encoded e) {
  const Tensor expected = dequantize(e.weight);
  const auto store = decode_store(std::move(e.store), e.config, "model");
  const StoredTensor* found = store->find("layer.up.weight");
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->dtype, DType::f32);
  EXPECT_EQ(found->encoding, to_string(e.form.scheme));
  const Tensor back = store->read(*found);
  const Tensor upright = e.form.is_in_out ? transposed(back) : back;
  EXPECT_EQ(found->shape, back.shape());
  ASSERT_EQ(upright.shape(), expected.shape());
  EXPECT_EQ(std::memcmp(upright.raw(), expected.raw(), expected.bytes()), 0) << format.name << ' ' << found->encoding;
  EXPECT_EQ(store->tensors().size(), 2U) << "the matrix and the norm";
  EXPECT_NE(store->find("norm.weight"), nullptr);
  const auto& decoded = dynamic_cast<const DecodedStore&>(*store);
  EXPECT_EQ(decoded.form(*store->find("norm.weight")), nullptr);
  EXPECT_EQ(std::string(decoded.format().name == "compressed-tensors" ? "pack-quantized" : decoded.format().name),
            std::string(format.name == "compressed-tensors" ? "pack-quantized" : format.name));
}

TEST(Formats, GiveBackMatricesOfCodes) {
  for (const std::string_view name : {"plain", "compressed-tensors", "pack-quantized", "gptq", "gptq-v2"}) {
    const Format& format = *find_format(name);
    for (const int bits : {2, 3, 4, 8}) {
      for (const std::string_view method : {"absmax", "zero-point"}) {
        for (const std::int64_t block : {0, 32}) {
          SCOPED_TRACE(fmt::format("{} {} {} bits, block {}", name, method, bits, block));
          expect_round_trip(format, quantized(format, method, {.bits = bits, .block_size = block}, 64, 96));
        }
        if (name.starts_with("gptq")) continue;
        SCOPED_TRACE(fmt::format("{} {} {} bits, per tensor", name, method, bits));
        expect_round_trip(format, quantized(format, method, {.bits = bits, .per_tensor = true}, 5, 43));
        expect_round_trip(format, quantized(format, method, {.bits = bits}, 7, 43));
      }
    }
  }
}

TEST(Formats, GiveBackWhatBitsandbytesHolds) {
  const Format& format = *find_format("bitsandbytes");
  expect_round_trip(format, quantized(format, "llm-int8", {}, 7, 43));
  expect_round_trip(format, quantized(format, "nf4", {}, 7, 43));
  expect_round_trip(format, quantized(format, "nf4", {.double_quantization = true}, 70, 430));
}

TEST(Formats, PlainAndGptqKeepTheOrderOfConv1D) {
  for (const std::string_view name : {"plain", "gptq-v2", "bitsandbytes"}) {
    Encoded e = quantized(*find_format(name), name == "bitsandbytes" ? "nf4" : "absmax", {}, 32, 64, true);
    if (name == "plain") {
      expect_round_trip(*find_format(name), std::move(e));
    } else {  // these say nothing of it: the model's type does
      e.config["model_type"] = "gpt2";
      const auto store = decode_store(std::move(e.store), e.config, "model");
      EXPECT_EQ(store->find("layer.up.weight")->shape, (Shape{32, 64})) << "no Conv1D by that name";
    }
  }
  EXPECT_TRUE(is_stored_in_out({{"model_type", "gpt2"}}, "h.0.attn.c_attn.weight"));
  EXPECT_FALSE(is_stored_in_out({{"model_type", "gpt2"}}, "lm_head.weight"));
  EXPECT_FALSE(is_stored_in_out({{"model_type", "llama"}}, "h.0.attn.c_attn.weight"));
}

QuantizedMatrix two_groups(bool act_order) {
  QuantizedMatrix m{.scheme = {.bits = 4, .symmetric = false, .block_size = 16, .act_order = act_order},
                    .rows = 32,
                    .columns = 32,
                    .codes = Tensor::zeros(DType::i8, {32, 32}),
                    .scales = Tensor::zeros(DType::f32, {32, 2}),
                    .zero_points = Tensor::zeros(DType::i8, {32, 2})};
  for (std::int64_t i = 0; i < 1024; ++i) {
    m.codes.mutable_data<std::int8_t>()[i] = static_cast<std::int8_t>(i * 7 % 16 - 8);
  }
  for (std::int64_t i = 0; i < 64; ++i) {
    m.scales.mutable_data<float>()[i] = static_cast<float>(i + 1) / 64;
    m.zero_points.mutable_data<std::int8_t>()[i] = static_cast<std::int8_t>(i % 15 - 7);
  }
  if (!act_order) return m;
  m.groups = Tensor::allocate(DType::i32, {32});
  for (std::int32_t c = 0; c < 32; ++c) m.groups.mutable_data<std::int32_t>()[c] = (c * 5 + 1) % 32 / 16;
  return m;
}

TEST(Formats, GiveBackActOrder) {
  for (const std::string_view name : {"plain", "compressed-tensors", "pack-quantized", "gptq", "gptq-v2"}) {
    const QuantizedMatrix m = two_groups(true);
    const WeightForm form{.name = "layer.up.weight", .rows = 32, .columns = 32, .scheme = m.scheme};
    expect_round_trip(*find_format(name), encoded(*find_format(name), form, m));
  }
}

std::vector<std::uint32_t> words(const Tensor& t) {
  std::vector<std::uint32_t> all;
  for (const std::int32_t w : t.values<std::int32_t>()) all.push_back(static_cast<std::uint32_t>(w));
  return all;
}

TEST(Gptq, PacksAlongTheInputsAndStoresZeroPointsLessOne) {
  QuantizedMatrix m = two_groups(false);
  for (std::int64_t c = 0; c < 8; ++c) m.codes.mutable_data<std::int8_t>()[c] = static_cast<std::int8_t>(c - 8);
  for (std::int64_t r = 0; r < 8; ++r)
    m.zero_points.mutable_data<std::int8_t>()[2 * r] = static_cast<std::int8_t>(r - 7);
  const WeightForm form{.name = "up.weight", .rows = 32, .columns = 32, .scheme = m.scheme};
  const std::vector<Tensor> v1 = find_format("gptq")->encode(form, m);
  const std::vector<Tensor> v2 = find_format("gptq-v2")->encode(form, m);
  EXPECT_EQ(v1[0].shape(), (Shape{4, 32})) << "[inputs * 4 / 32, outputs]";
  EXPECT_EQ(words(v1[0])[0], 0x76543210U) << "the first eight inputs of output 0";
  EXPECT_EQ(v1[1].shape(), (Shape{2, 4})) << "[groups, outputs * 4 / 32]";
  EXPECT_EQ(words(v1[1])[0], 0x76543210U) << "zero points 1 to 8 of outputs 0 to 7, less one";
  EXPECT_EQ(words(v2[1])[0], 0x87654321U);
  EXPECT_EQ(v1[2].dtype(), DType::f16);
  EXPECT_EQ(v1[2].shape(), (Shape{2, 32}));
  EXPECT_THAT(v1[3].values<std::int32_t>().subspan(14, 4), ElementsAre(0, 0, 1, 1));
}

std::string encode_refusal(std::string_view format, const QuantizedMatrix& m) {
  const WeightForm form{.name = "up.weight", .rows = m.rows, .columns = m.columns, .scheme = m.scheme};
  try {
    find_format(format)->encode(form, m);
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

TEST(Gptq, Version1RefusesAZeroPointOfZero) {
  QuantizedMatrix m = two_groups(false);
  m.zero_points.mutable_data<std::int8_t>()[9] = -8;
  EXPECT_EQ(
      encode_refusal("gptq", m),
      "up.weight: has a zero point of 0, which the format gptq cannot hold (it stores zero points less one); write "
      "gptq-v2");
  EXPECT_EQ(encode_refusal("gptq-v2", m), "");
}

TEST(Gptq, RefusesScalesThatAreNoFloat16) {
  QuantizedMatrix m = two_groups(false);
  m.scales.mutable_data<float>()[3] = 0.1F;
  EXPECT_EQ(encode_refusal("gptq", m),
            "up.weight: scale 0.1 would be rounded to float16; quantize to this format from the floats");
}

TEST(CompressedTensors, PacksOutputsRowByRowAndZeroPointsDownTheRows) {
  QuantizedMatrix m = two_groups(false);
  for (std::int64_t c = 0; c < 16; ++c) m.codes.mutable_data<std::int8_t>()[c] = static_cast<std::int8_t>(c - 8);
  for (std::int64_t r = 0; r < 8; ++r)
    m.zero_points.mutable_data<std::int8_t>()[2 * r] = static_cast<std::int8_t>(r - 8);
  const WeightForm form{.name = "up.weight", .rows = 32, .columns = 32, .scheme = m.scheme};
  const std::vector<Tensor> t = find_format("compressed-tensors")->encode(form, m);
  EXPECT_EQ(t[0].shape(), (Shape{32, 4}));
  EXPECT_EQ(words(t[0])[0], 0x76543210U);
  EXPECT_EQ(words(t[0])[1], 0xfedcba98U);
  EXPECT_THAT(t[1].values<std::int64_t>(), ElementsAre(32, 32));
  EXPECT_EQ(t[3].shape(), (Shape{4, 2}));
  EXPECT_EQ(words(t[3])[0], 0x76543210U) << "outputs 0 to 7 of the first group";
}

TEST(CompressedTensors, TheConfigNamesTheCommonSchemeLinear) {
  const WeightForm up{
      .name = "up.weight", .rows = 8, .columns = 64, .scheme = MatrixScheme{.bits = 4, .block_size = 32}};
  WeightForm gate = up;
  gate.name = "gate.weight";
  const WeightForm down{.name = "down.weight", .rows = 8, .columns = 43, .scheme = MatrixScheme{.bits = 4}};
  const auto config = find_format("compressed-tensors")
                          ->config({.method = "absmax", .weights = {up, down, gate}, .skipped = {"lm_head.weight"}});
  EXPECT_EQ(config["format"], "pack-quantized");
  EXPECT_EQ(config["config_groups"]["group_0"]["targets"], nlohmann::ordered_json::array({"Linear"}));
  EXPECT_EQ(config["config_groups"]["group_0"]["weights"]["group_size"], 32);
  EXPECT_EQ(config["config_groups"]["group_1"]["targets"], nlohmann::ordered_json::array({"down"}));
  EXPECT_EQ(config["config_groups"]["group_1"]["weights"]["strategy"], "channel");
  EXPECT_EQ(config["ignore"], nlohmann::ordered_json::array({"lm_head"}));
}

TEST(Gptq, ModulesThatDifferAreListedByName) {
  const Format& format = *find_format("gptq-v2");
  const MatrixScheme blocks{.bits = 4, .block_size = 32};
  const WeightForm down{.name = "layers.0.down.weight", .rows = 32, .columns = 96, .scheme = MatrixScheme{.bits = 8}};
  const WeightForm up{.name = "layers.0.up.weight", .rows = 32, .columns = 64, .scheme = blocks};
  Encoded e;
  for (const WeightForm& form : {down, up}) {
    const QuantizedWeight weight =
        round_to_nearest(random_matrix(form.rows, form.columns), std::get<MatrixScheme>(form.scheme),
                         {.storage = format.grid_storage(DType::f32)}, form.name);
    const std::vector<TensorSpec> specs = format.parts(form);
    const std::vector<Tensor> tensors = format.encode(form, weight);
    for (std::size_t i = 0; i < specs.size(); ++i) e.store->add(specs[i], tensors[i]);
  }
  const nlohmann::ordered_json config =
      format.config({.method = "gptq", .weights = {down, up}, .skipped = {"layers.0.gate.weight"}});
  EXPECT_EQ(config["bits"], 4);
  EXPECT_EQ(config["group_size"], 32);
  EXPECT_EQ(config["dynamic"].dump(),
            R"({"-:^layers\\.0\\.gate$":{},"+:^layers\\.0\\.down$":{"bits":8,"group_size":-1}})");

  const auto open = [&](const nlohmann::ordered_json& dynamic) {
    nlohmann::ordered_json changed = config;
    changed["dynamic"] = dynamic;
    std::vector<std::string> encodings;
    for (const EncodedWeight& weight : format.find(*e.store, changed)) {
      encodings.push_back(to_string(weight.form.scheme));
    }
    return encodings;
  };
  const auto expected = ElementsAre("int8 symmetric per channel", "int4 symmetric block 32");
  EXPECT_THAT(open(config["dynamic"]), expected);
  EXPECT_THAT(open({{"layers\\.0\\.down$", {{"bits", 8}, {"group_size", -1}}}, {"+:.*", {{"mse", 1}}}}), expected);
  try {
    open({{"+:.*down.*", {{"bits", 8}}}});
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(),
                 "config.json: quantization_config: 'dynamic' describes '+:.*down.*' otherwise; only rules for one "
                 "module, ^name$, are read");
  }
}

TEST(Bitsandbytes, TheStateHasItsLengthBeforeTheOffsetIsKnown) {
  const Format& format = *find_format("bitsandbytes");
  const Encoded e = quantized(format, "nf4", {.double_quantization = true}, 70, 430);
  const StoredTensor* state = e.store->find("layer.up.weight.quant_state.bitsandbytes__nf4");
  const Tensor bytes = e.store->read(*state);
  const auto json = nlohmann::json::parse(std::string(static_cast<const char*>(bytes.raw()), bytes.bytes()));
  EXPECT_EQ(json["nested_offset"].get<float>(), std::get<CodebookMatrix>(e.weight).nested->offset);
  EXPECT_EQ(json["shape"], (std::vector{70, 430}));
  EXPECT_EQ(json["dtype"], "float32");
}

std::string objection(std::string_view format, const WeightForm& form) { return find_format(format)->objection(form); }

TEST(Formats, SayWhatTheyCannotHold) {
  WeightForm form{.name = "up.weight", .rows = 64, .columns = 172, .scheme = MatrixScheme{.bits = 4, .block_size = 32}};
  EXPECT_EQ(objection("plain", form), "");
  EXPECT_EQ(objection("compressed-tensors", form), "blocks of 32 do not divide its 172 columns");
  EXPECT_EQ(objection("gptq", form), "its 172 inputs are no multiple of 32");
  EXPECT_EQ(objection("bitsandbytes", form), "bitsandbytes holds what the methods llm-int8 and nf4 make");
  form.scheme = CodebookScheme{};
  EXPECT_EQ(objection("plain", form),
            "the plain format holds codes with scale and zero point; write nf4 block 64 as bitsandbytes");
  EXPECT_EQ(objection("bitsandbytes", form), "");
}

std::string open_refusal(Encoded e) {
  try {
    decode_store(std::move(e.store), e.config, "model");
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(Formats, ReadersNameWhatIsWrong) {
  const Format& gptq = *find_format("gptq");
  Encoded e = quantized(gptq, "absmax", {.bits = 4}, 64, 96);
  e.store->tensors_[1].shape = {1, 7};
  EXPECT_EQ(open_refusal(std::move(e)), "model: layer.up.qzeros: is [1, 7], not [1, 8]");

  e = quantized(gptq, "absmax", {.bits = 4}, 64, 96);
  e.store->tensors_[0].shape = {std::int64_t{1} << 60, 0};
  EXPECT_EQ(open_refusal(std::move(e)), "model: layer.up.qweight: is [1152921504606846976, 0], no matrix");

  e = quantized(gptq, "absmax", {.bits = 4}, 64, 96);
  e.store->add({"layer.up.weight", DType::f32, {1}}, Tensor::zeros(DType::f32, {1}));
  EXPECT_EQ(open_refusal(std::move(e)), "model: layer.up.weight: is there twice: in float, and quantized");

  e = quantized(gptq, "absmax", {.bits = 4}, 64, 96);
  e.store->tensors_[2].name = "layer.up.scale";
  EXPECT_EQ(open_refusal(std::move(e)), "model: layer.up.scales: is missing: its weight is quantized");

  e = quantized(gptq, "absmax", {.bits = 4}, 64, 96);
  e.config["quantization_config"]["bits"] = "four";
  EXPECT_EQ(open_refusal(std::move(e)),
            "model: config.json: quantization_config: 'bits' is \"four\", not a whole number");

  e = quantized(gptq, "absmax", {.bits = 4}, 64, 96);
  e.config["quantization_config"]["quant_method"] = "awq";
  EXPECT_EQ(open_refusal(std::move(e)),
            "model: config.json: quantization_config: quant_method \"awq\" is not read here (zeropoint, "
            "compressed-tensors, gptq, bitsandbytes)");

  e = quantized(*find_format("compressed-tensors"), "absmax", {.bits = 4, .block_size = 32}, 64, 96);
  e.config["quantization_config"]["config_groups"]["group_0"]["weights"]["group_size"] = 16;
  EXPECT_EQ(open_refusal(std::move(e)),
            "model: layer.up.weight: codes [64, 12] and scale [64, 3] fit none of the config's groups");

  e = quantized(*find_format("plain"), "absmax", {.bits = 4}, 64, 96);
  e.config["quantization_config"]["tensors"]["layer.up.weight"]["shape"] = {64, 98};
  EXPECT_EQ(open_refusal(std::move(e)), "model: layer.up.weight.codes: is [64, 48], not [64, 49]");
}

}  // namespace
}  // namespace zeropoint
