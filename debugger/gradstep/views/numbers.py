"""How numbers are written everywhere: four decimals where they say something, else an exponent."""

from __future__ import annotations

import math
from collections.abc import Sequence

from gradstep.views.glyphs import UNICODE, Glyphs


def number(value: float | int | bool | None, *, digits: int = 4) -> str:
    """Write a value as torch would: `6.0000`, `-0.1042`, `1.2e-05`, `3` for an integer, `NaN`.

    Floats keep `digits` decimals as long as these show at least three significant figures of the
    value; smaller and very large ones go to an exponent with the same trust in the first digits.
    """
    if value is None:
        return "None"
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, int):
        return str(value)
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    size = abs(value)
    if size == 0:
        return f"{0:.{digits}f}"
    if size >= 10 ** (digits + 2) or size < 10 ** (1 - digits):
        return scientific(value, digits=digits)
    return f"{value:.{digits}f}"


def scientific(value: float, *, digits: int = 4) -> str:
    """Write `1.2e-05`, with as many figures as say something, at most `digits`."""
    mantissa, _, exponent = f"{value:.{digits - 1}e}".partition("e")
    whole, _, fraction = mantissa.partition(".")
    fraction = fraction.rstrip("0")
    return f"{whole}.{fraction or '0'}e{exponent}"


def short(value: float | int | bool | None) -> str:
    """Write a value in about six cells for narrow columns: `0.0744`, `1.2e-5`, `12.31`."""
    if value is None:
        return "–"
    if isinstance(value, int):
        return str(value)
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    size = abs(value)
    if size == 0:
        return "0"
    if 1e-3 <= size < 1e4:
        figures = 4 if size < 1 else 4 - len(str(int(size)))
        return f"{value:.{max(figures, 1)}f}"
    mantissa, _, exponent = f"{value:.1e}".partition("e")
    return f"{mantissa}e{int(exponent)}"


def hyper(value: object) -> str:
    """Write a hyper-parameter as a person would have typed it: `0.1`, `1e-08`, `(0.9, 0.999)`."""
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, (list, tuple)):
        return "(" + ", ".join(hyper(item) for item in value) + ")"
    return str(value)


def count(value: int) -> str:
    """Write `12,345`."""
    return f"{value:,}"


def plural(amount: int, noun: str) -> str:
    """Write `1 op`, `2 ops`."""
    return f"{count(amount)} {noun}{'' if amount == 1 else 's'}"


def shape(sizes: Sequence[int]) -> str:
    """Write a shape as `[64,128]`, `[]` for a scalar."""
    return "[" + ",".join(str(size) for size in sizes) + "]"


def index(place: Sequence[int]) -> str:
    """Write the place of an element as `[2,3]`; nothing for a scalar."""
    return "[" + ",".join(str(item) for item in place) + "]" if place else ""


def dtype(name: str) -> str:
    """Shorten a dtype: `float32` to `f32`, `int64` to `i64`."""
    name = name.removeprefix("torch.")
    for long, brief in (("float", "f"), ("uint", "u"), ("int", "i"), ("complex", "c")):
        if name.startswith(long):
            return brief + name[len(long) :]
    return name


def bar(value: float | None, width: int, *, low: float = -8.0, high: float = 2.0) -> int:
    """Give the length of a logarithmic bar: 10**low is one cell, 10**high all of `width`."""
    if value is None or value <= 0 or not math.isfinite(value) or width < 1:
        return width if value is not None and math.isinf(value) else 0
    share = (math.log10(value) - low) / (high - low)
    return max(1, min(width, round(share * width)))


def sparkline(values: Sequence[float], width: int, glyphs: Glyphs = UNICODE) -> str:
    """Draw the last `width` values with block glyphs between their own minimum and maximum."""
    shown = [value for value in values if math.isfinite(value)][-width:]
    if not shown:
        return ""
    low, high = min(shown), max(shown)
    top = len(glyphs.blocks) - 1
    if high == low:
        return glyphs.blocks[top // 2] * len(shown)
    return "".join(glyphs.blocks[round((value - low) / (high - low) * top)] for value in shown)
