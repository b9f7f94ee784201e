"""What a table entry for an op is: its formulas in symbols, and how to work one element out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
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
        whole = call.incoming().shape
        # Of large tensors only what takes part is computed with.
        call = cut(call, copies(place, call.array(position).shape, whole), whole)
        grad = call.incoming()
        derivative = np.broadcast_to(np.asarray(partial.derivative(call), float), grad.shape)
        # A derivative that was itself rounded (1 − out²) must be allowed its rounding.
        scale = float((np.abs(grad) * (np.abs(derivative) + 0.05)).sum())

        def term(i: int) -> str:
            at = tuple(int(n) for n in np.unravel_index(i, grad.shape))
            return product(number(grad[at]), partial.text(call, at))

        worked = summed(term, grad * derivative)
        return Worked(worked.text, worked.value, scale)

    return Rule(forward, tuple(partial.symbols for partial in partials), work)


def copies(place: Place, shape: tuple[int, ...], out: tuple[int, ...]) -> tuple[int | slice, ...]:
    """Index the places of a broadcast output that element `place` of a tensor was copied to."""
    lead = len(out) - len(shape)
    index: list[int | slice] = [slice(None)] * lead
    for at, size, out_size in zip(place, shape, out[lead:], strict=True):
        index.append(slice(None) if size == 1 and out_size != 1 else at)
    return tuple(index)


def cut(call: Call, where: tuple[int | slice, ...], shape: tuple[int, ...]) -> Call:
    """Keep of a call's tensors what takes part at some places of an output of `shape`."""
    import numpy as np

    def part(array: Array | float | None) -> Array | float | None:
        if not isinstance(array, np.ndarray) or array.ndim > len(shape):
            return array
        tail = where[len(shape) - array.ndim :]
        index = tuple(
            at if isinstance(at, slice) else slice(0, 1) if size == 1 else slice(at, at + 1)
            for at, size in zip(tail, array.shape, strict=True)
        )
        return array[index]

    return replace(
        call,
        arguments=tuple(part(argument) for argument in call.arguments),
        out=part(call.out),
        grad_outputs=tuple(part(grad) for grad in call.grad_outputs),
    )


def summed(terms_as_text: Sequence[str] | Callable[[int], str], terms: Array) -> Worked:
    """Write a sum: all terms where they are few, else some of them and how many more there are.

    Given the first texts only, these are shown; given a function of a term's number, the first
    term is shown and the largest ones.
    """
    import numpy as np

    flat = np.asarray(terms, dtype=float).reshape(-1)
    count = flat.size
    with np.errstate(all="ignore"):
        value, scale = float(flat.sum()), float(np.abs(flat).sum())
    if callable(terms_as_text):
        shown = [terms_as_text(i) for i in telling(flat)]
    else:
        few = count <= len(terms_as_text)
        shown = list(terms_as_text[: count if few else SHOWN_TERMS - 1])
    return Worked(listed(shown, count, " + ", "term"), value, scale)


def telling(flat: Array) -> list[int]:
    """Choose the terms of a sum that are written: all of a few, else the first and the largest."""
    import numpy as np

    if flat.size <= SHOWN_TERMS:
        return list(range(flat.size))
    largest = np.argpartition(-np.abs(flat), SHOWN_TERMS - 1)[: SHOWN_TERMS - 1]
    return sorted({0, *(int(i) for i in largest)})


def listed(shown: Sequence[str], count: int, between: str, noun: str) -> str:
    """Join what is shown of `count` things and say how many more there are."""
    if not shown:
        return "0"
    more = count - len(shown)
    if more <= 0:
        return between.join(shown)
    return f"{between.join(shown)}{between}… {numbers.plural(more, f'more {noun}')}"


def dot(left: Array, right: Array) -> Worked:
    """Write the sum of the products of two rows of numbers."""
    import numpy as np

    left, right = np.asarray(left).reshape(-1), np.asarray(right).reshape(-1)
    return summed(lambda i: product(number(left[i]), number(right[i])), left * right)


def product(*factors: str) -> str:
    """Join factors with a dot, leaving out those that are one."""
    return DOT.join(factor for factor in factors if factor != ONE) or "1"


def number(value: float) -> str:
    """Write a factor; negative ones in parentheses."""
    return signed(numbers.number(float(value)), float(value))
