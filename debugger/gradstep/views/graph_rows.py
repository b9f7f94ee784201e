"""Reads the rows of the graph from a trace: the ops, what they took, how far backward is.

What only a visible row needs (names, shapes, norms) is read when it is painted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from gradstep.views import numbers
from gradstep.views.glyphs import Glyphs
from gradstep.views.reading import having, is_op_name, iteration_span, norm_of
from gradstep.views.stretch import read_stretch, refs_of
from gradstep.views.text import Line, Span, cells

if TYPE_CHECKING:
    from gradstep.protocol.row import EventRow
    from gradstep.trace.model import TensorRef
    from gradstep.trace.moment import Moment

    Tensors = Mapping[int, tuple[TensorRef, ...]]

LABEL_WIDTH: Final = 14

RETURNED: Final = "returned"
"""The role given here to a tensor that an op got as a plain number: `x * y.item()`."""

TAKEN: Final = frozenset({"input", "source", RETURNED})


@dataclass(frozen=True, slots=True)
class GraphRow:
    """One forward op, or a cut such as detach.

    `seq` is its event, `output` the tensor it made, `sources` the rows whose outputs it takes,
    `nodes` the backward node events that ran for it so far. `state` is one of pending (not run in
    this iteration), current, done, backward, backward_current, no_grad, cut. `passes` is the
    number of backward calls that came through, `arriving` the gradient of its output.
    `cut_sources` are those of the sources, and `cut_leaves` those of the leaves, to which no
    gradient comes back from here; `is_shadow`: the result has values of the graph and no gradient.
    """

    seq: int
    name: str
    module: str
    state: str
    sources: tuple[int, ...]
    output: int | None
    made: TensorRef | None
    leaves: tuple[int, ...]
    nodes: tuple[int, ...] = ()
    arriving: TensorRef | None = None
    passes: int = 0
    is_current: bool = False
    cut_sources: tuple[int, ...] = ()
    cut_leaves: tuple[int, ...] = ()
    is_shadow: bool = False
    is_in_graph: bool = True

    @property
    def ghost(self) -> bool:
        """Tell whether the op has not run yet in this iteration."""
        return self.state == "pending"


@dataclass(frozen=True, slots=True)
class RowDetails:
    """What is written in a row: title, label, shape, |grad| of its output, the leaves it takes."""

    title: str
    label: str
    shape: str
    grad: float | None
    inline: Line


@dataclass(frozen=True, slots=True)
class FoundRows:
    """The rows, whether more may come behind them, and the leaves that backward has reached."""

    rows: tuple[GraphRow, ...]
    open_ended: bool
    reached: frozenset[int]


def read_rows(moment: Moment) -> FoundRows:
    """Read the ops of the moment's iteration, completed by the previous one's as ghosts."""
    iteration = moment.event.iteration
    head = moment.run.head
    start, stop = iteration_span(moment, iteration)
    own, tensors = _ops(moment, start, stop)
    ghosts: list[EventRow] = []
    producer: dict[int, int] = {}
    earlier: dict[int, int] = {}
    if iteration > 1 and stop > head:
        before, before_tensors = _ops(moment, *iteration_span(moment, iteration - 1))
        if [_kind(op) for op in before[: len(own)]] == [_kind(op) for op in own]:
            ghosts = before[len(own) :]
            tensors = {**before_tensors, **tensors}
            # Ghosts take tensors of the previous iteration: find them in the rows of this one.
            for index, op in enumerate(before[: len(own)]):
                _produce(earlier, refs_of(tensors, op.seq), index)
    backward = _read_backward(moment, start)
    rows: list[GraphRow] = []
    for index, op in enumerate([*own, *ghosts]):
        refs = refs_of(tensors, op.seq)
        if index == len(own):
            # From here on ghosts. What an op of this iteration takes from the last one, as a
            # hidden state that is carried on, is no row of this picture.
            producer = earlier
        row = _row(moment, op, refs, producer, backward.nodes.get(op.seq, []))
        rows.append(_with_cuts(moment, op, refs, producer, row, rows))
        _produce(producer, refs, index)
    complete = bool(ghosts) or bool(backward.nodes) or stop <= head
    return FoundRows(tuple(rows), not complete, backward.reached)


def read_details(
    moment: Moment, row: GraphRow, reached: frozenset[int], glyphs: Glyphs
) -> RowDetails:
    """Read what is written in a row."""
    name = moment.name(row.output) if row.output is not None else ""
    variable = "" if not name or is_op_name(name, row.name) else f"{glyphs.arrow} {name}"
    label = " ".join(part for part in (row.module, variable) if part)
    if cells(label) > LABEL_WIDTH and variable:
        label = variable  # what the script calls it says more than the class of a module
    made = None
    if row.made is not None and row.made.tensor is not None:
        # A ghost of the future has no value as of this moment, but it does have a shape.
        made = moment.run.value(row.made.tensor, moment.run.head, row.made.version)
    # A result without a name in the script goes by the same name as in the cards: mul_1.
    numbered = bool(name) and not variable and not is_op_name(name, "tensor")
    return RowDetails(
        title=name if numbered else row.name,
        label=label,
        shape=numbers.shape(made.shape) if made else "",
        grad=norm_of(moment, row.arriving),
        inline=_leaves(moment, row, reached, glyphs),
    )


def _leaves(moment: Moment, row: GraphRow, reached: frozenset[int], glyphs: Glyphs) -> Line:
    """Name the leaves that an op takes, with `.grad` once backward has added to it.

    A gradient of one element is shown itself, a larger one by its norm. Leaves that have one come
    first, data last: where room is short the end is left out.
    """
    spans: list[Span] = []

    def rank(tensor: int) -> int:
        return 0 if tensor in reached else 1 if moment.is_parameter(tensor) else 2

    for tensor in sorted(row.leaves, key=rank):
        name = moment.name(tensor)
        if not name or is_op_name(name, "tensor") or not moment.is_leaf(tensor):
            continue
        inside = bool(row.module) and name.startswith(row.module + ".")
        brief = name.removeprefix(row.module + ".") if inside else name
        if tensor in row.cut_leaves:
            spans += [Span("  "), Span(f"{glyphs.across_cut}{brief}", "warning dim")]
        elif tensor in reached and not row.ghost:
            spans += [Span("  "), Span(f"{brief}.grad {_grad_text(moment, tensor)}", "leaf")]
        else:
            spans += [Span("  "), Span(brief, "dim")]
    return tuple(spans[1:])


def _grad_text(moment: Moment, param: int) -> str:
    state = moment.grad(param)
    value = moment.value(state.tensor) if state.tensor is not None else None
    if value is None or value.norm is None:
        return "?"
    if all(size == 1 for size in value.shape) and value.mean is not None:
        return numbers.number(value.mean)
    return f"|{numbers.short(value.norm)}|"


def _ops(moment: Moment, start: int, stop: int) -> tuple[list[EventRow], Tensors]:
    """Read forward ops and cuts of a stretch; ops inside of other phases are the loop's own.

    Those of a backward that builds a graph belong to it: a second backward walks their nodes.
    """
    if start >= stop:
        return [], {}
    stretch = read_stretch(moment.run, start, stop)
    tensors = stretch.tensors
    rows = [
        row
        for row in stretch.rows
        if (row.phase in ("forward", "other") or _is_differentiable(row))
        and (row.kind == "op" or (row.kind == "graph_cut" and _is_shown(row, tensors)))
    ]
    if any(row.phase == "forward" for row in rows):
        rows = [row for row in rows if row.phase != "other"]
    return _without_returns(rows, tensors)


def _without_returns(rows: list[EventRow], tensors: Tensors) -> tuple[list[EventRow], Tensors]:
    """Take cuts that tell of a tensor which is there already as inputs of what made it."""
    made: dict[int, int] = {}
    kept: list[EventRow] = []
    added: dict[int, tuple[TensorRef, ...]] = {}
    for row in rows:
        refs = refs_of(tensors, row.seq)
        results = [r.tensor for r in refs if r.role in ("output", "result") and r.tensor]
        sources = {r.tensor for r in refs if r.role == "source"}
        if row.kind == "graph_cut" and results[0] in made and results[0] not in sources:
            by = made[results[0]]
            back = tuple(replace(r, role=RETURNED) for r in refs if r.role == "source")
            added[by] = (*added.get(by, refs_of(tensors, by)), *back)
            continue
        kept.append(row)
        made.update(dict.fromkeys(results, row.seq))
    return kept, {**tensors, **added} if added else tensors


def _is_differentiable(row: EventRow) -> bool:
    """Tell an op of a backward that was recorded itself (`create_graph`): its node may run yet."""
    return row.phase == "backward" and row.kind == "op" and bool(row.detail.get("grad_fn"))


def _is_shown(cut: EventRow, tensors: Tensors) -> bool:
    """Show cuts that made a tensor; `item` and a no_grad op (which has its own row) are not."""
    made = any(ref.role == "result" and ref.tensor for ref in refs_of(tensors, cut.seq))
    return made and cut.name != "no_grad"


def _kind(row: EventRow) -> tuple[str, str, str, int]:
    return row.name, row.module, row.file, row.line


def _produce(producer: dict[int, int], tensors: tuple[TensorRef, ...], index: int) -> None:
    for ref in tensors:
        if ref.role in ("output", "result") and ref.tensor is not None:
            producer[ref.tensor] = index


@dataclass(frozen=True, slots=True)
class _Backward:
    """What backward has done in this iteration up to the moment."""

    nodes: Mapping[int, list[tuple[EventRow, TensorRef | None]]]
    reached: frozenset[int]


def _read_backward(moment: Moment, start: int) -> _Backward:
    nodes: dict[int, list[tuple[EventRow, TensorRef | None]]] = {}
    reached: set[int] = set()
    stretch = read_stretch(moment.run, start, moment.seq + 1)
    for row in stretch.upto(moment.seq):
        if row.kind == "node":
            arriving = having(refs_of(stretch.tensors, row.seq), "grad_output")
            nodes.setdefault(row.op, []).append((row, arriving[0] if arriving else None))
        elif row.kind == "accumulated":
            refs = refs_of(stretch.tensors, row.seq)
            reached.update(r.tensor for r in refs if r.role == "param" and r.tensor is not None)
        elif row.kind == "zeroed":
            refs = refs_of(stretch.tensors, row.seq)
            reached.difference_update(r.tensor for r in refs if r.role == "param" and r.tensor)
    return _Backward(nodes, frozenset(reached))


def _row(
    moment: Moment,
    op: EventRow,
    refs: tuple[TensorRef, ...],
    producer: dict[int, int],
    ran: list[tuple[EventRow, TensorRef | None]],
) -> GraphRow:
    taken = [r.tensor for r in refs if r.role in TAKEN and r.tensor is not None]
    made = next((r for r in refs if r.role in ("output", "result") and r.tensor is not None), None)
    state = _state(moment, op)
    is_current = op.seq == moment.seq
    arriving: TensorRef | None = None
    passes = 0
    if ran and state != "pending":
        latest = [entry for entry in ran if entry[0].enclosing == ran[-1][0].enclosing]
        arriving = latest[0][1]
        passes = len({node.enclosing for node, _ in ran})
        is_current = any(node.seq == moment.seq for node, _ in ran)
        whole = len(latest) >= len(op.detail.get("nodes") or (1,))
        state = "backward" if whole and not is_current else "backward_current"
    return GraphRow(
        seq=op.seq,
        name=op.name,
        module=op.module,
        state=state,
        sources=tuple(sorted({producer[t] for t in taken if t in producer})),
        output=made.tensor if made else None,
        made=made,
        leaves=tuple(t for t in taken if t not in producer),
        nodes=tuple(node.seq for node, _ in ran) if state != "pending" else (),
        arriving=arriving,
        passes=passes,
        is_current=is_current,
    )


def _with_cuts(
    moment: Moment,
    op: EventRow,
    refs: tuple[TensorRef, ...],
    producer: Mapping[int, int],
    row: GraphRow,
    before: list[GraphRow],
) -> GraphRow:
    """Tell which of a row's inputs no gradient comes back to, though they are in the graph."""
    returned = {producer.get(r.tensor, -1) for r in refs if r.role == RETURNED and r.tensor}
    if op.kind == "op" and op.detail.get("grad_fn"):
        cut = tuple(sorted(returned & set(row.sources)))
        return replace(row, cut_sources=cut) if cut else row
    cut = tuple(source for source in row.sources if not before[source].is_shadow)
    # What came of data alone has no gradient either, and nothing was cut.
    cut = tuple(source for source in cut if before[source].is_in_graph or source in returned)
    leaves = tuple(leaf for leaf in row.leaves if moment.is_parameter(leaf))
    is_shadow = bool(cut or leaves or any(before[source].is_shadow for source in row.sources))
    return replace(row, cut_sources=cut, cut_leaves=leaves, is_shadow=is_shadow, is_in_graph=False)


def _state(moment: Moment, op: EventRow) -> str:
    if op.seq > moment.seq or op.iteration != moment.event.iteration:
        return "pending"
    if op.kind == "graph_cut":
        return "cut"
    if not op.detail.get("grad_fn"):
        return "no_grad"
    return "current" if op.seq == moment.seq else "done"
