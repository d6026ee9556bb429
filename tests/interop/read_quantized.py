"""Decodes a quantized checkpoint with NumPy alone and compares with what zeropoint decodes, bit for bit.

    read_quantized.py FOLDER...

with FOLDER/decoded.npz beside the weights. Written from the formats' descriptions, not from zeropoint's code. Prints
the number of equal matrices of each folder.
"""
import json
import pathlib
import sys

import numpy as np
from safetensors.numpy import load_file

F32 = np.float32


def bit_fields(words, bits, count, axis, straddle):
    """Unsigned values along `axis` of uint32 words, low bits first."""
    words = np.moveaxis(words.view(np.uint32).astype(np.uint64), axis, -1)
    if straddle:
        all_bits = ((words[..., None] >> np.arange(32, dtype=np.uint64)) & 1).reshape(*words.shape[:-1], -1)
        all_bits = all_bits[..., : all_bits.shape[-1] // bits * bits]
        values = (all_bits.reshape(*all_bits.shape[:-1], -1, bits) << np.arange(bits, dtype=np.uint64)).sum(-1)
    else:
        shifts = np.arange(32 // bits, dtype=np.uint64) * np.uint64(bits)
        values = ((words[..., None] >> shifts) & np.uint64(2**bits - 1)).reshape(*words.shape[:-1], -1)
    return np.moveaxis(values[..., :count].astype(np.int64), -1, axis)


def affine(codes, scale, zero, groups):
    """codes [out, in], scale and zero [out, groups], groups: the group of each column."""
    return (codes - zero[:, groups]).astype(F32) * scale.astype(F32)[:, groups]


def even_groups(columns, count):
    return np.arange(columns) // -(-columns // count)


def plain(tensors, config):
    for name, entry in config["tensors"].items():
        rows, columns = entry["shape"]
        bits = entry["bits"]
        codes = tensors[name + ".codes"].astype(np.int64)
        if bits < 8:
            raw = tensors[name + ".codes"]
            fields = np.unpackbits(raw, axis=1, bitorder="little")[:, : columns * bits].reshape(rows, columns, bits)
            codes = (fields.astype(np.int64) << np.arange(bits)).sum(-1) - 2 ** (bits - 1)
        scale = tensors[name + ".scale"]
        zero = tensors.get(name + ".zero_point", np.zeros(scale.shape, np.int8)).astype(np.int64)
        block = entry["block_size"] or columns
        groups = tensors.get(name + ".groups", np.arange(columns) // block)
        if entry["per_tensor"]:
            scale, zero = np.repeat(scale, rows, 0), np.repeat(zero, rows, 0)
            groups = np.zeros(columns, np.int64)
        yield name, affine(codes, scale, zero, groups)


def compressed(tensors, config):
    bits = {g["weights"]["num_bits"] for g in config["config_groups"].values()}.pop()
    for name in list(tensors):
        if not name.endswith(".weight_scale"):
            continue
        module = name.removesuffix(".weight_scale")
        scale = tensors[name]
        if config["format"] == "pack-quantized":
            rows, columns = tensors[module + ".weight_shape"]
            half = 2 ** (bits - 1)
            codes = bit_fields(tensors[module + ".weight_packed"], bits, columns, 1, False) - half
        else:
            codes = tensors[module + ".weight"].astype(np.int64)
            rows, columns = codes.shape
        if scale.shape == (1,):
            scale = np.full((rows, 1), scale[0])
        zero = np.zeros(scale.shape, np.int64)
        if module + ".weight_zero_point" in tensors:
            stored = tensors[module + ".weight_zero_point"]
            packed = stored.dtype == np.int32
            zero = bit_fields(stored, bits, rows, 0, False) - 2 ** (bits - 1) if packed else stored.astype(np.int64)
            zero = np.broadcast_to(zero.reshape(-1, scale.shape[1]), scale.shape)
        yield module + ".weight", affine(codes, scale, zero, even_groups(columns, scale.shape[1]))


def gptq(tensors, config):
    bits = config["bits"]
    for name in list(tensors):
        if not name.endswith(".qweight"):
            continue
        module = name.removesuffix(".qweight")
        rows = tensors[name].shape[1]
        columns = tensors[module + ".g_idx"].size
        codes = bit_fields(tensors[name], bits, columns, 0, True).T
        zero = bit_fields(tensors[module + ".qzeros"], bits, rows, 1, True).T
        zero = zero + (1 if config["checkpoint_format"] == "gptq" else 0)
        yield module + ".weight", affine(codes, tensors[module + ".scales"].T, zero, tensors[module + ".g_idx"])


def bitsandbytes(tensors, config):
    for name in list(tensors):
        if name.endswith(".SCB"):
            module = name.removesuffix(".SCB")
            assert tensors[module + ".weight_format"] == 0
            codes = tensors[module + ".weight"].astype(F32)
            yield module + ".weight", codes * tensors[name][:, None] * F32(7.874015718698502e-3)
        if ".quant_state.bitsandbytes__nf4" in name:
            weight = name.split(".quant_state.")[0]
            state = json.loads(tensors[name].tobytes())
            assert state["quant_type"] == "nf4"
            packed = tensors[weight][:, 0]
            count = state["shape"][0] * state["shape"][1]
            codes = np.stack([packed >> 4, packed & 15], 1).reshape(-1)[:count]
            absmax = tensors[weight + ".absmax"]
            if absmax.dtype == np.uint8:
                block = np.arange(absmax.size) // state["nested_blocksize"]
                levels = tensors[weight + ".nested_quant_map"]
                absmax = levels[absmax] * tensors[weight + ".nested_absmax"][block] + F32(state["nested_offset"])
            values = tensors[weight + ".quant_map"][codes] * absmax[np.arange(count) // state["blocksize"]]
            yield weight, values.reshape(state["shape"])


READERS = {"zeropoint": plain, "compressed-tensors": compressed, "gptq": gptq, "bitsandbytes": bitsandbytes}


def equal_matrices(folder):
    expected = np.load(folder / "decoded.npz")
    config = json.loads((folder / "config.json").read_text())["quantization_config"]
    tensors = {}
    for file in sorted(folder.glob("*.safetensors")):
        tensors |= load_file(file)
    equal = 0
    for name, values in READERS[config["quant_method"]](tensors, config):
        values = np.asarray(values, F32)
        assert values.shape == expected[name].shape, (folder, name, values.shape, expected[name].shape)
        assert np.array_equal(values.view(np.uint32), expected[name].view(np.uint32)), (folder, name)
        equal += 1
    return equal


if __name__ == "__main__":
    print(*(equal_matrices(pathlib.Path(folder)) for folder in sys.argv[1:]))
