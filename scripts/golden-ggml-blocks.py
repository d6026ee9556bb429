#!/usr/bin/env python3
"""Writes src/kernels/ggml/golden_blocks.inc: the blocks that ggml's own quantizer makes.

    scripts/golden-ggml-blocks.py libggml-base.so >src/kernels/ggml/golden_blocks.inc

The library comes from `scripts/fetch-ggml`. The inputs come from a generator that uses only exact and correctly
rounded operations, so that src/kernels/ggml/ggml_test.cc makes the same bits.
"""
import ctypes
import sys

import numpy as np

MASK = (1 << 64) - 1
COLUMNS = 512
ROWS = 20
# name, number, values per block, bytes per block
TYPES = [
    ("Q4_0", 2, 32, 18), ("Q4_1", 3, 32, 20), ("Q5_0", 6, 32, 22), ("Q5_1", 7, 32, 24), ("Q8_0", 8, 32, 34),
    ("Q2_K", 10, 256, 84), ("Q3_K", 11, 256, 110), ("Q4_K", 12, 256, 144), ("Q5_K", 13, 256, 176),
    ("Q6_K", 14, 256, 210),
]  # fmt: skip


def uniform(seed, n):
    """splitmix64, as doubles in (0, 1)."""
    z = np.uint64(seed) + np.arange(1, n + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z = (z ^ (z >> np.uint64(31))) >> np.uint64(11)
    return (z.astype(np.float64) + 0.5) * 2.0**-53


def sample(kind, n):
    u = 2 * uniform(7, n) - 1
    i = np.arange(n)
    if kind == "heavy":
        x = u * u * u
    elif kind == "flat":
        x = u
    elif kind == "shifted":
        x = u * 0.125 - 3
    elif kind == "outliers":
        x = np.where(i % 97 == 5, 100 * u, u)
    elif kind == "ties":
        x = np.floor(u * 8) / 2
    elif kind == "tiny":
        x = u * 2.0**-130
    elif kind == "huge":
        x = u * 2.0**127
    elif kind == "patches":  # blocks of zeros, and blocks that differ by powers of two
        x = u * 2.0 ** (-(i // 16 % 13)) * (i // 32 % 5 != 3)
    return x.astype(np.float32)


def importance():
    u = uniform(11, COLUMNS)
    return np.where(np.arange(COLUMNS) % 7 == 3, 0.0, u * u).astype(np.float32)


def fnv(data):
    h = 0xCBF29CE484222325
    for byte in data:
        h = ((h ^ byte) * 0x100000001B3) & MASK
    return h


def main():
    lib = ctypes.CDLL(sys.argv[1])
    lib.ggml_quantize_chunk.restype = ctypes.c_size_t
    pointer, size = ctypes.c_void_p, ctypes.c_int64
    lib.ggml_quantize_chunk.argtypes = [ctypes.c_int, pointer, pointer, size, size, size, pointer]
    print("// Written by scripts/golden-ggml-blocks.py with libggml-base.so of @node-llama-cpp/linux-x64 3.22.1.")
    print("// Input, type, with importance; a checksum of all blocks; the first block.")
    weights = importance()
    for kind in ("heavy", "flat", "shifted", "outliers", "ties", "tiny", "huge", "patches"):
        x = sample(kind, ROWS * COLUMNS)
        for name, number, block, block_bytes in TYPES:
            for weighted in (False, True):
                out = np.zeros(x.size // block * block_bytes, np.uint8)
                used = weights.ctypes.data if weighted else None
                lib.ggml_quantize_chunk(number, x.ctypes.data, out.ctypes.data, 0, ROWS, COLUMNS, used)
                first = out[:block_bytes].tobytes().hex() if kind == "heavy" else ""
                flag = "true" if weighted else "false"
                print(f'{{"{kind}", "{name}", {flag}, 0x{fnv(out.tobytes()):016x}U, "{first}"}},')


main()
