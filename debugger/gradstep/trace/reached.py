"""The leaves that a backward from some roots comes to, and how many nodes it passes on the way.

The same answer as `dataflow.reach` gives, read in one sweep back over the operations, which is ten
times as fast; where something unusual lies on the way it says nothing, and dataflow is to be asked.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, NamedTuple

from gradstep.trace.dataflow import Use, dataflow

if TYPE_CHECKING:
    from gradstep.trace.reader import RunTrace

SWEEP: Final = 1024
"""So many events are read at a time."""

MOST_EVENTS: Final = 200_000


class Way(NamedTuple):
    """The shortest way to a leaf: the nodes on it, and the op that took the leaf there."""

    nodes: int
    seq: int


class _Known(NamedTuple):
    first_seq: int
    is_leaf: bool
    is_parameter: bool


def reached_leaves(run: RunTrace, roots: Iterable[Use], seq: int) -> dict[int, Way] | None:
    """Return the leaves on the graph of roots that event `seq` saw; None where dataflow must say.

    A node of an op counts wherever a way passes through the op.
    """
    sweep = _Sweep(run, seq)
    for root in roots:
        sweep.want(root, 0, seq)
    upper = seq
    while sweep.wanted:
        if upper <= 1 or seq - upper > MOST_EVENTS:
            return None
        sweep.lower = max(1, upper - SWEEP)
        if not sweep.read(upper):
            return None
        upper = sweep.lower
    return sweep.leaves


class _Sweep:
    """Goes back over the events; `wanted` are results whose op was not met yet."""

    def __init__(self, run: RunTrace, seq: int) -> None:
        self.run = run
        self.wanted: dict[Use, int] = {}
        self.floors: dict[Use, int] = {}
        self.leaves: dict[int, Way] = {}
        self.lower = seq
        self._known: dict[int, _Known] = {}
        self._nodes: dict[str, int] = {}

    def want(self, use: Use, nodes: int, taken: int) -> None:
        """Take a tensor that lies `nodes` nodes from the root, taken by the event `taken`."""
        if use in self.wanted:
            self.wanted[use] = min(nodes, self.wanted[use])
            return
        tensor = use[0]
        if tensor not in self._known:
            self._look_up([tensor])
        known = self._known[tensor]
        if known.is_parameter:
            if dataflow(self.run).requires_grad(use, taken):
                before = self.leaves.get(tensor)
                if before is None or nodes < before.nodes:
                    self.leaves[tensor] = Way(nodes, taken)
            return
        floor: int | None = known.first_seq
        if known.is_leaf or known.first_seq < self.lower:
            # Data is as old as the run: nothing of it is looked for there.
            floor = self._first_seen(use, taken)
        if floor is not None:
            self.floors[use] = floor
            self.wanted[use] = nodes

    def read(self, upper: int) -> bool:
        """Follow the results made in [lower, upper); False where their past is unusual."""
        lower = self.lower
        taken, made = self._uses(lower, upper)
        if self._is_detached(lower, upper):
            return False
        ops = self._ops(lower, upper)
        self._look_up({use[0] for seq, _ in ops for use in taken.get(seq, ())})
        for seq, nodes in ops:
            passed = [self.wanted.pop(use) for use in made.get(seq, ()) if use in self.wanted]
            # An op without a node is where the graph ends.
            if passed and nodes:
                for use in taken.get(seq, ()):
                    self.want(use, min(passed) + nodes, seq)
        return all(self.floors[use] < lower for use in self.wanted)

    def _uses(self, lower: int, upper: int) -> tuple[dict[int, list[Use]], dict[int, list[Use]]]:
        """Return what the events of [lower, upper) took, and what they made."""
        database = self.run.database
        roles = [database.text_id(role) or 0 for role in ("input", "output")]
        taken: dict[int, list[Use]] = {}
        made: dict[int, list[Use]] = {}
        for seq, role, tensor, version in database.rows(
            "SELECT seq, role, tensor, version FROM event_tensor"
            " WHERE run = ? AND seq >= ? AND seq < ? AND role IN (?, ?) AND tensor IS NOT NULL",
            (self.run.number, lower, upper, *roles),
        ):
            kept = taken if role == roles[0] else made
            kept.setdefault(seq, []).append((tensor, version))
        return taken, made

    def _ops(self, lower: int, upper: int) -> list[tuple[int, int]]:
        """Return (seq, number of nodes) of the ops, the latest first."""
        database = self.run.database
        found = []
        for seq, detail in database.rows(
            "SELECT seq, detail FROM event INDEXED BY event_by_kind WHERE run = ? AND kind = ?"
            " AND seq >= ? AND seq < ? ORDER BY seq DESC",
            (self.run.number, database.text_id("op"), lower, upper),
        ):
            text = detail or "{}"
            if text not in self._nodes:
                self._nodes[text] = _count_nodes(text, self.run)
            found.append((seq, self._nodes[text]))
        return found

    def _is_detached(self, lower: int, upper: int) -> bool:
        """Return whether detach_() took a tensor off the graph in place."""
        database = self.run.database
        cuts = database.rows(
            "SELECT seq FROM event INDEXED BY event_by_kind WHERE run = ? AND kind = ?"
            " AND seq >= ? AND seq < ?",
            (self.run.number, database.text_id("graph_cut"), lower, upper),
        )
        for (seq,) in cuts:
            refs = self.run.tensors(seq)
            sources = {ref.tensor for ref in refs if ref.role == "source"}
            if any(ref.role == "result" and ref.tensor in sources for ref in refs):
                return True
        return False

    def _look_up(self, tensors: Iterable[int]) -> None:
        wanted = [tensor for tensor in tensors if tensor not in self._known]
        for start in range(0, len(wanted), 500):
            part = wanted[start : start + 500]
            places = ",".join("?" * len(part))
            for number, first, is_leaf, is_parameter in self.run.database.rows(
                "SELECT id, first_seq, is_leaf, is_parameter FROM tensor"
                f" WHERE run = ? AND id IN ({places})",
                (self.run.number, *part),
            ):
                self._known[number] = _Known(first or 0, bool(is_leaf), bool(is_parameter))
        for tensor in wanted:
            self._known.setdefault(tensor, _Known(0, True, False))

    def _first_seen(self, use: Use, taken: int) -> int | None:
        """Return the event that made a version; None for what no op made: data has no past."""
        tensor, version = use
        rows = self.run.database.rows(
            "SELECT seq, requires_grad FROM value WHERE run = ? AND tensor = ? AND seq <= ?"
            " AND version = ? ORDER BY seq DESC LIMIT 1",
            (self.run.number, tensor, taken, version),
        )
        if not rows or not rows[0][1]:
            return None
        return int(rows[0][0])


def _count_nodes(text: str, run: RunTrace) -> int:
    try:
        detail = json.loads(text)
        return len(detail.get("nodes") or ()) if detail.get("grad_fn") else 0
    except (ValueError, AttributeError, TypeError) as error:
        raise run.database.damaged(error) from None
