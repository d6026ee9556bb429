#!/usr/bin/env python3
"""Float models: zeropoint against ONNX Runtime, in turns, on the same machine and thread count.

    bench/compare_onnxruntime.py build/bench/executor_bench [--threads 1] [--rounds 15] MODEL.onnx ...

Prints per model both medians in milliseconds and the median of the ratios within a round (below 1:
zeropoint is faster). With one thread the CPU time of the thread is compared, which other programs on
the machine disturb little; with more, wall time. Each peer is a process of its own. Needs onnxruntime and numpy from PyPI.
"""
import argparse
import pathlib
import signal
import statistics
import subprocess
import sys
import time

import numpy as np
import onnxruntime

ROUND_SECONDS = 0.04
TYPES = {"tensor(float)": np.float32, "tensor(int32)": np.int32, "tensor(int64)": np.int64, "tensor(uint8)": np.uint8}


def session(model, threads):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def seeded_inputs(peer):
    random = np.random.RandomState(1)
    feeds = {}
    for value in peer.get_inputs():
        shape = [dim if isinstance(dim, int) else 1 for dim in value.shape]
        dtype = TYPES[value.type]
        data = random.uniform(-1, 1, shape) if dtype == np.float32 else random.randint(0, 256 if dtype == np.uint8 else 4, shape)
        feeds[value.name] = data.astype(dtype)
    return feeds


def serve_peer(model, threads):
    """ONNX Runtime's turns: for each line on standard input a round, its wall and CPU medians in milliseconds."""
    peer = session(model, threads)
    feeds = seeded_inputs(peer)
    peer.run(None, feeds)
    for _ in sys.stdin:
        wall, cpu = [], []
        begin = time.perf_counter()
        while time.perf_counter() - begin < ROUND_SECONDS or len(wall) < 3:
            wall_start, cpu_start = time.perf_counter(), time.thread_time()
            peer.run(None, feeds)
            cpu.append((time.thread_time() - cpu_start) * 1e3)
            wall.append((time.perf_counter() - wall_start) * 1e3)
        print(statistics.median(wall), statistics.median(cpu), flush=True)


class Turns:
    """A program that measures a round per line. Between its turns it is stopped, so that its threads cannot spin."""

    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def take(self):
        self.process.send_signal(signal.SIGCONT)
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        wall, cpu = map(float, self.process.stdout.readline().split())
        self.process.send_signal(signal.SIGSTOP)
        return wall, cpu

    def close(self):
        self.process.send_signal(signal.SIGCONT)
        self.process.stdin.close()
        self.process.wait()


def compare(program, model, threads, rounds):
    own = Turns([program, model, str(threads)])
    peer = Turns([sys.executable, __file__, "--peer", "--threads", str(threads), program, model])
    own.take(), peer.take()
    clock = 1 if threads == 1 else 0
    ours, theirs = [], []
    for _ in range(rounds):
        ours.append(own.take()[clock])
        theirs.append(peer.take()[clock])
    own.close(), peer.close()
    ratios = sorted(a / b for a, b in zip(ours, theirs))
    print(f"{pathlib.Path(model).stem:28} {statistics.median(ours):9.3f} {statistics.median(theirs):9.3f}"
          f" {statistics.median(ratios):7.3f}  {ratios[len(ratios) // 10]:.3f}..{ratios[-1 - len(ratios) // 10]:.3f}"
          f"  best/best {min(ours) / min(theirs):.3f}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("models", nargs="+")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--peer", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    onnxruntime.set_default_logger_severity(3)
    if arguments.peer:
        return serve_peer(arguments.models[0], arguments.threads)
    print(f"onnxruntime {onnxruntime.__version__}, {arguments.threads} thread(s)")
    print(f"{'model':28} {'zeropoint':>9} {'ort':>9} {'ratio':>7}  q10..q90")
    for model in arguments.models:
        compare(arguments.program, model, arguments.threads, arguments.rounds)


if __name__ == "__main__":
    sys.exit(main())
