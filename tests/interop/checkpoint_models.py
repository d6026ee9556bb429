"""Tiny random checkpoints and what they compute, by forward passes of their own in NumPy (float64).

    checkpoint_models.py FOLDER    writes FOLDER/<case>/{config.json,model.safetensors,tokens.npy,expected.npy}

The formulas are those of Hugging Face's transformers, written here a second time so that a mistake in one shows.
"""
import json
import math
import os
import struct
import sys

import numpy as np

VOCABULARY, TOKENS = 50, 24


# ---- files


def bfloat16_bits(x):
    bits = np.ascontiguousarray(x, np.float32).view(np.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)


def stored(x, dtype):
    """The bytes of x in a stored type, and the values that they stand for."""
    if dtype == "BF16":
        bits = bfloat16_bits(x)
        return bits.tobytes(), (bits.astype(np.uint32) << 16).view(np.float32)
    array = x.astype({"F32": np.float32, "F16": np.float16}[dtype])
    return array.tobytes(), array.astype(np.float32)


def write_safetensors(path, tensors, dtype):
    header, blobs, offset, kept = {}, [], 0, {}
    for name, x in tensors.items():
        blob, kept[name] = stored(x, dtype)
        header[name] = {"dtype": dtype, "shape": list(x.shape), "data_offsets": [offset, offset + len(blob)]}
        blobs.append(blob)
        offset += len(blob)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(blobs))
    return {name: x.astype(np.float64) for name, x in kept.items()}


# ---- pieces


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def rms_norm(x, weight, eps):
    return x / np.sqrt((x * x).mean(-1, keepdims=True) + eps) * weight


def layer_norm(x, weight, bias, eps):
    x = x - x.mean(-1, keepdims=True)
    return x / np.sqrt((x * x).mean(-1, keepdims=True) + eps) * weight + bias


ERF = np.vectorize(math.erf)
ACTIVATIONS = {
    "silu": lambda x: x / (1 + np.exp(-x)),
    "relu": lambda x: np.maximum(x, 0),
    "gelu": lambda x: 0.5 * x * (1 + ERF(x / math.sqrt(2))),
    "gelu_new": lambda x: 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
}


