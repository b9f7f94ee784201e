"""One recorded event, as the debuggee writes it and every reader gets it back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

KINDS: Final = (
    "run_started",
    "run_finished",
    "phase_entered",
    "phase_exited",
    "op",
    "graph_cut",
    "node",
    "accumulated",
    "zeroed",
    "optimizer_created",
    "updated",
    "skipped",
    "scheduled",
    "clipped",
    "fetched",
    "mode_changed",
    "written",
    "edited",
    "line",
    "output",
)

STEPPABLE: Final = frozenset(KINDS) - {"output", "run_started", "optimizer_created", "line"}
"""Kinds at which the motion `step` stops."""

PHASES: Final = ("zero_grad", "forward", "backward", "step", "other")


@dataclass(frozen=True, slots=True)
class EventRow:
    """An event with everything that places it: when, in which phase, from which source line.

    `seq` counts 1, 2, 3 … per run. `file`/`line` is the user's line that caused the event; for a
    node and an accumulation it is the *forward* line that created the node, and `call_line` (same
    meaning of `file` aside, see `call_file`) the line of the `backward()` call. `module` is the
    path of the innermost running module (`fc1`, `layers.0`, "" for the root or none) and `calls`
    the numbers of all running module calls, outermost first. `enclosing` is the seq of the
    `phase_entered` that the event lies in, 0 for none. `op` is, for a node, the seq of the forward
    op that created it, 0 where unknown. `detail` is JSON-able and differs by kind: see
    docs/trace-format.md.
    """

    seq: int
    kind: str
    phase: str
    iteration: int
    step: int
    name: str = ""
    module: str = ""
    calls: tuple[int, ...] = ()
    file: str = ""
    line: int = 0
    call_file: str = ""
    call_line: int = 0
    enclosing: int = 0
    op: int = 0
    detail: Mapping[str, Any] = field(default_factory=dict)
