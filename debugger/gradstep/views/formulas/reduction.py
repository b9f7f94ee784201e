"""sum, mean, max, min: one output for many inputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gradstep.views.formulas.call import Array, Call, Place, Unknown
from gradstep.views.formulas.rule import Rule, Worked, number, product, summed


def reduced(call: Call, array: Array) -> tuple[Array, int]:
    """Give an output-like array with the reduced dims kept, and how many elements it sums."""
    shape = call.array(0).shape
    dims = call.option("dim", call.option("axis"))
    if dims is None:
        dims = tuple(range(len(shape))) if array.size == 1 else tuple(call.integers())
    chosen = {d % len(shape) for d in (dims if isinstance(dims, (list, tuple)) else (dims,))}
    chosen = chosen if shape else set()
    kept = tuple(1 if d in chosen else size for d, size in enumerate(shape))
    amount = 1
    for dim in chosen:
        amount *= shape[dim]
    try:
        return array.reshape(kept), amount
    except ValueError:
        raise Unknown("the reduced dimensions are not known") from None


def _source(call: Call, array: Array, place: Place) -> tuple[float, int]:
    spread, amount = reduced(call, array)
    at = tuple(0 if size == 1 else i for i, size in zip(place, spread.shape, strict=True))
    return float(spread[at]), amount


def _sum(call: Call, position: int, place: Place) -> Worked:
    grad, _ = _source(call, call.incoming(), place)
    return summed([number(grad)], grad)


def _mean(call: Call, position: int, place: Place) -> Worked:
    grad, amount = _source(call, call.incoming(), place)
    return summed([f"{number(grad)} / {amount}"], grad / amount)


def _prod(call: Call, position: int, place: Place) -> Worked:
    a = float(call.array(0)[place])
    if a == 0:
        raise Unknown("a factor is 0")
    grad, _ = _source(call, call.incoming(), place)
    out, _ = _source(call, call.output(), place)
    text = product(number(grad), number(out)) + f" / {number(a) if a > 0 else f'({number(a)})'}"
    return Worked(text, grad * out / a, abs(grad * out / a))


def _extreme(call: Call, position: int, place: Place) -> Worked:
    a = call.array(0)
    best, _ = _source(call, call.output(), place)
    grad, _ = _source(call, call.incoming(), place)
    mine = float(a[place])
    hit = mine == best or (mine != mine and best != best)
    sign = "=" if hit else "≠"
    spread, amount = reduced(call, call.output())
    same = (a == spread) | ((a != a) & (spread != spread))
    ties = int(same.sum()) if amount == a.size else 1
    # With several equal extremes the gradient is shared; max over one dim takes a single one.
    factor = (1 / ties if call.output().ndim == 0 else 1.0) if hit else 0.0
    text = product(number(grad), f"1[{number(mine)} {sign} {number(best)}]")
    return summed([text + (f" / {ties}" if hit and ties > 1 else "")], grad * factor)


_EXTREME: Final = ("grad_a = grad_out · 1[a is the one chosen]",)

RULES: Final[Mapping[str, Rule]] = {
    "Prod": Rule("out = the product of a", ("grad_a = grad_out · out / a",), _prod),
    "Sum": Rule("out = Σ a", ("grad_a = grad_out, copied to every element",), _sum),
    "Mean": Rule("out = Σ a / n", ("grad_a = grad_out / n",), _mean),
    "Max": Rule("out = max a", _EXTREME, _extreme),
    "Min": Rule("out = min a", _EXTREME, _extreme),
    "Amax": Rule("out = max a", _EXTREME, _extreme),
    "Amin": Rule("out = min a", _EXTREME, _extreme),
}
