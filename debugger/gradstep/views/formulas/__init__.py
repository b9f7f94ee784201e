"""One explanation per op: its backward formula, in symbols and with numbers.

To add an op, add a `Rule` to the table of the topic file it belongs to, under the name of its
backward node without `Backward0`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from gradstep.protocol.row import EventRow
from gradstep.views.formulas import (
    activations,
    arithmetic,
    attention,
    bags,
    contracted,
    convolution,
    cumulative,
    functions,
    grouped,
    losses,
    matrix,
    measured,
    moving,
    pairs,
    pooling,
    reduction,
    resized,
    running,
    scattering,
    selection,
    shape,
    softmax,
    standardising,
    static,
    unary,
)
from gradstep.views.formulas.call import Call, Place, Unknown, read_call, read_op
from gradstep.views.formulas.results import work_result
from gradstep.views.formulas.rule import Rule, Worked

__all__ = [
    "PARTS",
    "Call",
    "Place",
    "Rule",
    "Unknown",
    "Worked",
    "is_inner",
    "read_call",
    "read_op",
    "rule_of",
    "takes_inner",
    "work_result",
]

BY_NODE: Final[Mapping[str, Rule]] = {
    **arithmetic.RULES,
    **unary.RULES,
    **activations.RULES,
    **matrix.RULES,
    **reduction.RULES,
    **shape.RULES,
    **softmax.RULES,
    **losses.RULES,
    **convolution.RULES,
    **standardising.RULES,
    **selection.RULES,
    **functions.RULES,
    **pairs.RULES,
    **moving.RULES,
    **running.RULES,
    **cumulative.RULES,
    **static.RULES,
    "LinalgSolveEx": measured.SOLVED,
    "Im2Col": bags.UNFOLD,
}

BY_OP: Final[Mapping[str, Rule]] = {
    "linear": matrix.LINEAR,
    "dropout": convolution.DROPOUT,
    "cross_entropy": losses.CROSS_ENTROPY,
    "getitem": shape.PICKED,
    "vdot": matrix.MATMUL,
    "alpha_dropout": static.ALPHA_DROPOUT,
    "solve": measured.SOLVED,
    **{f"conv_transpose{n}d": convolution.SPREAD for n in (1, 2, 3)},
    **attention.RULES,
    **bags.RULES,
    **contracted.RULES,
    **grouped.RULES,
    **measured.RULES,
    **moving.BY_OP,
    **pooling.RULES,
    **resized.RULES,
    **scattering.RULES,
}
"""Ops whose single node does more than its name says, or goes by another op's name."""

PARTS: Final[Mapping[tuple[str, str], Rule]] = {
    ("cross_entropy", "LogSoftmax"): softmax.INTO_NLL,
    ("cross_entropy", "NllLoss"): losses.OF_LOG_SOFTMAX,
    ("div", "Div2"): pairs.ROUNDED,
    ("clamp", "Clamp0"): pairs.CLAMPED,
}
"""Nodes of a composite op: the value between them, never a tensor of the script's, is named."""

KNOWN_COMPOSITES: Final = frozenset({"cross_entropy"})
"""Ops of several nodes whose rules find what they need in the op's own arguments."""


def rule_of(op: EventRow | None, node_name: str) -> Rule | None:
    """Find the explanation of a backward node; None where the formula is not known."""
    if op is not None and is_inner(op):
        return None
    if op is not None and len(op.detail.get("nodes") or ()) <= 1:
        for name in (op.name, op.name.removesuffix("_")):
            # An in-place op goes by its own name first: setitem_ has no other.
            if name in BY_OP:
                return BY_OP[name]
    name = re.sub(r"Backward\d*$", "", node_name)
    if op is not None:
        # The number behind a node's name tells other forms of an op apart: a div that rounds.
        numbered = name + node_name[-1:]
        for part in (name, numbered):
            if (op.name, part) in PARTS:
                return PARTS[op.name, part]
        if op.name in KNOWN_COMPOSITES and len(op.detail.get("nodes") or ()) > 1:
            return None
    return BY_NODE.get(name)


def is_inner(op: EventRow) -> bool:
    """Tell whether an op's nodes work on values between its input and output, never recorded."""
    return len(op.detail.get("nodes") or ()) > 1 and op.name not in KNOWN_COMPOSITES


def takes_inner(op: EventRow, node: EventRow) -> bool:
    """Tell whether a node's input is a value made inside of its op, by another of its nodes."""
    nodes = list(op.detail.get("nodes") or ())
    return len(nodes) > 1 and node.name != nodes[0]
