"""The lines above a tensor's numbers: what it is called and is, and its statistics."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gradstep.views import numbers
from gradstep.views.text import Line, Span, crop, crop_names, line, width_of

if TYPE_CHECKING:
    from gradstep.trace.model import TensorValue
    from gradstep.trace.moment import Moment


@dataclass(frozen=True, slots=True)
class Title:
    """What a header begins with; `passed`: a gradient that its tensor did not keep.

    `compared` says that it is not the number of now: `before`, or the change. `how` tells of a
    gradient on its way which node has it.
    """

    name: str
    what: str
    passed: bool = False
    rest: Line = ()
    compared: str = ""
    how: str = ""


def header_line(moment: Moment, tensor: int, title: Title, value: TensorValue, width: int) -> Line:
    """Name a tensor, with its number if it is one, its dtype, shape, role and age."""
    role = ""
    if title.what != "grad":
        if moment.is_parameter(tensor):
            role = "parameter"
        elif moment.is_leaf(tensor):
            role = "leaf"
        elif value.requires_grad:
            role = "in the graph"
    style = "backward" if title.what == "grad" else "forward"
    if style == "forward" and moment.is_parameter(tensor):
        style = "leaf"
    spans = [Span(title.name, f"{style} bold")]
    if title.compared:
        spans.append(Span(f" {title.compared}", "warning bold"))
    if title.passed:
        spans += [Span(" None", "bold"), Span("  passed:", "dim")]
    if math.prod(value.shape) == 1:
        bad = bool(value.nan or value.inf)
        spans.append(Span(f" {scalar_text(value)}", "error bold" if bad else "bold"))
    spans += title.rest
    # What is least needed goes first where room is short, and always as a whole.
    facts = [f"{numbers.dtype(value.dtype)}{numbers.shape(value.shape)}"]
    facts += [fact for fact in (title.how, role) if fact]
    facts.append(f"since event {numbers.count(value.seq)}")
    while len(facts) > 1 and width_of(tuple(spans)) + sum(len(f) + 2 for f in facts) > width:
        facts.pop()
    return crop_names((*spans, *(Span(f"  {fact}", "dim") for fact in facts)), width)


def companion_line(value: TensorValue | None, label: str, what: str, width: int) -> Line:
    """Say `.grad` of a leaf beside its value, or the value: the number, or its statistics."""
    style = "backward" if what == "grad" else "leaf"
    head = Span(f"{label} ", f"{style} dim")
    if value is None:
        return (head, Span("None", "dim"))
    if math.prod(value.shape) == 1:
        return (head, Span(scalar_text(value), f"{style} bold"))
    return crop((head, *stats_line(value, width - width_of((head,)))), width)


def stats_line(value: TensorValue, width: int) -> Line:
    """Set the statistics; where room is short the least telling go away as a whole."""
    size = math.prod(value.shape)
    if size == 0:
        return line(("no elements", "dim"))
    bad = [
        _figure(label, numbers.count(count), "error bold")
        for label, count in (("NaN", value.nan), ("Inf", value.inf))
        if count
    ]
    figures = {
        "mean": value.mean,
        "std": value.std,
        "min": value.min,
        "max": value.max,
        "|·|": value.norm,
    }
    found = {label: _figure(label, numbers.short(number)) for label, number in figures.items()}
    share = f"{100 * value.zeros / size:.1f}%" if value.zeros else "0"
    found["zeros"] = _figure("zeros", share, "warning" if value.zeros else "")
    if not bad:
        found["NaN"] = _figure("NaN", "0", "success")
    for label in ("", "|·|", "std", "min", "mean", "zeros"):
        found.pop(label, None)
        shown = _spaced([*bad, *found.values()])
        if width_of(shown) <= width:
            break
    return shown


def _figure(label: str, text: str, style: str = "") -> Line:
    return line((f"{label} ", "dim"), (text, style))


def _spaced(parts: list[Line]) -> Line:
    found: list[Span] = []
    for part in parts:
        found += [Span("  "), *part] if found else part
    return tuple(found)


def scalar_text(value: TensorValue) -> str:
    """Write the only number of a tensor."""
    if value.nan:
        return "NaN"
    if value.inf and value.mean is None:
        return "inf"
    whole = value.dtype.startswith(("int", "uint"))
    if value.mean is None:
        return "?"
    return numbers.number(int(value.mean) if whole else value.mean)
