"""einsum, bilinear, cross: sums of products of other shapes, and their gradients."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gradstep.views.formulas.call import Array, Call, Place, Unknown
from gradstep.views.formulas.rule import Rule, Worked, dot, number, product, summed

MOST_TERMS: Final = 1_000_000
"""A sum of more terms than this is not worked out for one element."""


def _letters(call: Call) -> tuple[list[str], str]:
    terms, result = call.option("terms"), call.option("result")
    if not isinstance(terms, list) or not isinstance(result, str):
        raise Unknown("the equation is not recorded")
    if any(len(set(term)) != len(term) for term in terms):
        raise Unknown("a letter stands twice in a term")
    return terms, result


def _products(operands: list[tuple[str, Array]], fixed: Mapping[str, int]) -> Worked:
    """Sum the products of operands over all letters that are not fixed."""
    import numpy as np

    sizes: dict[str, int] = {}
    cut: list[tuple[str, Array]] = []
    for letters, array in operands:
        index = tuple(
            (min(fixed[letter], size - 1) if letter in fixed else slice(None))
            for letter, size in zip(letters, array.shape, strict=True)
        )
        rest = "".join(letter for letter in letters if letter not in fixed)
        part = np.asarray(array[index])
        for letter, size in zip(rest, part.shape, strict=True):
            sizes[letter] = max(size, sizes.get(letter, 1))
        cut.append((rest, part))
    free = "".join(sizes)
    count = 1
    for size in sizes.values():
        count *= size
    if count > MOST_TERMS:
        raise Unknown("a sum of too many terms")
    spread = []
    for letters, part in cut:
        order = [letters.index(letter) for letter in free if letter in letters]
        shape = [part.shape[letters.index(x)] if x in letters else 1 for x in free]
        turned = part.transpose(order).reshape(shape)
        spread.append(np.broadcast_to(turned, [sizes[x] for x in free]).reshape(-1))
    terms = np.prod(spread, axis=0)
    return summed(lambda i: product(*(number(each[i]) for each in spread)), terms)


def result_of(call: Call, place: Place) -> Worked:
    """Work one element of an einsum out."""
    terms, result = _letters(call)
    operands = [(term, call.array(i)) for i, term in enumerate(terms)]
    return _products(operands, dict(zip(result, place, strict=True)))


def _einsum(call: Call, position: int, place: Place) -> Worked:
    terms, result = _letters(call)
    operands = [(result, call.incoming())]
    operands += [(term, call.array(i)) for i, term in enumerate(terms) if i != position]
    return _products(operands, dict(zip(terms[position], place, strict=True)))


def _bilinear(call: Call, position: int, place: Place) -> Worked:
    import numpy as np

    x, y, w = (call.array(i) for i in range(3))
    grad = call.incoming()
    if x.ndim != 2:
        raise Unknown("only batches of vectors are worked out")
    if position == 3:
        column = grad[:, place[0]]
        return summed(lambda i: number(column[i]), column)
    if position == 2:
        out, i, j = place
        return dot(grad[:, out], x[:, i] * y[:, j])
    row, at = place
    if position == 0:
        return dot(np.repeat(grad[row], y.shape[1]), (w[:, at] * y[row]).reshape(-1))
    return dot(np.repeat(grad[row], x.shape[1]), (w[:, :, at] * x[row]).reshape(-1))


def _cross(call: Call, position: int, place: Place) -> Worked:
    grad, other = call.incoming(), call.array(1 - position)
    axis = int(call.option("dim", -1)) % grad.ndim
    i, j = ((place[axis] + step) % 3 for step in (1, 2))

    def at(array: Array, along: int) -> float:
        return float(array[(*place[:axis], along, *place[axis + 1 :])])

    # d(a × b): grad_a = b × grad, grad_b = grad × a.
    left, right = (other, grad) if position == 0 else (grad, other)
    p, q, r, s = at(left, i), at(right, j), at(left, j), at(right, i)
    text = f"{number(p)} · {number(q)} − {number(r)} · {number(s)}"
    return Worked(text, p * q - r * s, abs(p * q) + abs(r * s))


RULES: Final[Mapping[str, Rule]] = {
    "einsum": Rule("out = Σ of the products", ("grad = Σ grad_out · the other factors",), _einsum),
    "bilinear": Rule(
        "out = xᵀ W y + b",
        (
            "grad_x = Σ grad_out · W y",
            "grad_y = Σ grad_out · xᵀ W",
            "grad_W = Σ over the batch of grad_out · x·yᵀ",
            "grad_b = Σ over the batch of grad_out",
        ),
        _bilinear,
    ),
    "cross": Rule("out = a × b", ("grad_a = b × grad_out", "grad_b = grad_out × a"), _cross),
}
"""By the name of the op."""
