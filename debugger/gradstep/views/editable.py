"""What can be given another value while the script stands before a step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gradstep.session.at_step import Target
from gradstep.views import numbers
from gradstep.views.cards.card import chosen
from gradstep.views.formulas.call import contents
from gradstep.views.glyphs import UNICODE, Glyphs
from gradstep.views.text import Line, fit, line

if TYPE_CHECKING:
    from gradstep.trace.model import OptimizerState
    from gradstep.trace.moment import Moment

UNUSED = ("foreach", "differentiable", "fused", "capturable")
"""How a step is computed, not what it gives."""


def targets(moment: Moment, param: int, element: tuple[int, ...] | None = None) -> list[Target]:
    """Give the hyper-parameters of a parameter's group, then an element of it and its gradient.

    `element` is by default the one with the largest gradient.
    """
    found: list[Target] = []
    for optimizer in moment.optimizers():
        for number, group in enumerate(optimizer.groups):
            if param in group.get("params", ()):
                found += _hypers(optimizer, number, group)
    value = moment.value(param)
    if value is None or 0 in value.shape:
        return found
    name, shape = moment.name(param), value.shape
    state = moment.grad(param)
    grad = moment.value(state.tensor) if state.tensor is not None else None
    arrays = {"value": contents(value), "grad": contents(grad)}
    shown = arrays["grad"] if arrays["grad"] is not None else arrays["value"]
    place = element if element is not None and len(element) == len(shape) else None
    place = chosen(place, shown) if shown is not None else (0,) * len(shape)
    for what, array in arrays.items():
        if what == "grad" and grad is None:
            continue
        label = f"{name}{'.grad' if what == 'grad' else ''}{numbers.index(place)}"
        now = None if array is None else float(array[place])
        found.append(Target(what, label, now, tensor=param, index=place, shape=shape))
    return found


def _hypers(optimizer: OptimizerState, number: int, group: Any) -> list[Target]:
    prefix = f"{optimizer.name or optimizer.class_name}.param_groups[{number}]"
    return [
        Target("hyper", f'{prefix}["{name}"]', value, optimizer.id, number, name)
        for name, value in group.items()
        if isinstance(value, (int, float, list)) and name not in UNUSED and name != "params"
    ]


def value_text(target: Target) -> str:
    """Write a target's present value as one types it."""
    if target.now is None:
        return ""
    if target.what == "hyper":
        return numbers.hyper(target.now)
    return f"{target.now:.9g}"


def target_line(
    target: Target, width: int, *, selected: bool = False, glyphs: Glyphs = UNICODE
) -> Line:
    """Give the row of a target in a list."""
    label = target.name if target.what == "hyper" else target.label
    style = {"hyper": "step", "grad": "backward"}.get(target.what, "leaf")
    text = value_text(target) or "not recorded"
    return line(
        (glyphs.selected if selected else " ", "accent"),
        (fit(label, min(36, width - 16)), f"{style} bold" if selected else style),
        (text, "bold" if selected else "dim"),
    )
