"""Rows and elements that are picked by index: embedding, gather."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gradstep.views.formulas.call import Call, Place, Unknown
from gradstep.views.formulas.rule import Rule, Worked, number, summed


def _embedding(call: Call, position: int, place: Place) -> Worked:
    """A row gets the sum of what came for each of its uses."""
    import numpy as np

    if position:
        raise Unknown("an index has no gradient")
    if call.option("scale_grad_by_freq") or call.option("max_norm"):
        raise Unknown("rows are scaled")
    row, column = place
    padding = call.option("padding_idx")
    if padding is not None and int(padding) % call.array(0).shape[0] == row:
        return Worked(f"0  (row {row} is padding)", 0.0, 0.0)
    grad = call.incoming()[np.asarray(call.array(1)) == row][..., column].reshape(-1)
    if grad.size == 0:
        return Worked(f"0  (no index is {row})", 0.0, 0.0)
    return summed(lambda i: number(grad[i]), grad)


def _gather(call: Call, position: int, place: Place) -> Worked:
    """An element gets the sum of what came for each place that took it."""
    import numpy as np

    if position:
        raise Unknown("an index has no gradient")
    index, grad = call.array(1), call.incoming()
    dim = int(call.option("dim")) % index.ndim
    # Along `dim` every place may have taken the element; elsewhere only the one at its own place.
    at = tuple(slice(None) if axis == dim else place[axis] for axis in range(index.ndim))
    try:
        taken, came = index[at], grad[at]
    except IndexError:
        return Worked("0  (no index reaches it)", 0.0, 0.0)
    found = np.asarray(came)[np.asarray(taken) == place[dim]].reshape(-1)
    if found.size == 0:
        return Worked("0  (no index reaches it)", 0.0, 0.0)
    return summed(lambda i: number(found[i]), found)


RULES: Final[Mapping[str, Rule]] = {
    "Embedding": Rule(
        "out = the rows of w that the indices name",
        ("grad_w[i] = Σ grad_out where the index is i",),
        _embedding,
    ),
    "Gather": Rule(
        "out = the elements of a that the indices name",
        ("grad_a = Σ grad_out where the index names it",),
        _gather,
    ),
}
