"""The update rules of the optimizers for one element: each statement with this run's numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gradstep.updates.rule import Before
from gradstep.updates.rules import work_out
from gradstep.views import numbers
from gradstep.views.formulas.call import signed


@dataclass(frozen=True, slots=True)
class Written:
    """A statement of a rule with its numbers: `text` gives `value`, `symbols` say how.

    `state` is torch's name of the state entry that it becomes, `param` for the parameter.
    """

    name: str
    symbols: str
    text: str
    value: float
    state: str


class _Operand:
    """A number that is written as its place in a template asks."""

    def __init__(self, value: Any) -> None:
        self.value = value.item() if hasattr(value, "item") else value

    def __format__(self, spec: str) -> str:
        write = numbers.hyper if spec == "h" else numbers.number
        text = write(self.value)
        return signed(text, self.value) if spec else text


def written_out(
    rule: str, value: float, grad: float, hyper: Mapping[str, Any], state: Mapping[str, float]
) -> list[Written] | None:
    """Work an update out for one element; None where there is no formula."""
    import numpy as np

    kept = {name: np.float64(entry) for name, entry in state.items()}
    statements = work_out(rule, Before(np.float64(value), np.float64(grad), hyper, kept))
    if statements is None:
        return None
    return [
        Written(
            statement.name,
            statement.symbols,
            statement.template.format(*map(_Operand, statement.operands)),
            float(statement.value),
            statement.state,
        )
        for statement in statements
    ]


def value_after(statements: list[Written]) -> float:
    """Give the parameter's new value."""
    return next(each.value for each in reversed(statements) if each.state == "param")
