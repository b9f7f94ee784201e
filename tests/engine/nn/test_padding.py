"""Margins against PyTorch, in all modes, and their second derivatives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gradstep_engine
from gradstep_engine.autograd.differences import gradgradcheck
from tests.engine.parity import assert_same, torch_or_skip

ours: Any = gradstep_engine

CASES = [
    ((5,), (1, 2), "constant", 3.0),
    ((2, 3, 4), (1, 2, 0, 3), "constant", None),
    ((2, 3, 4), (-1, 2, 1, -2), "constant", 0.5),
    ((2, 3, 4), (1, 2, 0, 3, 2, 0), "constant", -1.0),
    ((2, 5), (2, 3), "reflect", None),
    ((2, 3, 5), (4, 1), "reflect", None),
    ((2, 3, 5, 4), (2, 3, 0, 1), "reflect", None),
    ((3, 5, 4), (2, 3, 0, 1), "replicate", None),
    ((2, 3, 5), (4, -1), "replicate", None),
    ((1, 2, 3, 4, 3), (1, 2, 3, 0, 1, 1), "replicate", None),
    ((1, 2, 3, 4, 3), (1, 2, 2, 0, 1, 1), "reflect", None),
    ((2, 3, 5), (4, 5), "circular", None),
    ((2, 3, 5, 4), (2, 3, 0, 1), "circular", None),
    ((1, 2, 3, 4, 3), (1, 2, 3, 0, 1, 1), "circular", None),
]


def numbers(shape: tuple[int, ...]) -> Any:
    return np.random.default_rng(1).standard_normal(shape)


@pytest.mark.torch
@pytest.mark.parametrize(("shape", "margins", "mode", "value"), CASES)
def test_values_and_gradients(shape, margins, mode, value):
    assert_same(
        lambda engine, x: engine.nn.functional.pad(x, margins, mode, value),
        [numbers(shape)],
        names=mode != "circular",
    )


@pytest.mark.parametrize("mode", ["constant", "reflect", "replicate", "circular"])
def test_second_derivatives(mode):
    x = ours.tensor(numbers((1, 1, 3, 3)), requires_grad=True)
    assert gradgradcheck(lambda x: ours.nn.functional.pad(x, (1, 2, 0, 1), mode) ** 2, (x,))


LAYERS = [
    f"{kind}Pad{axes}d({arguments})"
    for axes in (1, 2, 3)
    for kind, arguments in (
        ("Zero", "1"),
        ("Constant", "2, 3.5"),
        ("Reflection", str(tuple(range(2 * axes))[::-1])),
        ("Replication", "1"),
        ("Circular", "2"),
    )
]


@pytest.mark.torch
@pytest.mark.parametrize("text", LAYERS)
def test_layers(text):
    torch = torch_or_skip()
    x = numbers((2, 2, 7, 7, 7)[: int(text.split("Pad")[1][0]) + 2])
    mine, theirs = (eval(f"nn.{text}", {"nn": engine.nn}) for engine in (ours, torch))
    assert repr(mine) == repr(theirs)
    np.testing.assert_array_equal(mine(ours.tensor(x)).numpy(), theirs(torch.tensor(x)).numpy())


X = (1, 4, 8, 8)

ERRORS = [
    ((9, 9), "reflect", None),
    ((8, 0, 0, 0), "reflect", None),
    ((9, 0, 0, 0), "circular", None),
    ((1, 2, 3), "constant", None),
    ((1, 2), "mirror", None),
    ((1,) * 10, "constant", None),
    ((-9, 0), "constant", None),
    ((1, 1, 1, 1), "reflect", 3),
]


@pytest.mark.torch
@pytest.mark.parametrize(("margins", "mode", "value"), ERRORS)
def test_errors_are_those_of_torch(margins, mode, value):
    torch = torch_or_skip()
    with pytest.raises((RuntimeError, NotImplementedError)) as theirs:
        torch.nn.functional.pad(torch.ones(X), margins, mode, value)
    with pytest.raises(theirs.type) as mine:
        ours.nn.functional.pad(ours.ones(X), margins, mode, value)
    assert str(mine.value) == str(theirs.value)
