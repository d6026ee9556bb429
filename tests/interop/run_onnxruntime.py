"""Runs a model in onnxruntime: the other side of the interoperation tests.

    run_onnxruntime.py MODEL INPUT.npy OUTPUT_PREFIX    checks the model, writes OUTPUT_PREFIX0.npy, 1 ...
    run_onnxruntime.py --version                        prints onnxruntime's version
"""
import sys

import numpy as np
import onnxruntime as ort


def main():
    if sys.argv[1] == "--version":
        print(ort.__version__)
        return
    model, data, prefix = sys.argv[1:]
    try:
        import onnx

        onnx.checker.check_model(model, full_check=True)
    except ModuleNotFoundError:
        pass  # onnxruntime alone still checks what it loads
    options = ort.SessionOptions()
    options.log_severity_level = 3
    options.add_session_config_entry("session.qdq_matmulnbits_accuracy_level", "1")  # no int8 activations unasked
    session = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    for i, output in enumerate(session.run(None, {session.get_inputs()[0].name: np.load(data)})):
        np.save(f"{prefix}{i}.npy", output)


if __name__ == "__main__":
    main()
