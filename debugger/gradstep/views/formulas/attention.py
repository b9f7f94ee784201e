"""Gradients of scaled dot-product attention: through the values, and through the weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gradstep.views.formulas.call import Array, Call, Place, Unknown
from gradstep.views.formulas.results.products import attention_row
from gradstep.views.formulas.rule import Rule, Worked, dot, product, summed
from gradstep.views.formulas.rule import number as _n


def _head(call: Call, lead: Place) -> tuple[Array, Array, Array, Array, float]:
    """Give one head's weights, keys, values, arriving gradients, and the scale of its scores."""
    import numpy as np

    if float(call.option("dropout_p", 0) or 0):
        raise Unknown("weights were dropped by chance, and which ones is not recorded")
    q, k, v = (call.array(i) for i in range(3))
    if q.shape[:-2] != k.shape[:-2]:
        raise Unknown("heads are shared")
    rows = [attention_row(call, q, k, (*lead, at, 0)) for at in range(q.shape[-2])]
    default = q.shape[-1] ** -0.5
    scale = float(call.option("scale", default) or default)
    return np.array(rows), k[lead], v[lead], call.incoming()[lead], scale


def _attention(call: Call, position: int, place: Place) -> Worked:
    lead, row, column = place[:-2], place[-2], place[-1]
    if position > 2:
        raise Unknown("the mask")
    weights, keys, values, grad, scale = _head(call, lead)
    if position == 2:
        return dot(weights[:, row], grad[:, column])
    # Through the softmax: what arrives at a weight, less the mean of that by the weights.
    arriving = grad @ values.T
    scores = weights * (arriving - (arriving * weights).sum(axis=1, keepdims=True))
    if position == 0:
        left, right = scores[row], keys[:, column]
    else:
        left, right = scores[:, row], call.array(0)[lead][:, column]
    found = summed(lambda i: product(_n(scale), _n(left[i]), _n(right[i])), scale * left * right)
    return Worked(found.text, found.value, found.scale + abs(found.value) * 0.05 + 1e-6)


RULES: Final[Mapping[str, Rule]] = {
    "scaled_dot_product_attention": Rule(
        "out = P @ V, P = softmax(Q @ Kᵀ · s)",
        (
            "grad_Q = s · D @ K, D = P·(G − Σ G·P), G = grad_out @ Vᵀ",
            "grad_K = s · Dᵀ @ Q, D as for Q",
            "grad_V = Pᵀ @ grad_out",
            "grad_mask = D",
        ),
        _attention,
    ),
}
"""By the name of the op."""
