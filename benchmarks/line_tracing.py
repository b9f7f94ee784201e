"""What a loop costs while its lines are told: by the trace function, and by sys.monitoring.

python benchmarks/line_tracing.py [ROUNDS]
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import gradstep
from gradstep.debuggee.line_monitoring import MonitoringTracer, free_tool
from gradstep.debuggee.line_settrace import SettraceTracer
from gradstep.debuggee.location import Locator
from gradstep.debuggee.tracing import LineTracer

OURS = str(Path(gradstep.__file__).parent)
LOOP = """\
import fractions

def own(rounds):
    total = 0
    for i in range(rounds):
        total += i
    return total

def library(rounds):
    total = 0
    for i in range(rounds // 50):
        total += fractions.Fraction(i, 7)
    return total
"""


def main() -> None:
    """Print seconds and ratios."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 300_000
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "loop.py")
        path.write_text(LOOP)
        names: dict[str, Any] = {"__name__": "loop"}
        exec(compile(LOOP, str(path), "exec"), names)
        locator = Locator(str(path), (OURS, str(Path(__file__).parent)), lambda *_: None)
        tracers: dict[str, LineTracer] = {"settrace": SettraceTracer(locator, _line, _line)}
        tool = free_tool(sys)
        if tool is not None:
            tracers["monitoring"] = MonitoringTracer(tool, locator, _line, _line)
        print(f"Python {sys.version.split()[0]}, {rounds:,} rounds")
        for what in ("own", "library"):
            plain = _best(names[what], rounds)
            print(f"{what:8} untraced   {plain:.4f} s")
            for name, tracer in tracers.items():
                tracer.arm(None)
                armed = _best(names[what], rounds)
                tracer.disarm()
                after = _best(names[what], rounds)
                print(
                    f"{what:8} {name:10} {armed:.4f} s, x {armed / plain:.2f};"
                    f" disarmed again x {after / plain:.2f}"
                )


def _line(frame: FrameType) -> None:
    """Do nothing with a line."""


def _best(function: Callable[[int], object], rounds: int) -> float:
    times = []
    for _ in range(5):
        begin = time.perf_counter()
        function(rounds)
        times.append(time.perf_counter() - begin)
    return min(times)


if __name__ == "__main__":
    main()
