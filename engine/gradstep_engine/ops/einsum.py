"""Sums of products by index letters."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradstep_engine.autograd.function import Op, apply
from gradstep_engine.autograd.variable import wrap


class Einsum(Op):
    """A sum of products by index letters; each gradient is an einsum of grad and the others.

    The equation is explicit (`->` in it) and names no letter twice within one operand.
    """

    op_name = "einsum"
    node_name = "EinsumBackward0"

    def forward(self, *arrays: Any, equation: str) -> Any:
        self.saved = arrays
        self.saves = tuple(range(len(arrays)))
        operands, self.result = equation.split("->")
        self.letters = operands.split(",")
        return product(equation, arrays)

    def backward(self, *grads: Any) -> Any:
        assert self.saved is not None
        arrays, (grad,) = self.saved, grads
        found: list[Any] = []
        for i, array in enumerate(arrays):
            if self.needs(i):
                equation, missing = self._equation(i, array.shape)
                others = [x for k, x in enumerate(arrays) if k != i]
                ones = [np.ones(missing, grad.dtype)] if missing else []
                found.append(product(equation, [grad, *others, *ones]))
            else:
                found.append(None)
        return tuple(found)

    def backward_tensors(self, *grads: Any) -> Any:
        assert self.saved is not None
        (grad,) = grads
        tensors = [self.placed(array, i) for i, array in enumerate(self.saved)]
        found: list[Any] = []
        for i, tensor in enumerate(tensors):
            if self.needs(i):
                equation, missing = self._equation(i, tensor.shape)
                others = [x for k, x in enumerate(tensors) if k != i]
                ones = [wrap(np.ones(missing, grad._array.dtype))] if missing else []
                found.append(apply(Einsum, grad, *others, *ones, equation=equation))
            else:
                found.append(None)
        return tuple(found)

    def _equation(self, i: int, shape: tuple[int, ...]) -> tuple[str, list[int]]:
        """Return the equation of one gradient, and the sizes of the ones that it needs.

        A letter that only this operand has was summed away: grad is spread along it.
        """
        wanted = self.letters[i]
        others = [letters for k, letters in enumerate(self.letters) if k != i]
        known = self.result + "".join(others)
        lonely = "".join([letter for letter in wanted if letter not in known])
        terms = ",".join([self.result, *others, *([lonely] * bool(lonely))])
        return f"{terms}->{wanted}", [shape[wanted.index(letter)] for letter in lonely]


def product(equation: str, arrays: Any) -> Any:
    """Return what the equation says; two operands without letters of their own go to gemm."""
    return np.einsum(equation, *arrays, optimize=len(arrays) > 1)
