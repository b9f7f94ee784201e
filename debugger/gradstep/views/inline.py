"""What stands at the right of source lines: the values of this iteration, up to the cursor."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final

from gradstep.views import numbers
from gradstep.views.cards.card import brief
from gradstep.views.glyphs import Glyphs
from gradstep.views.reading import is_op_name, iteration_span, one, result_name, value_of
from gradstep.views.stretch import read_stretch
from gradstep.views.text import Line, line

if TYPE_CHECKING:
    from gradstep.protocol.row import EventRow
    from gradstep.trace.model import TensorRef
    from gradstep.trace.moment import Moment

MOST_VALUES: Final = 3
KINDS: Final = (
    "op",
    "node",
    "accumulated",
    "zeroed",
    "updated",
    "phase_entered",
    "phase_exited",
    "clipped",
    "scheduled",
    "fetched",
)


Later = Callable[[], Line]
"""An entry that is set when it is shown: a backward of thousands of nodes shows the last few."""


@dataclass(slots=True)
class _Values:
    """What is known of each line: the latest entry under a key wins and moves to the end."""

    lines: dict[int, dict[str, Line | Later]] = field(default_factory=dict)
    order: dict[str, tuple[TensorRef, ...]] = field(default_factory=dict)
    """The tensors of accumulations by their keys: gradients stand as the parameters do."""

    def put(self, number: int, key: str, text: Line | Later) -> None:
        entries = self.lines.setdefault(number, {})
        entries.pop(key, None)
        entries[key] = text


def inline_values(moment: Moment, file: str, glyphs: Glyphs) -> dict[int, Line]:
    """Give, for each line of `file`, what it did in the cursor's iteration so far."""
    start, _ = iteration_span(moment, moment.event.iteration)
    stop = moment.seq + 1
    stretch = read_stretch(moment.run, start, stop)
    tensors = stretch.tensors
    values = _Values()
    phases: dict[int, list[int]] = {}
    rows = [row for row in stretch.upto(moment.seq) if row.kind in KINDS]
    named = _latest_ops(rows, file)
    for row in rows:
        refs = tensors.get(row.seq, ())
        if row.kind == "op":
            if row.seq in named:
                _op(moment, values, row, refs)
        elif row.kind in ("phase_entered", "node", "zeroed", "updated", "accumulated"):
            _progress(moment, values, row, refs, phases, file, glyphs)
        elif row.kind == "phase_exited" and row.file == file:
            _ended(values, row, phases, glyphs)
        elif row.kind == "clipped" and row.file == file and row.detail.get("norm") is not None:
            norm = numbers.short(float(row.detail["norm"]))
            values.put(row.line, "clip", line((f"|g| {norm}", "warning")))
        elif row.kind == "fetched" and row.file == file:
            _fetched(moment, values, row, refs)
    return {number: _join(entries, values.order) for number, entries in values.lines.items()}


def _latest_ops(rows: list[EventRow], file: str) -> set[int]:
    """Keep the last few ops of each line: a line in a loop or a whole model may run thousands."""
    latest: dict[int, deque[int]] = {}
    for row in rows:
        if row.kind == "op" and row.file == file:
            latest.setdefault(row.line, deque(maxlen=MOST_VALUES)).append(row.seq)
    return {seq for line_ops in latest.values() for seq in line_ops}


def _join(entries: dict[str, Line | Later], order: dict[str, tuple[TensorRef, ...]]) -> Line:
    first = [entries.pop("progress")] if "progress" in entries else []
    latest = sorted(list(entries)[-MOST_VALUES:], key=lambda key: _param(order.get(key, ())))
    shown = [*first, *(entries[key] for key in latest)]
    found: list[Line] = []
    for each in shown:
        entry = each() if callable(each) else each
        found += [line("  "), entry] if found else [entry]
    return tuple(span for entry in found for span in entry)


