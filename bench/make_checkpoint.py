"""Writes a Llama checkpoint with random weights, to measure with: config.json and safetensors.

    python3 bench/make_checkpoint.py FOLDER --gigabytes 2 --dtype bfloat16 [--shards 3]

Layers of a 7B model as many as fit, a tied embedding for the rest; tensors are written one at a time. Shards have about
the same size and an index.
"""
import argparse
import json
import pathlib
import struct

import numpy as np

HIDDEN, INTERMEDIATE, HEADS = 4096, 11008, 32


def shapes(elements):
    layer = {
        "input_layernorm.weight": [HIDDEN],
        "self_attn.q_proj.weight": [HIDDEN, HIDDEN],
        "self_attn.k_proj.weight": [HIDDEN, HIDDEN],
        "self_attn.v_proj.weight": [HIDDEN, HIDDEN],
        "self_attn.o_proj.weight": [HIDDEN, HIDDEN],
        "post_attention_layernorm.weight": [HIDDEN],
        "mlp.gate_proj.weight": [INTERMEDIATE, HIDDEN],
        "mlp.up_proj.weight": [INTERMEDIATE, HIDDEN],
        "mlp.down_proj.weight": [HIDDEN, INTERMEDIATE],
    }
    size = sum(map(count, layer.values()))
    layers = max(1, int(elements // size))
    vocabulary = max(256, int((elements - layers * size) // HIDDEN))
    tensors = {"model.embed_tokens.weight": [vocabulary, HIDDEN]}
    for i in range(layers):
        tensors |= {f"model.layers.{i}.{name}": shape for name, shape in layer.items()}
    tensors["model.norm.weight"] = [HIDDEN]
    return layers, vocabulary, tensors


def elements_of(values, dtype):
    if dtype == "float16":
        return values.astype(np.float16).tobytes()
    if dtype == "bfloat16":
        return (values.view(np.uint32) >> 16).astype(np.uint16).tobytes()
    return values.tobytes()


def count(shape):
    return int(np.prod(shape))


def split(tensors, shards):
    """Consecutive tensors, a shard until it has its share."""
    share = sum(map(count, tensors.values())) / shards
    parts, size = [{}], 0
    for name, shape in tensors.items():
        if size >= share * len(parts):
            parts.append({})
        parts[-1][name] = shape
        size += count(shape)
    return parts


def write_file(path, tensors, dtype, noise, random):
    width = 4 if dtype == "float32" else 2
    header, at = {}, 0
    for name, shape in tensors.items():
        end = at + width * count(shape)
        kind = {"float32": "F32", "float16": "F16", "bfloat16": "BF16"}[dtype]
        header[name] = {"dtype": kind, "shape": shape, "data_offsets": [at, end]}
        at = end
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for shape in tensors.values():
            left = count(shape)
            while left > 0:
                n = min(left, noise.size)
                file.write(elements_of(np.roll(noise, int(random.integers(noise.size)))[:n], dtype))
                left -= n


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--gigabytes", type=float, default=2)
    parser.add_argument("--dtype", choices=["float32", "float16", "bfloat16"], default="bfloat16")
    parser.add_argument("--shards", type=int, default=1)
    arguments = parser.parse_args()
    width = 4 if arguments.dtype == "float32" else 2
    layers, vocabulary, tensors = shapes(arguments.gigabytes * 1e9 / width)

    arguments.folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(1)
    noise = random.standard_normal(1 << 22, dtype=np.float32) * 0.02
    shards = split(tensors, arguments.shards)
    weight_map = {}
    for i, shard in enumerate(shards):
        name = "model.safetensors" if len(shards) == 1 else f"model-{i + 1:05d}-of-{len(shards):05d}.safetensors"
        write_file(arguments.folder / name, shard, arguments.dtype, noise, random)
        weight_map |= {tensor: name for tensor in shard}
    if len(shards) > 1:
        index = {"metadata": {"total_size": width * sum(map(count, tensors.values()))}, "weight_map": weight_map}
        (arguments.folder / "model.safetensors.index.json").write_text(json.dumps(index, indent=2) + "\n")
    config = {
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": HIDDEN,
        "intermediate_size": INTERMEDIATE, "num_hidden_layers": layers, "num_attention_heads": HEADS,
        "num_key_value_heads": HEADS, "vocab_size": vocabulary, "max_position_embeddings": 2048,
        "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "tie_word_embeddings": True, "hidden_act": "silu",
        "torch_dtype": arguments.dtype,
    }
    (arguments.folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")


if __name__ == "__main__":
    main()
