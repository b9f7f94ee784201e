"""Compares two runs event by event: what each is, its numbers and its settings."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, Final

from gradstep.comparison.alignment import Outline, Stretch, align
from gradstep.comparison.values import Gap, Tolerance, gap
from gradstep.protocol.row import EventRow
from gradstep.trace.model import TensorRef
from gradstep.trace.reader import RunTrace

COMPARED_DETAILS: Final = (
    *("hyper", "before", "after", "norm", "limit", "attributes"),
    *("indices", "group", "index", "error", "exit_status"),
)
"""What is compared of an event's detail; the rest names tensors and events of one run."""

MANY: Final = 1_000_000
"""Pairs of tensor versions that are remembered as compared, so that each is compared once."""

_BATCH: Final = 512


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing in which two events that belong together differ.

    Of a tensor, `role` is its role in the event (`input`, `after`, …), `name_a` and `name_b` what
    it is called, and `is_parameter` whether it is one. Of a setting, `role` is empty and `name_a`
    its name, as `hyper.lr`.
    """

    gap: Gap
    role: str = ""
    name_a: str = ""
    name_b: str = ""
    is_parameter: bool = False


@dataclass(frozen=True, slots=True)
class Pair:
    """A row of the comparison: an event of both runs, or of one; `differs` in what is in it."""

    a: int | None
    b: int | None
    differs: bool = False

    @property
    def is_alike(self) -> bool:
        """Whether both runs have the event, with the same in it."""
        return self.a is not None and self.b is not None and not self.differs


class Comparison:
    """Two runs, aligned; made by `compare`.

    Rows are numbered from 0: the events of both runs in order, with those that are in one run only
    where they are missing in the other.
    """

    def __init__(self, a: RunTrace, b: RunTrace, tolerance: Tolerance) -> None:
        """Begin without rows."""
        self.a, self.b, self.tolerance = a, b, tolerance
        self.stretches: list[Stretch] = []
        self.different: list[int] = []
        """The rows that are in one run only, or differ in what is in them, in order."""
        self.beyond: list[int] = []
        """Of these, the rows of both runs that differ in what is in them."""
        self._outlines = (Outline(), Outline())
        self._starts: list[int] = []
        self._beyond: set[int] = set()
        self._same: set[tuple[int, int, int, int]] = set()

    @property
    def is_same(self) -> bool:
        """Whether no row differs."""
        return not self.different

    def __len__(self) -> int:
        """The number of rows."""
        return self._starts[-1] + self.stretches[-1].count if self.stretches else 0

    def pair(self, row: int) -> Pair:
        """Return a row.

        Raises:
            IndexError: there is no such row.
        """
        if not 0 <= row < len(self):
            raise IndexError(f"row {row} of {len(self)}")
        which = bisect_right(self._starts, row) - 1
        stretch, inside = self.stretches[which], row - self._starts[which]
        a, b = self._outlines
        return Pair(
            a.seqs[stretch.a + inside] if stretch.side != "b" else None,
            b.seqs[stretch.b + inside] if stretch.side != "a" else None,
            row in self._beyond,
        )

    def row_of(self, a: int) -> int:
        """Return the row of an event of the first run, or of the one before it that has a row."""
        index = max(0, bisect_right(self._outlines[0].seqs, a) - 1)
        for start, stretch in zip(self._starts, self.stretches, strict=True):
            if stretch.side != "b" and stretch.a <= index < stretch.a + stretch.count:
                return start + index - stretch.a
        return 0

    def only_in(self, side: str) -> int:
        """Count the events that only one run has: `a` or `b`."""
        return sum(stretch.count for stretch in self.stretches if stretch.side == side)

    def differences(self, pair: Pair) -> list[Difference]:
        """Return everything in which the two events of a row differ."""
        if pair.a is None or pair.b is None:
            return []
        uses = self.a.tensors(pair.a), self.b.tensors(pair.b)
        return list(self._differences(self.a.event(pair.a), self.b.event(pair.b), *uses))

    # How `compare` fills it

    def align(self, progress: Callable[[int, int], None]) -> None:
        """Put the events side by side."""
        numbers: dict[tuple[str, ...], int] = {}
        kinds = self._kinds()
        heads = self.a.head, self.b.head
        total = 3 * sum(heads)
        a = Outline.of(self.a, numbers, kinds, lambda seq: progress(seq, total))
        b = Outline.of(self.b, numbers, kinds, lambda seq: progress(heads[0] + seq, total))
        self._outlines = (a, b)
        row = 0
        for stretch in align(a, b):
            self.stretches.append(stretch)
            self._starts.append(row)
            row += stretch.count

    def look_inside(self, progress: Callable[[int, int], None]) -> None:
        """Compare what is in the events that both runs have."""
        total = 3 * (self.a.head + self.b.head)
        for start, stretch in zip(self._starts, self.stretches, strict=True):
            if stretch.side != "both":
                self.different.extend(range(start, start + stretch.count))
                continue
            for first in range(0, stretch.count, _BATCH):
                last = min(first + _BATCH, stretch.count)
                for row in self._unlike(stretch, first, last):
                    self.different.append(start + row)
                    self.beyond.append(start + row)
                    self._beyond.add(start + row)
                done = self._outlines[0].seqs[stretch.a + last - 1]
                done += self._outlines[1].seqs[stretch.b + last - 1]
                progress(total // 3 + 2 * done, total)
        self._same.clear()

    def _unlike(self, stretch: Stretch, first: int, last: int) -> Iterator[int]:
        """Yield the rows of a stretch, counted from its beginning, whose events differ inside."""
        sides = []
        for run, outline, begin in (
            (self.a, self._outlines[0], stretch.a),
            (self.b, self._outlines[1], stretch.b),
        ):
            seqs = outline.seqs[begin + first : begin + last]
            wanted = set(seqs)
            rows = [row for row in run.events(seqs[0], seqs[-1] + 1) if row.seq in wanted]
            sides.append((rows, run.tensors_between(seqs[0], seqs[-1] + 1)))
        (rows_a, uses_a), (rows_b, uses_b) = sides
        for index, (row_a, row_b) in enumerate(zip(rows_a, rows_b, strict=True), first):
            uses = uses_a.get(row_a.seq, ()), uses_b.get(row_b.seq, ())
            if next(self._differences(row_a, row_b, *uses), None) is not None:
                yield index

    def _differences(
        self,
        a: EventRow,
        b: EventRow,
        uses_a: tuple[TensorRef, ...],
        uses_b: tuple[TensorRef, ...],
    ) -> Iterator[Difference]:
        yield from self._differences_of_settings(a, b)
        if [use.role for use in uses_a] != [use.role for use in uses_b]:
            yield Difference(Gap("tensors", _roles(uses_a), _roles(uses_b)))
            return
        for use_a, use_b in zip(uses_a, uses_b, strict=True):
            found = self._gap(a.seq, b.seq, use_a, use_b)
            if found is not None:
                yield self._of_tensor(found, a.seq, b.seq, use_a, use_b)

    def _differences_of_settings(self, a: EventRow, b: EventRow) -> Iterator[Difference]:
        settings_a, settings_b = self._settings(self.a, a), self._settings(self.b, b)
        for name in dict.fromkeys([*settings_a, *settings_b]):
            left, right = settings_a.get(name), settings_b.get(name)
            if left != right and not self._rounds_to(left, right):
                yield Difference(Gap("setting", left, right), name_a=name, name_b=name)

    def _rounds_to(self, left: object, right: object) -> bool:
        """Tell whether two measured settings, such as a norm, differ by rounding only."""
        if not (isinstance(left, float) and isinstance(right, float)):
            return False
        return abs(left - right) <= self.tolerance.allowed("float32", max(abs(left), abs(right)))

    @staticmethod
    def _settings(run: RunTrace, event: EventRow) -> dict[str, Any]:
        """What is compared of an event beside its tensors, flat: `hyper.lr`."""
        found: dict[str, Any] = {}
        for name in COMPARED_DETAILS:
            if name in event.detail:
                _flatten(found, name, event.detail[name])
        if event.kind == "optimizer_created":
            for state in run.at(event.seq).optimizers():
                if state.id == event.detail.get("optimizer"):
                    groups = [
                        {key: value for key, value in group.items() if key != "params"}
                        for group in state.groups
                    ]
                    _flatten(found, "groups", groups)
        return found

    def _gap(self, seq_a: int, seq_b: int, a: TensorRef, b: TensorRef) -> Gap | None:
        if a.tensor is None or b.tensor is None:
            if a.tensor is b.tensor:
                return None
            is_none = a.tensor is None
            left, right = ("None", "a tensor") if is_none else ("a tensor", "None")
            return Gap("tensor", left, right)
        key = (a.tensor, a.version, b.tensor, b.version)
        if key in self._same:
            return None
        value_a = self.a.value(a.tensor, seq_a, a.version)
        value_b = self.b.value(b.tensor, seq_b, b.version)
        found = gap(value_a, value_b, self.tolerance) if value_a and value_b else None
        if found is None:
            if len(self._same) >= MANY:
                self._same.clear()
            self._same.add(key)
        return found

    def _of_tensor(
        self, found: Gap, seq_a: int, seq_b: int, a: TensorRef, b: TensorRef
    ) -> Difference:
        moment_a, moment_b = self.a.at(seq_a), self.b.at(seq_b)
        return Difference(
            found,
            a.role,
            moment_a.name(a.tensor) if a.tensor is not None else "None",
            moment_b.name(b.tensor) if b.tensor is not None else "None",
            a.tensor is not None and moment_a.is_parameter(a.tensor),
        )

    def _kinds(self) -> Callable[[str], bool]:
        """Tell which kinds to compare: of runs in unlike detail those that the lesser one has."""
        details = {self.a.info.detail, self.b.info.detail}
        if "phases" not in details or len(details) == 1:
            return lambda kind: True
        lesser = self.a if self.a.info.detail == "phases" else self.b
        known = {kind for kind, _ in lesser.counts(1, lesser.head + 1)}
        return known.__contains__


def compare(
    a: RunTrace,
    b: RunTrace,
    tolerance: Tolerance | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Comparison:
    """Compare two runs.

    `progress` is called now and then with how much is done, of how much; what it raises ends the
    comparison.

    Raises:
        TraceError: one of the files is damaged.
    """
    comparison = Comparison(a, b, tolerance or Tolerance())
    comparison.align(progress)
    comparison.look_inside(progress)
    return comparison


def _roles(uses: tuple[TensorRef, ...]) -> str:
    return ", ".join(use.role for use in uses) or "none"


def _flatten(found: dict[str, Any], name: str, item: Any) -> None:
    if isinstance(item, Mapping):
        for key, value in item.items():
            _flatten(found, f"{name}.{key}", value)
    elif isinstance(item, (list, tuple)) and any(isinstance(one, Mapping) for one in item):
        for index, value in enumerate(item):
            _flatten(found, f"{name}[{index}]", value)
    else:
        found[name] = item


def losses(comparison: Comparison) -> list[tuple[int, float | None, float | None]]:
    """Return the scalars that backward() began from: (number, its value in each run or None)."""
    a, b = (run.losses(run.head) for run in (comparison.a, comparison.b))
    return [
        (number, left[3] if left else None, right[3] if right else None)
        for number, (left, right) in enumerate(zip_longest(a, b), 1)
    ]
