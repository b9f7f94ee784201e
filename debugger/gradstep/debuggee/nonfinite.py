"""Finds where NaN and Inf come about while the script runs: `nan`, live.

Costs one look at each new version of a tensor, and only while such a breakpoint is on.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import FrameType
from typing import TYPE_CHECKING, Any, Final

from gradstep.debuggee import adapter
from gradstep.protocol.breakpoints.origin import NumberUse, origin_text, origins
from gradstep.protocol.row import EventRow
from gradstep.trace.census import census

if TYPE_CHECKING:
    from gradstep.debuggee.recorder import Recorder

_FINE: Final = (False, False)
_USED_SHOWN: Final = 3


class OriginFinder:
    """Keeps which tensors hold NaN or Inf now."""

    def __init__(self, recorder: Recorder) -> None:
        """Look at the tensors of `recorder`'s events."""
        self._recorder = recorder
        self._odd: dict[int, tuple[bool, bool]] = {}
        self._seq = 0
        self._found: list[NumberUse] = []
        self._uses: list[NumberUse] = []

    def begin(self) -> None:
        """Look at all tensors that are alive: from now on every event is told of."""
        self._odd = {}
        for uid, tensor in self._recorder.book.alive():
            status = adapter.nan_and_inf(tensor)
            if status != _FINE:
                self._odd[uid] = status

    def is_at(self, row: EventRow) -> bool:
        """Tell whether NaN or Inf came about at `row`, the recorder's event in hand."""
        if row.seq != self._seq:
            self._seq = row.seq
            self._uses = self._look(row)
            self._found = origins(row, self._uses) if self._uses else []
        return bool(self._found)

    def told(self, row: EventRow, frame: FrameType | None) -> str:
        """Return what the tensors of the event in hand hold; `frame` is the user's."""
        names = {} if frame is None else {**frame.f_globals, **frame.f_locals}
        bound = {id(value): name for name, value in names.items()}
        made = [self._counted(use, bound) for use in self._found]
        rest = [use for use in self._uses if use.is_input and use not in self._found]
        return origin_text(row, made, [self._counted(use, bound) for use in rest[:_USED_SHOWN]])

    def _look(self, row: EventRow) -> list[NumberUse]:
        book, odd = self._recorder.book, self._odd
        found: list[NumberUse] = []
        fresh: dict[int, tuple[bool, bool]] = {}
        for role, uid, version in self._recorder.uses:
            if uid is None:
                continue
            entry = book.get(uid)
            before = odd.get(uid, _FINE)
            is_new = entry is not None and (entry.seen, entry.version) == (row.seq, version)
            if not is_new or entry is None:
                found.append(NumberUse(role, uid, version, False, *before))
                continue
            now = fresh.get(uid)
            if now is None:
                tensor = entry.reference()
                now = fresh[uid] = _FINE if tensor is None else adapter.nan_and_inf(tensor)
            found.append(NumberUse(role, uid, version, True, *now, *before))
        for uid, status in fresh.items():
            if status != _FINE:
                odd[uid] = status
            else:
                odd.pop(uid, None)
        return found

    def _counted(self, use: NumberUse, bound: Mapping[int, str]) -> tuple[str, str]:
        entry = self._recorder.book.get(use.tensor)
        tensor: Any = None if entry is None else entry.reference()
        name = entry.name if entry is not None else ""
        name = name or bound.get(id(tensor), "") or f"tensor_{use.tensor}"
        if tensor is None or (entry is not None and entry.version != use.version):
            return f"{use.role} {name}", "as it was before"
        array = tensor._array
        return f"{use.role} {name} {list(array.shape)}", str(census(array))
