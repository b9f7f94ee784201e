"""What a table entry for an op is: its formulas in symbols, and how to work one element out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from gradstep.views import numbers
from gradstep.views.formulas.call import Array, Call, Place, Unknown, signed

DOT: Final = " · "
SHOWN_TERMS: Final = 3


@dataclass(frozen=True, slots=True)
class Worked:
    """One element of a gradient: the terms in numbers, their value, and the size of the sum.

    `scale` is the sum of the terms' magnitudes: what rounding is to be measured against.
    """

    text: str
    value: float
    scale: float


@dataclass(frozen=True, slots=True)
class Rule:
    """The explanation of one op.

    `forward` and `backward` are symbols; `backward[i]` is the gradient of argument i, the last
    entry serves all further arguments. `work(call, i, place)` gives that gradient's element at
    `place` in numbers, or raises `Unknown`.
    """

    forward: str
    backward: tuple[str, ...]
    work: Callable[[Call, int, Place], Worked]

    def symbols(self, position: int) -> str:
        """Give the backward formula of one argument."""
        return self.backward[min(position, len(self.backward) - 1)]


@dataclass(frozen=True, slots=True)
class Partial:
    """The derivative by one argument: as an array that broadcasts to the output, and as text."""

    symbols: str
    derivative: Callable[[Call], Array | float]
    text: Callable[[Call, Place], str]


ONE: Final = ""


def elementwise(forward: str, *partials: Partial) -> Rule:
    """Make the rule of an op that works element by element, broadcasting its arguments.

    An argument that was broadcast gets the sum over all places that it was copied to.
    """

    def work(call: Call, position: int, place: Place) -> Worked:
        import numpy as np

        if position >= len(partials):
            raise Unknown("no formula for this argument")
        partial = partials[position]
        grad = call.incoming()
        derivative = np.broadcast_to(np.asarray(partial.derivative(call), float), grad.shape)
        target = call.array(position).shape
        where = copies(place, target, grad.shape)
        terms = (grad * derivative)[where].reshape(-1)
        first = first_places(where, grad.shape)
        # A derivative that was itself rounded (1 − out²) must be allowed its rounding.
        scale = float((np.abs(grad) * (np.abs(derivative) + 0.05))[where].sum())

        def term(at: Place) -> str:
            return product(number(grad[at]), partial.text(call, at))

        worked = summed([term(at) for at in first], terms)
        return Worked(worked.text, worked.value, scale)

    return Rule(forward, tuple(partial.symbols for partial in partials), work)


def copies(place: Place, shape: tuple[int, ...], out: tuple[int, ...]) -> tuple[int | slice, ...]:
    """Index the places of a broadcast output that element `place` of a tensor was copied to."""
    lead = len(out) - len(shape)
    index: list[int | slice] = [slice(None)] * lead
    for at, size, out_size in zip(place, shape, out[lead:], strict=True):
        index.append(slice(None) if size == 1 and out_size != 1 else at)
    return tuple(index)


def first_places(index: tuple[int | slice, ...], shape: tuple[int, ...]) -> list[Place]:
    """List the first few places that an index of `copies` covers, in order."""
    found: list[Place] = [()]
    for at, size in zip(index, shape, strict=True):
        choices = range(min(size, SHOWN_TERMS)) if isinstance(at, slice) else (at,)
        found = [(*head, choice) for head in found for choice in choices]
    return sorted(found)[:SHOWN_TERMS]


def summed(first: list[str], terms: Array) -> Worked:
    """Write a sum: all terms where they are few, else the first ones and how many there are."""
    import numpy as np

    flat = np.asarray(terms, dtype=float).reshape(-1)
    count = flat.size
    with np.errstate(all="ignore"):
        value, scale = float(flat.sum()), float(np.abs(flat).sum())
    if count <= len(first):
        return Worked(" + ".join(first[:count]) or "0", value, scale)
    return Worked(f"Σ of {count}: " + " + ".join(first[:2]) + " + …", value, scale)


def product(*factors: str) -> str:
    """Join factors with a dot, leaving out those that are one."""
    return DOT.join(factor for factor in factors if factor != ONE) or "1"


def number(value: float) -> str:
    """Write a factor; negative ones in parentheses."""
    return signed(numbers.number(float(value)), float(value))
