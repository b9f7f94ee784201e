"""The ops of one iteration as a graph: what each took and made, and the backward nodes behind it.

Nothing here depends on where the cursor stands. What was read of an iteration is kept, and only
what has been recorded since is read on.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, TypeVar, cast
from weakref import WeakKeyDictionary

from gradstep.trace.op_outline import outline_of_ops
from gradstep.views.graph_scopes import Scope, read_scopes
from gradstep.views.reading import having, iteration_span
from gradstep.views.stretch import KEPT, MOST_EVENTS, read_stretch, refs_of

if TYPE_CHECKING:
    from gradstep.protocol.row import EventRow
    from gradstep.trace.model import TensorRef
    from gradstep.trace.moment import Moment
    from gradstep.trace.reader import RunTrace

    Refs = tuple[TensorRef, ...]

T = TypeVar("T")

RETURNED: Final = "returned"
"""The role given here to a tensor that an op got as a plain number: `x * y.item()`."""

TAKEN: Final = frozenset({"input", "source", RETURNED})
MADE: Final = frozenset({"output", "result"})


@dataclass(frozen=True, slots=True)
class Op:
    """One forward op, or a cut such as detach.

    `sources` are the numbers of the ops whose outputs it takes, `leaves` the tensors that no op of
    this iteration made. `cut_sources` and `cut_leaves` are those of them to which no gradient comes
    back from here; `is_shadow`: the result has values of the graph and no gradient. `made` is its
    first output. `is_in_graph` tells whether it has a backward node.
    """

    event: EventRow
    made: TensorRef | None
    sources: tuple[int, ...]
    leaves: tuple[int, ...]
    cut_sources: tuple[int, ...] = ()
    cut_leaves: tuple[int, ...] = ()
    is_shadow: bool = False
    is_in_graph: bool = True

    @property
    def kind(self) -> tuple[str, str, str, int]:
        """What makes it the same op as one of another iteration."""
        event = self.event
        return event.name, event.module, event.file, event.line


@dataclass(frozen=True, slots=True)
class Node:
    """A backward node that ran for an op: its event, and the gradient that arrived."""

    event: EventRow
    arriving: TensorRef | None


@dataclass(slots=True)
class OpGraph:
    """The ops of one iteration in order, and what backward did with them."""

    run: RunTrace
    events: int = 0
    """How many the iteration has."""
    ops: list[Op] = field(default_factory=list)
    nodes: dict[int, list[Node]] = field(default_factory=dict)
    """By the seq of the op, in order."""
    entered: list[int] = field(default_factory=list)
    """The seq of each op's first node, in order: how many ops backward has come by."""
    _first: dict[int, int] = field(default_factory=dict)
    passes: list[int] = field(default_factory=list)
    """The seq of the first node that had a first, a second, a third … backward come by its op."""
    entries: list[EventRow] = field(default_factory=list)
    """The beginnings of the backward calls."""
    walk: list[tuple[int, int]] = field(default_factory=list)
    """(seq, seq of the op) of every node in order."""
    changes: dict[int, list[tuple[int, bool]]] = field(default_factory=dict)
    """By leaf: the events that added to its `.grad` (True) or cleared it (False)."""
    agreed: int = 0
    """How many of the first ops are those of the iteration before."""
    _producer: dict[int, int] = field(default_factory=dict)
    _maker: dict[int, int] = field(default_factory=dict)
    _refs: list[Refs] = field(default_factory=list)
    _links: list[dict[int, int]] = field(default_factory=list)
    """By op: which op made what it took."""
    _born: list[tuple[int, ...]] = field(default_factory=list)
    """By op: its sources when it ran; a number that comes back is told of later."""
    revision: int = 0
    """Changes whenever the ops do."""
    _kept: dict[object, object] = field(default_factory=dict)
    _kept_for: int = 0
    _walks: dict[int, tuple[frozenset[int], frozenset[int]]] = field(default_factory=dict)
    _read: int = 0
    _has_forward: bool = False
    _has_cuts: bool = False

    def take(self, rows: Sequence[EventRow], tensors: Mapping[int, Refs]) -> None:
        """Read on in a list of rows that has grown."""
        for row in rows[self._read :]:
            if row.kind == "phase_entered" and row.phase == "backward":
                self.entries.append(row)
            elif row.kind in ("op", "graph_cut"):
                self._take_op(row, refs_of(tensors, row.seq))
            elif row.kind == "node":
                arriving = having(refs_of(tensors, row.seq), "grad_output")
                if row.op not in self.nodes:
                    self.entered.append(row.seq)
                    self._first[row.op] = row.seq
                node = Node(row, arriving[0] if arriving else None)
                ran = self.nodes.setdefault(row.op, [])
                ran.append(node)
                passes = 1 if len(ran) == 1 else len({one.event.enclosing for one in ran})
                if passes > len(self.passes):
                    self.passes.append(row.seq)
                self.walk.append((row.seq, row.op))
            elif row.kind in ("accumulated", "zeroed"):
                for ref in refs_of(tensors, row.seq):
                    if ref.role == "param" and ref.tensor is not None:
                        change = (row.seq, row.kind == "accumulated")
                        self.changes.setdefault(ref.tensor, []).append(change)
        self._read = len(rows)

    def has_reached(self, leaf: int, seq: int) -> bool:
        """Tell whether a backward of this iteration has added to `.grad` of a leaf by `seq`."""
        changes = self.changes.get(leaf, ())
        count = bisect_right(changes, (seq, True))
        return count > 0 and changes[count - 1][1]

    @property
    def is_whole(self) -> bool:
        """Whether all of the iteration is looked at."""
        return self.events <= MOST_EVENTS

    def nodes_by(self, op: int, seq: int) -> list[Node]:
        """Give the nodes that ran for the op of event `op` up to event `seq`."""
        found = self.nodes.get(op)
        if not found or found[0].event.seq > seq:
            return []
        return found if found[-1].event.seq <= seq else [n for n in found if n.event.seq <= seq]

    def is_walked(self, op: int, seq: int) -> bool:
        """Tell whether backward has come by the op of event `op` by event `seq`."""
        return self._first.get(op, seq + 1) <= seq

    def place(self, seq: int) -> int | None:
        """Give the number of the op of event `seq`."""
        low = bisect_right(self.ops, seq, key=_seq_of) - 1
        return low if low >= 0 and self.ops[low].event.seq == seq else None

    def last_at(self, seq: int) -> int | None:
        """Give the number of the op that ran, or whose node ran, last by event `seq`."""
        op = bisect_right(self.ops, seq, key=_seq_of) - 1
        node = bisect_right(self.walk, (seq, seq)) - 1
        if node >= 0 and (op < 0 or self.walk[node][0] > self.ops[op].event.seq):
            return self.place(self.walk[node][1])
        return op if op >= 0 else None

    def place_of(self, seq: int) -> int | None:
        """Give the number of the op whose event, or a node of which, is event `seq`."""
        node = bisect_right(self.walk, (seq, seq)) - 1
        if node >= 0 and self.walk[node][0] == seq:
            return self.place(self.walk[node][1])
        return self.place(seq)

    def kept(self, key: object, make: Callable[[], T]) -> T:
        """Give what was made of the ops under a key, made anew when they have changed."""
        if self._kept_for != self.revision:
            self._kept_for = self.revision
            self._kept.clear()
        if key not in self._kept:
            self._kept[key] = make()
        return cast("T", self._kept[key])

    def scopes(self) -> tuple[Scope, ...]:
        """Give the calls of modules that the ops ran in."""
        return self.kept("scopes", lambda: read_scopes(self.ops))

    def ran(self, seq: int) -> int:
        """Count the ops that have run by event `seq`."""
        return bisect_right(self.ops, seq, key=_seq_of)

    def walked(self, seq: int) -> int:
        """Count the ops that backward has come by up to event `seq`."""
        return bisect_right(self.entered, seq)

    def most_passes(self, seq: int) -> int:
        """Give how often backward has come by one op up to event `seq`, at most."""
        return bisect_right(self.passes, seq)

    def ahead_of(self, entry: EventRow) -> frozenset[int]:
        """Give the ops whose nodes a backward that begins at `entry` has before it.

        Those behind its roots, and where it was asked for some tensors only, on the way to these.
        """
        return self._behind(entry)[0]

    def cut_off(self, seq: int) -> frozenset[int]:
        """Give the ops whose values are in a root, and whose nodes that backward cannot come to.

        Of all backward calls that have begun by event `seq`.
        """
        begun = (entry for entry in self.entries if entry.seq <= seq)
        return frozenset().union(*(self._behind(entry)[1] for entry in begun))

    def _behind(self, entry: EventRow) -> tuple[frozenset[int], frozenset[int]]:
        found = self._walks.get(entry.seq)
        if found is not None:
            return found
        refs = self.run.tensors(entry.seq)
        roots = [self._producer[t] for t in _having(refs, "root") if t in self._producer]
        roots = [root for root in roots if self.ops[root].event.seq < entry.seq]
        tied = self._reach(roots, across_cuts=False)
        cut_off = self._reach(roots, across_cuts=True) - tied if self._has_cuts else frozenset()
        wanted = set(_having(refs, "wanted"))
        leading: set[int] = set()
        for number in sorted(tied) if wanted else ():
            op, links = self.ops[number], self._links[number]
            if not wanted.isdisjoint((*op.leaves, *links)) or leading.intersection(op.sources):
                leading.add(number)
        found = frozenset(leading) if wanted else tied, cut_off
        self._walks[entry.seq] = found
        return found

    def _reach(self, roots: Sequence[int], *, across_cuts: bool) -> frozenset[int]:
        """Give the ops in the graph that some come from, by their nodes or also by values only."""
        seen: set[int] = set()
        waiting = list(roots)
        while waiting:
            number = waiting.pop()
            op = self.ops[number]
            if number in seen or not (across_cuts or op.is_in_graph):
                continue
            seen.add(number)
            waiting += [n for n in op.sources if across_cuts or n not in op.cut_sources]
        return frozenset(number for number in seen if self.ops[number].is_in_graph)

    def agree_with(self, before: OpGraph) -> int:
        """Count the first ops that are those of another iteration."""
        most = min(len(self.ops), len(before.ops))
        while self.agreed < most and self._is_as(before, self.agreed):
            self.agreed += 1
        return self.agreed

    def _is_as(self, before: OpGraph, number: int) -> bool:
        alike = self.ops[number].kind == before.ops[number].kind
        return alike and self._born[number] == before._born[number]

    def _take_op(self, row: EventRow, refs: Refs) -> None:
        if row.phase in ("zero_grad", "step"):
            return
        # Ops inside of other phases are the loop's own. Those of a backward that builds a graph
        # (`create_graph`) belong to it: a second backward walks their nodes.
        if row.phase == "backward" and not (row.kind == "op" and row.detail.get("grad_fn")):
            return
        if row.phase == "other" and self._has_forward and not self._cuts_a_way(row, refs):
            return
        # Cuts that made a tensor are shown; `item` and a no_grad op (it has its own row) are not.
        results = [ref.tensor for ref in refs if ref.role in MADE and ref.tensor is not None]
        if row.kind == "graph_cut" and (row.name == "no_grad" or not results):
            return
        if row.phase == "forward" and not self._has_forward:
            self._has_forward = True
            self._keep_only_backward()
        sources = {ref.tensor for ref in refs if ref.role == "source"}
        if row.kind == "graph_cut" and results[0] in self._maker and results[0] not in sources:
            self._take_return(self._maker[results[0]], refs)
            return
        number, producer = len(self.ops), self._producer
        taken = (ref.tensor for ref in refs if ref.role in TAKEN)
        links = {tensor: producer[tensor] for tensor in taken if tensor in producer}
        self.ops.append(self._op(row, refs, links))
        self._refs.append(refs)
        self._links.append(links)
        self._born.append(self.ops[-1].sources)
        self.revision += 1
        for made in results:
            self._producer[made] = self._maker[made] = number

    def _cuts_a_way(self, row: EventRow, refs: Refs) -> bool:
        """Tell a cut between two phases that leads away from an op which backward has yet to reach.

        What is detached behind backward is for the script's own books.
        """
        if row.kind != "graph_cut":
            return False
        sources = [self._producer[t] for t in _having(refs, "source") if t in self._producer]
        ops = (self.ops[source] for source in sources)
        return any(op.is_in_graph and op.event.seq not in self.nodes for op in ops)

    def _keep_only_backward(self) -> None:
        """Forget the ops outside of phases: they only stand for a forward where there is none."""
        kept = [
            (op.event, refs)
            for op, refs in zip(self.ops, self._refs, strict=True)
            if op.event.phase != "other"
        ]
        for listed in (self.ops, self._refs, self._links, self._born):
            listed.clear()
        self._producer.clear()
        self._maker.clear()
        self.agreed = 0
        for row, refs in kept:
            self._take_op(row, refs)

    def _take_return(self, number: int, cut: Refs) -> None:
        """Take a cut that tells of a tensor which is there already as an input of its maker."""
        back = tuple(replace(ref, role=RETURNED) for ref in cut if ref.role == "source")
        refs = self._refs[number] = (*self._refs[number], *back)
        links = self._links[number]
        for ref in back:
            producer = self._producer.get(ref.tensor, number) if ref.tensor else number
            if ref.tensor and producer < number:
                links[ref.tensor] = producer
        self.ops[number] = self._op(self.ops[number].event, refs, links)
        self.revision += 1

    def _op(self, row: EventRow, refs: Refs, links: Mapping[int, int]) -> Op:
        """Make an op of its event, tensors, and what its inputs were made by."""
        taken = [r.tensor for r in refs if r.role in TAKEN and r.tensor is not None]
        made = next((r for r in refs if r.role in MADE and r.tensor is not None), None)
        sources = tuple(sorted(set(links.values())))
        leaves = tuple(tensor for tensor in taken if tensor not in links)
        returned = {links[t] for t in _having(refs, RETURNED) if t in links}
        if row.kind == "op" and row.detail.get("grad_fn"):
            self._has_cuts = self._has_cuts or bool(returned)
            return Op(row, made, sources, leaves, tuple(sorted(returned)))
        # What came of data alone has no gradient either, and nothing was cut.
        ops = self.ops
        cut = tuple(
            source
            for source in sources
            if not ops[source].is_shadow and (ops[source].is_in_graph or source in returned)
        )
        moment = self.run.at(row.seq)
        cut_leaves = tuple(leaf for leaf in leaves if moment.is_parameter(leaf))
        is_shadow = bool(cut or cut_leaves or any(ops[source].is_shadow for source in sources))
        self._has_cuts = self._has_cuts or is_shadow
        return Op(row, made, sources, leaves, cut, cut_leaves, is_shadow, is_in_graph=False)


