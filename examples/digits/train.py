#!/usr/bin/env python3
"""Trains the demo's network and writes digits.onnx, calibration.npz and test.npz beside itself.

Needs numpy, onnx and scikit-learn. The images are scikit-learn's copy of the test set of the UCI
"Optical Recognition of Handwritten Digits" data (E. Alpaydin, C. Kaynak, 1998; CC BY 4.0): 1797
pictures of 8 x 8 pixels with 17 grey levels. The network is a small residual CNN, trained with
Adam in plain numpy; the seed is fixed, so the same versions give the same weights.
"""

import pathlib

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from sklearn.datasets import load_digits

HERE = pathlib.Path(__file__).resolve().parent
EPOCHS, BATCH, RATE = 60, 64, 2e-3


def patches(x, kernel, stride):
    """im2col with padding (kernel - 1) / 2: [N, C, H, W] -> [N, OH, OW, C * kernel * kernel]."""
    pad = kernel // 2
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (kernel, kernel), axis=(2, 3))
    windows = windows[:, :, ::stride, ::stride]
    n, c, oh, ow = windows.shape[:4]
    return windows.transpose(0, 2, 3, 1, 4, 5).reshape(n, oh, ow, c * kernel * kernel)


class Conv:
    def __init__(self, rng, channels_in, channels_out, kernel=3, stride=1):
        self.kernel, self.stride = kernel, stride
        fan_in = channels_in * kernel * kernel
        self.weight = rng.normal(0, np.sqrt(2 / fan_in), (channels_out, channels_in, kernel, kernel))
        self.bias = np.zeros(channels_out)

    def forward(self, x):
        self.shape = x.shape
        self.columns = patches(x, self.kernel, self.stride)
        y = self.columns @ self.weight.reshape(len(self.weight), -1).T + self.bias
        return y.transpose(0, 3, 1, 2)

    def backward(self, dy):
        dy = dy.transpose(0, 2, 3, 1)
        flat = dy.reshape(-1, dy.shape[-1])
        self.grad_weight = (flat.T @ self.columns.reshape(len(flat), -1)).reshape(self.weight.shape)
        self.grad_bias = flat.sum(0)
        columns = (dy @ self.weight.reshape(len(self.weight), -1)).reshape(
            *dy.shape[:3], self.shape[1], self.kernel, self.kernel)
        pad, (n, c, h, w) = self.kernel // 2, self.shape
        dx = np.zeros((n, c, h + 2 * pad, w + 2 * pad))
        for i in range(self.kernel):
            for j in range(self.kernel):
                rows = slice(i, i + self.stride * dy.shape[1], self.stride)
                cols = slice(j, j + self.stride * dy.shape[2], self.stride)
                dx[:, :, rows, cols] += columns[..., i, j].transpose(0, 3, 1, 2)
        return dx[:, :, pad:pad + h, pad:pad + w]


class Network:
    """stem -> residual block -> strided convolution -> global average -> linear classifier"""

    def __init__(self, rng):
        self.stem, self.left, self.right = Conv(rng, 1, 32), Conv(rng, 32, 32), Conv(rng, 32, 32)
        self.down, self.deep = Conv(rng, 32, 64, stride=2), Conv(rng, 64, 64)
        self.head = Conv(rng, 64, 10, kernel=1)
        self.layers = [self.stem, self.left, self.right, self.down, self.deep, self.head]

    def forward(self, x):
        self.a = np.maximum(self.stem.forward(x), 0)
        self.b = np.maximum(self.left.forward(self.a), 0)
        self.c = np.maximum(self.right.forward(self.b) + self.a, 0)
        self.d = np.maximum(self.down.forward(self.c), 0)
        self.e = np.maximum(self.deep.forward(self.d), 0)
        return self.head.forward(self.e.mean((2, 3), keepdims=True))[:, :, 0, 0]

    def backward(self, dlogits):
        de = self.head.backward(dlogits[:, :, None, None]) / np.prod(self.e.shape[2:])
        dd = self.deep.backward(np.broadcast_to(de, self.e.shape) * (self.e > 0))
        dc = self.down.backward(dd * (self.d > 0)) * (self.c > 0)
        db = self.right.backward(dc)
        self.stem.backward((self.left.backward(db * (self.b > 0)) + dc) * (self.a > 0))


