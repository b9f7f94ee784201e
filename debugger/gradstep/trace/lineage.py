"""What a gradient is made of: which backward calls added to it, and which of them were used up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gradstep.trace.about import events_about
from gradstep.trace.dataflow import dataflow
from gradstep.trace.model import TensorRef

if TYPE_CHECKING:
    from gradstep.protocol.row import EventRow
    from gradstep.trace.moment import Moment
    from gradstep.trace.reader import RunTrace

MOST_CALLS: Final = 100
"""Of a gradient that nobody clears the latest contributions are told one by one."""

_KINDS: Final = ("accumulated", "zeroed", "updated", "written", "clipped")


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one backward call added to a leaf's `.grad`.

    `backward` is its `phase_entered` row, `root` the tensor it began from, `added` what was added.
    `read_by` is the first event after it in which the gradient was used to change the parameter: an
    optimizer's update, or a write by hand. While that is None the contribution is fresh.
    """

    event: EventRow
    backward: EventRow | None
    root: int | None
    added: TensorRef | None
    read_by: EventRow | None


@dataclass(frozen=True, slots=True)
class Part:
    """What one backward node sent to a leaf."""

    node: EventRow
    sent: TensorRef


@dataclass(frozen=True, slots=True)
class Lineage:
    """Everything that `.grad` of a leaf contains at a moment, oldest first.

    `began` is the event that cleared or set `.grad` before, None for the start of the run;
    `has_more` tells that there are earlier contributions than those listed. `changed` are the
    events that changed `.grad` in place since: clipping, scaling by hand.
    """

    tensor: int
    contributions: tuple[Contribution, ...]
    began: EventRow | None
    changed: tuple[EventRow, ...] = ()
    has_more: bool = False

    @property
    def stale(self) -> tuple[Contribution, ...]:
        """The contributions that an update had used before a later one was added to them."""
        latest = self.contributions[-1].event.seq if self.contributions else 0
        return tuple(
            one
            for one in self.contributions
            if one.read_by is not None and one.read_by.seq < latest
        )

    @property
    def fresh(self) -> tuple[Contribution, ...]:
        """The other contributions: those of the latest step, done or to come."""
        return self.contributions[len(self.stale) :]


def lineage(moment: Moment, param: int, *, most: int = MOST_CALLS) -> Lineage | None:
    """Return what `.grad` of a leaf contains, None if it is None or not known."""
    state = moment.grad(param)
    if state.tensor is None:
        return None
    run = moment.run
    found: list[Contribution] = []
    changed: list[EventRow] = []
    read_by: EventRow | None = None
    began: EventRow | None = None
    before = moment.seq + 1
    has_more = is_first = False  # first: it was None before this contribution
    while began is None:
        rows = events_about(run, param, "param", _KINDS, before=before, most=most)
        for row in rows:
            if row.kind == "zeroed" or (row.kind == "written" and row.name == "grad"):
                began = row
                break
            if row.kind == "updated" or (row.kind == "written" and _reads(run, row, state.tensor)):
                read_by = row
            elif row.kind == "clipped":
                changed.append(row)
            elif row.kind == "accumulated":
                if len(found) == most:
                    has_more = True
                    break
                found.append(_contribution(run, row, read_by))
                if not any(ref.role == "before" for ref in run.tensors(row.seq)):
                    is_first = True
                    break
        if has_more or is_first or len(rows) < most:
            break
        before = rows[-1].seq
    first = found[-1].event.seq if found else (began.seq if began else 0)
    scaled = events_about(
        run, state.tensor, "param", ("written",), before=moment.seq + 1, after=first, most=most
    )
    changed = sorted([*changed, *scaled], key=lambda row: row.seq)
    return Lineage(param, tuple(reversed(found)), began, tuple(changed), has_more)


def parts_of(run: RunTrace, contribution: Contribution) -> tuple[Part, ...]:
    """Return what each node sent to the leaf in one backward call, in the order they ran.

    Empty in traces that do not tell which leaf a node's gradient goes to.
    """
    entry, event = contribution.backward, contribution.event
    leaf = next((ref.tensor for ref in run.tensors(event.seq) if ref.role == "param"), None)
    if entry is None or leaf is None:
        return ()
    found = []
    for node in run.events(entry.seq + 1, event.seq, ("node",)):
        places = [i for i, one in enumerate(node.detail.get("leaves") or ()) if one == leaf]
        if node.enclosing != entry.seq or not places:
            continue
        sent = [ref for ref in run.tensors(node.seq) if ref.role == "grad_input"]
        found += [Part(node, sent[i]) for i in places if i < len(sent) and sent[i].tensor]
    return tuple(found)


def arrivals(moment: Moment, op: EventRow) -> tuple[TensorRef | None, tuple[Part, ...]]:
    """Return the gradient that arrived for an op's result in the latest backward, and its parts.

    The parts are what the nodes of the operations that took the result sent back to it.
    """
    run = moment.run
    ran = [row for row in run.events(op.seq + 1, moment.seq + 1, ("node",)) if row.op == op.seq]
    if not ran:
        return None, ()
    latest = next(row for row in ran if row.enclosing == ran[-1].enclosing)
    arrived = next((ref for ref in run.tensors(latest.seq) if ref.role == "grad_output"), None)
    found = []
    for node in run.events(max(latest.enclosing, op.seq) + 1, latest.seq, ("node",)):
        if node.enclosing != latest.enclosing or node.op <= op.seq:
            continue
        back = node.detail.get("ops_back") or ()
        places = [i for i, distance in enumerate(back) if distance == node.op - op.seq]
        sent = [ref for ref in run.tensors(node.seq) if ref.role == "grad_input"]
        found += [Part(node, sent[i]) for i in places if i < len(sent) and sent[i].tensor]
    return arrived, tuple(found)


def _contribution(run: RunTrace, row: EventRow, read_by: EventRow | None) -> Contribution:
    number = int(row.detail.get("backward") or 0)
    entry = run.event(number) if number else None
    root = None
    if entry is not None:
        root = next((ref.tensor for ref in run.tensors(number) if ref.role == "root"), None)
    added = next((ref for ref in run.tensors(row.seq) if ref.role == "contribution"), None)
    return Contribution(row, entry, root, added, read_by)


def _reads(run: RunTrace, written: EventRow, grad: int) -> bool:
    """Return whether a write by hand, such as `w -= lr * w.grad`, came from the gradient."""
    op = run.event(written.seq - 1) if written.seq > 1 else None
    if op is None or op.kind != "op" or op.name != written.name:
        return False
    uses = [
        (ref.tensor, ref.version)
        for ref in run.tensors(op.seq)
        if ref.role == "input" and ref.tensor is not None
    ]
    return bool(uses) and grad in dataflow(run).reach(uses, op.seq).taken
