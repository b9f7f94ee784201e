"""The tensor to show at an event that is about none."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final

from gradstep.views.tensor import event_subject

if TYPE_CHECKING:
    from gradstep.trace.moment import Moment

LOOKED_AT: Final = 200
"""Events before the one under the cursor that are asked: a script may print a great deal."""


def latest_subject(moment: Moment) -> int | None:
    """Give the tensor that the nearest event before was about, else the first parameter.

    The answer depends on the moment alone, not on how the cursor came there.
    """
    for row in islice(moment.run.events_before(moment.seq), LOOKED_AT):
        tensor, _ = event_subject(moment.run.at(row.seq))
        if tensor is not None and moment.value(tensor) is not None:
            return tensor
    return next(iter(moment.parameters()), None)
