"""What the tests of operations by topic share: results, mistakes, second derivatives."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradstep_engine
from gradstep_engine.autograd.differences import gradcheck, gradgradcheck
from tests.engine.parity import torch_or_skip

ours: Any = gradstep_engine


def plain(value: Any) -> Any:
    """Return a result of either engine as something that `==` compares: texts, numbers, lists."""
    if isinstance(value, (tuple, list)):
        return [plain(each) for each in value]
    if hasattr(value, "detach"):
        return (repr(value.dtype), list(value.shape), value.detach().tolist())
    return value if isinstance(value, (int, float, str)) else repr(value)


def assert_same_result(function: Callable[..., Any]) -> None:
    torch = torch_or_skip()
    assert plain(function(ours)) == plain(function(torch))


def assert_same_error(function: Callable[..., Any]) -> None:
    """Compare type and text of an exception."""
    torch = torch_or_skip()
    with pytest.raises(Exception) as expected:  # noqa: PT011
        function(torch)
    with pytest.raises(expected.type) as got:
        function(ours)
    assert str(got.value) == str(expected.value)


def assert_same_warning(function: Callable[..., Any]) -> None:
    """Compare category and text of a warning, apart from where torch says it comes from."""
    texts = []
    for engine in (ours, torch_or_skip()):
        with warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter("always")
            function(engine)
        texts.append([(w.category, str(w.message).partition(" (Triggered")[0]) for w in seen])
    assert texts[0] == texts[1]


def assert_second_derivative(function: Callable[..., Any], *shapes: tuple[int, ...]) -> None:
    """Check first and second derivatives of a cube of `function`, which is linear in most cases."""
    stream = np.random.default_rng(3)
    inputs = [ours.tensor(stream.uniform(0.4, 1.6, shape), requires_grad=True) for shape in shapes]

    def cubed(*tensors: Any) -> Any:
        result = function(ours, *tensors)
        several = result if isinstance(result, (tuple, list)) else (result,)
        return [each**3 for each in several if each.requires_grad]

    assert gradcheck(cubed, inputs)
    assert gradgradcheck(cubed, inputs)
