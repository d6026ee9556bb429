// llama.cpp, from the shared libraries beside the one that ZEROPOINT_GGML names (scripts/fetch-ggml gets them).
//
// Its parameter structs change with its version, so none is declared here: they are fetched from the library and passed
// back as they are. Structs of more than 16 bytes lie in memory, where the callee reads as much as it knows (System V
// ABI for x86-64), so one that is larger than any of them stands for all.
#pragma once

#include <dlfcn.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

namespace zeropoint::testing {

class LlamaLibrary {
 public:
  LlamaLibrary() {
    const char* ggml = std::getenv("ZEROPOINT_GGML");
    if (ggml == nullptr) return;
    folder_ = std::filesystem::path(ggml).parent_path();
    void* backends = open("libggml.");
    llama_ = open("libllama.");
    if (backends == nullptr || llama_ == nullptr) return;
    function<void(void (*)(int, const char*, void*), void*)>("llama_log_set")([](int, const char*, void*) {}, nullptr);
    reinterpret_cast<void (*)(const char*)>(dlsym(backends, "ggml_backend_load_all_from_path"))(folder_.c_str());
    function<void()>("llama_backend_init")();
  }
  bool is_loaded() const { return llama_ != nullptr; }

  /// A text's continuation by `count` tokens, the most probable each time: ids, the text's own first. Empty when the
  /// file does not load.
  std::vector<std::int32_t> continue_text(const std::string& gguf, const std::string& text, int count) const {
    const Session session(*this, gguf);
    if (session.context == nullptr) return {};
    std::vector<std::int32_t> tokens(kContext);
    tokens.resize(static_cast<std::size_t>(function<int(const void*, const char*, int, std::int32_t*, int, bool, bool)>(
        "llama_tokenize")(session.vocabulary, text.data(), static_cast<int>(text.size()), tokens.data(),
                          static_cast<int>(kContext), true, true)));
    std::vector<std::int32_t> batch = tokens;
    for (int i = 0; i < count; ++i) {
      const auto logits = session.decode(batch);
      batch = {static_cast<std::int32_t>(std::max_element(logits.begin(), logits.end()) - logits.begin())};
      tokens.push_back(batch[0]);
    }
    return tokens;
  }

  /// The logits after the last of these tokens. Empty when the file does not load.
  std::vector<float> logits(const std::string& gguf, std::vector<std::int32_t> tokens) const {
    const Session session(*this, gguf);
    return session.context == nullptr ? std::vector<float>() : session.decode(tokens);
  }

  /// What an encoder makes of the last of these tokens. Empty when the file does not load.
  std::vector<float> hidden_state(const std::string& gguf, std::vector<std::int32_t> tokens) const {
    const Session session(*this, gguf);
    return session.context == nullptr ? std::vector<float>() : session.encode(tokens);
  }

  /// What llama.cpp's own quantizer makes of a file of floats; `file_type` is general.file_type of the mix.
  bool quantize(const std::string& from, const std::string& to, std::uint32_t file_type) const {
    Params params = function<Params()>("llama_model_quantize_default_params")();
    const std::array<std::uint32_t, 2> first = {1, file_type};  // threads and file type are the first members
    std::memcpy(&params, first.data(), sizeof(first));
    return function<std::uint32_t(const char*, const char*, const Params*)>("llama_model_quantize")(
               from.c_str(), to.c_str(), &params) == 0;
  }

 private:
  static constexpr std::uint32_t kContext = 256;  // tokens

  struct Params {
    std::array<std::uint64_t, 128> words;
  };

  /// A model that is loaded, with one sequence.
  struct Session {
    Session(const LlamaLibrary& library, const std::string& gguf) : llama(library) {
      model = llama.function<void*(const char*, Params)>("llama_model_load_from_file")(
          gguf.c_str(), llama.function<Params()>("llama_model_default_params")());
      if (model == nullptr) return;
      Params params = llama.function<Params()>("llama_context_default_params")();
      std::memcpy(&params, &kContext, sizeof(kContext));  // the first member
      context = llama.function<void*(void*, Params)>("llama_init_from_model")(model, params);
      llama.function<void(void*, int, int)>("llama_set_n_threads")(context, 1, 1);
      vocabulary = llama.function<const void*(const void*)>("llama_model_get_vocab")(model);
    }
    ~Session() {
      if (context != nullptr) llama.function<void(void*)>("llama_free")(context);
      if (model != nullptr) llama.function<void(void*)>("llama_model_free")(model);
    }
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    std::vector<float> decode(std::vector<std::int32_t>& tokens) const {
      const auto batch = llama.function<Params(std::int32_t*, int)>("llama_batch_get_one")(
          tokens.data(), static_cast<int>(tokens.size()));
      if (llama.function<int(void*, Params)>("llama_decode")(context, batch) != 0) return {};
      const float* logits = llama.function<float*(void*, int)>("llama_get_logits_ith")(context, -1);
      return {logits, logits + llama.function<int(const void*)>("llama_vocab_n_tokens")(vocabulary)};
    }

    std::vector<float> encode(std::vector<std::int32_t>& tokens) const {
      llama.function<void(void*, bool)>("llama_set_embeddings")(context, true);
      const auto batch = llama.function<Params(std::int32_t*, int)>("llama_batch_get_one")(
          tokens.data(), static_cast<int>(tokens.size()));
      if (llama.function<int(void*, Params)>("llama_encode")(context, batch) != 0) return {};
      const float* state = llama.function<float*(void*, int)>("llama_get_embeddings_ith")(context, -1);
      return {state, state + llama.function<int(const void*)>("llama_model_n_embd")(model)};
    }

    const LlamaLibrary& llama;
    void* model = nullptr;
    void* context = nullptr;
    const void* vocabulary = nullptr;
  };

  void* open(const std::string& prefix) const {
    for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
      if (entry.path().filename().string().starts_with(prefix))
        return dlopen(entry.path().c_str(), RTLD_NOW | RTLD_GLOBAL);
    }
    return nullptr;
  }

  template <class Signature>
  Signature* function(const char* name) const {
    return reinterpret_cast<Signature*>(dlsym(llama_, name));
  }

  std::filesystem::path folder_;
  void* llama_ = nullptr;
};

}  // namespace zeropoint::testing

#define ZEROPOINT_NEEDS_LLAMA(library) \
  if (!(library).is_loaded()) GTEST_SKIP() << "skipped: no llama.cpp (ZEROPOINT_GGML=$(scripts/fetch-ggml))"
