"""What a tensor was computed from, along the graph of autograd and along the values alone.

The two differ where a value leaves the graph: by detach(), item(), numpy(), .data, torch.tensor(t),
under no_grad(), or through an operation without a derivative. Such a place is a `Cut`. Computed
from recorded rows only; nothing here depends on what a script's text looks like.
"""

from __future__ import annotations

import weakref
from collections import OrderedDict, deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from gradstep.protocol.row import EventRow
from gradstep.trace.model import TensorRef

if TYPE_CHECKING:
    from gradstep.trace.reader import RunTrace

MOST_RESULTS: Final = 20_000
"""So many results are followed back from a root; of a longer way the rest stays unknown."""

KEPT: Final = 8

MOST_VIEWS: Final = 64

CHUNK: Final = 256
MOST_CHUNKS: Final = 100
"""Events are read so many at a time, and so many times as many are kept."""

VIEWS: Final = frozenset(
    (
        *("view", "reshape", "flatten", "unflatten", "squeeze", "unsqueeze", "permute", "t", "T"),
        *("transpose", "mT", "expand", "getitem", "diagonal", "select", "narrow", "unbind"),
        *("chunk", "split", "movedim", "swapaxes", "view_as", "expand_as", "unfold"),
        *("detach", "data"),
    )
)
"""Operations whose result may share the memory of what it was made from."""

NO_DERIVATIVE: Final = "no derivative"

Use = tuple[int, int]
"""(tensor, version)."""


@dataclass(frozen=True, slots=True)
class Cut:
    """A place where a value goes on without the graph.

    `kind` is detach, item, numpy, data, tolist, tensor, no_grad, or `no derivative` for an
    operation that has none. `source` is the tensor that no gradient comes back to, `result` what
    was made of it.
    """

    seq: int
    kind: str
    source: int
    result: int
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Made:
    """How one version of a tensor came about: from which versions, and where it left the graph."""

    event: EventRow
    result: Use
    graph: tuple[Use, ...]
    plain: tuple[Use, ...]
    cuts: tuple[tuple[Use, Cut], ...]


@dataclass(frozen=True, slots=True)
class Reach:
    """What a root was computed from.

    `leaves` are the tensors without a past that require grad and lie on the graph, each with the
    event that took it; `taken` are those that the values came from, on the graph or not.
    `is_whole` is False where there was too much to follow.
    """

    root: Use
    leaves: Mapping[int, tuple[int, ...]]
    taken: Mapping[int, tuple[int, ...]]
    results: frozenset[int]
    made: Mapping[Use, Made] = field(repr=False)
    is_whole: bool = True

    def cuts_before(self, tensor: int) -> tuple[Cut, ...]:
        """Return the cuts that lie between a tensor and the root, in the order of the values."""
        onward = _onward(self.made)
        found: dict[Cut, None] = {}
        waiting = deque(use for use in onward if use[0] == tensor)
        seen = set(waiting)
        while waiting:
            use = waiting.popleft()
            for result, cut in onward.get(use, ()):
                if cut is not None:
                    found[cut] = None
                if result not in seen:
                    seen.add(result)
                    waiting.append(result)
        return tuple(sorted(found, key=lambda cut: cut.seq))

    def crossed(self, tensor: int) -> tuple[Cut, ...]:
        """Return the first cuts that a tensor's values meet on ways to the root.

        Only ways on which all else could be differentiated count: not the choice of an index, nor
        a comparison.
        """
        onward = _onward(self.made, smooth=True)
        found: dict[Cut, None] = {}
        waiting = deque(use for use in onward if use[0] == tensor)
        seen = set(waiting)
        while waiting:
            for result, cut in onward.get(waiting.popleft(), ()):
                if cut is not None:
                    found[cut] = None
                elif result not in seen:
                    seen.add(result)
                    waiting.append(result)
        return tuple(sorted(found, key=lambda cut: cut.seq))


def _onward(
    made: Mapping[Use, Made], *, smooth: bool = False
) -> dict[Use, list[tuple[Use, Cut | None]]]:
    onward: dict[Use, list[tuple[Use, Cut | None]]] = {}
    for result, how in made.items():
        for use in (*how.graph, *how.plain):
            onward.setdefault(use, []).append((result, None))
        for use, cut in how.cuts:
            if not (smooth and cut.kind == NO_DERIVATIVE):
                onward.setdefault(use, []).append((result, cut))
    return onward


