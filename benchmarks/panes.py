"""What a picture of a large tensor, of a long run's timeline and of its losses takes.

    python benchmarks/panes.py
    python benchmarks/panes.py --events 100000 --trace kept.gradstep

CPU milliseconds of this process, the text of the view and the painting of all its rows together,
at the sizes that the panes have on a screen of 120x40. *first* is with nothing read before, *then*
the best of several after that. From far away the timeline reads the run a piece at a time, one
piece with each picture: *first* is the picture with the first piece, and the row `all pieces` says
how many pictures there are until the whole run is read.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "engine"), str(ROOT / "debugger"), str(ROOT)]

import numpy as np  # noqa: E402

from benchmarks.long_trace import write_long_trace  # noqa: E402
from gradstep.protocol.row import EventRow  # noqa: E402
from gradstep.trace.model import TensorValue  # noqa: E402
from gradstep.trace.moment import Moment  # noqa: E402
from gradstep.trace.passes import Passes  # noqa: E402
from gradstep.trace.reader import RunTrace, Trace  # noqa: E402
from gradstep.trace.writer import TraceWriter  # noqa: E402
from gradstep.tui.paint import Painter  # noqa: E402
from gradstep.tui.theme import DARK  # noqa: E402
from gradstep.tui.widgets.heat_strips import grid_strip, heat_strip  # noqa: E402
from gradstep.tui.widgets.timeline_bar import AT_ONCE  # noqa: E402
from gradstep.views.glyphs import UNICODE  # noqa: E402
from gradstep.views.loss import loss_view  # noqa: E402
from gradstep.views.tensor import Lens, tensor_view  # noqa: E402
from gradstep.views.timeline import EVENTS, FAR, PHASES, farthest, timeline  # noqa: E402

ROUNDS = 9
SMALL, LARGE = (62, 12), (116, 34)
PAINTER = Painter({**DARK.variables, "surface": DARK.surface or "", "foreground": "#d6dde8"})


def report(what: str, picture: Callable[[], object]) -> None:
    """Print how long the first picture takes, and the best of the next ones."""
    times = []
    for _ in range(ROUNDS):
        begun = time.process_time()
        picture()
        times.append((time.process_time() - begun) * 1000)
    print(f"| {what} | {times[0]:.0f} | {min(times[1:]):.0f} |", flush=True)


def write_tensor(path: Path, sides: tuple[int, int]) -> tuple[Trace, int]:
    """Record a matrix of normal numbers with its contents."""
    array = np.random.default_rng(0).standard_normal(sides, dtype=np.float32)
    low, high = float(array.min()), float(array.max())
    content = array.tobytes()
    with TraceWriter(path, script="s.py") as writer:
        writer.add_tensor(1, 1, is_leaf=True, is_parameter=True)
        writer.add_value(
            TensorValue(
                tensor=1,
                version=0,
                seq=1,
                shape=sides,
                dtype="float32",
                requires_grad=True,
                min=low,
                max=high,
                mean=0.0,
                std=1.0,
                norm=1000.0,
                zeros=0,
                nan=0,
                inf=0,
                content=content,
            )
        )
        writer.add(EventRow(1, "fetched", "other", 0, 0), [("output", 1, 0)])
        writer.finish(0)
    return Trace.open(path), 1


def paint_tensor(moment: Moment, tensor: int, mode: str, size: tuple[int, int]) -> None:
    """Make a tensor's view and all its strips."""
    lens = Lens(mode=mode, cursor=(5, 5))
    view = tensor_view(moment, tensor, lens=lens, width=size[0], height=size[1])
    for line in (view.header, view.stats, *view.spread, view.tail):
        PAINTER.strip(line)
    if view.heat is not None:
        for row in range(view.heat.rows):
            heat_strip(view.heat, row, PAINTER, UNICODE)
    for row in range(len(view.cells)):
        grid_strip(view, row, (5, 5), size[0], PAINTER)


def tensors(folder: Path) -> None:
    """Print the times of a matrix of 1000x1000 in all modes."""
    trace, tensor = write_tensor(folder / "tensor.gradstep", (1000, 1000))
    with trace:
        moment = trace.run().at(1)
        for mode in ("values", "heat", "histogram"):
            for size in (SMALL, LARGE):
                title = f"tensor 1000x1000, {mode}, {size[0]}x{size[1]}"
                report(title, lambda m=mode, s=size: paint_tensor(moment, tensor, m, s))  # type: ignore[misc]


def timelines(run: RunTrace) -> None:
    """Print the times of the timeline from near to far, in the middle of the run."""
    head, width = run.head, 118
    passes = Passes(run)

    def picture(zoom: int) -> None:
        if zoom <= FAR:
            passes.read(head, AT_ONCE)
        found = timeline(run.at(head // 2 + 7), head=head, width=width, zoom=zoom, passes=passes)
        PAINTER.strip(found.line)

    far = farthest(run.iterations(), width)
    for name, zoom in (("events", EVENTS), ("phases", PHASES), ("phases, no dots", PHASES - 1)):
        report(f"timeline, {name}", lambda z=zoom: picture(z))  # type: ignore[misc]
    report("timeline, whole run, a piece with each", lambda: picture(far))
    pictures, begun, worst = ROUNDS, time.process_time(), 0.0
    while passes.upto < head:
        one = time.process_time()
        picture(far)
        worst, pictures = max(worst, time.process_time() - one), pictures + 1
    took = (time.process_time() - begun) * 1000
    print(f"| all pieces: {pictures} pictures, the longest | {worst * 1000:.0f} | {took:.0f} all |")
    report("timeline, whole run, all read", lambda: picture(far))
    report("timeline, an iteration a column", lambda: picture(FAR))


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--trace", type=Path)
    options = parser.parse_args()
    print("CPU milliseconds\n\n| what | first | then |\n|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        tensors(Path(name))
        path = options.trace or Path(name) / "long.gradstep"
        if not path.exists():
            write_long_trace(path, options.events)
        with Trace.open(path) as trace:
            run = trace.run()
            timelines(run)
            head = run.head
            for size in (SMALL, LARGE):
                width, height = size
                moment = run.at(head // 2)
                report(
                    f"losses, whole run, {width}x{height}",
                    lambda m=moment, w=width, h=height: loss_view(m, head=head, width=w, height=h),  # type: ignore[misc]
                )
            part = (head // 2 - 20_000, head // 2 + 20_000)
            report(
                "losses, a part of 40,000 events, 62x12",
                lambda: loss_view(run.at(head // 2), head=head, width=62, height=12, part=part),
            )


if __name__ == "__main__":
    main()
