"""The real networks of the measurements: how their data is read, run and scored.

Every network has calibration and test arrays that are already what the model takes, so that
zeropoint and onnxruntime see the same numbers. `python3 networks.py FOLDER` writes the
calibration arrays as npz files. Needs numpy, onnxruntime and pillow.
"""
import csv
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

import numpy as np
import onnxruntime as ort

ASSETS = Path(os.environ.get("ZEROPOINT_ASSETS", Path(__file__).resolve().parents[2] / "shared"))


def session(model, threads=0):
    options = ort.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = threads
    return ort.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])


def outputs(model, array, batch):
    """All outputs of the model over the array, concatenated along the batch."""
    s = session(model)
    name = s.get_inputs()[0].name
    runs = [s.run(None, {name: array[i : i + batch]}) for i in range(0, len(array), batch)]
    return [np.concatenate(parts) for parts in zip(*runs)]


def sqnr(reference, value):
    """Signal over quantization noise in dB."""
    reference = reference.astype(np.float64)
    noise = np.sum((reference - value) ** 2)
    return 10 * np.log10(np.sum(reference**2) / noise) if noise > 0 else np.inf


def imagenet(part):
    """Short side 256 bilinear, centre crop 224, BGR minus the mean: what squeezenet1.1 was trained with."""
    from PIL import Image

    folder = ASSETS / "data/imagenet"
    arrays, labels = [], []
    for row in csv.DictReader(open(folder / f"{part}.csv")):
        image = Image.open(folder / row["file"]).convert("RGB")
        factor = 256 / min(image.size)
        image = image.resize([round(side * factor) for side in image.size], Image.BILINEAR)
        left, top = (image.width - 224) // 2, (image.height - 224) // 2
        rgb = np.asarray(image.crop((left, top, left + 224, top + 224)), np.float32)
        arrays.append((rgb[:, :, ::-1] - np.float32([103.939, 116.779, 123.68])).transpose(2, 0, 1))
        labels.append(int(row["label"]))
    return np.ascontiguousarray(np.stack(arrays)), np.array(labels)


def faces(part):
    """The same photographs at 320 x 240, (x - 127) / 128."""
    from PIL import Image

    folder = ASSETS / "data/imagenet"
    rows = list(csv.DictReader(open(folder / f"{part}.csv")))[:100]
    images = [Image.open(folder / row["file"]).convert("RGB").resize((320, 240), Image.BILINEAR) for row in rows]
    return ((np.stack([np.asarray(i, np.float32) for i in images]) - 127) / 128).transpose(0, 3, 1, 2), None


def npz(stem, prepare=lambda x: x):
    def read(part):
        data = np.load(ASSETS / f"data/{stem}_{part}.npz")
        return np.ascontiguousarray(prepare(data["input"])), data["label"]

    return read


def cifar(images):
    mean, std = np.float32([0.485, 0.456, 0.406]), np.float32([0.229, 0.224, 0.225])
    return ((images.astype(np.float32) / 255 - mean) / std).transpose(0, 3, 1, 2)


def super_resolution(part):
    data = np.load(ASSETS / "data/super_resolution.npz")["input"]
    return (data[:6] if part == "calibration" else data[6:]), None


@dataclass
class Network:
    file: str
    read: Callable  # "calibration" or "test" -> (arrays, labels or None)
    batch: int
    bar: float = 0.0  # points of accuracy that int8 may lose; networks without labels are held to onnxruntime's SQNR
    classes: Callable = lambda outs: outs[0].reshape(len(outs[0]), -1).argmax(1)

    @property
    def path(self):
        return ASSETS / "models" / self.file

    def score(self, outs, reference, labels):
        """Top-1 in percent, or the lowest SQNR over the outputs in dB where there are no labels."""
        if labels is None:
            return min(sqnr(r, o) for r, o in zip(reference, outs))
        return 100 * float(np.mean(self.classes(outs) == labels))

    def fidelity(self, outs, reference):
        """Percent of samples that get the float model's class, and the SQNR of the first output in dB."""
        agreement = 100 * float(np.mean(self.classes(outs) == self.classes(reference)))
        return f"same class as float {agreement:.2f} %, SQNR {sqnr(reference[0], outs[0]):.2f} dB"


NETWORKS = {
    "squeezenet1.1": Network("squeezenet1.1.onnx", imagenet, 1, 0.5),
    "resnet20": Network("resnet20_cifar10.onnx", npz("cifar10", cifar), 50, 0.4),
    "mnist-8": Network("mnist-8.onnx", npz("mnist"), 1, 0.1),
    "magika": Network("magika_v3_3.onnx", npz("magika"), 10, 0.3),
    "brackets": Network("brackets_transformer.onnx", npz("brackets"), 50, 0.05, lambda outs: outs[0][:, 0].argmax(1)),
    "super_resolution": Network("super_resolution.onnx", super_resolution, 1),
    "ultraface": Network("ultraface_rfb_320.onnx", faces, 1),
}


def write_calibration(folder):
    for name, network in NETWORKS.items():
        arrays, labels = network.read("calibration")
        np.savez(Path(folder) / f"{name}.npz", input=arrays, **({} if labels is None else {"label": labels}))


if __name__ == "__main__":
    write_calibration(sys.argv[1])
