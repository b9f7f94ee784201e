"""Reads the rows of the graph from a trace: the ops, what they took, how far backward is."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from gradstep.views import numbers
from gradstep.views.glyphs import Glyphs
from gradstep.views.reading import having, is_op_name, iteration_span, norm_of
from gradstep.views.text import Line, Span

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gradstep.protocol.row import EventRow
    from gradstep.trace.model import TensorRef
    from gradstep.trace.moment import Moment

    Tensors = Mapping[int, tuple[TensorRef, ...]]


@dataclass(frozen=True, slots=True)
class GraphRow:
    """One forward op, or a cut such as detach.

    `seq` is its event, `output` the tensor it made, `sources` the rows whose outputs it takes,
    `nodes` the backward node events that ran for it so far. `state` is one of pending (not run in
    this iteration), current, done, backward, backward_current, no_grad, cut. `grad` is the norm of
    the gradient of its output, `passes` the number of backward calls that came through.
    """

    seq: int
    name: str
    label: str
    shape: str
    state: str
    sources: tuple[int, ...]
    output: int | None
    inline: Line = ()
    nodes: tuple[int, ...] = ()
    grad: float | None = None
    passes: int = 0
    is_current: bool = False

    @property
    def ghost(self) -> bool:
        """Tell whether the op has not run yet in this iteration."""
        return self.state == "pending"


@dataclass(frozen=True, slots=True)
class FoundRows:
    """The rows, and whether more may come behind them."""

    rows: tuple[GraphRow, ...]
    open_ended: bool


def read_rows(moment: Moment, glyphs: Glyphs) -> FoundRows:
    """Read the ops of the moment's iteration, completed by the previous one's as ghosts."""
    event = moment.event
    start, stop = iteration_span(moment, event.iteration)
    own, tensors = _ops(moment, start, stop)
    tail: list[EventRow] = []
    if event.iteration > 1 and stop > moment.run.head:
        before, before_tensors = _ops(moment, *iteration_span(moment, event.iteration - 1))
        if [_kind(op) for op in before[: len(own)]] == [_kind(op) for op in own]:
            tail = before[len(own) :]
            tensors = {**before_tensors, **tensors}
            own_before = before[: len(own)]
        else:
            own_before = []
    else:
        own_before = []
    ops = [*own, *tail]
    backward = _Backward.read(moment, start)
    # A ghost takes tensors of the previous iteration: their rows are those of the ops before it.
    producer: dict[int, int] = {}
    for index, op in enumerate(own_before):
        _produce(producer, tensors[op.seq], index)
    rows = []
    shapes = _Shapes(moment)
    for index, op in enumerate(ops):
        took = tensors.get(op.seq, ())
        row = _row(moment, op, took, producer, shapes)
        rows.append(backward.mark(moment, row, op, took, glyphs))
        _produce(producer, took, index)
    complete = bool(tail) or backward.seen or stop <= moment.run.head
    return FoundRows(tuple(rows), not complete)


def _ops(moment: Moment, start: int, stop: int) -> tuple[list[EventRow], Tensors]:
    """Read forward ops and cuts of a stretch; ops inside of other phases are the loop's own."""
    if start >= stop:
        return [], {}
    tensors = moment.run.tensors_between(start, stop)
    rows = [
        row
        for row in moment.run.events(start, stop, kinds=("op", "graph_cut"))
        if row.phase in ("forward", "other") and (row.kind == "op" or _is_shown(row, tensors))
    ]
    if any(row.phase == "forward" for row in rows):
        rows = [row for row in rows if row.phase == "forward"]
    return rows, tensors


def _is_shown(cut: EventRow, tensors: Tensors) -> bool:
    """Show cuts that made a tensor; `item` and a no_grad op (which has its own row) are not."""
    made = any(ref.role == "result" and ref.tensor for ref in tensors.get(cut.seq, ()))
    return made and cut.name != "no_grad"


def _kind(row: EventRow) -> tuple[str, str, str, int]:
    return row.name, row.module, row.file, row.line


def _produce(producer: dict[int, int], tensors: tuple[TensorRef, ...], index: int) -> None:
    for ref in tensors:
        if ref.role in ("output", "result") and ref.tensor is not None:
            producer[ref.tensor] = index


