"""LLM.int8() in NumPy, as the paper says it (Dettmers et al. 2022, section 3.2), on what a run of zeropoint saw.

    llm_int8_reference.py FOLDER    a bitsandbytes checkpoint, with FOLDER/seen.npz: MODULE.x and MODULE.y of every layer

Prints how many layers agree, and the outlier columns of each.
"""
import json
import pathlib
import sys

import numpy as np
from safetensors.numpy import load_file


def llm_int8(x, codes, scb, threshold):
    x = x.reshape(-1, x.shape[-1]).astype(np.float32)
    outliers = (np.abs(x) >= threshold).any(axis=0)
    regular = np.where(outliers, 0, x)
    c_x = np.abs(regular).max(axis=1, keepdims=True)
    x_int8 = np.rint(regular * (np.float32(127) / c_x)).astype(np.int64)
    integer = (x_int8 @ codes.T.astype(np.int64)) * (c_x.astype(np.float64) * scb / (127 * 127))
    weight = codes.astype(np.float64) * scb[:, None] / 127
    return integer + x[:, outliers].astype(np.float64) @ weight[:, outliers].T, np.flatnonzero(outliers)


if __name__ == "__main__":
    folder = pathlib.Path(sys.argv[1])
    threshold = json.loads((folder / "config.json").read_text())["quantization_config"]["llm_int8_threshold"]
    tensors = load_file(folder / "model.safetensors")
    seen = np.load(folder / "seen.npz")
    modules = [name.removesuffix(".x") for name in seen.files if name.endswith(".x")]
    counts = []
    for module in modules:
        y, outliers = llm_int8(seen[module + ".x"], tensors[module + ".weight"], tensors[module + ".SCB"], threshold)
        got = seen[module + ".y"].reshape(y.shape)
        assert np.allclose(got, y, rtol=1e-5, atol=1e-5 * np.abs(y).max()), (module, np.abs(got - y).max())
        counts.append(",".join(map(str, outliers)) or "none")
    print(len(modules), "layers, outliers:", *counts)
