"""Results of products: a row times a column, and sums of products of other shapes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gradstep.views import numbers
from gradstep.views.formulas.call import Array, Call, Place, Unknown
from gradstep.views.formulas.contracted import result_of
from gradstep.views.formulas.results.elementwise import Work
from gradstep.views.formulas.rule import Worked, dot, number, product


def plus(found: Worked, bias: float | None) -> Worked:
    """Add a bias behind a sum."""
    if bias is None:
        return found
    return Worked(f"{found.text} + {number(bias)}", found.value + bias, found.scale + abs(bias))


def given(call: Call, position: int) -> bool:
    """Tell whether an op got an argument at a position."""
    return position < len(call.arguments) and call.arguments[position] is not None


def _linear(call: Call, place: Place) -> Worked:
    weight = call.array(1)
    one = weight.ndim == 1
    found = dot(call.array(0)[place if one else place[:-1]], weight if one else weight[place[-1]])
    if not given(call, 2):
        return found
    return plus(found, float(call.array(2)[() if one else place[-1]]))


def _rows(a: Array, b: Array, place: Place) -> Worked:
    """Work out what `a @ b` has at a place, with torch's rules for vectors and batches."""
    if a.ndim == 1 and b.ndim == 1:
        return dot(a, b)
    if a.ndim == 1:
        return dot(a, b[(*_batch(place[:-1], b.shape[:-2]), slice(None), place[-1])])
    if b.ndim == 1:
        return dot(a[place], b)
    left = a[(*_batch(place[:-2], a.shape[:-2]), place[-2])]
    return dot(left, b[(*_batch(place[:-2], b.shape[:-2]), slice(None), place[-1])])


def _batch(place: Place, shape: tuple[int, ...]) -> Place:
    tail = place[len(place) - len(shape) :]
    return tuple(0 if size == 1 else at for at, size in zip(tail, shape, strict=True))


def _matmul(call: Call, place: Place) -> Worked:
    return _rows(call.array(0), call.array(1), place)


def _addmm(call: Call, place: Place) -> Worked:
    found = _rows(call.array(1), call.array(2), place)
    alpha, beta = float(call.option("alpha", 1)), float(call.option("beta", 1))
    c, text = call.at(0, place), call.text(0, place)
    inner = found.text if alpha == 1 else f"{numbers.hyper(alpha)} · ({found.text})"
    head = text if beta == 1 else product(numbers.hyper(beta), text)
    value = beta * c + alpha * found.value
    return Worked(f"{head} + {inner}", value, abs(beta * c) + abs(alpha) * found.scale)


def _outer(call: Call, place: Place) -> Worked:
    a, b = float(call.array(0)[place[0]]), float(call.array(1)[place[1]])
    return Worked(f"{number(a)} · {number(b)}", a * b, abs(a * b))


def _bilinear(call: Call, place: Place) -> Worked:
    import numpy as np

    x, y = call.array(0)[place[:-1]], call.array(1)[place[:-1]]
    pairs = np.multiply.outer(x, y)
    found = dot(pairs, call.array(2)[place[-1]])
    return plus(found, float(call.array(3)[place[-1]]) if given(call, 3) else None)


def _cross(call: Call, place: Place) -> Worked:
    a, b = call.array(0), call.array(1)
    axis = int(call.option("dim", -1)) % a.ndim
    i, j = ((place[axis] + step) % 3 for step in (1, 2))

    def at(array: Array, along: int) -> float:
        return float(array[(*place[:axis], along, *place[axis + 1 :])])

    p, q, r, s = at(a, i), at(b, j), at(a, j), at(b, i)
    text = f"{number(p)} · {number(q)} − {number(r)} · {number(s)}"
    return Worked(text, p * q - r * s, abs(p * q) + abs(r * s))


def _cdist(call: Call, place: Place) -> Worked:
    import numpy as np

    power = float(call.option("p", 2.0))
    if power != 2:
        raise Unknown("a distance of another kind")
    a = call.array(0)[(*_batch(place[:-2], call.array(0).shape[:-2]), place[-2])]
    b = call.array(1)[(*_batch(place[:-2], call.array(1).shape[:-2]), place[-1])]
    apart = a - b
    found = dot(apart, apart)
    value = float(np.sqrt(found.value))
    return Worked(f"√({found.text})", value, value + float(np.abs(a).max()) * 0.05)


def _attention(call: Call, place: Place) -> Worked:
    """Work one element out: the softmax of a row of scores, times a column of values."""
    import numpy as np

    q, k, v = (call.array(i) for i in range(3))
    if float(call.option("dropout_p", 0) or 0):
        raise Unknown("weights were dropped by chance, and which ones is not recorded")
    if q.shape[:-2] != k.shape[:-2]:
        raise Unknown("heads are shared")
    weights = attention_row(call, q, k, place)
    column = v[(*place[:-2], slice(None), place[-1])]
    shown = np.flatnonzero(weights > 0)
    found = dot(weights[shown], column[shown])
    return Worked(found.text, found.value, found.scale)


def attention_row(call: Call, q: Array, k: Array, place: Place) -> Array:
    """Give the weights with which one query looks at the keys."""
    import numpy as np

    default = q.shape[-1] ** -0.5
    scores = (k[place[:-2]] @ q[place[:-1]]) * float(call.option("scale", default) or default)
    if given(call, 3):
        mask = np.broadcast_to(call.array(3), (*q.shape[:-1], k.shape[-2]))[place[:-1]]
        value = call.kinds[3] if len(call.kinds) > 3 else ""
        scores = np.where(mask != 0, scores, -np.inf) if value == "bool" else scores + mask
    if call.option("is_causal", False):
        scores = np.where(np.arange(scores.size) <= place[-2], scores, -np.inf)
    raised = np.exp(scores - scores.max())
    found: Array = raised / raised.sum()
    return found


WORKS: Final[Mapping[str, Work]] = {
    "linear": _linear,
    **dict.fromkeys(("matmul", "mm", "bmm", "mv", "dot", "vdot"), _matmul),
    **dict.fromkeys(("addmm", "baddbmm", "addmv", "addbmm"), _addmm),
    "outer": _outer,
    "bilinear": _bilinear,
    "cross": _cross,
    "cdist": _cdist,
    "einsum": result_of,
    "scaled_dot_product_attention": _attention,
}
