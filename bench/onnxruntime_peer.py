"""onnxruntime.quantization as the peer of the measurements: one function, its usual recipe.

    python3 onnxruntime_peer.py MODEL CALIBRATION.npz OUTPUT.onnx MinMax|Percentile|Entropy [samples]
"""
import sys
import tempfile
from pathlib import Path

import numpy as np
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process


class Arrays(CalibrationDataReader):
    def __init__(self, name, arrays, batch=1):
        self.batches = ({name: arrays[i : i + batch]} for i in range(0, len(arrays), batch))

    def get_next(self):
        return next(self.batches, None)


def input_name(model):
    import onnx

    graph = onnx.load(model).graph
    constants = {t.name for t in graph.initializer}
    return next(i.name for i in graph.input if i.name not in constants)


def modern(model, folder):
    """The model at opset 13 or later, which per-channel quantization needs."""
    import onnx
    from onnx import version_converter

    loaded = onnx.load(model)
    if next(o.version for o in loaded.opset_import if o.domain == "") >= 13:
        return model
    constants = {t.name for t in loaded.graph.initializer}
    inputs = [i for i in loaded.graph.input if i.name not in constants]
    del loaded.graph.input[:]
    loaded.graph.input.extend(inputs)
    loaded.ir_version = 8
    converted = Path(folder) / "modern.onnx"
    onnx.save(version_converter.convert_version(loaded, 13), converted)
    return converted


def quantize(model, arrays, output, method, per_channel=True, batch=1):
    with tempfile.TemporaryDirectory() as folder:
        source = modern(model, folder)
        prepared = Path(folder) / "prepared.onnx"
        quant_pre_process(str(source), str(prepared), skip_symbolic_shape=True)
        quantize_static(
            str(prepared), str(output), Arrays(input_name(prepared), arrays, batch), quant_format=QuantFormat.QDQ,
            per_channel=per_channel, activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8,
            calibrate_method=CalibrationMethod[method])


if __name__ == "__main__":
    model, data, output, method = sys.argv[1:5]
    samples = np.load(data)["input"]
    quantize(model, samples[: int(sys.argv[5])] if len(sys.argv) > 5 else samples, output, method)
