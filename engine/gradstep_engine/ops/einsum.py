"""Sums of products by index letters."""

from __future__ import annotations

import math
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
    """Return what an explicit equation says, factor by factor as products of matrices."""
    operands, result = equation.split("->")
    terms = operands.split(",")
    array, letters = arrays[0], terms[0]
    for i in range(1, len(terms)):
        wanted = result + "".join(terms[i + 1 :])
        array, letters = _pair(array, letters, arrays[i], terms[i], wanted)
    array, letters = _summed(array, letters, result)
    return array.transpose([letters.index(letter) for letter in result])


def _summed(array: Any, letters: str, wanted: str) -> tuple[Any, str]:
    """Sum the letters that nobody wants any more."""
    axes = tuple([i for i, letter in enumerate(letters) if letter not in wanted])
    if not axes:
        return array, letters
    kept = "".join([letter for letter in letters if letter in wanted])
    return np.add.reduce(array, axis=axes), kept


def _pair(a: Any, first: str, b: Any, second: str, wanted: str) -> tuple[Any, str]:
    """Return the product of two operands over the letters that both have and nobody wants."""
    a, first = _summed(a, first, wanted + second)
    b, second = _summed(b, second, wanted + first)
    both = [letter for letter in first if letter in second]
    batch = [letter for letter in both if letter in wanted]
    inner = [letter for letter in both if letter not in wanted]
    left = [letter for letter in first if letter not in second]
    right = [letter for letter in second if letter not in first]
    sizes = dict(zip(first + second, a.shape + b.shape, strict=True))
    shape = [sizes[letter] for letter in batch]
    rows, middle, columns = (
        math.prod([sizes[letter] for letter in part]) for part in (left, inner, right)
    )
    stacked = a.transpose([first.index(letter) for letter in batch + left + inner])
    other = b.transpose([second.index(letter) for letter in batch + inner + right])
    result = np.matmul(
        stacked.reshape(*shape, rows, middle), other.reshape(*shape, middle, columns)
    )
    letters = batch + left + right
    return result.reshape([sizes[letter] for letter in letters]), "".join(letters)
