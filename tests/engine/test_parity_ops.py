"""Every op against PyTorch: value, type, node name and gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.engine.parity import DTYPES, arrays, assert_same

pytestmark = pytest.mark.torch

SHAPES: list[tuple[int, ...]] = [(), (1,), (3,), (2, 3), (2, 1, 3)]

UNARY = [
    "abs",
    "acos",
    "asin",
    "atan",
    "ceil",
    "clone",
    "cos",
    "cosh",
    "exp",
    "exp2",
    "expm1",
    "floor",
    "log",
    "log10",
    "log1p",
    "log2",
    "neg",
    "reciprocal",
    "round",
    "rsqrt",
    "sign",
    "sin",
    "sinh",
    "sqrt",
    "square",
    "tan",
    "trunc",
    "sum",
    "mean",
    "prod",
    "max",
    "min",
    "amax",
    "amin",
    "flatten",
    "squeeze",
    "cumsum0",
    "ravel",
]

BINARY = {
    "add": lambda _, a, b: a + b,
    "sub": lambda _, a, b: a - b,
    "mul": lambda _, a, b: a * b,
    "div": lambda _, a, b: a / b,
    "pow": lambda _, a, b: a**b,
    "remainder": lambda _, a, b: a % b,
    "maximum": lambda e, a, b: e.maximum(a, b),
    "minimum": lambda e, a, b: e.minimum(a, b),
    "atan2": lambda e, a, b: e.atan2(a, b),
    "add_alpha": lambda e, a, b: e.add(a, b, alpha=2),
    "sub_alpha": lambda e, a, b: e.sub(a, b, alpha=2),
    "where": lambda e, a, b: e.where(a > b, a, b),
    "lt": lambda _, a, b: a < b,
    "ge": lambda _, a, b: a >= b,
    "eq": lambda _, a, b: a == b,
    "lerp": lambda e, a, b: e.lerp(a, b, 0.3),
    "same_twice": lambda _, a, b: a * a + b * a,
}

PAIRS: list[tuple[tuple[int, ...], tuple[int, ...]]] = [
    ((), ()),
    ((3,), ()),
    ((2, 3), (3,)),
    ((2, 1), (1, 3)),
    ((2, 3), (2, 3)),
    ((1,), (4, 1)),
]

NUMBERS: dict[str, Any] = {
    "radd": lambda _, x: 2 + x,
    "rsub": lambda _, x: 2 - x,
    "rmul": lambda _, x: 2.5 * x,
    "rdiv": lambda _, x: 2 / x,
    "rpow": lambda _, x: 2**x,
    "pow0": lambda _, x: x**0,
    "pow1": lambda _, x: x**1,
    "pow2": lambda _, x: x**2,
    "pow3": lambda _, x: x**3,
    "pow4": lambda _, x: x**4,
    "pow_half": lambda _, x: x**0.5,
    "pow_minus": lambda _, x: x**-1.5,
    "div_number": lambda _, x: x / 3,
    "floordiv": lambda _, x: x.detach() // 0.3,
    "clamp": lambda _, x: x.clamp(0.5, 1.2),
    "clamp_min": lambda _, x: x.clamp(min=0.7),
    "masked_fill": lambda _, x: x.masked_fill(x > 1, 0.0),
    "sum_of_parts": lambda _, x: (x * 2 + x.sin()).mean(),
    "double": lambda _, x: x.float() * 2,
    "norm": lambda _, x: x.norm(),
    "norm1": lambda _, x: x.norm(p=1),
    "norm3": lambda _, x: x.norm(p=3),
}

ALONG: dict[str, Any] = {
    "sum": lambda _, x: x.sum(1),
    "sum_two": lambda _, x: x.sum((0, -1), keepdim=True),
    "mean": lambda _, x: x.mean(dim=0, keepdim=True),
    "prod": lambda _, x: x.prod(1),
    "var": lambda _, x: x.var(1),
    "var_biased": lambda _, x: x.var(dim=(0, 1), unbiased=False),
    "std": lambda _, x: x.std(),
    "std_dim": lambda _, x: x.std(-1, keepdim=True),
    "norm_dim": lambda _, x: x.norm(dim=1),
    "logsumexp": lambda _, x: x.logsumexp(1),
    "cumsum": lambda _, x: x.cumsum(1),
    "max_dim": lambda _, x: x.max(1),
    "min_dim": lambda _, x: x.min(dim=0, keepdim=True),
    "amax": lambda _, x: x.amax((0, 1)),
    "sort": lambda _, x: x.sort(1, descending=True),
    "topk": lambda _, x: x.topk(2, 1),
    "median": lambda _, x: x.median(1),
    "argmax": lambda _, x: x.argmax(1),
    "argmin": lambda _, x: x.argmin(),
    "all": lambda _, x: (x > 0.5).all(1),
    "any": lambda _, x: (x > 1.5).any(),
    "view": lambda _, x: x.view(6, -1),
    "reshape": lambda _, x: x.reshape(4, 6),
    "reshape_copy": lambda _, x: x.transpose(0, 1).reshape(-1) * 1,
    "flatten": lambda _, x: x.flatten(1),
    "unflatten": lambda _, x: x.unflatten(2, (2, 2)),
    "transpose": lambda _, x: x.transpose(0, 2),
    "permute": lambda _, x: x.permute(2, 0, 1),
    "mT": lambda _, x: x.mT,
    "unsqueeze": lambda _, x: x.unsqueeze(-1),
    "squeeze": lambda _, x: x.unsqueeze(1).squeeze(1),
    "expand": lambda _, x: x.unsqueeze(0).expand(5, -1, -1, -1),
    "repeat": lambda _, x: x.repeat(2, 1, 3),
    "repeat_interleave": lambda _, x: x.repeat_interleave(2, dim=1) * 1,
    "flip": lambda _, x: x.flip(0, 2),
    "roll": lambda _, x: x.roll(1, 0),
    "tril": lambda _, x: x.tril(),
    "triu": lambda _, x: x.triu(1),
    "chunk": lambda _, x: x.chunk(2, 2),
    "split": lambda _, x: x.split([1, 3], dim=2),
    "split_some": lambda _, x: x.split(1, 1)[1],
    "unbind": lambda _, x: x.unbind(1),
    "cat": lambda e, x: e.cat([x, x * 2, x], dim=1),
    "stack": lambda e, x: e.stack([x, x * 2], -1),
    "index_int": lambda _, x: x[1],
    "index_last": lambda _, x: x[..., -1],
    "index_slice": lambda _, x: x[:, 1:],
    "index_step": lambda _, x: x[:, ::2, 1],
    "index_none": lambda _, x: x[:, None],
    "index_list": lambda _, x: x[[0, 1, 1]],
    "index_tensor": lambda e, x: x[e.tensor([1, 0]), e.tensor([2, 2])],
    "index_mask": lambda _, x: x[x > 1],
    "index_mixed": lambda e, x: x[:, e.tensor([2, 0])],
    "index_select": lambda e, x: x.index_select(1, e.tensor([2, 0, 2])),
    "gather": lambda e, x: x.gather(1, e.tensor([[[0, 1, 2, 0]], [[1, 1, 0, 2]]])),
    "scatter_add": lambda e, x: e.zeros(2, 3, 4, dtype=e.float64).scatter_add(
        1, e.tensor([[[0, 1, 2, 0]] * 3, [[1, 1, 0, 2]] * 3]), x
    ),
    "select": lambda _, x: x.select(1, 2),
    "narrow": lambda _, x: x.narrow(2, 1, 2),
    "iterate": lambda _, x: [row * 2 for row in x],
}

PRODUCTS: dict[str, tuple[Any, list[tuple[int, ...]]]] = {
    "mm": (lambda _, a, b: a @ b, [(2, 3), (3, 4)]),
    "mv": (lambda _, a, b: a @ b, [(2, 3), (3,)]),
    "dot": (lambda _, a, b: a @ b, [(3,), (3,)]),
    "vm": (lambda _, a, b: a @ b, [(3,), (3, 4)]),
    "bmm": (lambda _, a, b: a.bmm(b), [(5, 2, 3), (5, 3, 4)]),
    "batched": (lambda _, a, b: a @ b, [(5, 2, 3), (3, 4)]),
    "broadcast": (lambda _, a, b: a @ b, [(2, 1, 2, 3), (4, 3, 2)]),
    "batched_vector": (lambda _, a, b: a @ b, [(5, 2, 3), (3,)]),
    "outer": (lambda e, a, b: e.outer(a, b), [(3,), (4,)]),
    "addmm": (lambda e, m, a, b: e.addmm(m, a, b), [(4,), (2, 3), (3, 4)]),
    "addmm_scaled": (
        lambda e, m, a, b: e.addmm(m, a, b, beta=0.5, alpha=2),
        [(2, 4), (2, 3), (3, 4)],
    ),
    "einsum": (lambda e, a, b: e.einsum("bij,jk->bik", a, b), [(5, 2, 3), (3, 4)]),
    "einsum_sum": (lambda e, a, b: e.einsum("ij,k->k", a, b), [(2, 3), (4,)]),
    "addcmul": (lambda e, m, a, b: e.addcmul(m, a, b, value=0.5), [(2, 3), (3,), (2, 1)]),
    "addcdiv": (lambda e, m, a, b: e.addcdiv(m, a, b, value=0.5), [(2, 3), (3,), (2, 1)]),
}

# One node here where torch makes several, or another one of the same meaning.
OTHER_NAMES = {
    "outer", "vm", "batched", "broadcast", "batched_vector", "einsum", "einsum_sum",
}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("name", UNARY)
def test_one_operand(name: str, shape: tuple[int, ...]) -> None:
    low = 0.2
    data = arrays(shape, low=low)
    if name in ("acos", "asin"):
        data = [a / 2 for a in data]
    if name == "cumsum0":
        assert_same(lambda _, x: x.cumsum(0), data)
        return
    assert_same(lambda _, x: getattr(x, name)(), data, names=name not in ("flatten", "ravel"))


@pytest.mark.parametrize("shapes", PAIRS, ids=str)
@pytest.mark.parametrize("name", BINARY)
def test_two_operands(name: str, shapes: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
    assert_same(BINARY[name], arrays(*shapes))


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("shape", [(), (3,)], ids=str)
@pytest.mark.parametrize("name", NUMBERS)
def test_with_a_number(name: str, shape: tuple[int, ...], dtype: str) -> None:
    tolerance = {"float16": 4e-3, "float32": 2e-6, "float64": 1e-9}[dtype]
    assert_same(NUMBERS[name], arrays(shape, dtype=dtype), tolerance=tolerance)


@pytest.mark.parametrize("name", ALONG)
def test_along_dimensions(name: str) -> None:
    assert_same(ALONG[name], arrays((2, 3, 4)))


@pytest.mark.parametrize("name", PRODUCTS)
def test_products(name: str) -> None:
    function, shapes = PRODUCTS[name]
    assert_same(function, arrays(*shapes), names=name not in OTHER_NAMES)


OPERATORS: dict[str, Any] = {
    "add": lambda _, a, b: a + b,
    "mul": lambda _, a, b: a * b,
    "div": lambda _, a, b: a / b,
    "lt": lambda _, a, b: a < b,
}


@pytest.mark.parametrize("ranks", [(1, 1), (1, 0), (0, 1), (0, 0)], ids=str)
@pytest.mark.parametrize("first", DTYPES)
def test_promotion_of_two_tensors(first: str, ranks: tuple[int, int]) -> None:
    for second in DTYPES:
        shapes = [(2,) if rank else () for rank in ranks]
        data = [
            np.ones(shape).astype(dtype)
            for shape, dtype in zip(shapes, (first, second), strict=True)
        ]
        for function in OPERATORS.values():
            assert_same(function, data, names=False, tolerance=1e-3)


@pytest.mark.parametrize("number", [True, 2, 2.5], ids=str)
@pytest.mark.parametrize("dtype", DTYPES)
def test_promotion_with_a_number(dtype: str, number: Any) -> None:
    for shape in ((2,), ()):
        data = [np.ones(shape).astype(dtype)]
        for function in OPERATORS.values():

            def with_number(engine: Any, x: Any, function: Any = function) -> Any:
                return function(engine, x, number)

            assert_same(with_number, data, names=False, tolerance=1e-3)


@pytest.mark.parametrize("dtype", DTYPES)
def test_reductions_of_every_type(dtype: str) -> None:
    data = [np.array([[1, 0], [1, 1]]).astype(dtype)]
    for function in (
        lambda _, x: x.sum(),
        lambda _, x: x.sum(1),
        lambda _, x: x.prod(),
        lambda _, x: x.detach().argmax(1) if x.dtype.is_floating_point else x.sum(),
        lambda _, x: x.cumsum(0),
    ):
        assert_same(function, data, tolerance=1e-3)
