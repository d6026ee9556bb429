#!/usr/bin/env python3
"""Writes models of one quantization operator each, for bench/compare_onnxruntime.py.

    bench/operator_models.py FOLDER

256 Ki elements stay in the cache, 16 Mi (64 MB of float32) come from memory. Needs onnx from PyPI.
"""
import pathlib
import sys

import onnx
from onnx import TensorProto, helper

CACHE, MEMORY = ("256Ki", 1 << 18), ("16Mi", 1 << 24)
FLOAT, BYTES = TensorProto.FLOAT, TensorProto.UINT8


def scalar(name, dtype, value):
    return helper.make_tensor(name, dtype, [], [value])


def grid(suffix, scale, zero_point):
    return [scalar(f"scale_{suffix}", FLOAT, scale), scalar(f"zero_{suffix}", BYTES, zero_point)]


def save(folder, title, size, node, inputs, outputs, constants):
    label, elements = size
    value = lambda name, dtype: helper.make_tensor_value_info(name, dtype, [] if name in ("s", "z") else [elements])
    graph = helper.make_graph([node], title, [value(*i) for i in inputs], [value(*o) for o in outputs], constants)
    opsets = [helper.make_opsetid("", 19), helper.make_opsetid("com.microsoft", 1)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=9), folder / f"{title}_{label}.onnx")


def main():
    folder = pathlib.Path(sys.argv[1])
    one_grid = grid("x", 0.0213, 120)
    names = [t.name for t in one_grid]
    for size in (CACHE, MEMORY):
        node = helper.make_node("QuantizeLinear", ["x", *names], ["y"])
        save(folder, "quantize", size, node, [("x", FLOAT)], [("y", BYTES)], one_grid)
        node = helper.make_node("DequantizeLinear", ["x", *names], ["y"])
        save(folder, "dequantize", size, node, [("x", BYTES)], [("y", FLOAT)], one_grid)
    node = helper.make_node("DynamicQuantizeLinear", ["x"], ["y", "s", "z"])
    save(folder, "dynamic_quantize", CACHE, node, [("x", FLOAT)], [("y", BYTES), ("s", FLOAT), ("z", BYTES)], [])
    grids = grid("a", 0.02, 120) + grid("b", 0.03, 130) + grid("y", 0.04, 125)
    a, b, y = (names for names in zip(*[iter([t.name for t in grids])] * 2))
    for op in ("Add", "Mul"):
        node = helper.make_node(f"QLinear{op}", ["a", *a, "b", *b, *y], ["y"], domain="com.microsoft")
        save(folder, f"quantized_{op.lower()}", CACHE, node, [("a", BYTES), ("b", BYTES)], [("y", BYTES)], grids)


if __name__ == "__main__":
    main()
