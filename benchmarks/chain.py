"""Chains of operations: time and memory per operation as they grow, and what freeing them leaves.

    python benchmarks/chain.py                  10,000, 100,000 and 1,000,000 operations
    python benchmarks/chain.py 5000 --torch     another length; PyTorch too

A chain is y ← y · 0.999 + 0.0005, on one number: depth and bookkeeping, no arithmetic to speak of.
Each measurement has a process of its own. Memory is the process's resident set: held by the graph
before backward, and what is still held once everything was freed, backwards or without. The
garbage collector is off, so nothing is freed by it.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import itertools
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_variable] = "1"

LENGTHS = (10_000, 100_000, 1_000_000)
PAGE = os.sysconf("SC_PAGE_SIZE")


def resident() -> int:
    """Return the resident set of this process in bytes."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * PAGE


def build(x: Any, length: int) -> Any:
    """Return the end of a chain of `length` operations on `x`."""
    y = x
    for _ in range(length // 2):
        y = y * 0.999 + 0.0005
    return y


def measure(name: str, length: int) -> dict[str, float]:
    """Time one chain there and back, then drop another one that no backward went through."""
    framework = importlib.import_module(name)
    x = framework.tensor(0.5, requires_grad=True)
    build(x, 1000).backward()
    gc.collect()
    gc.disable()
    start_memory = resident()
    clock = [time.perf_counter()]
    y = build(x, length)
    clock.append(time.perf_counter())
    held = resident() - start_memory
    y.backward()
    clock.append(time.perf_counter())
    del y
    clock.append(time.perf_counter())
    after = resident() - start_memory
    dropped = build(x, length)
    clock.append(time.perf_counter())
    del dropped
    clock.append(time.perf_counter())
    spans = [end - begin for begin, end in itertools.pairwise(clock)]
    return {
        "forward": spans[0] / length * 1e6,
        "backward": spans[1] / length * 1e6,
        "free": spans[2] / length * 1e6,
        "drop": spans[4] / length * 1e6,
        "bytes": held / length,
        "after": after / 2**20,
        "dropped": (resident() - start_memory) / 2**20,
    }


def main() -> None:
    """Measure the lengths of the command line and print a table in Markdown."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("lengths", nargs="*", type=int, metavar="LENGTH", default=LENGTHS)
    parser.add_argument("--torch", action="store_true", help="measure PyTorch as well")
    parser.add_argument("--alone", metavar="MODULE", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.alone:
        print(json.dumps(measure(options.alone, options.lengths[0])))
        return
    print("µs per operation; bytes per operation; MiB still held after freeing\n")
    print("| chain | forward | backward | free | drop unused | bytes | after backward | dropped |")
    print("|---|---|---|---|---|---|---|---|")
    for name in ["gradstep_engine", "torch"] if options.torch else ["gradstep_engine"]:
        for length in options.lengths:
            command = [sys.executable, __file__, str(length), "--alone", name]
            row = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
            times = " | ".join(f"{row[key]:.2f}" for key in ("forward", "backward", "free", "drop"))
            memory = f"{row['bytes']:.0f} | {row['after']:.1f} | {row['dropped']:.1f}"
            print(f"| {name} {length:,} | {times} | {memory} |", flush=True)


if __name__ == "__main__":
    main()
