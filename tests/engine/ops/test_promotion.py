"""Result types of two operands: tensors, tensors without axes and plain numbers of every type.

Where PyTorch has a result, the engine has the same in the same type; where PyTorch refuses types,
the engine refuses them with an exception of the same kind, unless `TAKES_MORE` says otherwise.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
import pytest

from tests.engine.ops.comparing import ours
from tests.engine.parity import torch_or_skip

pytestmark = pytest.mark.torch

NAMES = (
    "add atan2 bitwise_and bitwise_left_shift bitwise_or bitwise_right_shift bitwise_xor "
    "copysign div eq float_power floor_divide fmax fmin fmod gcd ge gt heaviside hypot isclose "
    "lcm ldexp le logaddexp logaddexp2 logical_and logical_or logical_xor lt maximum minimum "
    "mul ne nextafter pow remainder result_type rsub sub true_divide xlogy"
)
SIGNS = (
    "add sub mul truediv floordiv mod pow and_ or_ xor lshift rshift lt eq iadd isub imul "
    "itruediv ifloordiv imod ipow iand ior ixor ilshift irshift"
)
FUNCTIONS: dict[str, Any] = {
    name: lambda e, a, b, name=name: getattr(e, name)(a, b) for name in NAMES.split()
}
OPERATORS: dict[str, Any] = {
    name: lambda _, a, b, name=name: getattr(operator, name)(a, b) for name in SIGNS.split()
}
OTHERS: dict[str, Any] = {
    "div_floor": lambda e, a, b: e.div(a, b, rounding_mode="floor"),
    "div_trunc": lambda e, a, b: e.div(a, b, rounding_mode="trunc"),
    "where": lambda e, a, b: e.where(e.tensor([True, False]), a, b),
    "cat": lambda e, a, b: e.cat([a.reshape(-1), b.reshape(-1)]),
    "clamp": lambda e, a, b: e.clamp(a, b),
    "clamp_max": lambda e, a, b: e.clamp(a, max=b),
    "addcdiv": lambda e, a, b: e.addcdiv(a, b, b),
    "masked_fill": lambda e, a, b: a.masked_fill(e.tensor([True, False]), b),
    "copy_": lambda _, a, b: a.copy_(b),
    "eq_": lambda _, a, b: a.eq_(b),
    "add_": lambda _, a, b: a.add_(b),
    "div_": lambda _, a, b: a.div_(b),
    "type_as": lambda _, a, b: a.type_as(b),
    "dot": lambda e, a, b: e.dot(a, b),
    "outer": lambda e, a, b: e.outer(a, b),
    "kron": lambda e, a, b: e.kron(a, b),
    "equal": lambda e, a, b: e.equal(a, b),
    "allclose": lambda e, a, b: e.allclose(a, b),
    "cosine_similarity": lambda e, a, b: e.nn.functional.cosine_similarity(a, b, dim=0),
}
DTYPES = ("bool", "uint8", "int16", "int64", "float16", "float32", "float64")
# Bools (or several, or numbers) where PyTorch has no code for them; it computes these as engine.md
# says, and nothing is gained by refusing.
TAKES_MORE = {
    "bitwise_left_shift", "bitwise_right_shift", "clamp", "clamp_max", "div_floor", "div_trunc",
    "dot", "floor_divide", "floordiv", "fmod", "ifloordiv", "ilshift", "imod", "ipow", "irshift",
    "ldexp", "lshift", "mod", "pow", "remainder", "rshift", "rsub",
}  # fmt: skip
NUMBERS = (True, 1, 1.0)
CASES = FUNCTIONS | OPERATORS | OTHERS


def made(engine: Any, dtype: str, rank: int) -> Any:
    return engine.tensor(np.ones((2,) if rank else (), dtype))


def result_of(engine: Any, function: Any, a: Any, b: Any) -> Any:
    """Return the type and the elements of a result, or the exception."""
    try:
        result = function(engine, a, b)
    except Exception as error:
        return error
    if not hasattr(result, "tolist"):
        return repr(result).removeprefix("torch.")
    kind = repr(result.dtype).removeprefix("torch.")
    return kind, tuple(result.shape), np.round(result.to(engine.float64).numpy(), 3).tolist()


def check(name: str, describe: Any) -> None:
    got, expected = (
        result_of(engine, CASES[name], *describe(engine)) for engine in (ours, torch_or_skip())
    )
    if not isinstance(expected, Exception):
        assert got == expected
    elif name not in TAKES_MORE:
        # NotImplementedError is a RuntimeError: either says that PyTorch has no such thing.
        assert isinstance(got, (type(expected), *type(expected).__mro__[1:-3])), got


@pytest.mark.parametrize("name", CASES)
def test_two_tensors(name: str) -> None:
    for first in DTYPES:
        for second in DTYPES:
            for ranks in ((1, 1), (0, 1)):
                check(
                    name, lambda e, a=first, b=second, r=ranks: (made(e, a, r[0]), made(e, b, r[1]))
                )


@pytest.mark.parametrize("name", CASES)
def test_a_tensor_and_a_number(name: str) -> None:
    for dtype in DTYPES:
        for rank in (0, 1):
            for number in NUMBERS:
                if name in ("pow", "ipow") and dtype == "bool" and number is True:
                    continue  # bool in PyTorch, int64 here
                check(name, lambda e, d=dtype, r=rank, n=number: (made(e, d, r), n))
                check(name, lambda e, d=dtype, r=rank, n=number: (n, made(e, d, r)))