def has_outline_of(moment: Moment, iteration: int, other: int) -> bool:
    """Tell whether two iterations ran the same ops at the same lines; cheaper than to read them."""
    run = moment.run
    mine = outline_of_ops(run, *iteration_span(moment, iteration))
    return mine == outline_of_ops(run, *iteration_span(moment, other))


def _having(refs: Refs, role: str) -> list[int]:
    return [ref.tensor for ref in refs if ref.role == role and ref.tensor is not None]


def _seq_of(op: Op) -> int:
    return op.event.seq


_kept: WeakKeyDictionary[RunTrace, OrderedDict[int, OpGraph]] = WeakKeyDictionary()


def read_ops(moment: Moment, iteration: int) -> tuple[OpGraph, bool]:
    """Read the ops of an iteration, and tell whether the iteration is over in the trace."""
    run = moment.run
    start, stop = iteration_span(moment, iteration)
    is_over = stop <= run.head
    if start >= stop:
        return OpGraph(run), is_over
    amount = stop - start
    if amount > MOST_EVENTS and moment.seq < stop:
        # Of a very long iteration only the piece around the cursor is looked at.
        stop = min(stop, (moment.seq // MOST_EVENTS + 1) * MOST_EVENTS)
    stretch = read_stretch(run, start, stop)
    known = _kept.setdefault(run, OrderedDict())
    found = known.pop(stretch.start, None)
    if found is None or found._read > len(stretch.rows):
        found = OpGraph(run)
    found.events = amount
    found.take(stretch.rows, stretch.tensors)
    known[stretch.start] = found
    while len(known) > KEPT:
        known.popitem(last=False)
    return found, is_over