class Dataflow:
    """The operations of a run, read as far as somebody asks."""

    def __init__(self, run: RunTrace) -> None:
        """Read nothing yet."""
        self._reference = weakref.ref(run)
        self._made: dict[tuple[Use, int], Made | None] = {}
        self._reaches: OrderedDict[tuple[tuple[Use, ...], int], Reach] = OrderedDict()
        self._switches: dict[int, list[tuple[int, bool]]] = {}
        self._switches_upto = 0
        self._chunks: OrderedDict[int, dict[int, tuple[EventRow, tuple[TensorRef, ...]]]] = (
            OrderedDict()
        )

    @property
    def _run(self) -> RunTrace:
        run = self._reference()
        assert run is not None, "whoever asks holds the run"
        return run

    def reach(self, roots: Iterable[Use], seq: int) -> Reach:
        """Follow roots back from event `seq`."""
        key = (tuple(roots), seq)
        found = self._reaches.pop(key, None) or self._follow(*key)
        self._reaches[key] = found
        while len(self._reaches) > KEPT:
            self._reaches.popitem(last=False)
        return found

    def switches(self, tensor: int, upto: int) -> list[tuple[int, bool]]:
        """Return when requires_grad of a tensor was changed: (event, what it became)."""
        if self._switches_upto < upto:
            for row in self._run.events(self._switches_upto + 1, upto + 1, ("mode_changed",)):
                if row.name == "requires_grad":
                    for changed, _ in _uses(self._run.tensors(row.seq), "param"):
                        entry = row.seq, bool(row.detail.get("after"))
                        self._switches.setdefault(changed, []).append(entry)
            self._switches_upto = upto
        return [entry for entry in self._switches.get(tensor, ()) if entry[0] <= upto]

    def requires_grad(self, use: Use, seq: int) -> bool:
        """Return whether a version of a tensor required grad at event `seq`."""
        switched = self.switches(use[0], seq)
        seen = self._seen(use, seq)
        if switched and (seen is None or switched[-1][0] >= seen[0]):
            return switched[-1][1]
        return seen is not None and bool(seen[1])

    def made(self, use: Use, before: int) -> Made | None:
        """Return how a version that event `before` saw came about, None for what has no past."""
        key = (use, before)
        if key not in self._made:
            self._made[key] = self._find(use, before)
        return self._made[key]

    def _follow(self, roots: tuple[Use, ...], seq: int) -> Reach:
        made: dict[Use, Made] = {}
        graph_leaves: set[int] = set()
        sources: set[int] = set()
        on_graph: set[int] = set()
        # A version may be reached by values first and by the graph later: both are followed.
        waiting = deque((use, seq, True) for use in roots)
        seen: set[tuple[Use, bool]] = {(use, True) for use in roots}
        is_whole = True
        while waiting:
            use, before, in_graph = waiting.popleft()
            how = made.get(use) or self.made(use, before)
            if how is None:
                # It has no recorded past: a leaf, or data.
                sources.add(use[0])
                if in_graph and self.requires_grad(use, before):
                    graph_leaves.add(use[0])
                continue
            if len(made) >= MOST_RESULTS:
                is_whole = False
                break
            made[use] = how
            if in_graph:
                on_graph.add(use[0])
            apart = (*how.plain, *(source for source, _ in how.cuts))
            for source, still in (
                *((source, in_graph) for source in how.graph),
                *((source, False) for source in apart),
            ):
                if (source, still) not in seen and (source, True) not in seen:
                    seen.add((source, still))
                    waiting.append((source, how.event.seq, still))
        leaves: dict[int, list[int]] = {tensor: [] for tensor in graph_leaves}
        taken: dict[int, list[int]] = {tensor: [] for tensor in sources}
        for how in made.values():
            for tensor in {source for source, _ in how.graph} & leaves.keys():
                if how.result[0] in on_graph:
                    leaves[tensor].append(how.event.seq)
            cut_off = (source for source, _ in how.cuts)
            for tensor in {t for t, _ in (*how.graph, *how.plain, *cut_off)} & taken.keys():
                taken[tensor].append(how.event.seq)
        return Reach(
            root=roots[0],
            leaves={tensor: tuple(sorted(at)) for tensor, at in leaves.items()},
            taken={tensor: tuple(sorted(at)) for tensor, at in taken.items()},
            results=frozenset(on_graph),
            made=made,
            is_whole=is_whole,
        )

    def _find(self, use: Use, before: int) -> Made | None:
        tensor, _ = use
        if self._is_held(tensor):
            return None
        seen = self._seen(use, before)
        if seen is None:
            return None
        event, refs = self._event(seen[0])
        if event.kind == "op" and _has(refs, "output", tensor):
            # The updates that a script makes by hand are no past of a leaf's.
            by_hand = not event.detail.get("grad_fn") and _has(refs, "input", tensor)
            if by_hand and self.requires_grad(use, before):
                return None
            return self._of_op(event, refs, use)
        found = self._of_cuts(use, before)
        if found is None and not self._run.at(before).is_parameter(tensor):
            found = self._written_through(use, seen[0])
        return found

    def _event(self, seq: int) -> tuple[EventRow, tuple[TensorRef, ...]]:
        """Return an event and its tensors, read with those around it: one way passes many."""
        number = seq // CHUNK
        chunk = self._chunks.pop(number, None)
        if chunk is None or seq not in chunk:
            start, stop = max(1, number * CHUNK), (number + 1) * CHUNK
            tensors = self._run.tensors_between(start, stop)
            rows = self._run.events(start, stop)
            chunk = {row.seq: (row, tensors.get(row.seq, ())) for row in rows}
        self._chunks[number] = chunk
        while len(self._chunks) > MOST_CHUNKS:
            self._chunks.popitem(last=False)
        return chunk[seq] if seq in chunk else (self._run.event(seq), self._run.tensors(seq))

    def _seen(self, use: Use, before: int) -> tuple[int, int] | None:
        """Return (event, requires_grad) of the record of a version, the latest by `before`."""
        row = self._run.database.row(
            "SELECT seq, requires_grad FROM value WHERE run = ? AND tensor = ? AND seq <= ?"
            " AND version = ? ORDER BY seq DESC LIMIT 1",
            (self._run.number, use[0], before, use[1]),
        )
        return None if row is None else (row[0], row[1])

    def _is_held(self, tensor: int) -> bool:
        """Return whether a tensor is a module's parameter or buffer: that has no past here."""
        return bool(
            self._run.database.row(
                "SELECT 1 FROM tensor_name WHERE run = ? AND tensor = ?"
                " AND how IN ('parameter', 'buffer')",
                (self._run.number, tensor),
            )
        )

    def _of_op(self, event: EventRow, refs: tuple[TensorRef, ...], result: Use) -> Made:
        graph: list[Use] = []
        plain: list[Use] = []
        cuts: list[tuple[Use, Cut]] = []
        told = self._told_after(event)
        under_no_grad = any(row.name == "no_grad" for row in told)
        for use in dict.fromkeys(_uses(refs, "input")):
            if use == result:
                continue
            if not self.requires_grad(use, event.seq):
                plain.append(use)
            elif event.detail.get("grad_fn"):
                graph.append(use)
            elif under_no_grad:
                cuts.append((use, _cut(event, "no_grad", use, result)))
            else:
                cuts.append((use, self._in_place(use, event.seq, event, result)))
        for row in told:
            tensors = self._run.tensors(row.seq)
            if row.name == "item" and _has(tensors, "result", result[0]):
                cuts += [(use, _cut(row, "item", use, result)) for use in _uses(tensors, "source")]
        return Made(event, result, tuple(graph), tuple(plain), tuple(cuts))

    def _told_after(self, op: EventRow) -> list[EventRow]:
        """Return the cuts that were told of an op's own result: they follow it at once."""
        found = []
        for row in self._events_after(op.seq, 5):
            if row.kind != "graph_cut":
                break
            found.append(row)
        return found

    def _events_after(self, seq: int, amount: int) -> Iterator[EventRow]:
        for number in range(seq + 1, seq + 1 + amount):
            known = self._chunks.get(number // CHUNK, {}).get(number)
            if known is None:
                # The end of the run, or of what was read.
                yield from self._run.events(number, seq + 1 + amount)
                return
            yield known[0]

    def _in_place(self, use: Use, before: int, op: EventRow, result: Use) -> Cut:
        """Say why an op outside of no_grad made no node: detach_(), or it has no derivative."""
        for row in self._cut_rows(use[0], before):
            if _has(self._run.tensors(row.seq), "source", use[0]):
                return _cut(row, row.name, use, result)
        return _cut(op, NO_DERIVATIVE, use, result)

    def _cut_rows(self, tensor: int, before: int) -> list[EventRow]:
        rows = self._run.database.rows(
            "SELECT seq FROM event_tensor INDEXED BY event_of_tensor WHERE run = ? AND tensor = ?"
            " AND seq <= ? AND role = ? ORDER BY seq DESC LIMIT 8",
            (self._run.number, tensor, before, self._run.database.text_id("result")),
        )
        return [self._run.event(seq) for (seq,) in rows]

    def _of_cuts(self, result: Use, before: int) -> Made | None:
        """Find the cuts that made a tensor: a number or an array may hold several sources."""
        found: list[tuple[Use, Cut]] = []
        rows = [row for row in self._cut_rows(result[0], before) if row.kind == "graph_cut"]
        for row in rows:
            for use in _uses(self._run.tensors(row.seq), "source"):
                if use[0] != result[0]:
                    found.append((use, _cut(row, row.name, use, result)))
        return Made(rows[0], result, (), (), tuple(found)) if found else None

    def _written_through(self, use: Use, seen: int) -> Made | None:
        """Find what wrote a version of a tensor through another one that shares its memory."""
        tensor, latest = use
        earlier = self._run.database.row(
            "SELECT version, seq FROM value WHERE run = ? AND tensor = ? AND seq <= ?"
            " AND version < ? ORDER BY seq DESC, version DESC LIMIT 1",
            (self._run.number, tensor, seen, latest),
        )
        if earlier is None:
            return None
        version, since = earlier
        family = self._family(tensor)
        graph: list[Use] = [(tensor, version)]
        for row in self._run.events(since + 1, seen, ("op",)):
            refs = self._run.tensors(row.seq)
            for other, reached in _uses(refs, "output"):
                wrote = version < reached <= latest and _has(refs, "input", other)
                if wrote and self._family(other) & family:
                    graph.append((other, reached))
        return Made(self._run.event(seen), use, tuple(graph), (), ())

    def _family(self, tensor: int) -> set[int]:
        """Return the tensors that a tensor is a view of, itself included."""
        found = {tensor}
        while len(found) < MOST_VIEWS:
            row = self._run.database.row(
                "SELECT first_seq FROM tensor WHERE run = ? AND id = ?", (self._run.number, tensor)
            )
            if row is None:
                break
            event = self._run.event(row[0])
            refs = self._run.tensors(event.seq)
            made = _has(refs, "output", tensor) or _has(refs, "result", tensor)
            sources = _uses(refs, "input" if event.kind == "op" else "source")
            if event.name not in VIEWS or not made or not sources or sources[0][0] in found:
                break
            tensor = sources[0][0]
            found.add(tensor)
        return found


_flows: weakref.WeakKeyDictionary[RunTrace, Dataflow] = weakref.WeakKeyDictionary()


def dataflow(run: RunTrace) -> Dataflow:
    """Return what is known of a run's operations, kept as long as the run is looked at."""
    found = _flows.get(run)
    if found is None:
        found = _flows[run] = Dataflow(run)
    return found


def _cut(event: EventRow, kind: str, source: Use, result: Use) -> Cut:
    return Cut(event.seq, kind, source[0], result[0], event.file, event.line)


def _uses(refs: Iterable[TensorRef], role: str) -> list[Use]:
    return [(r.tensor, r.version) for r in refs if r.role == role and r.tensor is not None]


def _has(refs: Iterable[TensorRef], role: str, tensor: int) -> bool:
    return any(ref.role == role and ref.tensor == tensor for ref in refs)
