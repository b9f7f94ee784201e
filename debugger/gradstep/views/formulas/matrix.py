"""matmul, mm, bmm, addmm and linear: a row times a column."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gradstep.views.formulas.call import Array, Call, Place, Unknown
from gradstep.views.formulas.rule import Rule, Worked, copies, dot, number, product, summed


def _flat(array: Array) -> Array:
    """See all leading dimensions as one: linear works on the last dimension only."""
    return array.reshape(-1, array.shape[-1])


def _linear(call: Call, position: int, place: Place) -> Worked:
    grad = _flat(call.incoming())
    if position == 0:
        weight = call.array(1)
        row = _row(place, call.array(0).shape)
        return dot(grad[row], weight[:, place[-1]])
    if position == 1:
        return dot(grad[:, place[0]], _flat(call.array(0))[:, place[1]])
    column = grad[:, place[0]]
    return summed(lambda i: number(column[i]), column)


def _row(place: Place, shape: tuple[int, ...]) -> int:
    row = 0
    for at, size in zip(place[:-1], shape[:-1], strict=True):
        row = row * size + at
    return row


def _matmul(call: Call, position: int, place: Place, first: int = 0) -> Worked:
    a, b, grad = call.array(first), call.array(first + 1), call.incoming()
    if a.ndim == 1 and b.ndim == 1:
        other = (b, a)[position]
        return summed([product(number(float(grad)), number(other[place]))], grad * other[place])
    a2 = a[None, :] if a.ndim == 1 else a
    b2 = b[:, None] if b.ndim == 1 else b
    grad2 = grad[..., None, :] if a.ndim == 1 else grad
    grad2 = grad2[..., None] if b.ndim == 1 else grad2
    batch = grad2.shape[:-2]
    if position == 0:
        row, column = (0, place[0]) if a.ndim == 1 else place[-2:]
        lead = place[: max(a.ndim - 2, 0)]
        return _batched(grad2[..., row, :], b2[..., column, :], lead, a2.shape[:-2], batch)
    row, column = (place[0], 0) if b.ndim == 1 else place[-2:]
    lead = place[: max(b.ndim - 2, 0)]
    return _batched(grad2[..., :, column], a2[..., :, row], lead, b2.shape[:-2], batch)


def _batched(
    grad: Array, other: Array, lead: Place, shape: tuple[int, ...], batch: tuple[int, ...]
) -> Worked:
    import numpy as np

    where = copies(lead, shape, batch)
    other = np.broadcast_to(other, grad.shape)
    return dot(grad[where], other[where])


def _addmm(call: Call, position: int, place: Place) -> Worked:
    if call.op.name == "linear":
        return _linear(call, position, place)
    if len(call.arguments) < 3:
        raise Unknown("an argument was not recorded")
    if position == 0:
        grad = call.incoming()
        terms = grad[copies(place, call.array(0).shape, grad.shape)].reshape(-1)
        found = summed(lambda i: number(terms[i]), terms)
        return _scaled(found, float(call.option("beta", 1)))
    found = _matmul(call, position - 1, place, first=1)
    return _scaled(found, float(call.option("alpha", 1)))


def _scaled(found: Worked, factor: float) -> Worked:
    """Put the factor alpha or beta of an addmm before a sum."""
    if factor == 1:
        return found
    return Worked(
        f"{number(factor)} · ({found.text})", factor * found.value, abs(factor) * found.scale
    )


MATMUL: Final = Rule("out = a @ b", ("grad_a = grad_out @ bᵀ", "grad_b = aᵀ @ grad_out"), _matmul)
LINEAR: Final = Rule(
    "out = x @ Wᵀ + b",
    ("grad_x = grad_out @ W", "grad_W = grad_outᵀ @ x", "grad_b = Σ over the batch of grad_out"),
    _linear,
)
ADDMM: Final = Rule(
    "out = c + a @ b",
    ("grad_c = Σ of grad_out", "grad_a = grad_out @ bᵀ", "grad_b = aᵀ @ grad_out"),
    _addmm,
)

RULES: Final[Mapping[str, Rule]] = {
    "Mm": MATMUL,
    "Matmul": MATMUL,
    "Bmm": MATMUL,
    "Mv": MATMUL,
    "Dot": MATMUL,
    "Addmm": ADDMM,
    "Linear": LINEAR,
}
