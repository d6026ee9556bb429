"""Time and memory of quantizing a checkpoint against copying it.

    python3 bench/make_checkpoint.py /tmp/llama --gigabytes 2
    python3 bench/checkpoint_speed.py /tmp/llama [--binary build/release/zeropoint] [--rounds 9] [-- --method nf4 ...]

`cp -r` and `zeropoint quantize FOLDER --method absmax --bits 8` take turns, files in the page cache, outputs beside the
input and removed at once. Rates are bytes of the input per second. cp leaves its output to the system to write; zeropoint
returns when everything is on the disk. So `cp -r` followed by `sync` is timed as well. The best of the rounds says what
the programs can do, the median what a busy machine lets them do.
Exit code 1 when a bar is missed: 0.7 of cp's rate, 400 MB of memory.
"""
import argparse
import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BAR, MEMORY_BAR = 0.7, 400e6
PROGRAMS = ("cp", "cp and sync", "zeropoint")


def run(command, output):
    """Wall seconds, CPU seconds and peak resident bytes."""
    shutil.rmtree(output, ignore_errors=True)
    begin = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - begin
    if status != 0:
        sys.exit(f"failed: {' '.join(map(str, command))}")
    return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--binary", default=ROOT / "build/release/zeropoint", type=Path)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--threads", default="0")
    parser.add_argument("options", nargs="*", default=["--method", "absmax", "--bits", "8"])
    arguments = parser.parse_args()
    source = arguments.checkpoint.resolve()
    output = source.with_name(source.name + ".measured")
    commands = {
        "cp": ["cp", "-r", source, output],
        "cp and sync": ["sh", "-c", 'cp -r "$0" "$1" && sync -f "$1"', source, output],
        "zeropoint": [arguments.binary, "quantize", source, *arguments.options, "--threads", arguments.threads,
                      "-o", output, "--quiet"],
    }
    total = sum(f.stat().st_size for f in source.iterdir())
    runs = {name: [] for name in PROGRAMS}
    try:
        for _ in range(arguments.rounds + 1):
            for name in PROGRAMS:
                runs[name].append(run(commands[name], output))
    finally:
        shutil.rmtree(output, ignore_errors=True)
    runs = {name: rows[1:] for name, rows in runs.items()}  # the first round warms up
    print(f"{total / 1e9:.2f} GB, {arguments.rounds} rounds")
    best = {}
    for name, rows in runs.items():
        walls = [wall for wall, _, _ in rows]
        best[name] = min(walls)
        print(f"{name:12s} best {min(walls):6.2f} s ({total / min(walls) / 1e9:.2f} GB/s), median "
              f"{statistics.median(walls):6.2f} s, CPU {min(cpu for _, cpu, _ in rows):5.2f} s")
    memory = max(peak for _, _, peak in runs["zeropoint"])
    ratio = best["cp"] / best["zeropoint"]
    print(f"zeropoint's rate over cp's: best {ratio:.2f} (bar {BAR}), median "
          f"{statistics.median(c[0] / z[0] for c, z in zip(runs['cp'], runs['zeropoint'])):.2f}; over cp's and sync's: "
          f"best {best['cp and sync'] / best['zeropoint']:.2f}")
    print(f"peak memory {memory / 1e6:.0f} MB (bar {MEMORY_BAR / 1e6:.0f})")
    return 0 if ratio >= BAR and memory <= MEMORY_BAR else 1


if __name__ == "__main__":
    sys.exit(main())
