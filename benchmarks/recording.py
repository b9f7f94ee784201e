"""What recording costs: a training loop alone on the engine, and under `gradstep record`.

    python benchmarks/recording.py
    python benchmarks/recording.py --iterations 500

The same script runs in a fresh interpreter each time: once with the engine under the name torch and
no listener, then recorded at each detail. It times its own loop after a warm-up, so that start-up
is not in the figures; what the loop takes longer, divided by the number of events, is the cost of
an event. Everything is included: placing, statistics, contents and SQLite's commits. The best of
several runs counts.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "engine"), str(ROOT / "debugger")]

DETAILS = ("phases", "events", "values")

LOOPS = {
    "z = 3x² + y³, SGD": """
x = torch.tensor([1.0], requires_grad=True)
y = torch.tensor([2.0], requires_grad=True)
optimizer = torch.optim.SGD([x, y], lr=1e-6)
def loss_of():
    return 3 * x**2 + y**3
""",
    "sin polynomial, RMSprop (2000×3)": """
angles = torch.linspace(-3.14159, 3.14159, 2000)
powers = angles.unsqueeze(-1).pow(torch.tensor([1, 2, 3]))
targets = torch.sin(angles)
model = torch.nn.Sequential(torch.nn.Linear(3, 1), torch.nn.Flatten(0, 1))
criterion = torch.nn.MSELoss(reduction="sum")
optimizer = torch.optim.RMSprop(model.parameters(), lr=1e-3)
def loss_of():
    return criterion(model(powers), targets)
""",
    "MLP 784-256-128-10, batch 64, SGD momentum": """
nn = torch.nn
model = nn.Sequential(
    nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 128), nn.ReLU(), nn.Linear(128, 10)
)
inputs, classes = torch.randn(64, 784), torch.randint(0, 10, (64,))
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=1e-4, momentum=0.9)
def loss_of():
    return criterion(model(inputs), classes)
""",
}

FRAME = """
import json, sys, time
if "alone" in sys.argv:
    import gradstep_engine as torch
else:
    import torch
{loop}
def train(count):
    for _ in range(count):
        optimizer.zero_grad()
        loss_of().backward()
        optimizer.step()
train({warm_up})
wall, cpu = time.perf_counter(), time.process_time()
train({iterations})
print(json.dumps([time.perf_counter() - wall, time.process_time() - cpu]))
"""


@dataclass(frozen=True)
class Cost:
    """Seconds per iteration, and how many events an iteration gave."""

    wall: float
    cpu: float
    events: float


def environment() -> dict[str, str]:
    """One thread for the numeric libraries, and this checkout's packages."""
    return {
        **os.environ,
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "PYTHONPATH": os.pathsep.join([str(ROOT / "engine"), str(ROOT / "debugger")]),
    }


def run(script: Path, detail: str | None, iterations: int, warm_up: int) -> Cost:
    """Run the script once; `detail` None is without a debugger."""
    trace = script.with_suffix(".gradstep")
    command = [sys.executable, str(script), "alone"]
    if detail is not None:
        trace.unlink(missing_ok=True)
        command = [sys.executable, "-m", "gradstep", "record", "--detail", detail]
        command += ["-o", str(trace), str(script)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment())
    wall, cpu = json.loads(done.stdout)
    events = 0
    if detail is not None:
        from gradstep.trace.reader import Trace

        recorded = Trace.open(trace)
        events = recorded.run().head
        recorded.close()
    return Cost(wall / iterations, cpu / iterations, events / (iterations + warm_up))


def main() -> None:
    """Print one row of a table for each loop."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--iterations", type=int, default=300)
    parser.add_argument("--repeat", type=int, default=3, help="runs, of which the best counts (3)")
    options = parser.parse_args()
    warm_up = 20

    print("µs per event (wall time); in brackets events per iteration, and the loop's time as a")
    print("multiple of its time without a listener\n")
    print(f"| work | alone, µs per iteration | {' | '.join(DETAILS)} |")
    print(f"|---|---|{'---|' * len(DETAILS)}")
    with tempfile.TemporaryDirectory() as place:
        for title, loop in LOOPS.items():
            script = Path(place) / "loop.py"
            text = FRAME.format(loop=loop, iterations=options.iterations, warm_up=warm_up)
            script.write_text(text, encoding="utf-8")
            best: dict[str | None, Cost] = {}
            for _ in range(options.repeat):
                for detail in (None, *DETAILS):
                    cost = run(script, detail, options.iterations, warm_up)
                    if detail not in best or cost.wall < best[detail].wall:
                        best[detail] = cost
            alone = best[None]
            cells = [title, f"{alone.wall * 1e6:.0f}"]
            for detail in DETAILS:
                cost = best[detail]
                each = (cost.wall - alone.wall) / cost.events * 1e6
                cells.append(f"{each:.0f} ({cost.events:.1f}; ×{cost.wall / alone.wall:.1f})")
            print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