@dataclass(slots=True)
class _Shapes:
    """Shapes of outputs, each asked for once."""

    moment: Moment
    known: dict[tuple[int, int], str] = field(default_factory=dict)

    def of(self, ref: TensorRef) -> str:
        if ref.tensor is None:
            return ""
        key = (ref.tensor, ref.version)
        if key not in self.known:
            value = self.moment.run.at(self.moment.run.head).version(*key)
            self.known[key] = numbers.shape(value.shape) if value else ""
        return self.known[key]


def _row(
    moment: Moment,
    op: EventRow,
    tensors: tuple[TensorRef, ...],
    producer: dict[int, int],
    shapes: _Shapes,
) -> GraphRow:
    taken = [r for r in tensors if r.role in ("input", "source") and r.tensor is not None]
    made = [r for r in tensors if r.role in ("output", "result") and r.tensor is not None]
    sources = {producer[r.tensor] for r in taken if r.tensor in producer}
    output = made[0].tensor if made else None
    return GraphRow(
        seq=op.seq,
        name=op.name,
        label=_label(moment, op, output),
        shape=shapes.of(made[0]) if made else "",
        state=_state(moment, op),
        sources=tuple(sorted(sources)),
        output=output,
        is_current=op.seq == moment.event.seq,
    )


def _state(moment: Moment, op: EventRow) -> str:
    if op.seq > moment.event.seq or op.iteration != moment.event.iteration:
        return "pending"
    if op.kind == "graph_cut":
        return "cut"
    if not op.detail.get("grad_fn"):
        return "no_grad"
    return "current" if op.seq == moment.event.seq else "done"


def _label(moment: Moment, op: EventRow, output: int | None) -> str:
    name = moment.name(output) if output is not None else ""
    variable = "" if not name or is_op_name(name) else f"→ {name}"
    return " ".join(part for part in (op.module, variable) if part)


@dataclass(frozen=True, slots=True)
class _Backward:
    """What backward has done in this iteration up to the moment."""

    nodes: Mapping[int, list[EventRow]]
    accumulated: frozenset[int]
    seen: bool

    @classmethod
    def read(cls, moment: Moment, start: int) -> _Backward:
        nodes: dict[int, list[EventRow]] = {}
        accumulated: set[int] = set()
        seen = False
        stop = moment.event.seq + 1
        for row in moment.run.events(start, stop, kinds=("node", "accumulated")):
            seen = True
            if row.kind == "node":
                nodes.setdefault(row.op, []).append(row)
            else:
                accumulated.update(
                    r.tensor for r in having(moment.run.tensors(row.seq), "param") if r.tensor
                )
        return cls(nodes, frozenset(accumulated), seen)

    def mark(
        self,
        moment: Moment,
        row: GraphRow,
        op: EventRow,
        tensors: tuple[TensorRef, ...],
        glyphs: Glyphs,
    ) -> GraphRow:
        """Add what backward did to a row: its state, |grad|, and ticks at its leaves."""
        inline = self._leaves(moment, op, tensors, glyphs)
        ran = self.nodes.get(row.seq, [])
        if not ran or row.ghost:
            return replace(row, inline=inline)
        latest = [node for node in ran if node.enclosing == ran[-1].enclosing]
        arriving = having(moment.run.tensors(latest[0].seq), "grad_output")
        here = moment.event.seq in {node.seq for node in ran}
        done = len(latest) >= len(op.detail.get("nodes") or (1,))
        state = "backward_current" if here else "backward" if done else "backward_current"
        return replace(
            row,
            inline=inline,
            nodes=tuple(node.seq for node in ran),
            grad=norm_of(moment, arriving[0] if arriving else None),
            passes=len({node.enclosing for node in ran}),
            state=state,
            is_current=here,
        )

    def _leaves(
        self, moment: Moment, op: EventRow, tensors: tuple[TensorRef, ...], glyphs: Glyphs
    ) -> Line:
        """Name the leaves that an op takes: parameters with a tick once backward reached them."""
        spans: list[Span] = []
        for ref in having(tensors, "input"):
            if ref.tensor is None or not moment.is_leaf(ref.tensor):
                continue
            name = moment.name(ref.tensor)
            if not name or is_op_name(name):
                continue
            inside = bool(op.module) and name.startswith(op.module + ".")
            brief = name.removeprefix(op.module + ".") if inside else name
            reached = ref.tensor in self.accumulated
            text = brief + (glyphs.tick if reached else "")
            spans += [Span(" "), Span(text, "leaf" if reached else "dim")]
        return tuple(spans[1:])
