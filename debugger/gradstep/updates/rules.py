"""The rule of every optimizer that has one for each parameter by itself, and why others have none.

Source of the formulas: PyTorch's documentation of each optimizer and the papers that it names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from gradstep.updates import adaptive, descent, scaled
from gradstep.updates.rule import Before, Rule, Statement

RULES: Final[Mapping[str, Rule]] = {
    "SGD": descent.sgd,
    "ASGD": descent.asgd,
    "Rprop": descent.rprop,
    "RMSprop": scaled.rmsprop,
    "Adagrad": scaled.adagrad,
    "Adadelta": scaled.adadelta,
    "Adam": adaptive.adam,
    "AdamW": adaptive.adamw,
    "Adamax": adaptive.adamax,
    "NAdam": adaptive.nadam,
    "RAdam": adaptive.radam,
}

WITHOUT: Final[Mapping[str, str]] = {
    "LBFGS": "it moves all parameters together, along a direction that it searches with its "
    "closure",
    "Adafactor": "it keeps row and column averages in place of a state for each element",
    "Muon": "it orthogonalises each matrix as a whole",
    "SparseAdam": "it changes only the rows that a sparse gradient names",
}
"""Optimizers of PyTorch's for which there is no formula of one element, and why."""


def work_out(name: str, before: Before) -> list[Statement] | None:
    """Work out an update; None for an optimizer whose rule is not known here."""
    import numpy as np

    rule = RULES.get(name)
    if rule is None:
        return None
    with np.errstate(all="ignore"):
        rule(before)
    return before.statements


def remembers(name: str, hyper: Mapping[str, Any]) -> bool:
    """Tell whether a step depends on the ones before it, beside the parameter itself."""
    return name != "SGD" or bool(hyper.get("momentum"))


def no_formula(name: str) -> str:
    """Say that there is no formula for an optimizer, and why."""
    why = WITHOUT.get(name)
    return f"no formula for {name}" + (f": {why}" if why else "")
