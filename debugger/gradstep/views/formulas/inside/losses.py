"""Losses and distances from inside: their steps, in the order in which they run."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Final

from gradstep.views.formulas.call import Unknown
from gradstep.views.formulas.inside.tape import Tape, Value

Recipe = Callable[[Tape], Value]


def _l1_loss(t: Tape) -> Value:
    losses = t.abs("e", t.sub("d", t.leaf(0, "a"), t.leaf(1, "y")))
    return _weighted(t, losses) if t.has(2) else t.reduced(losses)


def _weighted(t: Tape, losses: Value) -> Value:
    weight = t.leaf(2, "w")
    found = t.mul("f", losses, weight)
    if t.call.option("reduction", "mean") != "mean":
        return t.reduced(found)
    return t.div("out", t.sum("s", found), t.sum("n", weight))


def _mse_loss(t: Tape) -> Value:
    if not t.has(2):
        raise Unknown("not a composite")
    a, y = t.leaf(0, "a"), t.leaf(1, "y")
    squares = (a.array - y.array) ** 2
    losses = t.step("e", "MseLoss", "mse_loss", "(a − y)²", squares, a, y, reduction="none")
    return _weighted(t, losses)


def _poisson_nll_loss(t: Tape) -> Value:
    a, y = t.leaf(0, "a"), t.leaf(1, "y")
    if t.call.option("full", False):
        raise Unknown("with Stirling's approximation")
    if t.call.option("log_input", True):
        rate, logarithm = t.exp("r", a), a
    else:
        rate, logarithm = a, t.log("l", t.add("s", a, t.option("eps", 1e-8)))
    return t.reduced(t.sub("e", rate, t.mul("m", y, logarithm)))


def _soft_margin_loss(t: Tape) -> Value:
    import numpy as np

    a, y = t.leaf(0, "a"), t.leaf(1, "y")
    risen = t.exp("r", t.mul("m", t.neg("n", y), a))
    array = np.log1p(risen.array)
    return t.reduced(t.unary("e", "log1p", "Log1P", f"ln(1 + {risen.name})", array, risen))


def _distance(t: Tape, name: str, a: Value, b: Value, power: float, eps: float) -> Value:
    apart = t.add(f"{name}ε", t.sub(f"{name}d", a, b), eps)
    return t.norm(name, apart, power, -1, keepdim=bool(t.call.option("keepdim", False)))


def _pairwise_distance(t: Tape) -> Value:
    power, eps = t.option("p", 2), t.option("eps", 1e-6)
    return _distance(t, "out", t.leaf(0, "a"), t.leaf(1, "b"), power, eps)


def _triplet_margin_loss(t: Tape) -> Value:
    if t.call.option("swap", False):
        raise Unknown("with swapped distances")
    a, p, n = t.leaf(0, "a"), t.leaf(1, "p"), t.leaf(2, "n")
    # The op does not note which distance it was given: this is torch's own.
    near, far = (_distance(t, name, a, b, 2.0, 1e-6) for name, b in (("near", p), ("far", n)))
    excess = t.sub("x", t.add("m", near, t.option("margin", 1.0)), far)
    return t.reduced(t.clamp_min("e", excess, 0.0))


def _margin_ranking_loss(t: Tape) -> Value:
    a, b, y = t.leaf(0, "a"), t.leaf(1, "b"), t.leaf(2, "y")
    turned = t.neg("n", y)
    apart = t.sub("d", a, b)
    excess = t.add("x", t.mul("m", turned, apart), t.option("margin", 0))
    return t.reduced(t.clamp_min("e", excess, 0.0))


def _hinge_embedding_loss(t: Tape) -> Value:
    a, y = t.leaf(0, "a"), t.leaf(1, "y")
    below = t.rsub("b", t.option("margin", 1.0), a)
    near = t.masked("near", a, y.array == -1)
    far = t.masked("far", t.clamp_min("c", below, 0.0), y.array == 1)
    return t.reduced(t.add("e", near, far))


def _gaussian_nll_loss(t: Tape) -> Value:
    a, y = t.leaf(0, "a"), t.leaf(1, "y")
    variance = t.clone("v", t.leaf(2, "var"), t.option("eps", 1e-6))
    apart = t.sub("d", a, y)
    squares = t.div("q", t.mul("d²", apart, apart), variance)
    # In the order in which torch's nodes come about: the logarithm stands first in the sum.
    made = t.steps[-2:]
    del t.steps[-2:]
    logarithm = t.log("l", variance)
    t.steps += made
    losses = t.mul("e", t.add("s", logarithm, squares), 0.5)
    if t.call.option("full", False):
        losses = t.add("f", losses, 0.5 * math.log(2 * math.pi))
    return t.reduced(losses)


def _unit(t: Tape, a: Value, dim: int, eps: float) -> Value:
    norm = t.norm(f"|{a.name}|", a, 2, dim, keepdim=True)
    return t.div(f"{a.name}̂", a, t.clone(f"‖{a.name}‖", norm, eps))


def _cosine_similarity(t: Tape) -> Value:
    import numpy as np

    a, b = t.leaf(0, "a"), t.leaf(1, "b")
    if a.array.shape != b.array.shape:
        shape = np.broadcast_shapes(a.array.shape, b.array.shape)
        spread = []
        for value in (a, b):
            if value.array.shape != shape:
                array = np.broadcast_to(value.array, shape)
                value = t.step(value.name, "Expand", "expand", value.name, array, value)
            spread.append(value)
        a, b = spread
    dim, eps = int(t.option("dim", 1)), t.option("eps", 1e-8)
    return t.sum("out", t.mul("p", _unit(t, a, dim, eps), _unit(t, b, dim, eps)), dim)


def _cosine_embedding_loss(t: Tape) -> Value:
    import numpy as np

    a, b, y = t.leaf(0, "a"), t.leaf(1, "b"), t.leaf(2, "y")
    tiny = 1e-12
    aa = t.add("A", t.sum("Σa²", t.mul("a²", a, a), -1), tiny)
    bb = t.add("B", t.sum("Σb²", t.mul("b²", b, b), -1), tiny)
    squares = t.mul("q", aa, bb)
    inner = t.sum("ab", t.mul("m", a, b), -1)
    root = t.unary("r", "sqrt", "Sqrt", "√q", np.sqrt(squares.array), squares)
    cosine = t.div("c", inner, root)
    far = t.clamp_min("f", t.sub("x", cosine, t.option("margin", 0)), 0.0)
    near = t.masked("near", t.rsub("n", 1.0, cosine), y.array != 1)
    return t.reduced(t.add("e", near, t.masked("far", far, y.array != -1)))


def _multi_margin_loss(t: Tape) -> Value:
    import numpy as np

    a, y = t.leaf(0, "a"), t.leaf(1, "y")
    if a.array.ndim != 2 or t.has(2) or t.option("p", 1) != 1:
        raise Unknown("an unusual form of the loss")
    index = y.array.astype(int).reshape(-1, 1)
    others = np.ones(a.array.shape)
    np.put_along_axis(others, index, 0, 1)
    wanted = t.gathered("t", a, index, 1)
    excess = t.add("x", t.rsub("m", t.option("margin", 1.0), wanted), a)
    kept = t.masked("k", excess, (excess.array <= 0) | (others == 0))
    summed = t.sum("s", t.mul("o", kept, Value("others", others)), 1)
    return t.reduced(t.div("e", summed, float(a.array.shape[1])))


RECIPES: Final[Mapping[str, Recipe]] = {
    "l1_loss": _l1_loss,
    "mse_loss": _mse_loss,
    "poisson_nll_loss": _poisson_nll_loss,
    "soft_margin_loss": _soft_margin_loss,
    "pairwise_distance": _pairwise_distance,
    "triplet_margin_loss": _triplet_margin_loss,
    "margin_ranking_loss": _margin_ranking_loss,
    "hinge_embedding_loss": _hinge_embedding_loss,
    "gaussian_nll_loss": _gaussian_nll_loss,
    "cosine_similarity": _cosine_similarity,
    "cosine_embedding_loss": _cosine_embedding_loss,
    "multi_margin_loss": _multi_margin_loss,
}
