#!/usr/bin/env python3
"""Writes tests/golden/torch_histogram.inc: what PyTorch's HistogramObserver chooses.

Needs PyTorch (2.15 made the committed file). The inputs come from a generator that uses only
exact and correctly rounded operations, so that tests/golden/torch_histogram_test.cc makes the same bits.
On CPUs with AVX-512 PyTorch adds in another order; ATEN_CPU_CAPABILITY=avx2 fixes it.
"""
import os
import sys

os.environ["ATEN_CPU_CAPABILITY"] = "avx2"
import numpy as np
import torch
from torch.ao.quantization import HistogramObserver

MASK = (1 << 64) - 1


def uniform(seed, n):
    """splitmix64, as doubles in (0, 1)."""
    state = (np.uint64(seed) + np.arange(1, n + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15))
    z = state
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z = (z ^ (z >> np.uint64(31))) >> np.uint64(11)
    return (z.astype(np.float64) + 0.5) * 2.0**-53


def sample(kind, seed, n):
    u = 2 * uniform(seed, n) - 1
    cubed = u * u * u
    if kind == "cubed":  # heavy around zero, tails to 4
        x = 4 * cubed
    elif kind == "relu":
        x = np.maximum(6 * cubed, 0)
    elif kind == "outliers":
        x = np.where(np.arange(n) % 997 == 0, 50 * u, cubed)
    elif kind == "growing":  # the range grows with every sample
        x = cubed * (1 + seed % 8)
    elif kind == "shifted":
        x = 3 + cubed + seed % 4
    elif kind == "ninth":  # very long tails
        x = 100 * (cubed * cubed * cubed)
    elif kind == "bell":  # no tails
        x = u + (2 * uniform(seed + 1000, n) - 1) + (2 * uniform(seed + 2000, n) - 1)
    elif kind == "constant":
        x = np.full(n, 0.75)
    return x.astype(np.float32)


CASES = [("cubed", 1, 20000), ("cubed", 5, 20000), ("relu", 4, 20000), ("outliers", 3, 20000), ("growing", 7, 5000),
         ("shifted", 4, 5000), ("constant", 2, 100), ("cubed", 3, 7), ("ninth", 3, 100000), ("bell", 6, 30000),
         ("outliers", 40, 500000)]
DTYPES = {"u8": (torch.quint8, torch.per_tensor_affine), "i8s": (torch.qint8, torch.per_tensor_symmetric)}

out = [f"// Written by scripts/golden-torch-histogram.py with PyTorch {torch.__version__.split('+')[0]}.",
       "// kind, samples, elements, type; a checksum of the histogram's counts and its ends; the range that was chosen."]
for kind, samples, n in CASES:
    for name, (dtype, scheme) in DTYPES.items():
        observer = HistogramObserver(dtype=dtype, qscheme=scheme)
        for seed in range(samples):
            observer(torch.from_numpy(sample(kind, seed, n)))
        bits = observer.histogram.numpy().view(np.uint32).astype(np.uint64)
        checksum = int((bits * np.arange(1, 2049, dtype=np.uint64)).sum())
        low, high = observer._non_linear_param_search()
        scale, zero_point = observer.calculate_qparams()
        hexes = [float(v).hex() for v in (observer.min_val, observer.max_val, low, high, scale)]
        out.append(f'{{"{kind}", {samples}, {n}, "{name}", {checksum}U, {", ".join(hexes)}, {int(zero_point)}}},')
        print(out[-1], file=sys.stderr)
path = os.path.join(os.path.dirname(__file__), "..", "tests", "golden", "torch_histogram.inc")
with open(path, "w") as f:
    f.write("\n".join(out) + "\n")
