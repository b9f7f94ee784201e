"""Run a random program on both engines, statement by statement, and compare all that shows."""

from __future__ import annotations

import warnings
from random import Random
from typing import Any

import numpy as np

from tests.engine.programs.programs import STATEMENTS, Pool, new_tensor

LIMIT = 1e12  # beyond it, and at NaN, rounding decides what comes next: the program ends


class Differs(AssertionError):
    """The engines disagree."""


MISTAKES = {IndexError, RuntimeError, NotImplementedError}


class NothingToCompare(Exception):
    """PyTorch does something that is no model: the program ends here."""


class Side:
    """One engine and what a program made on it."""

    def __init__(self, engine: Any) -> None:
        self.engine = engine
        self.pool: Pool = []

    def run(self, statement: Any, seed: str) -> tuple[str, Any]:
        try:
            return "value", statement(self.engine, self.pool, Random(seed))
        except Exception as error:
            return "error", error


def tensors_of(value: Any) -> list[Any]:
    several = value if isinstance(value, (tuple, list)) else [value]
    return [each for each in several if hasattr(each, "requires_grad")]


def arrays_of(tensor: Any) -> Any:
    return tensor.detach().numpy()


def node_of(tensor: Any) -> str | None:
    return None if tensor.grad_fn is None else tensor.grad_fn.name()


def described(tensor: Any) -> dict[str, Any]:
    return {
        "shape": tuple(tensor.shape),
        "dtype": repr(tensor.dtype),
        "requires_grad": tensor.requires_grad,
        "is_leaf": tensor.is_leaf,
        "version": tensor._version,
        "retains_grad": tensor.retains_grad,
        "view": tensor._base is not None,
    }


def same_values(mine: Any, theirs: Any) -> bool:
    a, b = arrays_of(mine), arrays_of(theirs)
    tolerance = 1e-4 if a.dtype == np.float32 else 1e-7
    return bool(np.allclose(a, b, rtol=tolerance, atol=tolerance, equal_nan=True))


def compare_tensors(mine: Any, theirs: Any, what: str) -> None:
    if theirs.requires_grad and not theirs.dtype.is_floating_point:
        raise NothingToCompare("PyTorch lets views of whole numbers require grad")
    if described(mine) != described(theirs):
        raise Differs(f"{what}: {described(mine)} but in torch {described(theirs)}")
    if not same_values(mine, theirs):
        raise Differs(f"{what}: {mine} but in torch {theirs}")


def compare(mine: tuple[str, Any], theirs: tuple[str, Any]) -> None:
    """Compare what a statement came to."""
    (outcome, value), (expected, wanted) = mine, theirs
    if isinstance(wanted, NotImplementedError) or "not support bool" in str(wanted)[:60]:
        raise NothingToCompare("PyTorch has no kernel for these types")
    if "Tensor" in str(wanted) and "by an inplace operation" in str(wanted) and outcome == "value":
        raise NothingToCompare("a type was converted first, and the engine kept that copy")
    if outcome != expected and any(x.numel() == 0 for x in tensors_of(wanted)):
        raise NothingToCompare("PyTorch checks nothing where there is nothing to compute")
    if "more than one element of the written-to" in str(value) and expected == "value":
        raise NothingToCompare("fill_ may write into repeated memory")
    if "refer to a single memory" in str(value) and expected == "value":
        raise NothingToCompare("one element where a mask holds is read first")
    if outcome != expected:
        raise Differs(f"{value!r} but in torch {wanted!r}")
    if outcome == "error":
        # Where two things are wrong, either may be found first; they may differ in type.
        if not {type(value), type(wanted)} <= MISTAKES and type(value) is not type(wanted):
            raise Differs(f"{value!r} but in torch {wanted!r}")
        return
    a, b = tensors_of(value), tensors_of(wanted)
    if len(a) != len(b):
        raise Differs(f"{len(a)} results but in torch {len(b)}")
    for number, (x, y) in enumerate(zip(a, b, strict=True)):
        compare_tensors(x, y, f"result {number}")
    if not b and not isinstance(wanted, (tuple, list)) and isinstance(wanted, (bool, int, str)):
        if value != wanted:
            raise Differs(f"{value!r} but in torch {wanted!r}")
    elif not b and isinstance(wanted, tuple) and value != wanted:
        raise Differs(f"{value!r} but in torch {wanted!r}")


def compare_pools(mine: Side, theirs: Side) -> None:
    """Compare all tensors and their gradients: a statement may have changed any of them."""
    for number, (a, b) in enumerate(zip(mine.pool, theirs.pool, strict=True)):
        compare_tensors(a, b, f"tensor {number}")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ours, torchs = a.grad, b.grad
        if (ours is None) != (torchs is None):
            raise Differs(f"gradient of tensor {number}: {ours} but in torch {torchs}")
        if torchs is not None and not same_values(ours, torchs):
            raise Differs(f"gradient of tensor {number}: {ours} but in torch {torchs}")


def tame(tensor: Any) -> bool:
    """Return whether rounding cannot yet change what a program does with the tensor."""
    array = arrays_of(tensor)
    if array.dtype.kind != "f" or not array.size:
        return True
    return bool(np.isfinite(array).all() and np.abs(array).max() < LIMIT)


def run_program(engines: tuple[Any, Any], seed: int, length: int) -> list[str]:
    """Run the program `seed` on both; return its statements.

    Raises:
        Differs: with the statements so far.
    """
    sides = Side(engines[0]), Side(engines[1])
    choice = Random(seed)
    told: list[str] = []
    for number in range(length):
        statement = new_tensor if number < 3 else choice.choice(STATEMENTS)
        name = f"{seed}.{number}"
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            mine, theirs = (side.run(statement, name) for side in sides)
        told.append(f"{number} {statement.__name__}: {str(theirs[1])[:150]!r}")
        try:
            compare(mine, theirs)
            results = tensors_of(theirs[1])
            if theirs[0] == "value":
                for side, outcome in zip(sides, (mine, theirs), strict=True):
                    known = {id(x) for x in side.pool}
                    fresh = [x for x in tensors_of(outcome[1]) if id(x) not in known]
                    side.pool += fresh
            if "ZeroDivision" in str(theirs[1]) or isinstance(theirs[1], IndexError):
                break  # an operation in place may have got halfway
            compare_pools(*sides)
        except NothingToCompare:
            break
        except Differs as difference:
            raise Differs(f"program {seed}: {difference}\n" + "\n".join(told)) from None
        if not all(tame(x) for x in sides[1].pool) or not all(map(tame, results)):
            break
    return told
