"""The rows of the graph as of a moment: which ops stand there, and how far each of them is.

Rows are made when they are looked at, so a long graph costs what is in sight of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, overload

from gradstep.views.graph_folds import Folds, Outline, opened, outline
from gradstep.views.graph_ops import Node, Op, OpGraph, has_outline_of, read_ops
from gradstep.views.graph_pieces import piece_before
from gradstep.views.graph_scopes import Key, Scope
from gradstep.views.rails import Rails, Structure, lay_out
from gradstep.views.reading import iteration_span
from gradstep.views.stretch import MOST_EVENTS

if TYPE_CHECKING:
    from gradstep.trace.model import TensorRef
    from gradstep.trace.moment import Moment


LONG: Final = 2_000
"""Events of an iteration that is held against the one before in outline."""


@dataclass(frozen=True, slots=True)
class GraphRow:
    """One forward op, a cut such as detach, or a module scope (`scope` is not None).

    `seq` is its event, `output` the tensor it made, `sources` the rows whose outputs it takes,
    `nodes` the backward node events that ran for it so far. `state` is one of pending (not run in
    this iteration), current, running (a scope, in part), done, waiting (the backward that runs
    will come by), backward, backward_current, no_grad, cut, cut_off (its values are in what
    backward began from, and no way leads back to it). `passes` is the number of backward
    calls that came through, `arriving` the gradient of its output. `cut_sources` are those of the
    sources, and `cut_leaves` those of the leaves, to which no gradient comes back from here;
    `is_shadow`: the result has values of the graph and no gradient.

    A scope has all this from the op whose output leaves it, its leaves are the parameters in it.
    Of its `size` ops `ran` have run, backward has come by `walked` of `walkable`; `cuts` are in it.
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
    depth: int = 0
    path: str = ""
    scope: Scope | None = None
    is_open: bool = False
    size: int = 1
    ran: int = 0
    walked: int = 0
    walkable: int = 0
    cuts: int = 0

    @property
    def ghost(self) -> bool:
        """Tell whether the op has not run yet in this iteration."""
        return self.state == "pending"

    @property
    def breakpoint(self) -> str:
        """The breakpoint on what the row stands for."""
        return f"op:{self.name}" if self.scope is None else f"module:{self.module}"


@dataclass(frozen=True, slots=True)
class _ScopeFacts:
    """What is always so of a scope."""

    parameters: tuple[int, ...]
    is_in_graph: bool
    cuts: int


