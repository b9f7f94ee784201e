"""What the user changes while the script is paused, found by comparing before and after.

Whatever way a change is made (`grad.zero_()`, `w.data *= 2`, `opt.param_groups[0]["lr"] = 0.01`, an
array shared with numpy), it is seen, and recorded as `written` rows with one `edited` row behind
them: so the trace tells of it, and the past stays what it was.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import TYPE_CHECKING, Any

from gradstep.debuggee.adapter import array_of, identity
from gradstep.debuggee.optimizers import hyperparameters
from gradstep.trace.batch import TensorUse

if TYPE_CHECKING:
    from gradstep.debuggee.recorder import Recorder

Mark = tuple[int, int, int] | None
"""A tensor's id, version and checksum; None for no tensor."""


@dataclass(slots=True)
class _Leaf:
    """A leaf as it was, with `.grad` and what optimizers keep for it, by (optimizer, name)."""

    tensor: Any
    value: Mark
    grad: Mark
    state: dict[tuple[int, str], Mark | float] = field(default_factory=dict)


class Snapshot:
    """All leaves and hyper-parameters at one time."""

    def __init__(self, recorder: Recorder) -> None:
        """Look at everything that the recorder knows of."""
        self.groups: dict[int, list[dict[str, Any]]] = {}
        self.leaves: dict[int, _Leaf] = {}
        for leaf in recorder.book.parameters():
            self._add(leaf)
        for number, optimizer in recorder.optimizers.live():
            self.groups[number] = [hyperparameters(group) for group in optimizer.param_groups]
            for group in optimizer.param_groups:
                for leaf in group["params"]:
                    self._add(leaf)
                    found = self.leaves[leaf.uid].state
                    for name, entry in optimizer.state.get(leaf, {}).items():
                        found[number, name] = _entry(entry)

    def _add(self, leaf: Any) -> None:
        if leaf.uid not in self.leaves:
            self.leaves[leaf.uid] = _Leaf(leaf, _mark(leaf), _mark(leaf.grad))


def _mark(tensor: Any) -> Mark:
    if tensor is None:
        return None
    return *identity(tensor), zlib.crc32(array_of(tensor).tobytes())


def _entry(entry: Any) -> Mark | float:
    if hasattr(entry, "_array"):
        return _mark(entry)
    return entry if isinstance(entry, (int, float)) else None


@contextmanager
def recorded(
    recorder: Recorder, frame: FrameType | None, by: str, text: str, *, always: bool = False
) -> Iterator[None]:
    """Record what changes inside as done `by` the user through `text`.

    `always` writes the row `edited` though nothing that is looked at changed: a statement may
    change what only the script knows.
    """
    if not recorder.is_recording:
        yield
        return
    before = Snapshot(recorder)
    completed = False
    try:
        yield
        completed = True
    finally:
        # A statement that failed half way has done the first half.
        observer, recorder.observer = recorder.observer, None
        try:
            _record(
                recorder,
                frame,
                before,
                Snapshot(recorder),
                (by, text),
                always=always and completed,
            )
            recorder.flush()
        finally:
            recorder.observer = observer


def _record(
    recorder: Recorder,
    frame: FrameType | None,
    before: Snapshot,
    after: Snapshot,
    source: tuple[str, str],
    *,
    always: bool,
) -> None:
    by, text = source
    changed: list[str] = []
    for uid, now in after.leaves.items():
        was = before.leaves.get(uid)
        if was is None:
            continue
        for what in _differences(was, now):
            changed.append(_write(recorder, frame, now.tensor, what, by))
    hypers = [
        {"optimizer": number, "group": index, "name": name, "before": old, "after": new}
        for number, groups in after.groups.items()
        for index, group in enumerate(groups)
        for name, old, new in _hypers(before.groups.get(number), index, group)
    ]
    if not (changed or hypers or always):
        return
    for number, optimizer in recorder.optimizers.live():
        if any(each["optimizer"] == number for each in hypers):
            recorder.optimizers.record(optimizer, recorder.next_seq)
    detail = {"by": by, "text": text, "changed": changed, "hyper": hypers}
    recorder.emit("edited", frame, name=by, detail=detail)


def _differences(was: _Leaf, now: _Leaf) -> list[str]:
    """Say what of a leaf differs: `value`, `grad`, and `state`."""
    found = ["value"] * (was.value != now.value) + ["grad"] * (was.grad != now.grad)
    return found + ["state"] * (was.state != now.state)


def _hypers(
    groups: list[dict[str, Any]] | None, index: int, group: Mapping[str, Any]
) -> list[tuple[str, Any, Any]]:
    if groups is None or index >= len(groups):
        return []
    return [
        (name, groups[index].get(name), value)
        for name, value in group.items()
        if groups[index].get(name) != value
    ]


def _write(recorder: Recorder, frame: FrameType | None, leaf: Any, what: str, by: str) -> str:
    """Write the row of one change; return what changed as a user would write it."""
    seq, book = recorder.next_seq, recorder.book
    uses: list[TensorUse] = [("param", *book.use(leaf, seq, changed=what == "value"))]
    if what == "grad":
        if leaf.grad is not None:
            uses.append(("after", *book.use(leaf.grad, seq, changed=True)))
        recorder.set_grad(leaf, leaf.grad, seq)
    elif what == "state":
        uses += _state_uses(recorder, leaf, seq)
    name = recorder.name_of(leaf, frame) or f"tensor_{leaf.uid}"
    detail = {"parameter": name, "what": what, "by": by}
    recorder.emit("written", frame, uses, name=by, detail=detail)
    return {"value": name, "grad": f"{name}.grad", "state": f"state of {name}"}[what]


def _state_uses(recorder: Recorder, leaf: Any, seq: int) -> list[TensorUse]:
    uses: list[TensorUse] = []
    for number, optimizer in recorder.optimizers.live():
        for name, entry in optimizer.state.get(leaf, {}).items():
            if hasattr(entry, "_array") and not (entry._array.size == 1 and name == "step"):
                uses.append((f"state:{name}", *recorder.book.use(entry, seq, changed=True)))
                recorder.writer.add_state(number, leaf.uid, seq, name, tensor=entry.uid)
            elif hasattr(entry, "_array") or isinstance(entry, (int, float)):
                value = entry._array.item() if hasattr(entry, "_array") else entry
                recorder.writer.add_state(number, leaf.uid, seq, name, number=value)
    return uses
