"""Models of old opsets, one for each way in which an operator changed, and what they compute.

old_models.py write FOLDER [MODEL...]   writes <name>.onnx, and <name>.npz with inputs and outputs as ONNX Runtime
                                        computes them; for each MODEL given, a copy with random inputs
old_models.py check FOLDER              every <opset>/<name>.onnx there must pass onnx.checker and compute the same
"""
import glob
import os
import sys

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

onnxruntime.set_default_logger_severity(4)
IR_VERSION = {6: 3, 7: 3, 8: 3, 9: 4, 10: 5, 11: 6, 12: 7, 16: 8, 17: 8, 18: 8}
random = np.random.RandomState(1)


def floats(*shape):
    return random.randn(*shape).astype(np.float32)


def declare(name, array):
    return helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(array.dtype), array.shape)


def run(path, feeds):
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"]).run(None, feeds)


def save(folder, name, feeds, outputs):
    arrays = {"in_" + key: value for key, value in feeds.items()}
    arrays |= {f"out_{i}": value for i, value in enumerate(outputs)}
    np.savez(f"{folder}/{name}.npz", **arrays)


class Writer:
    def __init__(self, folder):
        self.folder = folder

    def model(self, name, opset, nodes, inputs, constants, outputs, expected=None, functions=(), domains=()):
        types = {"y": TensorProto.FLOAT, "z": TensorProto.FLOAT, "w": TensorProto.FLOAT, "i": TensorProto.INT64}
        graph_inputs = [declare(*item) for item in inputs.items()]
        if IR_VERSION[opset] < 4:
            graph_inputs += [declare(*item) for item in constants.items()]
        graph = helper.make_graph(
            nodes, name, graph_inputs, [helper.make_tensor_value_info(o, types[o], None) for o in outputs],
            [numpy_helper.from_array(value, key) for key, value in constants.items()])
        imports = [helper.make_opsetid("", opset)] + [helper.make_opsetid(domain, 1) for domain in domains]
        model = helper.make_model(graph, opset_imports=imports, functions=functions)
        model.ir_version = 8 if functions else IR_VERSION[opset]
        path = f"{self.folder}/{name}.onnx"
        if expected is None:
            onnx.save(model, path)
            expected = run(path, inputs)
        for value, array in zip(model.graph.output, expected):  # the checker wants shapes
            value.CopyFrom(declare(value.name, array))
        onnx.save(model, path)
        save(self.folder, name, inputs, expected)

    def op(self, name, opset, op_type, inputs, constants=None, outputs=("y",), expected=None, **attributes):
        constants = constants or {}
        node = helper.make_node(op_type, list(inputs) + list(constants), list(outputs), **attributes)
        self.model(name, opset, [node], inputs, constants, outputs, expected)


def write_operators(writer):
    x = {"x": floats(2, 3, 4, 5)}
    op = writer.op
    op("slice", 7, "Slice", x, starts=[0, 1], ends=[2, 3], axes=[1, 3])
    op("slice_without_axes", 9, "Slice", x, starts=[0, 1, 0, 0], ends=[2, 3, 4, -1])
    op("top_k", 9, "TopK", x, outputs=("y", "i"), k=2, axis=-1)
    op("clip", 7, "Clip", x, min=-0.5, max=0.5)
    op("clip_min", 10, "Clip", x, min=0.0)
    for mode in ("constant", "reflect", "edge"):
        op("pad_" + mode, 7, "Pad", x, pads=[0, 0, 1, 2, 0, 0, 1, 1], mode=mode, value=2.5)
    op("upsample_nearest", 7, "Upsample", x, scales=[1.0, 1.0, 2.0, 3.0], mode="nearest")
    op("upsample_linear", 7, "Upsample", x, scales=[1.0, 1.0, 2.0, 1.5], mode="linear")
    for name, opset, op_type, scales, mode in (
            ("upsample_input", 9, "Upsample", [1, 1, 2, 2.5], "nearest"),
            ("resize_up", 10, "Resize", [1, 1, 1.6, 2.3], "nearest"),
            ("resize_down", 10, "Resize", [1, 1, 0.6, 0.37], "nearest"),
            ("resize_linear", 10, "Resize", [1, 1, 0.6, 2.3], "linear")):
        op(name, opset, op_type, x, {"s": np.array(scales, np.float32)}, mode=mode)
    for op_type in ("Softmax", "LogSoftmax", "Hardmax"):
        for axis in range(4):
            op(f"{op_type}_{axis}", 9, op_type, x, axis=axis)
        op(op_type + "_default", 7, op_type, x)
    op("softmax_negative", 11, "Softmax", x, axis=-2)
    op("softmax_before_ones", 7, "Softmax", {"x": floats(2, 3, 1, 1)}, axis=1)
    op("squeeze", 7, "Squeeze", {"x": floats(1, 3, 1, 2)}, axes=[0, 2])
    op("squeeze_all", 7, "Squeeze", {"x": floats(1, 3, 1, 2)})
    op("unsqueeze", 7, "Unsqueeze", x, axes=[0, 3])
    for op_type in ("L1", "L2", "LogSum", "LogSumExp", "Max", "Mean", "Min", "Prod", "Sum", "SumSquare"):
        positive = {"x": np.abs(x["x"]) + 1}
        op(f"reduce_{op_type}", 7, "Reduce" + op_type, positive, axes=[1, 2], keepdims=0)
        op(f"reduce_{op_type}_all", 11, "Reduce" + op_type, positive)
    op("split", 11, "Split", x, outputs=("y", "z"), axis=3, split=[2, 3])
    op("split_equal", 7, "Split", x, outputs=("y", "z", "w"), axis=1)
    norm = {"s": floats(3), "b": floats(3), "m": floats(3), "v": np.abs(floats(3))}
    op("batch_norm", 7, "BatchNormalization", x, norm)
    op("batch_norm_spatial", 8, "BatchNormalization", x, norm, spatial=1)
    op("dropout", 7, "Dropout", x, ratio=0.3)
    op("scatter", 9, "Scatter", {"x": floats(3, 3)}, {"i": np.array([[1, 0, 2], [0, 2, 1]]), "u": floats(2, 3)})
    op("roi_align", 10, "RoiAlign", {"x": floats(1, 1, 10, 10)},
       {"r": np.array([[0, 0, 9, 9], [0, 5, 4, 9]], np.float32), "b": np.array([0, 0])},
       output_height=5, output_width=5, sampling_ratio=2, spatial_scale=1.0)
    op("grid_sample", 16, "GridSample", {"x": floats(1, 1, 4, 4)}, {"g": floats(1, 3, 3, 2)}, mode="bicubic")
    op("dft", 17, "DFT", {"x": floats(2, 8, 3, 1)})
    op("dft_axis", 17, "DFT", {"x": floats(2, 8, 3, 1)}, axis=2, onesided=1)
    op("group_norm", 18, "GroupNormalization", {"x": floats(2, 6, 3, 3)}, {"s": floats(2), "b": floats(2)}, num_groups=2)

    # ONNX Runtime does not run opset 6: what these compute is written out
    v, channel = x["x"], floats(3)
    per_channel = channel[:, None, None]
    for op_type, result in (("Add", v + per_channel), ("Sub", v - per_channel), ("Mul", v * per_channel),
                            ("Div", v / per_channel)):
        op(f"broadcast_{op_type}", 6, op_type, x, {"c": channel}, expected=[result], broadcast=1, axis=1)
    op("broadcast_input", 6, "Add", {"x": v, "c": channel}, expected=[v + per_channel], broadcast=1, axis=1)
    op("prelu", 6, "PRelu", x, {"c": channel}, expected=[np.where(v < 0, v * per_channel, v)])


