"""Finds where values change while the script runs: `change:EXPR`, live.

A tensor, parameter or gradient that has a name in the trace is followed by its id and version, so
that the event which changes it is exact and nothing is evaluated. Anything else is evaluated in the
user's frame at each event, and before each line where only a line can change it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from types import FrameType
from typing import TYPE_CHECKING, Any, Final

from gradstep.debuggee import adapter, evaluation
from gradstep.debuggee.naming import BUFFER, VARIABLE
from gradstep.protocol.breakpoints import CONDITION_NAMES, Entry, Watched
from gradstep.protocol.breakpoints.cause import changed_text
from gradstep.protocol.row import EventRow
from gradstep.trace.difference import array_difference, kept, snapshot, value_difference

if TYPE_CHECKING:
    from gradstep.debuggee.recorder import Recorder
    from gradstep.debuggee.tensors import Entry as TensorEntry

_CONDITION_NAMES: Final = frozenset(CONDITION_NAMES)


@dataclass(slots=True)
class Sight:
    """A value as it is now. `key` tells cheaply that nothing changed.

    `tensor` is the live tensor if it is one; `made` the op and event that made it, where that is
    not the event in hand. `scope` tells variables of different functions apart.
    """

    key: Any
    tensor: Any = None
    value: Any = None
    is_tensor: bool = False
    made: tuple[str, int] | None = None
    scope: int = 0


@dataclass(slots=True)
class _Held:
    """A value as it was: a copy of a tensor's numbers, or what there is to show of another."""

    key: Any
    array: Any
    value: Any
    is_tensor: bool


