"""By how much a tensor changed between two versions, as a tensor that can be shown like others."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gradstep.trace.numbers import to_numpy

if TYPE_CHECKING:
    from gradstep.trace.model import TensorValue


def change_of(now: TensorValue, before: TensorValue) -> TensorValue:
    """Subtract one version from a later one; statistics ignore what is not finite.

    Raises:
        ValueError: the shapes differ, or contents were not recorded; the text is one line.
    """
    import numpy as np

    if now.shape != before.shape:
        raise ValueError(
            f"The shape was {list(before.shape)} and is {list(now.shape)}: nothing to subtract."
        )
    for value, which in ((now, "this version"), (before, "the version before")):
        if value.content is None:
            raise ValueError(f"The contents of {which} were not recorded.")
    after, earlier = to_numpy(now), to_numpy(before)
    kind = after.dtype if after.dtype.kind == "f" else np.dtype("<i8")
    with np.errstate(all="ignore"):
        wide = after.astype(float if kind.kind == "f" else kind) - earlier.astype(
            float if kind.kind == "f" else kind
        )
        array = wide.astype(kind)
        nan, inf = int(np.isnan(wide).sum()), int(np.isinf(wide).sum())
        finite = (wide[np.isfinite(wide)] if nan or inf else wide).astype(float).reshape(-1)
        some = finite.size > 0
        return replace(
            now,
            dtype=kind.newbyteorder("=").name,
            requires_grad=False,
            min=float(finite.min()) if some else None,
            max=float(finite.max()) if some else None,
            mean=float(finite.mean()) if some else None,
            std=float(finite.std()) if some else None,
            norm=float(np.sqrt((finite**2).sum())) if some else None,
            zeros=int(finite.size - np.count_nonzero(finite)),
            nan=nan,
            inf=inf,
            content=array.astype(kind.newbyteorder("<")).tobytes(),
        )
