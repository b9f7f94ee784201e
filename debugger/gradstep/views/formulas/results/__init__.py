"""The forward side: one element of an op's output, worked out from what the op was given.

To add an op, add its work to the table of the topic file it belongs to, under the op's name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gradstep.views.formulas.call import Call, Place
from gradstep.views.formulas.results import (
    activated,
    along,
    elementwise,
    losses,
    placed,
    products,
    rearranged,
    sequences,
    standardised,
    whole,
    windows,
)
from gradstep.views.formulas.results.elementwise import Work
from gradstep.views.formulas.rule import Worked

BY_OP: Final[Mapping[str, Work]] = {
    **elementwise.WORKS,
    **activated.WORKS,
    **along.WORKS,
    **rearranged.WORKS,
    **placed.WORKS,
    **products.WORKS,
    **windows.WORKS,
    **standardised.WORKS,
    **losses.WORKS,
    **sequences.WORKS,
    **whole.WORKS,
}


def work_of(name: str) -> Work | None:
    """Find how an op's result is worked out; an op in place as the op that it is named after."""
    return BY_OP.get(name) or BY_OP.get(name.removesuffix("_"))


def work_result(call: Call, place: Place) -> Worked | None:
    """Work the element of the output at `place` out; None where no formula is known.

    Raises:
        Unknown: what the formula needs was not recorded.
    """
    work = work_of(call.op.name)
    return None if work is None else work(call, place)
