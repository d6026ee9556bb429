"""Accuracy after int8 quantization: zeropoint against onnxruntime.quantization on the same data.

    python3 accuracy.py [--binary build/release/zeropoint] [--networks a,b] [--observers mse,minmax] [--no-peer]

Both calibrate on the same arrays; onnxruntime runs every model, so that only the quantization
differs. Networks with labels are scored by top-1 accuracy in percent, the others by the lowest
SQNR of their outputs in dB. onnxruntime gets its best of MinMax and Percentile, per channel and
per tensor. Beside the score stands how closely the model follows the float one: on a few thousand
samples the accuracy of two good models differs by luck, the agreement does not.
Exit code 1 when zeropoint misses a bar. Needs numpy, onnx, onnxruntime and pillow.
"""
import argparse
import logging
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

import networks
import onnxruntime_peer

ROOT = Path(__file__).resolve().parents[1]


def zeropoint(binary, network, arrays, folder, observer, extra=()):
    data, output = Path(folder) / "calibration.npz", Path(folder) / f"zeropoint.{observer}.onnx"
    np.savez(data, input=arrays)
    choice = [] if observer == "default" else ["--observer", observer]
    subprocess.run([binary, "quantize", network.path, "--data", data, "-o", output, "--quiet", *choice, *extra],
                   check=True, stdout=subprocess.DEVNULL)
    return output


def peer_scores(network, arrays, folder, score):
    """Every variant that onnxruntime manages to write and run."""
    scores = {}
    for method in ("MinMax", "Percentile"):
        for per_channel in (True, False):
            name = f"{method}{'/channel' if per_channel else ''}"
            output = Path(folder) / "onnxruntime.onnx"
            try:
                onnxruntime_peer.quantize(network.path, arrays, output, method, per_channel, network.batch)
                scores[name] = score(output)
            except Exception as error:  # a failure of the peer is a result too
                print(f"  onnxruntime {name}: {type(error).__name__}: {str(error)[:80]}")
    return scores


def measure(name, options):
    network = networks.NETWORKS[name]
    calibration, _ = network.read("calibration")
    test, labels = network.read("test")
    reference = networks.outputs(network.path, test, network.batch)

    def score(model):
        outs = networks.outputs(model, test, network.batch)
        return network.score(outs, reference, labels), "" if labels is None else network.fidelity(outs, reference)

    exact = network.score(reference, reference, labels)
    with tempfile.TemporaryDirectory() as folder:
        peers = {} if options.no_peer else peer_scores(network, calibration, folder, score)
        ours = {o: score(zeropoint(options.binary, network, calibration, folder, o)) for o in options.observers}
    unit = "dB" if labels is None else "%"
    best_peer = max((value for value, _ in peers.values()), default=-np.inf)
    bar = best_peer if labels is None else max(exact - network.bar, best_peer)
    print(f"{name}: float {exact:.3f} {unit}, bar {bar:.3f}")
    for variant, (value, fidelity) in peers.items():
        print(f"  onnxruntime {variant:20} {value:.3f}  {fidelity}")
    for observer, (value, fidelity) in ours.items():
        verdict = "meets the bar" if value >= bar - 1e-9 else "MISSES THE BAR"
        print(f"  zeropoint   {observer:20} {value:.3f}  {fidelity}  {verdict}")
    sys.stdout.flush()
    return all(value >= bar - 1e-9 for value, _ in ours.values())


def main():
    logging.disable(logging.WARNING)
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", default=ROOT / "build/release/zeropoint")
    parser.add_argument("--networks", default=",".join(networks.NETWORKS))
    parser.add_argument("--observers", default="default")
    parser.add_argument("--no-peer", action="store_true")
    options = parser.parse_args()
    options.observers = options.observers.split(",")
    met = [measure(name, options) for name in options.networks.split(",")]
    sys.exit(0 if all(met) else 1)


if __name__ == "__main__":
    main()