@dataclass(slots=True)
class FoundRows(Sequence[GraphRow]):
    """The rows of one picture. `current` is the row of the event under the cursor.

    `changed` is the number of the op with which the graph is another than in the iteration before,
    as far as the cursor has come; None while they agree.
    """

    moment: Moment
    own: OpGraph
    basis: OpGraph
    ops: Sequence[Op]
    outline: Outline
    rails: Rails
    structure: Sequence[tuple[int, ...] | None]
    focus: int | None
    changed: int | None
    _ran: int
    _ahead: frozenset[int]
    _cut_off: frozenset[int]
    _made: dict[int, GraphRow] = field(default_factory=dict)

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.outline.items)

    @overload
    def __getitem__(self, index: int) -> GraphRow: ...
    @overload
    def __getitem__(self, index: slice) -> list[GraphRow]: ...
    def __getitem__(self, index: int | slice) -> GraphRow | list[GraphRow]:
        """Give a row, made when it is first asked for."""
        if isinstance(index, slice):
            return [self[number] for number in range(*index.indices(len(self)))]
        number = range(len(self))[index]
        found = self._made.get(number)
        if found is None:
            found = self._made[number] = self._row(number)
        return found

    def __iter__(self) -> Iterator[GraphRow]:
        """Give all rows."""
        return (self[number] for number in range(len(self)))

    @property
    def current(self) -> int | None:
        """The row of the op or node that the cursor stands at."""
        event = self.moment.event
        if self.focus is None or event.kind not in ("op", "graph_cut", "node"):
            return None
        if event.seq != self.ops[self.focus].event.seq and event.kind != "node":
            return None
        return self.outline.place(self.focus)

    @property
    def ran(self) -> int:
        """How many ops have run."""
        return self._ran

    @property
    def walked(self) -> int:
        """How many ops backward has come by."""
        return self.own.walked(self.moment.seq)

    def place_of(self, seq: int) -> int | None:
        """Find the row whose op, cut or backward node is event `seq`."""
        number = self.own.place_of(seq)
        if number is None:
            ghosts = range(len(self.own.ops), len(self.ops))
            number = next((n for n in ghosts if self.ops[n].event.seq == seq), None)
        return None if number is None else self.outline.place(number)

    def nodes(self, number: int) -> list[Node]:
        """Give the nodes that have run for an op."""
        if number >= self._ran:
            return []
        return self.own.nodes_by(self.ops[number].event.seq, self.moment.seq)

    def is_ahead(self, number: int) -> bool:
        """Tell whether the backward that runs will come by an op."""
        return number in self._ahead and not self.is_walked(number)

    def is_walked(self, number: int) -> bool:
        """Tell whether backward has come by an op."""
        return number < self._ran and self.own.is_walked(
            self.ops[number].event.seq, self.moment.seq
        )

    def _row(self, index: int) -> GraphRow:
        item = self.outline.items[index]
        sources = self.structure[index] or ()
        if item.scope is None:
            return self._op_row(index, item.first, sources)
        return self._scope_row(index, item.scope, sources)

    def _op_row(self, index: int, number: int, sources: tuple[int, ...]) -> GraphRow:
        op, item = self.ops[number], self.outline.items[index]
        nodes = self.nodes(number)
        latest = [node for node in nodes if node.event.enclosing == nodes[-1].event.enclosing]
        is_current = number == self.focus and self.current is not None
        return GraphRow(
            seq=op.event.seq,
            name=op.event.name,
            module=op.event.module,
            state=self._state(number, latest, is_current=is_current),
            sources=sources,
            output=op.made.tensor if op.made else None,
            made=op.made,
            leaves=op.leaves,
            nodes=tuple(node.event.seq for node in nodes),
            arriving=latest[0].arriving if latest else None,
            passes=len({node.event.enclosing for node in nodes}),
            is_current=is_current,
            cut_sources=tuple(sorted({self.outline.place(n) for n in op.cut_sources})),
            cut_leaves=op.cut_leaves,
            is_shadow=op.is_shadow,
            is_in_graph=op.is_in_graph,
            depth=item.depth,
            path=item.path,
            ran=int(number < self._ran),
        )

    def _state(self, number: int, latest: Sequence[Node], *, is_current: bool) -> str:
        op = self.ops[number]
        if number >= self._ran:
            return "pending"
        if latest:
            whole = len(latest) >= len(op.event.detail.get("nodes") or (1,))
            return "backward" if whole and not is_current else "backward_current"
        if op.event.kind == "graph_cut":
            return "cut"
        if not op.is_in_graph:
            return "no_grad"
        if number in self._ahead:
            return "waiting"
        if number in self._cut_off:
            return "cut_off"
        return "current" if is_current else "done"

    def _scope_row(self, index: int, scope: Scope, sources: tuple[int, ...]) -> GraphRow:
        item = self.outline.items[index]
        inside = range(scope.first, scope.stop)
        ran = max(0, min(self._ran, scope.stop) - scope.first)
        walked = sum(map(self.is_walked, inside)) if self.walked else 0
        ahead = sum(map(self.is_ahead, inside)) if self._ahead else 0
        facts = self.basis.kept(("facts", scope.key), lambda: self._facts(scope))
        nodes = self.nodes(scope.output)
        latest = [node for node in nodes if node.event.enclosing == nodes[-1].event.enclosing]
        is_current = self.current is not None and self.focus in inside
        op = self.ops[scope.output]
        if not ran:
            state = "pending"
        elif walked:
            state = "backward_current" if ahead or is_current else "backward"
        elif ahead:
            state = "waiting"
        elif ran < scope.size:
            state = "running"
        elif not facts.is_in_graph:
            state = "no_grad"
        elif any(number in self._cut_off for number in inside):
            state = "cut_off"
        else:
            state = "current" if is_current else "done"
        return GraphRow(
            seq=op.event.seq,
            name=scope.name,
            module=scope.path,
            state=state,
            sources=sources,
            output=op.made.tensor if op.made else None,
            made=op.made,
            leaves=facts.parameters,
            nodes=tuple(node.event.seq for node in nodes),
            arriving=latest[0].arriving if latest else None,
            passes=len({node.event.enclosing for node in nodes}),
            is_current=is_current and not item.is_open,
            cut_sources=self._cut_between(scope, sources) if facts.cuts else (),
            is_shadow=op.is_shadow,
            is_in_graph=op.is_in_graph,
            depth=item.depth,
            path=item.path,
            scope=scope,
            is_open=item.is_open,
            size=scope.size,
            ran=ran,
            walked=walked,
            walkable=walked + ahead,
            cuts=facts.cuts,
        )

    def _facts(self, scope: Scope) -> _ScopeFacts:
        ops = self.ops[scope.first : scope.stop]
        leaves = dict.fromkeys(leaf for op in ops for leaf in op.leaves)
        return _ScopeFacts(
            parameters=tuple(filter(self.moment.is_parameter, leaves)),
            is_in_graph=any(op.is_in_graph for op in ops),
            cuts=sum(bool(op.cut_sources or op.cut_leaves) for op in ops),
        )

    def _cut_between(self, scope: Scope, sources: tuple[int, ...]) -> tuple[int, ...]:
        """Give the rows from which a scope takes values only."""
        place, inside = self.outline.place, self.ops[scope.first : scope.stop]
        tied = {
            place(source)
            for op in inside
            for source in op.sources
            if op.is_in_graph and source not in op.cut_sources and self.ops[source].is_in_graph
        }
        cut = {place(source) for op in inside for source in op.cut_sources}
        return tuple(row for row in sources if row in cut - tied)


