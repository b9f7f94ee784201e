"""How far an update moved a parameter."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from gradstep.views.formulas.call import contents
from gradstep.views.reading import value_of

if TYPE_CHECKING:
    from gradstep.trace.model import TensorRef
    from gradstep.trace.moment import Moment


def distance(moment: Moment, before: TensorRef | None, after: TensorRef | None) -> float | None:
    """Return the Euclidean norm of a change; None where contents were not recorded.

    NaN where NaN takes part, or an infinity that stays.
    """
    import numpy as np

    old, new = contents(value_of(moment, before)), contents(value_of(moment, after))
    if old is None or new is None or old.shape != new.shape:
        return None
    with np.errstate(all="ignore"):
        moved = (new.astype(float) - old.astype(float)).reshape(-1)
        return math.sqrt(float(moved @ moved))
