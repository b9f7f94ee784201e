"""Composite ops from inside: the steps that they are made of, and the node of each.

To add an op, add its recipe to `recipes.py`, with the steps in the order in which they run.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from gradstep.views.formulas.call import Call, Unknown
from gradstep.views.formulas.inside.recipes import RECIPES, worked_inside
from gradstep.views.formulas.inside.tape import Step, Tape, Value

__all__ = ["RECIPES", "Step", "Tape", "Value", "fits", "plain_name", "step_of", "worked_inside"]


def plain_name(node: str) -> str:
    """Give a node's name without what all names have in common, and without its number."""
    return re.sub(r"Backward\d*$", "", node)


def fits(tape: Tape, call: Call) -> bool:
    """Tell whether a tape leaves the very nodes behind that an op has left."""
    nodes = [plain_name(str(node)) for node in call.op.detail.get("nodes") or ()]
    return nodes == [step.node for step in tape.steps if step.node]


def step_of(tape: Tape, ran: Sequence[str], call: Call) -> Step:
    """Find the step that a node belongs to: `ran` names the op's nodes that ran, it is the last.

    Raises:
        Unknown: the op was made of other steps than its recipe has, or only some nodes ran.
    """
    nodes = [str(node) for node in call.op.detail.get("nodes") or ()]
    steps = [step for step in tape.steps if step.node]
    if not fits(tape, call):
        raise Unknown(f"an unusual call of {call.op.name}")
    name = ran[-1]
    if list(ran) == nodes[::-1][: len(ran)]:
        return steps[len(nodes) - len(ran)]
    if nodes.count(name) == 1:
        return steps[nodes.index(name)]
    raise Unknown(f"not all nodes of {call.op.name} ran: which {name} this is cannot be told")