class ChangeFinder:
    """Compares what `change:` breakpoints look at with what it was."""

    def __init__(self, recorder: Recorder) -> None:
        """Look at the tensors and frames of `recorder`'s events."""
        self._recorder = recorder
        self._entries: dict[int, Entry] = {}
        self._held: dict[tuple[int, int], _Held] = {}
        self._told: dict[int, str] = {}
        self._free: set[int] = set()
        self.troubles: dict[int, str] = {}
        """Of a breakpoint that has had no value yet, why."""

    @property
    def arms_lines(self) -> bool:
        """Whether something is looked at that any line may change."""
        return bool(self._free)

    def begin(self, entries: Iterable[Entry], row: EventRow, frame: FrameType | None) -> None:
        """Take the breakpoints that are on; the values of new ones count from here."""
        before, self._entries = self._entries, {}
        for entry in entries:
            if entry.enabled and entry.breakpoint.watched is not None:
                self._entries[entry.id] = entry
        for number in set(before) - set(self._entries):
            self._forget(number)
        for number, entry in self._entries.items():
            known = before.get(number)
            if known is None or known.breakpoint.pattern != entry.breakpoint.pattern:
                self._forget(number)
                watched = entry.breakpoint.watched
                if watched is not None and not watched.is_of_rows and watched.rate is None:
                    # A name may turn out to be a tensor's, which is followed by its events.
                    self._free.add(number)
                self._compare(entry, row, frame)

    def is_at(self, entry: Entry, row: EventRow, frame: FrameType | None) -> bool:
        """Tell whether the value is another one than when it was last looked at."""
        if entry.id not in self._entries:
            return False
        return self._compare(entry, row, frame)

    def told(self, entry: Entry) -> str:
        """Return what the last change was."""
        return self._told.get(entry.id, "")

    def changes_before(self, row: EventRow, frame: FrameType) -> bool:
        """Tell whether a line that ran has changed something, without taking note of it."""
        return any(
            self._compare(self._entries[number], row, frame, keep=False)
            for number in tuple(self._free)
        )

    def give_up(self) -> None:
        """Look no more before each line for names that have meant nothing: events will do."""
        for number in self.troubles:
            watched = self._entries[number].breakpoint.watched
            if watched is not None and watched.names:
                self._free.discard(number)

    def _forget(self, number: int) -> None:
        self._held = {key: held for key, held in self._held.items() if key[0] != number}
        self._free.discard(number)
        self._told.pop(number, None)
        if number in self._entries:
            self.troubles[number] = ""
        else:
            self.troubles.pop(number, None)

    def _compare(
        self, entry: Entry, row: EventRow, frame: FrameType | None, *, keep: bool = True
    ) -> bool:
        watched = entry.breakpoint.watched
        assert watched is not None
        now = self._sight(entry.id, watched, row, frame)
        if now is None:
            return False
        self.troubles.pop(entry.id, None)
        if watched.names and now.is_tensor:
            self._free.discard(entry.id)
        place = entry.id, now.scope
        held = self._held.get(place)
        if held is not None and held.key == now.key:
            return False
        array = None if now.tensor is None else now.tensor._array
        # `loss` is the number that backward began from until the script's own has its name.
        is_other = held is not None and watched.is_of_rows and held.is_tensor != now.is_tensor
        difference = "" if held is None or is_other else _difference(held, now, array)
        if held is None or keep:
            copy = None if array is None else array.copy()
            self._held[place] = _Held(now.key, copy, kept(now.value), now.is_tensor)
        if difference and keep:
            self._told[entry.id] = changed_text(watched.text, row, difference, now.made)
        return bool(difference)

    def _sight(
        self, number: int, watched: Watched, row: EventRow, frame: FrameType | None
    ) -> Sight | None:
        """Return what the expression is now, None while it is nothing."""
        found = self._rate(watched) or self._named(watched, row)
        if found is not None or watched.code is None:
            return found
        try:
            value = self._evaluate(watched, row, frame)
        except Exception as error:
            # It may come to be something later; that it never did is told after an iteration.
            if number in self.troubles:
                self.troubles[number] = evaluation.one_line(error)
            return None
        if hasattr(value, "_array") and hasattr(value, "uid"):
            if watched.names and not self._is_alias(value):
                return None  # It will have its name at the next event, and is followed by that.
            return Sight(
                adapter.identity(value), value, is_tensor=True, scope=self._scope(watched, frame)
            )
        if value is None and watched.of_grad:
            return None
        if watched.names and not watched.is_of_rows:
            self._free.add(number)
        return Sight(snapshot(value), value=value, scope=self._scope(watched, frame))

    def _rate(self, watched: Watched) -> Sight | None:
        if watched.rate is None:
            return None
        name, group, key = watched.rate
        state = self._recorder.optimizers.recorded_under(name)
        if state is None or not -len(state.groups) <= group < len(state.groups):
            return None
        value = state.groups[group].get(key)
        return None if value is None else Sight(snapshot(value), value=value)

    def _named(self, watched: Watched, row: EventRow) -> Sight | None:
        """Return a tensor or gradient that has the name in the trace."""
        book = self._recorder.book
        for position, name in enumerate(watched.names):
            uid = book.named.get(name)
            entry = None if uid is None else book.get(uid)
            if entry is None or (position and entry.rank > BUFFER):
                continue
            if not watched.of_grad:
                return self._of_entry(entry, row)
            grad = self._recorder.grad_of_id(entry.uid)
            if grad is None:
                return Sight(("no gradient",), is_tensor=True)
            held = book.get(grad)
            return None if held is None else self._of_entry(held, row, of_grad=True)
        return None

    def _of_entry(
        self, entry: TensorEntry, row: EventRow, *, of_grad: bool = False
    ) -> Sight | None:
        tensor = entry.reference()
        if tensor is None or entry.version < 0:
            return None
        made = (entry.maker, entry.seen) if entry.seen != row.seq and not of_grad else None
        return Sight((entry.uid, entry.version), tensor, is_tensor=True, made=made)

    def _is_alias(self, tensor: Any) -> bool:
        """Tell whether a tensor goes by another name in the trace than the script's variable."""
        entry = self._recorder.book.get(tensor.uid)
        return entry is not None and entry.rank <= VARIABLE

    def _evaluate(self, watched: Watched, row: EventRow, frame: FrameType | None) -> Any:
        assert watched.code is not None
        names: dict[str, Any] = {}
        if not _CONDITION_NAMES.isdisjoint(watched.code.co_names):
            names = self._recorder.condition_names(row)
            if "lr" in names:
                # That of one optimizer: going from one to the next is no change.
                names["lr"] = self._recorder.optimizers.learning_rate({})
        return evaluation.evaluate_condition(watched.code, frame, names)

    @staticmethod
    def _scope(watched: Watched, frame: FrameType | None) -> int:
        """Return a number for the function whose variables the expression uses, 0 for none."""
        if frame is None or watched.code is None or frame.f_locals is frame.f_globals:
            return 0
        names = frame.f_locals
        return id(frame.f_code) if any(one in names for one in watched.code.co_names) else 0


def _difference(held: _Held, now: Sight, array: Any) -> str:
    if held.is_tensor and now.is_tensor:
        return array_difference(held.array, array)
    old = held.array if held.is_tensor else held.value
    new = now.tensor if now.is_tensor else now.value
    return value_difference(kept(old), kept(new))