def train(images, labels, rng):
    network, moments, step = Network(rng), {}, 0
    for epoch in range(EPOCHS):
        rate = RATE * 0.5 * (1 + np.cos(np.pi * epoch / EPOCHS))
        order = rng.permutation(len(images))
        for start in range(0, len(order), BATCH):
            batch = order[start:start + BATCH]
            logits = network.forward(images[batch])
            probability = np.exp(logits - logits.max(1, keepdims=True))
            probability /= probability.sum(1, keepdims=True)
            probability[np.arange(len(batch)), labels[batch]] -= 1
            network.backward(probability / len(batch))
            step += 1
            for k, layer in enumerate(network.layers):
                for name in ("weight", "bias"):
                    gradient = getattr(layer, "grad_" + name)
                    m, v = moments.get((k, name), (0, 0))
                    m, v = 0.9 * m + 0.1 * gradient, 0.999 * v + 0.001 * gradient**2
                    moments[k, name] = m, v
                    update = m / (1 - 0.9**step) / (np.sqrt(v / (1 - 0.999**step)) + 1e-8)
                    setattr(layer, name, getattr(layer, name) - rate * update)
    return network


def export(network, path):
    names = ["stem", "left", "right", "down", "deep", "head"]
    initializers = []
    for name, layer in zip(names, network.layers):
        initializers.append(numpy_helper.from_array(layer.weight.astype(np.float32), name + ".weight"))
        initializers.append(numpy_helper.from_array(layer.bias.astype(np.float32), name + ".bias"))

    def conv(name, source, target):
        layer = network.layers[names.index(name)]
        pad = layer.kernel // 2
        return helper.make_node("Conv", [source, name + ".weight", name + ".bias"], [target], name=name,
                                kernel_shape=[layer.kernel] * 2, strides=[layer.stride] * 2, pads=[pad] * 4)

    def relu(source, target):
        return helper.make_node("Relu", [source], [target], name=target)

    nodes = [
        conv("stem", "image", "stem_out"), relu("stem_out", "stem_relu"),
        conv("left", "stem_relu", "left_out"), relu("left_out", "left_relu"),
        conv("right", "left_relu", "right_out"),
        helper.make_node("Add", ["right_out", "stem_relu"], ["sum"], name="residual"), relu("sum", "block_relu"),
        conv("down", "block_relu", "down_out"), relu("down_out", "down_relu"),
        conv("deep", "down_relu", "deep_out"), relu("deep_out", "deep_relu"),
        helper.make_node("GlobalAveragePool", ["deep_relu"], ["pooled"], name="pool"),
        conv("head", "pooled", "head_out"),
        helper.make_node("Flatten", ["head_out"], ["logits"], name="flatten", axis=1),
    ]
    graph = helper.make_graph(
        nodes, "digits",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", 1, 8, 8])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", 10])], initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], producer_name="zeropoint examples")
    model.ir_version = 8
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())


def main():
    digits = load_digits()
    rng = np.random.default_rng(7)
    order = rng.permutation(len(digits.images))
    images = digits.images[order].astype(np.uint8)[:, None]
    labels = digits.target[order].astype(np.int64)
    split = 1200
    network = train(images[:split] / 16, labels[:split], rng)
    correct = (network.forward(images[split:] / 16).argmax(1) == labels[split:]).mean()
    print(f"accuracy on {len(images) - split} held-out images: {correct:.4f}")
    export(network, HERE / "digits.onnx")
    np.savez_compressed(HERE / "calibration.npz", image=images[:200], label=labels[:200])
    np.savez_compressed(HERE / "test.npz", image=images[split:], label=labels[split:])


if __name__ == "__main__":
    main()
