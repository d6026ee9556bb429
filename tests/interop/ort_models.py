"""Runs real models in ONNX Runtime on seeded random input and keeps both sides of it.

Usage: ort_models.py OUTPUT_FOLDER MODEL...
Each model gets a folder like those of ONNX's node tests: test_data_set_0/{input,output}_N.pb.
"""
import os
import sys

import numpy as np
import onnxruntime
from onnx import numpy_helper

BATCH = 2
# What the values of an input may be, by element type; an image-like float is a standard normal.
INTEGER_LIMIT = {"tensor(int32)": 257, "tensor(int64)": 4}


def random_input(value, random):
    shape = [d if isinstance(d, int) else BATCH for d in value.shape]
    if value.type == "tensor(float)":
        return random.normal(size=shape).astype(np.float32)
    return random.integers(0, INTEGER_LIMIT[value.type], shape).astype({"tensor(int32)": np.int32, "tensor(int64)": np.int64}[value.type])


def write(path, array):
    with open(path, "wb") as file:
        file.write(numpy_helper.from_array(array).SerializeToString())


def main(folder, models):
    for model in models:
        random = np.random.default_rng(7)
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4
        session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        feeds = {value.name: random_input(value, random) for value in session.get_inputs()}
        target = os.path.join(folder, os.path.splitext(os.path.basename(model))[0], "test_data_set_0")
        os.makedirs(target)
        for i, array in enumerate(feeds.values()):
            write(os.path.join(target, f"input_{i}.pb"), array)
        for i, array in enumerate(session.run(None, feeds)):
            write(os.path.join(target, f"output_{i}.pb"), array)
    print("onnxruntime", onnxruntime.__version__)


main(sys.argv[1], sys.argv[2:])
