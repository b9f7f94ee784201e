"""`einsum`: reads the equation and brings it to the form that the operation takes."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradstep_engine.autograd.function import apply
from gradstep_engine.autograd.report import composite
from gradstep_engine.autograd.variable import TensorBase, wrap
from gradstep_engine.ops.einsum import Einsum

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def einsum(*args: Any) -> Any:
    """Return a sum of products by index letters, such as `einsum("bij,bjk->bik", a, b)`.

    Subscripts may also be given as lists of numbers after each operand, the result's at the end.

    Raises:
        RuntimeError: the equation does not fit the operands.
    """
    equation, operands = _read(args)
    terms, result = _explicit(equation, operands)
    return composite("einsum")(_contracted)(terms, result, operands)


def _read(args: tuple[Any, ...]) -> tuple[str, list[Any]]:
    """Return the equation and the operands of either form of the call."""
    if args and isinstance(args[0], str):
        equation, operands = args[0], list(args[1:])
        if len(operands) == 1 and isinstance(operands[0], (list, tuple)):
            operands = list(operands[0])
        return equation.replace(" ", ""), operands
    if len(args) < 2:
        raise ValueError(
            "einsum(): must specify the equation string and at least one operand, "
            "or at least one operand and its subscripts list"
        )
    terms = [_written(subscripts) for subscripts in args[1::2]]
    equation = ",".join(terms)
    operands = list(args[: 2 * len(terms) : 2])
    if len(args) % 2:
        equation += "->" + _written(args[-1])
    return equation, operands


def _written(subscripts: Any) -> str:
    return "".join("..." if each is Ellipsis else _LETTERS[each] for each in subscripts)


def _explicit(equation: str, operands: list[Any]) -> tuple[list[str], str]:
    """Return one string of letters per operand and that of the result, ellipses spelt out."""
    left, arrow, result = equation.partition("->")
    terms = left.split(",")
    if len(terms) != len(operands):
        word = "fewer" if len(operands) < len(terms) else "more"
        raise RuntimeError(
            f"einsum(): {word} operands were provided than specified in the equation"
        )
    free = [letter for letter in _LETTERS if letter not in equation]
    most = 0
    for i, (term, operand) in enumerate(zip(terms, operands, strict=True)):
        named = len(term.replace("...", ""))
        rank = operand.ndim
        if named > rank or ("..." not in term and named != rank):
            raise RuntimeError(
                f"einsum(): the number of subscripts in the equation ({named}) "
                + ("is more than" if named > rank else "does not match")
                + f" the number of dimensions ({rank}) for operand {i}"
                + ("" if named > rank else " and no ellipsis was given")
            )
        most = max(most, rank - named)
    spread = "".join(free[:most])
    terms = [
        term.replace("...", spread[most - (operand.ndim - len(term.replace("...", ""))) :])
        for term, operand in zip(terms, operands, strict=True)
    ]
    everything = "".join(terms)
    if arrow:
        result = result.replace("...", spread)
    else:
        once = sorted(
            letter
            for letter in set(everything)
            if everything.count(letter) == 1 and letter not in spread
        )
        result = spread + "".join(once)
    for letter in result:
        if letter not in everything:
            raise RuntimeError(
                f"einsum(): output subscript {letter} does not appear in the equation for any "
                "input operand"
            )
        if result.count(letter) > 1:
            raise RuntimeError(
                f"einsum(): output subscript {letter} appears more than once in the output"
            )
    return terms, result


def _contracted(terms: list[str], result: str, operands: list[Any]) -> Any:
    pairs = [_once(term, tensor) for term, tensor in zip(terms, operands, strict=True)]
    sizes: dict[str, int] = {}
    for i, (term, tensor) in enumerate(pairs):
        for letter, size in zip(term, tensor.shape, strict=True):
            known = sizes.setdefault(letter, size)
            if known == 1:
                sizes[letter] = size
            elif size not in (1, known):
                raise RuntimeError(
                    f"einsum(): subscript {letter} has size {size} for operand {i} which does not "
                    f"broadcast with previously seen size {known}"
                )
    pairs = [_narrowed(term, tensor, sizes) for term, tensor in pairs]
    equation = ",".join([term for term, _ in pairs]) + "->" + result
    return apply(Einsum, *[tensor for _, tensor in pairs], equation=equation)


def _once(term: str, tensor: Any) -> tuple[str, Any]:
    """Take diagonals until no letter stands twice in `term`."""
    for letter in dict.fromkeys(term):
        while term.count(letter) > 1:
            first = term.index(letter)
            second = term.index(letter, first + 1)
            size = tensor.shape[first]
            if size != tensor.shape[second]:
                raise RuntimeError(
                    f"einsum(): subscript {letter} is repeated for operand but the sizes don't "
                    f"match, {tensor.shape[second]} != {size}"
                )
            rest = [i for i in range(tensor.ndim) if i not in (first, second)]
            places = wrap(np.arange(size))
            tensor = tensor.permute([first, second, *rest])[places, places]
            term = letter + "".join([term[i] for i in rest])
    return term, tensor


def _narrowed(term: str, tensor: TensorBase, sizes: dict[str, int]) -> tuple[str, Any]:
    """Drop dimensions of size 1 that broadcast against a larger one."""
    kept = [i for i, letter in enumerate(term) if tensor._array.shape[i] != 1 or sizes[letter] == 1]
    if len(kept) == len(term):
        return term, tensor
    shape = [tensor._array.shape[i] for i in kept]
    return "".join([term[i] for i in kept]), tensor.reshape(shape)  # type: ignore[attr-defined]