def _op(moment: Moment, values: _Values, row: EventRow, refs: tuple[TensorRef, ...]) -> None:
    output = one(refs, "output")
    if output is None or output.tensor is None:
        return
    name = moment.name(output.tensor)
    value = value_of(moment, output)
    if value is None:
        return
    single = all(size == 1 for size in value.shape)
    text = brief(moment, output) if single else numbers.shape(value.shape)
    entries = values.lines.get(row.line, {})
    if is_op_name(name, row.name):
        shown = result_name(moment, output.tensor, row.name)
        # A result without a name of its own is shown only while the line has nothing better.
        if not any(key != "anonymous" for key in entries):
            values.put(row.line, "anonymous", line((f"{shown} {text}", "forward dim")))
        return
    entries.pop("anonymous", None)
    bad = value.nan or value.inf
    values.put(row.line, name, line((f"{name} {text}", "error" if bad else "forward italic")))


def _progress(
    moment: Moment,
    values: _Values,
    row: EventRow,
    refs: tuple[TensorRef, ...],
    phases: dict[int, list[int]],
    file: str,
    glyphs: Glyphs,
) -> None:
    if row.kind == "phase_entered":
        if row.file == file:
            phases[row.seq] = [row.line, 0]
        return
    place = phases.get(row.enclosing)
    if place is None:
        return
    number = place[0]
    if row.kind == "accumulated":
        name = f"{row.name or moment.name(_param(refs))}.grad"
        values.order[name] = refs
        values.put(number, name, partial(_grad, moment, name, refs))
        return
    place[1] += 1
    values.put(number, "progress", partial(_ran, row, place[1], glyphs))


def _param(refs: tuple[TensorRef, ...]) -> int:
    param = one(refs, "param")
    return param.tensor if param is not None and param.tensor is not None else 0


def _grad(moment: Moment, name: str, refs: tuple[TensorRef, ...]) -> Line:
    return line((f"{name} {_size(moment, one(refs, 'after'))}", "leaf italic"))


def _ran(row: EventRow, amount: int, glyphs: Glyphs) -> Line:
    glyph, style = {
        "node": (glyphs.backward, "backward"),
        "zeroed": (glyphs.zero_grad, "zero"),
        "updated": (glyphs.step, "step"),
    }[row.kind]
    return line((f"{glyph} {amount} {row.name}", f"{style} italic"))


def _size(moment: Moment, ref: TensorRef | None) -> str:
    value = value_of(moment, ref)
    if value is None:
        return "?"
    if all(size == 1 for size in value.shape):
        return brief(moment, ref)
    return f"|·| {numbers.short(value.norm)}"


def _ended(values: _Values, row: EventRow, phases: dict[int, list[int]], glyphs: Glyphs) -> None:
    place = phases.pop(row.enclosing, None)
    if place is None or row.phase not in ("zero_grad", "backward", "step"):
        return
    noun = {"zero_grad": "grad", "backward": "node", "step": "param"}[row.phase]
    glyph = {"zero_grad": glyphs.zero_grad, "backward": glyphs.backward}.get(row.phase, glyphs.step)
    style = {"zero_grad": "zero", "backward": "backward"}.get(row.phase, "step")
    text = f"{glyph} {numbers.plural(place[1], noun)} {glyphs.tick}"
    if row.phase == "zero_grad" and not place[1]:
        text = f"{glyph} nothing {glyphs.tick}"
    if row.phase == "step" and not place[1]:
        text, style = f"{glyph} nothing changed", "warning"
    if row.detail.get("error"):
        # The kind of error has room here; the card has the whole message.
        kind = str(row.detail["error"]).partition(":")[0]
        text, style = f"{glyphs.cross} failed: {kind}", "error"
    values.put(place[0], "progress", line((text, f"{style} italic")))


def _fetched(moment: Moment, values: _Values, row: EventRow, refs: tuple[TensorRef, ...]) -> None:
    for ref in refs:
        value = value_of(moment, ref)
        if ref.role == "output" and ref.tensor is not None and value is not None:
            name = moment.name(ref.tensor)
            text = f"{name} {numbers.shape(value.shape)}"
            values.put(row.line, name, line((text, "accent italic")))
