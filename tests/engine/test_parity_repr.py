"""Printed tensors are PyTorch's, character for character."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gradstep_engine as ours
from tests.engine.parity import DTYPES, torch_or_skip

pytestmark = pytest.mark.torch

SHAPES: list[tuple[int, ...]] = [
    (), (1,), (3,), (0,), (2, 0), (2, 3), (40,), (3, 20), (2, 2, 3), (2, 1, 2, 2),
    (1001,), (1000,), (40, 40), (12, 10, 10),
]  # fmt: skip

KINDS: dict[str, Any] = {
    "normal": lambda r, s: r.standard_normal(s),
    "whole": lambda r, s: np.round(r.standard_normal(s) * 20),
    "large": lambda r, s: r.standard_normal(s) * 1e5,
    "tiny": lambda r, s: r.standard_normal(s) * 1e-6,
    "wide": lambda r, s: r.standard_normal(s) * 10 ** r.uniform(-5, 5, s),
    "huge_whole": lambda r, s: np.round(r.standard_normal(s) * 1e9),
    "zeros": lambda _, s: np.zeros(s),
    "with_nan": lambda r, s: np.where(r.random(s) < 0.4, np.nan, r.standard_normal(s)),
    "with_inf": lambda r, s: np.where(r.random(s) < 0.4, -np.inf, np.round(r.random(s) * 9)),
    "only_nan": lambda _, s: np.full(s, np.nan),
}


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("kind", KINDS)
def test_floats(kind: str, shape: tuple[int, ...]) -> None:
    torch = torch_or_skip()
    for seed in range(3):
        data = np.asarray(KINDS[kind](np.random.default_rng(seed), shape))
        for dtype in ("float32", "float64", "float16"):
            with np.errstate(over="ignore"):
                array = data.astype(dtype)
            assert repr(ours.tensor(array)) == repr(torch.tensor(array))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_types(shape: tuple[int, ...], dtype: str) -> None:
    torch = torch_or_skip()
    array = np.asarray(np.random.default_rng(5).integers(0, 120, shape)).astype(dtype)
    assert repr(ours.tensor(array)) == repr(torch.tensor(array))
    assert str(ours.tensor(array)) == str(torch.tensor(array))
    if "int" in dtype and dtype != "uint8":
        assert repr(ours.tensor(-array)) == repr(torch.tensor(-array))


EXPRESSIONS: dict[str, Any] = {
    "leaf": lambda e: e.tensor([1.0, 2.0], requires_grad=True),
    "node": lambda e: e.tensor([1.0, 2.0], requires_grad=True) * 2,
    "long_suffix": lambda e: e.arange(12.0, requires_grad=True) + 0.5,
    "half_node": lambda e: e.tensor(2.0, dtype=e.float16, requires_grad=True) * 3,
    "wide_matrix": lambda e: e.arange(36, dtype=e.float32, requires_grad=True).reshape(2, 18) / 7,
    "empty_node": lambda e: e.ones(0, 3, requires_grad=True) * 2,
    "max": lambda e: e.tensor([[1.0, 3.0], [2.0, 0.0]]).max(1),
    "sort": lambda e: e.tensor([2.0, 1.0]).sort(),
    "size": lambda e: e.ones(2, 3).shape,
    "size_empty": lambda e: e.tensor(1).size(),
    "dtype": lambda e: e.ones(1).dtype,
    "device": lambda e: e.ones(1).device,
    "item": lambda e: e.tensor(0.1).item(),
    "tolist": lambda e: e.tensor([[1, 2], [3, 4]]).tolist(),
    "type": lambda e: e.ones(1).type(),
    "bool_item": lambda e: e.tensor(True).item(),
}


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_expressions(name: str) -> None:
    torch = torch_or_skip()
    assert repr(EXPRESSIONS[name](ours)) == repr(EXPRESSIONS[name](torch))


FORMATS: dict[str, Any] = {
    "plain": lambda e: f"{e.tensor(3.0)}",
    "half": lambda e: f"{e.tensor(3.0, dtype=e.float16)}",
    "spec": lambda e: f"{e.tensor(3.14159):.3f}",
    "whole": lambda e: f"{e.tensor(7):5d}",
    "vector": lambda e: f"{e.tensor([1.0, 2.0])}",
    "requires_grad": lambda e: f"{e.tensor(2.5, requires_grad=True)}",
    "node": lambda e: f"{e.tensor(2.5, requires_grad=True) * 2:.2f}",
    "percent": lambda e: "%.2f" % e.tensor(2.5),  # noqa: UP031
    "str": lambda e: str(e.tensor(2.5)),
}


@pytest.mark.parametrize("name", FORMATS)
def test_formats(name: str) -> None:
    torch = torch_or_skip()
    assert FORMATS[name](ours) == FORMATS[name](torch)


OPTIONS: dict[str, Any] = {
    "coarse": {"precision": 2},
    "fine": {"precision": 8},
    "scientific": {"sci_mode": True},
    "never_scientific": {"sci_mode": False},
    "narrow": {"linewidth": 40},
    "short_edges": {"edgeitems": 1, "threshold": 5},
    "short": {"profile": "short"},
    "full": {"profile": "full"},
    "whole": {"precision": 0},
    "several": {"precision": 3, "sci_mode": True, "linewidth": 60},
}


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
@pytest.mark.parametrize("kind", KINDS)
def test_options(kind: str, options: dict[str, Any]) -> None:
    torch = torch_or_skip()
    try:
        for e in (ours, torch):
            e.set_printoptions(**options)
        for shape in ((), (3,), (2, 3), (40,), (9, 8)):
            array = np.asarray(KINDS[kind](np.random.default_rng(2), shape)).astype("float32")
            for change in (lambda x: x, lambda x: x.requires_grad_(), lambda x: x * 1):
                mine, theirs = (change(e.tensor(array)) for e in (ours, torch))
                assert repr(mine) == repr(theirs)
    finally:
        for e in (ours, torch):
            e.set_printoptions(profile="default")


REPRS: dict[str, Any] = {
    "parameter": lambda e: e.nn.Parameter(e.ones(2)),
    "parameter_fixed": lambda e: e.nn.Parameter(e.ones(2), requires_grad=False),
    "parameter_0d": lambda e: e.nn.Parameter(e.tensor(2.5)),
    "size_sum": lambda e: e.Size([2]) + e.Size([3]),
    "size_times": lambda e: e.Size([2, 3]) * 2,
    "device_index": lambda e: e.device("cpu", 0),
    "finfo": lambda e: e.finfo(e.float16),
    "iinfo": lambda e: e.iinfo(e.int32),
    "layout": lambda e: e.ones(1).layout,
    "memory_format": lambda e: e.channels_last,
    "max": lambda e: e.ones(2, 2).max(0),
}


@pytest.mark.parametrize("name", REPRS)
def test_reprs(name: str) -> None:
    torch = torch_or_skip()
    mine, theirs = REPRS[name](ours), REPRS[name](torch)
    assert repr(mine) == repr(theirs)
    assert f"{mine}" == f"{theirs}"