def write_graphs(writer):
    x = floats(2, 3, 4, 5)

    def branch(name, op_type, **attributes):
        node = helper.make_node(op_type, ["x"], [name], **attributes)
        return helper.make_graph([node], name, [], [helper.make_tensor_value_info(name, TensorProto.FLOAT, None)])

    for condition in (True, False):
        node = helper.make_node("If", ["c"], ["y"], then_branch=branch("t", "Unsqueeze", axes=[0]),
                                else_branch=branch("e", "Softmax", axis=1))
        writer.model(f"if_{condition}", 11, [node], {"x": x, "c": np.array(condition)}, {}, ["y"])

    leaky = helper.make_node("LeakyRelu", ["q"], ["u"])
    leaky.attribute.append(onnx.AttributeProto(name="alpha", type=onnx.AttributeProto.FLOAT, ref_attr_name="slope"))
    inner = helper.make_function(
        "my", "Inner", ["p", "q"], ["o"],
        [helper.make_node("Softmax", ["p"], ["t"]), leaky, helper.make_node("Add", ["t", "u"], ["o"])],
        [helper.make_opsetid("", 12)], ["slope"])
    outer = helper.make_function(
        "my", "Outer", ["p"], ["o", "same"],
        [helper.make_node("Inner", ["p", "p"], ["o"], domain="my", slope=0.3), helper.make_node("Identity", ["p"], ["same"])],
        [helper.make_opsetid("", 12), helper.make_opsetid("my", 1)], [])
    nodes = [helper.make_node("Outer", ["x"], ["a", "b"], domain="my", name="call"),
             helper.make_node("Inner", ["a", "b"], ["c"], domain="my", slope=0.5), helper.make_node("Relu", ["c"], ["y"])]
    writer.model("functions", 12, nodes, {"x": x}, {}, ["y"], functions=[inner, outer], domains=["my"])


def write_network(folder, path):
    name = os.path.splitext(os.path.basename(path))[0]
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    feeds = {}
    for value in session.get_inputs():
        shape = [d if isinstance(d, int) else 2 for d in value.shape]
        is_float = value.type == "tensor(float)"
        feeds[value.name] = floats(*shape) if is_float else random.randint(0, 10, shape).astype(
            np.int32 if "int32" in value.type else np.int64)
    os.symlink(os.path.abspath(path), f"{folder}/{name}.onnx")
    save(folder, name, feeds, run(path, feeds))


def check(folder):
    checked, failures = 0, []
    for path in sorted(glob.glob(folder + "/*/*.onnx")):
        name = os.path.splitext(os.path.basename(path))[0]
        data = np.load(f"{folder}/{name}.npz")
        feeds = {key[3:]: data[key] for key in data.files if key.startswith("in_")}
        try:
            onnx.checker.check_model(onnx.load(path), full_check=True)
            for i, output in enumerate(run(path, feeds)):
                np.testing.assert_array_equal(output, data[f"out_{i}"])
        except Exception as error:  # whatever a peer raises is a finding
            failures.append(f"{path}: {' '.join(str(error).split())[:300]}")
        checked += 1
    print(f"onnx {onnx.__version__}, onnxruntime {onnxruntime.__version__}: {checked} models, {len(failures)} wrong")
    print("\n".join(failures))
    sys.exit(1 if failures or checked == 0 else 0)


if sys.argv[1] == "write":
    write_operators(Writer(sys.argv[2]))
    write_graphs(Writer(sys.argv[2]))
    for network in sys.argv[3:]:
        write_network(sys.argv[2], network)
else:
    check(sys.argv[2])
