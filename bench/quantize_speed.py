"""Time and memory of quantizing squeezenet1.1 with 200 images: zeropoint against onnxruntime's quantize_static.

    python3 quantize_speed.py [--binary build/release/zeropoint] [--rounds 3] [--threads 0]

Both read the same decoded arrays. Every run is a process of its own; the programs take turns, so
that a busy machine disturbs them alike. Printed are medians of wall time (best in brackets), the
peak resident memory, and the ratios. Then zeropoint alone with 100 and 1000 images: its memory must
not grow with the data.
"""
import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
COUNTS = (100, 200, 1000)


def write_data(folder):
    """Decodes the images. In a process of its own: what the measuring process has in memory would count as its children's."""
    import numpy as np

    import networks

    images, _ = networks.NETWORKS["squeezenet1.1"].read("calibration")
    for count in COUNTS:
        np.savez(Path(folder) / f"{count}.npz", input=images[np.arange(count) % len(images)])
    print(networks.NETWORKS["squeezenet1.1"].path)


def run(command):
    """Wall seconds and peak resident megabytes of one process."""
    begin = time.perf_counter()
    process = subprocess.Popen([str(part) for part in command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f"failed: {' '.join(str(part) for part in command)}")
    return time.perf_counter() - begin, usage.ru_maxrss / 1024


def report(name, runs, reference=None):
    seconds, megabytes = statistics.median(r[0] for r in runs), max(r[1] for r in runs)
    line = f"{name:28} {seconds:8.2f} s ({min(r[0] for r in runs):.2f}) {megabytes:8.0f} MB"
    if reference is not None:
        line += f"   {seconds / reference[0]:6.1f}x the time, {megabytes / reference[1]:6.1f}x the memory"
    print(line, flush=True)
    return seconds, megabytes


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", default=ROOT / "build/release/zeropoint")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--write-data", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.write_data:
        return write_data(options.write_data)
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        model = subprocess.run([sys.executable, __file__, "--write-data", folder], check=True, capture_output=True,
                               text=True).stdout.split("\n")[0]
        ours = lambda data, *extra: [options.binary, "quantize", model, "--data", folder / data, "-o",
                                     folder / "int8.onnx", "--threads", options.threads, *extra]
        peer = lambda method: [sys.executable, ROOT / "bench/onnxruntime_peer.py", model, folder / "200.npz",
                               folder / "peer.onnx", method]
        commands = {
            "zeropoint": ours("200.npz"),
            "zeropoint minmax": ours("200.npz", "--observer", "minmax"),
            "onnxruntime MinMax": peer("MinMax"),
            "onnxruntime Percentile": peer("Percentile"),
        }
        runs = {name: [] for name in commands}
        for _ in range(options.rounds):
            for name, command in commands.items():
                runs[name].append(run(command))
        reference = report("zeropoint", runs["zeropoint"])
        for name in list(commands)[1:]:
            report(name, runs[name], reference)
        few, many = (report(f"zeropoint, {n} images", [run(ours(f"{n}.npz"))]) for n in (100, 1000))
        print(f"memory with 1000 images over memory with 100: {many[1] / few[1]:.3f}")


if __name__ == "__main__":
    main()