def attend(q, k, v, scale, mask):
    """q [heads, T, d], k and v [kv_heads, T, d]; mask [T, T] is True where a query may look."""
    groups = q.shape[0] // k.shape[0]
    out = []
    for head in range(q.shape[0]):
        scores = q[head] @ k[head // groups].T * scale
        out.append(softmax(np.where(mask, scores, -np.inf)) @ v[head // groups])
    return np.concatenate(out, -1)


def heads_of(x, heads):
    return x.reshape(x.shape[0], heads, -1).transpose(1, 0, 2)


def causal(length, window=None):
    i, j = np.arange(length)[:, None], np.arange(length)[None, :]
    return (j <= i) & ((i - j < window) if window else True)


# ---- rotary position embedding


def rope_frequencies(config, dim, length):
    base = config.get("rope_theta", 10000.0)
    scaling = config.get("rope_scaling") or {}
    kind = scaling.get("rope_type", scaling.get("type", "default"))
    pretrained = config["max_position_embeddings"]
    if kind == "dynamic" and length > pretrained:
        factor = scaling["factor"]
        base = base * (factor * length / pretrained - (factor - 1)) ** (dim / (dim - 2))
    inverse = 1.0 / base ** (np.arange(0, dim, 2) / dim)
    if kind == "linear":
        return inverse / scaling["factor"], 1.0
    if kind == "llama3":
        low_wavelength = scaling["original_max_position_embeddings"] / scaling["low_freq_factor"]
        high_wavelength = scaling["original_max_position_embeddings"] / scaling["high_freq_factor"]
        result = []
        for f in inverse:
            wavelength = 2 * math.pi / f
            if wavelength < high_wavelength:
                result.append(f)
            elif wavelength > low_wavelength:
                result.append(f / scaling["factor"])
            else:
                smooth = (scaling["original_max_position_embeddings"] / wavelength - scaling["low_freq_factor"]) / (
                    scaling["high_freq_factor"] - scaling["low_freq_factor"])
                result.append((1 - smooth) * f / scaling["factor"] + smooth * f)
        return np.array(result), 1.0
    if kind == "yarn":
        factor, original = scaling["factor"], scaling["original_max_position_embeddings"]

        def correction_dim(rotations):
            return dim * math.log(original / (rotations * 2 * math.pi)) / (2 * math.log(base))

        low = max(math.floor(correction_dim(scaling.get("beta_fast", 32))), 0)
        high = min(math.ceil(correction_dim(scaling.get("beta_slow", 1))), dim - 1)
        ramp = np.clip((np.arange(dim // 2) - low) / max(high - low, 0.001), 0, 1)
        extrapolation = 1 - ramp
        inverse = inverse / factor * (1 - extrapolation) + inverse * extrapolation

        def get_mscale(scale, m=1.0):
            return 1.0 if scale <= 1 else 0.1 * m * math.log(scale) + 1.0

        if "mscale" in scaling and "mscale_all_dim" in scaling:
            attention = get_mscale(factor, scaling["mscale"]) / get_mscale(factor, scaling["mscale_all_dim"])
        else:
            attention = scaling.get("attention_factor", get_mscale(factor))
        return inverse, attention
    return inverse, 1.0


def rotate(x, frequencies, magnitude):
    """x [heads, T, d]: element i of a head turns together with element i + d/2."""
    angles = np.arange(x.shape[1])[:, None] * np.concatenate([frequencies, frequencies])[None, :]
    half = x.shape[2] // 2
    turned = np.concatenate([-x[..., half:], x[..., :half]], -1)
    return x * np.cos(angles) * magnitude + turned * np.sin(angles) * magnitude


# ---- models


def decoder(config, w, tokens):
    heads, kv_heads = config["num_attention_heads"], config["num_key_value_heads"]
    dim = config.get("head_dim") or config["hidden_size"] // heads
    eps, length = config["rms_norm_eps"], len(tokens)
    frequencies, magnitude = rope_frequencies(config, dim, length)
    x = w["model.embed_tokens.weight"][tokens]

    def linear(x, name):
        return x @ w[name + ".weight"].T + w.get(name + ".bias", 0)

    for i in range(config["num_hidden_layers"]):
        p = f"model.layers.{i}."
        window = config.get("sliding_window")
        if config["model_type"].startswith("qwen"):
            slides = config.get("use_sliding_window") and i >= config["max_window_layers"]
            window = window if slides else None
        h = rms_norm(x, w[p + "input_layernorm.weight"], eps)
        q, k, v = (heads_of(linear(h, p + f"self_attn.{c}_proj"), n) for c, n in
                   (("q", heads), ("k", kv_heads), ("v", kv_heads)))
        if config["model_type"] == "qwen3":
            q = rms_norm(q, w[p + "self_attn.q_norm.weight"], eps)
            k = rms_norm(k, w[p + "self_attn.k_norm.weight"], eps)
        q, k = rotate(q, frequencies, magnitude), rotate(k, frequencies, magnitude)
        x = x + linear(attend(q, k, v, dim**-0.5, causal(length, window)), p + "self_attn.o_proj")
        h = rms_norm(x, w[p + "post_attention_layernorm.weight"], eps)
        gate = ACTIVATIONS[config["hidden_act"]](linear(h, p + "mlp.gate_proj"))
        x = x + linear(gate * linear(h, p + "mlp.up_proj"), p + "mlp.down_proj")
    x = rms_norm(x, w["model.norm.weight"], eps)
    return x @ w["model.embed_tokens.weight" if config["tie_word_embeddings"] else "lm_head.weight"].T


def gpt2(config, w, tokens):
    heads, eps, length = config["n_head"], config["layer_norm_epsilon"], len(tokens)
    root = "transformer." if "transformer.wte.weight" in w else ""
    x = w[root + "wte.weight"][tokens] + w[root + "wpe.weight"][:length]
    for i in range(config["n_layer"]):
        p = f"{root}h.{i}."

        def conv1d(x, name):
            return x @ w[p + name + ".weight"] + w[p + name + ".bias"]

        h = layer_norm(x, w[p + "ln_1.weight"], w[p + "ln_1.bias"], eps)
        q, k, v = (heads_of(part, heads) for part in np.split(conv1d(h, "attn.c_attn"), 3, -1))
        scale = (config["n_embd"] // heads) ** -0.5
        if config.get("scale_attn_by_inverse_layer_idx"):
            scale /= i + 1
        x = x + conv1d(attend(q, k, v, scale, causal(length)), "attn.c_proj")
        h = layer_norm(x, w[p + "ln_2.weight"], w[p + "ln_2.bias"], eps)
        x = x + conv1d(ACTIVATIONS[config["activation_function"]](conv1d(h, "mlp.c_fc")), "mlp.c_proj")
    x = layer_norm(x, w[root + "ln_f.weight"], w[root + "ln_f.bias"], eps)
    return x @ w[root + "wte.weight"].T


def bert(config, w, tokens):
    heads, eps, length = config["num_attention_heads"], config["layer_norm_eps"], len(tokens)
    root = "bert." if "bert.embeddings.word_embeddings.weight" in w else ""
    scale_name, shift_name = ("gamma", "beta") if root + "embeddings.LayerNorm.gamma" in w else ("weight", "bias")

    def norm(x, name):
        return layer_norm(x, w[f"{name}.{scale_name}"], w[f"{name}.{shift_name}"], eps)

    e = root + "embeddings."
    x = (w[e + "word_embeddings.weight"][tokens] + w[e + "position_embeddings.weight"][:length] +
         w[e + "token_type_embeddings.weight"][0])
    x = norm(x, e + "LayerNorm")
    for i in range(config["num_hidden_layers"]):
        p = f"{root}encoder.layer.{i}."

        def dense(x, name):
            return x @ w[p + name + ".weight"].T + w[p + name + ".bias"]

        q, k, v = (heads_of(dense(x, f"attention.self.{name}"), heads) for name in ("query", "key", "value"))
        scale = (config["hidden_size"] // heads) ** -0.5
        y = dense(attend(q, k, v, scale, np.ones((length, length), bool)), "attention.output.dense")
        x = norm(x + y, p + "attention.output.LayerNorm")
        y = dense(ACTIVATIONS[config["hidden_act"]](dense(x, "intermediate.dense")), "output.dense")
        x = norm(x + y, p + "output.LayerNorm")
    return x


# ---- random weights


class Weights:
    def __init__(self, seed):
        self.random, self.tensors = np.random.default_rng(seed), {}

    def matrix(self, name, *shape):
        self.tensors[name] = self.random.standard_normal(shape) / math.sqrt(shape[-1])

    def vector(self, name, size, mean=0.0):
        self.tensors[name] = mean + 0.2 * self.random.standard_normal(size)

    def linear(self, name, out, inner, bias):
        self.matrix(name + ".weight", out, inner)
        if bias:
            self.vector(name + ".bias", out)

    def norm(self, name, size, names=("weight", "bias")):
        self.vector(f"{name}.{names[0]}", size, 1.0)
        self.vector(f"{name}.{names[1]}", size)


def decoder_weights(config, seed):
    w, hidden, inner = Weights(seed), config["hidden_size"], config["intermediate_size"]
    heads, kv_heads = config["num_attention_heads"], config["num_key_value_heads"]
    dim = config.get("head_dim") or hidden // heads
    kind = config["model_type"]
    qkv_bias = kind == "qwen2" or config.get("attention_bias", False)
    w.matrix("model.embed_tokens.weight", VOCABULARY, hidden)
    for i in range(config["num_hidden_layers"]):
        p = f"model.layers.{i}."
        w.vector(p + "input_layernorm.weight", hidden, 1.0)
        w.vector(p + "post_attention_layernorm.weight", hidden, 1.0)
        for name, count in (("q", heads), ("k", kv_heads), ("v", kv_heads)):
            w.linear(p + f"self_attn.{name}_proj", count * dim, hidden, qkv_bias)
        w.linear(p + "self_attn.o_proj", hidden, heads * dim, config.get("attention_bias", False))
        if kind == "qwen3":
            w.vector(p + "self_attn.q_norm.weight", dim, 1.0)
            w.vector(p + "self_attn.k_norm.weight", dim, 1.0)
        for name, out, size in (("gate", inner, hidden), ("up", inner, hidden), ("down", hidden, inner)):
            w.linear(p + f"mlp.{name}_proj", out, size, config.get("mlp_bias", False))
    w.vector("model.norm.weight", hidden, 1.0)
    if not config["tie_word_embeddings"]:
        w.matrix("lm_head.weight", VOCABULARY, hidden)
    return w.tensors


def gpt2_weights(config, seed, root):
    w, hidden = Weights(seed), config["n_embd"]
    w.matrix(root + "wte.weight", VOCABULARY, hidden)
    w.matrix(root + "wpe.weight", config["n_positions"], hidden)
    for i in range(config["n_layer"]):
        p = f"{root}h.{i}."
        for name in ("ln_1", "ln_2"):
            w.norm(p + name, hidden)
        for name, inner, out in (("attn.c_attn", hidden, 3 * hidden), ("attn.c_proj", hidden, hidden),
                                 ("mlp.c_fc", hidden, 4 * hidden), ("mlp.c_proj", 4 * hidden, hidden)):
            w.matrix(p + name + ".weight", inner, out)
            w.vector(p + name + ".bias", out)
    w.norm(root + "ln_f", hidden)
    return w.tensors


def bert_weights(config, seed, root, norm_names):
    w, hidden, inner = Weights(seed), config["hidden_size"], config["intermediate_size"]
    e = root + "embeddings."
    w.matrix(e + "word_embeddings.weight", VOCABULARY, hidden)
    w.matrix(e + "position_embeddings.weight", config["max_position_embeddings"], hidden)
    w.matrix(e + "token_type_embeddings.weight", 2, hidden)
    w.norm(e + "LayerNorm", hidden, norm_names)
    for i in range(config["num_hidden_layers"]):
        p = f"{root}encoder.layer.{i}."
        for name in ("query", "key", "value"):
            w.linear(p + f"attention.self.{name}", hidden, hidden, True)
        w.linear(p + "attention.output.dense", hidden, hidden, True)
        w.norm(p + "attention.output.LayerNorm", hidden, norm_names)
        w.linear(p + "intermediate.dense", inner, hidden, True)
        w.linear(p + "output.dense", hidden, inner, True)
        w.norm(p + "output.LayerNorm", hidden, norm_names)
    return w.tensors


# ---- cases


def llama_like(model_type="llama", **changes):
    config = dict(model_type=model_type, hidden_size=32, intermediate_size=48, num_hidden_layers=2,
                  num_attention_heads=4, num_key_value_heads=2, vocab_size=VOCABULARY, max_position_embeddings=64,
                  rms_norm_eps=1e-5, rope_theta=10000.0, tie_word_embeddings=False, hidden_act="silu")
    config.update(changes)
    return config


LLAMA3 = dict(rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
              original_max_position_embeddings=32)
YARN = dict(rope_type="yarn", factor=4.0, original_max_position_embeddings=16)
DECODERS = {
    "llama": llama_like(),
    "llama_tied_bf16": llama_like(tie_word_embeddings=True),
    "llama_biases": llama_like(attention_bias=True, mlp_bias=True, num_key_value_heads=1, rope_theta=500.0),
    "llama_linear": llama_like(rope_scaling=dict(type="linear", factor=2.5)),
    "llama_dynamic": llama_like(max_position_embeddings=16, rope_scaling=dict(rope_type="dynamic", factor=4.0)),
    "llama_dynamic_short": llama_like(rope_scaling=dict(rope_type="dynamic", factor=4.0)),
    "llama_llama3": llama_like(head_dim=16, rope_scaling=LLAMA3),
    "llama_yarn": llama_like(head_dim=16, rope_scaling=YARN),
    "llama_yarn_mscale": llama_like(head_dim=16, rope_scaling=dict(YARN, mscale=0.7, mscale_all_dim=1.3, beta_fast=4)),
    "mistral_window": llama_like("mistral", sliding_window=7),
    "mistral_full": llama_like("mistral", sliding_window=None),
    "qwen2": llama_like("qwen2", use_sliding_window=False, sliding_window=5, max_window_layers=0),
    "qwen2_window": llama_like("qwen2", use_sliding_window=True, sliding_window=5, max_window_layers=1),
    "qwen3": llama_like("qwen3", head_dim=24, tie_word_embeddings=True),
}
GPT2 = dict(model_type="gpt2", n_embd=32, n_head=4, n_layer=2, n_positions=40, vocab_size=VOCABULARY,
            layer_norm_epsilon=1e-5, activation_function="gelu_new")
BERT = dict(model_type="bert", hidden_size=32, intermediate_size=64, num_attention_heads=4, num_hidden_layers=2,
            max_position_embeddings=40, vocab_size=VOCABULARY, type_vocab_size=2, layer_norm_eps=1e-12,
            hidden_act="gelu")


def cases():
    for seed, (name, config) in enumerate(DECODERS.items()):
        yield name, config, decoder_weights(config, seed), decoder
    inverse = dict(GPT2, scale_attn_by_inverse_layer_idx=True)
    yield "gpt2", GPT2, gpt2_weights(GPT2, 100, "transformer."), gpt2
    yield "gpt2_bare_f16", inverse, gpt2_weights(inverse, 101, ""), gpt2
    yield "bert", BERT, bert_weights(BERT, 102, "bert.", ("weight", "bias")), bert
    yield "bert_old_names", BERT, bert_weights(BERT, 103, "", ("gamma", "beta")), bert


def main():
    for name, config, tensors, forward in cases():
        folder = os.path.join(sys.argv[1], name)
        os.makedirs(folder)
        dtype = "BF16" if name.endswith("bf16") else "F16" if name.endswith("f16") else "F32"
        weights = write_safetensors(os.path.join(folder, "model.safetensors"), tensors, dtype)
        with open(os.path.join(folder, "config.json"), "w") as file:
            json.dump(config, file)
        tokens = np.random.default_rng(7).integers(0, VOCABULARY, (2, TOKENS))
        np.save(os.path.join(folder, "tokens.npy"), tokens)
        expected = np.stack([forward(config, weights, row) for row in tokens])
        np.save(os.path.join(folder, "expected.npy"), expected.astype(np.float32))


if __name__ == "__main__":
    main()
