"""The card itself, and the pieces that all cards are set from."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from gradstep.views import numbers
from gradstep.views.formulas.call import Place, contents, read_tensor
from gradstep.views.glyphs import Glyphs
from gradstep.views.reading import norm_of, value_of
from gradstep.views.text import Line, Span, cells, crop_names, line, width_of, wrap

if TYPE_CHECKING:
    from gradstep.trace.model import TensorRef, TensorValue
    from gradstep.trace.moment import Moment

Part = str | Span | tuple[str, str] | Line

_TOLERANCE: Final = {"float16": 4e-3, "bfloat16": 3e-2, "float32": 2e-5, "float64": 1e-9}


_TERM: Final = re.compile(r"(?= [+−] )|(?<=, )|(?<=  )(?=\S)")
_WORD: Final = re.compile(r"(?<= )(?=\S)")

DIFFERS: Final = "What was recorded is not what the formula gives."


@dataclass(frozen=True, slots=True)
class Card:
    """An explanation.

    `seq` is the explained event; `matches` tells whether the arithmetic shown
    agrees with the recorded value (None where there was nothing to check); `element` the place
    of the element that the numbers are of, `tensor` the tensor it lies in (None: no element).
    """

    seq: int
    title: str
    lines: tuple[Line, ...]
    matches: bool | None = None
    tensor: int | None = None
    element: tuple[int, ...] = ()


@dataclass(slots=True)
class Draft:
    """A card being written: rows of parts that are wrapped to the width in the end."""

    moment: Moment
    seq: int
    width: int
    glyphs: Glyphs
    element: Place | None = None
    title: str = ""
    rows: list[Line] = field(default_factory=list)
    matches: bool | None = None
    tensor: int | None = None
    shown: Place = ()

    def head(self, title: str, style: str, *rest: Part) -> None:
        """Write the first line."""
        self.title = title
        self._put([line((title, f"{style} bold".strip())), *_lines(rest)], indent=2)

    def add(self, *parts: Part, indent: int = 2) -> None:
        """Write a line; parts that do not fit go to a further line."""
        first, *rest = _lines(parts)
        self._put([(Span(" " * indent), *first), *rest], indent=indent + 2)

    def say(self, text: str, style: str = "dim") -> None:
        """Write a sentence, broken between words."""
        self._put([line("  ")] + [line((word + " ", style)) for word in text.split()], indent=2)

    def blank(self) -> None:
        """Leave a line empty."""
        self.rows.append(())

    def check(self, value: float, recorded: float | None, scale: float, dtype: str) -> Line:
        """Compare a worked result with the recorded one and give the mark that says so."""
        if recorded is None:
            return line(("  not recorded", "dim"))
        fine = agrees(value, recorded, scale, dtype)
        self.matches = fine if self.matches is None else self.matches and fine
        if fine:
            return line((f" {self.glyphs.tick}", "success"))
        return line((f"  recorded: {numbers.number(recorded)} {self.glyphs.cross}", "warning"))

    def done(self) -> Card:
        """Finish the card."""
        if self.matches is False:
            self.say(f"{self.glyphs.cross} {DIFFERS}", "warning")
        return Card(self.seq, self.title, tuple(self.rows), self.matches, self.tensor, self.shown)

    def _put(self, parts: Sequence[Line], indent: int) -> None:
        room = self.width - indent
        fitting = [piece for part in parts for piece in _broken(part, room)]
        for one in wrap(fitting, self.width, indent=indent):
            self.rows.append(crop_names(one, self.width))


def _broken(part: Line, room: int) -> list[Line]:
    """Break a part that is wider than a line, between its terms first, else between words."""
    if width_of(part) <= room:
        return [part]
    found: list[Line] = []
    for span in part:
        for term in _TERM.split(span.text):
            pieces = [term] if cells(term.strip()) <= room else _WORD.split(term)
            found += [(Span(piece, span.style),) for piece in pieces if piece]
    return found


def _lines(parts: Sequence[Part]) -> list[Line]:
    found: list[Line] = []
    for part in parts:
        if isinstance(part, tuple) and not (part and isinstance(part[0], str)):
            found.append(part)
        else:
            found.append(line(part))
    return found


def agrees(value: float, recorded: float, scale: float, dtype: str) -> bool:
    """Compare with the rounding that `dtype` brings; `scale` is the size of the terms summed."""
    if value != value or recorded != recorded:
        return value != value and recorded != recorded
    if value == recorded:
        return True
    tolerance = _TOLERANCE.get(dtype, 2e-5)
    return bool(abs(value - recorded) <= tolerance * max(scale, abs(recorded)) + 1e-30)


def least_exact(dtypes: Sequence[str]) -> str:
    """Give the floating point type that rounds most."""
    known = [dtype for dtype in dtypes if dtype in _TOLERANCE]
    return max(known, key=lambda dtype: _TOLERANCE[dtype], default="")


def most(array: Any) -> Place:
    """Give the place of the element of largest magnitude; NaN counts as largest."""
    import numpy as np

    if array.size == 0:
        return ()
    flat = np.abs(array).reshape(-1)
    return tuple(int(i) for i in np.unravel_index(int(flat.argmax()), array.shape))


def chosen(element: Place | None, array: Any) -> Place:
    """Give the element asked for if the array has it, else its largest one."""
    if (
        element is not None
        and len(element) == array.ndim
        and all(0 <= at < size for at, size in zip(element, array.shape, strict=True))
    ):
        return element
    return most(array)


def array_of(moment: Moment, ref: TensorRef | None) -> Any | None:
    """Give a tensor's contents as an event saw them, None where not recorded."""
    return read_tensor(moment, ref).array


def brief(moment: Moment, ref: TensorRef | None) -> str:
    """Say a tensor in a few characters: its value if it is one number, else shape and norm."""
    value = value_of(moment, ref)
    return "not recorded" if value is None else brief_value(value, norm_of(moment, ref))


def brief_value(value: TensorValue, norm: float | None) -> str:
    """Say a recorded tensor in a few characters."""
    if all(size == 1 for size in value.shape):
        array = contents(value)
        if array is not None:
            return numbers.number(float(array.reshape(-1)[0]))
    return f"{numbers.shape(value.shape)} |·| {numbers.short(norm)}"