def read_rows(moment: Moment, folds: Folds) -> FoundRows:
    """Read the ops of the moment's iteration, completed by the previous one's as ghosts."""
    own, is_over = read_ops(moment, moment.event.iteration)
    ops: Sequence[Op] = own.ops
    basis, changed = own, None
    before = _to_compare(moment, own, is_over=is_over)
    if before is not None:
        agreed = own.agree_with(before)
        if agreed < min(len(own.ops), len(before.ops)) or _goes_on(own, before, moment.seq):
            changed = agreed
        elif not is_over and len(own.ops) < len(before.ops):
            # Ghosts take outputs of the previous iteration, whose rows are those of this one.
            ops = own.ops + before.ops[len(own.ops) :]
            basis = before
    ran = own.ran(moment.seq)
    entry = moment.event
    if entry.kind != "phase_entered" and entry.enclosing:
        entry = moment.run.event(entry.enclosing)
    is_walking = entry.phase == "backward" and moment.event.kind != "phase_exited"
    focus = own.last_at(moment.seq) if moment.event.phase not in ("step", "zero_grad") else None
    is_complete = bool(own.walk) or is_over or basis is not own
    scopes = basis.scopes()
    is_open = opened(scopes, len(ops), folds, focus)
    shown, structure = basis.kept(is_open, lambda: _lay_out(basis, scopes, is_open))
    return FoundRows(
        moment=moment,
        own=own,
        basis=basis,
        ops=ops,
        outline=shown,
        structure=structure,
        rails=lay_out(structure, open_ended=not is_complete),
        focus=focus,
        changed=changed if changed is not None and changed < ran else None,
        _ran=ran,
        _ahead=own.ahead_of(entry) if is_walking else frozenset(),
        _cut_off=own.cut_off(moment.seq),
    )


def _lay_out(
    basis: OpGraph, scopes: tuple[Scope, ...], is_open: frozenset[Key]
) -> tuple[Outline, Structure]:
    shown = outline(scopes, len(basis.ops), is_open)
    return shown, shown.structure([op.sources for op in basis.ops])


def _to_compare(moment: Moment, own: OpGraph, *, is_over: bool) -> OpGraph | None:
    """Give the iteration before, None where it would tell nothing: that did the same, or is cut."""
    iteration = moment.event.iteration
    if iteration < 2 or (is_over and not own.is_whole):
        return None
    start, stop = iteration_span(moment, iteration - 1)
    if not own.is_whole or stop - start > MOST_EVENTS:
        return None if is_over else piece_before(moment, own)
    if is_over and _is_known_alike(moment, own):
        return None
    return read_ops(moment, iteration - 1)[0]


def _is_known_alike(moment: Moment, own: OpGraph) -> bool:
    """Tell whether a long iteration that is over did what the one before did.

    In outline only, for there to read the one before as well would take its time.
    """
    iteration = moment.event.iteration
    if own.events < LONG:
        return False
    return own.kept("alike", lambda: has_outline_of(moment, iteration, iteration - 1))


def _goes_on(own: OpGraph, before: OpGraph, seq: int) -> bool:
    """Tell whether an iteration has more ops than the one before, and trains with them.

    What comes behind the first step and has no backward by event `seq` is an evaluation, or the
    work after the loop.
    """
    amount = len(before.ops)
    if not 0 < amount < len(own.ops):
        return False
    more = own.ops[amount:]
    if more[0].event.step == own.ops[0].event.step:
        return True
    return any(own.is_walked(op.event.seq, seq) for op in more)
