"""What the graph's pane costs for an iteration of about 2,000 operations, in CPU milliseconds.

    python benchmarks/graph.py
    python benchmarks/graph.py --blocks 48

A transformer of twelve blocks is trained for three iterations under the built-in engine, and the
recording is looked at in its second: *events* is reading the iteration's events, which all panes
share; *first picture* is laying the graph out and painting what is in sight; *frame* the same after
each of many steps, folded as it is by itself and with every module open. *growing* is a frame while
the first iteration runs, when no iteration before foretells the rest.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "debugger")]

from gradstep.trace.moment import Moment  # noqa: E402
from gradstep.trace.reader import RunTrace, Trace  # noqa: E402
from gradstep.views.graph import Folds, graph_view  # noqa: E402
from gradstep.views.graph_ops import read_ops  # noqa: E402
from gradstep.views.reading import iteration_span  # noqa: E402
from gradstep.views.stretch import read_stretch  # noqa: E402

ROWS, WIDTH = 30, 78
SCRIPT = """
import sys
import torch
from torch import nn
from torch.nn import functional as F
D, HEADS, TOKENS, BATCH = 40, 20, 4, 2
class Head(nn.Module):
    def forward(self, q, k, v):
        return F.softmax((q @ k.transpose(-2, -1)) * k.shape[-1] ** -0.5, -1) @ v
class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.qkv, self.proj = nn.Linear(D, 3 * D), nn.Linear(D, D)
        self.heads = nn.ModuleList(Head() for _ in range(HEADS))
    def forward(self, x):
        parts, s = self.qkv(x).split(D, -1), D // HEADS
        cuts = [slice(i * s, i * s + s) for i in range(HEADS)]
        outs = [head(*(p[..., c] for p in parts)) for head, c in zip(self.heads, cuts)]
        return self.proj(torch.cat(outs, -1))
class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.ln1, self.ln2, self.attn = nn.LayerNorm(D), nn.LayerNorm(D), Attention()
        self.mlp = nn.Sequential(nn.Linear(D, 4 * D), nn.GELU(), nn.Linear(4 * D, D))
    def forward(self, x):
        x = x + self.attn(self.ln1(x))
        return x + self.mlp(self.ln2(x))
class Net(nn.Module):
    def __init__(self, blocks):
        super().__init__()
        self.embed, self.head = nn.Embedding(17, D), nn.Linear(D, 17)
        self.blocks = nn.ModuleList(Block() for _ in range(blocks))
    def forward(self, x):
        x = self.embed(x)
        for block in self.blocks:
            x = block(x)
        return self.head(x)
net = Net(int(sys.argv[1]))
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for _ in range(3):
    tokens = torch.randint(0, 17, (BATCH, TOKENS))
    optimizer.zero_grad()
    F.cross_entropy(net(tokens).reshape(-1, 17), tokens.reshape(-1)).backward()
    optimizer.step()
"""


def picture(moment: Moment, folds: Folds) -> None:
    """Lay the graph out and paint the rows around the current one."""
    view = graph_view(moment, folds=folds)
    first = max(0, min((view.current or 0) - ROWS // 2, len(view.rows) - ROWS))
    view.header(WIDTH)
    for row in range(first, min(len(view.rows), first + ROWS)):
        view.render(row, WIDTH)


def spent(work: Callable[[], object]) -> float:
    """CPU milliseconds."""
    begun = time.process_time()
    work()
    return (time.process_time() - begun) * 1000


def report(what: str, values: list[float]) -> None:
    """Print one row of the table."""
    ordered = sorted(values)
    late = ordered[int(len(ordered) * 0.95)]
    print(f"| {what} | {statistics.median(ordered):.1f} | {late:.1f} | {ordered[-1]:.1f} |")


class Growing(RunTrace):
    """A run that ends at an event, as it does while the script stands there."""

    end = 0

    @property
    def head(self) -> int:
        """The last event so far."""
        return self.end


def main() -> None:
    """Record, look, print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--blocks", type=int, default=12)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="gradstep-benchmark-") as folder:
        script, path = Path(folder, "net.py"), Path(folder, "net.gradstep")
        script.write_text(SCRIPT, encoding="utf-8")
        subprocess.run(
            [
                *(sys.executable, "-m", "gradstep", "record", "--detail", "events"),
                *("-o", str(path), str(script), str(options.blocks)),
            ],
            env={**os.environ, "PYTHONPATH": f"{ROOT / 'engine'}{os.pathsep}{ROOT / 'debugger'}"},
            check=True,
        )
        measure(path)


def measure(path: Path) -> None:
    """Print the table of one recording."""
    folded, every = Folds(height=ROWS), Folds(every=True)
    reading: list[float] = []
    first: list[float] = []
    whole: list[float] = []
    for _ in range(5):
        for folds, times in ((folded, first), (every, whole)):
            with Trace.open(path) as trace:
                run = trace.run()
                moment = run.at(run.iteration_bounds(2)[1])  # type: ignore[index]
                reading.append(spent(lambda: read_stretch(run, *iteration_span(moment, 2))))  # noqa: B023
                times.append(spent(lambda: picture(moment, folds)))  # noqa: B023
    with Trace.open(path) as trace:
        run = trace.run()
        start, stop = run.iteration_bounds(2) or (0, 0)
        amount, events = len(read_ops(run.at(stop), 2)[0].ops), stop - start + 1
        steps = range(start, stop, 29)
        frames = [spent(lambda: picture(run.at(seq), folded)) for seq in steps]  # noqa: B023
        opened = [spent(lambda: picture(run.at(seq), every)) for seq in steps]  # noqa: B023
        growing, start = Growing(run.database, run.number), run.first_seq_of_iteration(1) or 0
        grown: dict[bool, list[float]] = {False: [], True: []}
        for is_open, times in grown.items():
            for seq in range(start, start + amount, 7):
                growing.end = seq
                folds = every if is_open else folded
                times.append(spent(lambda: picture(growing.at(seq), folds)))  # noqa: B023
    print(f"{amount} operations, {events} events in the iteration; CPU milliseconds\n")
    print("| what | p50 | p95 | worst |")
    print("|---|---|---|---|")
    report("events of the iteration", reading)
    report("first picture, folded", first)
    report("first picture, every module open", whole)
    report("frame after a step, folded", frames)
    report("frame after a step, every module open", opened)
    report("frame while the first iteration grows, folded", grown[False])
    report("frame while the first iteration grows, every module open", grown[True])


if __name__ == "__main__":
    main()
