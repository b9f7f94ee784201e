"""The same layer in both engines, with the same numbers, and what comes out of both."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradstep_engine

ours: Any = gradstep_engine


def torch_or_skip() -> Any:
    return pytest.importorskip("torch", reason="parity is checked against PyTorch")


def numbers(*shape: int, seed: int = 0, dtype: str = "float64") -> Any:
    return np.random.default_rng(seed).normal(size=shape).astype(dtype)


def leaf(engine: Any, array: Any) -> Any:
    return engine.tensor(np.array(array), requires_grad=np.asarray(array).dtype.kind == "f")


def copy_state(mine: Any, theirs: Any) -> None:
    """Give our module the values of torch's; both must have the same names."""
    state = {
        name: ours.tensor(np.array(value.numpy())) for name, value in theirs.state_dict().items()
    }
    assert list(mine.state_dict()) == list(state)
    mine.load_state_dict(state)


def close(a: Any, b: Any, tolerance: float = 1e-9) -> None:
    assert tuple(a.shape) == tuple(b.shape)
    assert repr(a.dtype) == repr(b.dtype)
    np.testing.assert_allclose(
        a.detach().numpy(), b.detach().numpy(), rtol=tolerance, atol=tolerance
    )


def run_both(
    function: Callable[[Any, Any], Any], arrays: list[Any], tolerance: float = 1e-9
) -> tuple[Any, Any]:
    """Compare `function(engine, leaves)` and the gradients of a fixed weighting of its result."""
    torch = torch_or_skip()
    results = []
    leaves = []
    for engine in (ours, torch):
        made = [leaf(engine, array) for array in arrays]
        result = function(engine, made)
        weights = engine.tensor(
            numbers(*result.shape, seed=9).astype(result.detach().numpy().dtype)
        )
        (result * weights).sum().backward()
        results.append(result)
        leaves.append(made)
    close(results[0], results[1], tolerance)
    for a, b in zip(*leaves, strict=True):
        assert (a.grad is None) == (b.grad is None)
        if b.grad is not None:
            close(a.grad, b.grad, tolerance)
    return results[0], results[1]


def compare_modules(
    make: Callable[[Any], Any], arrays: list[Any], tolerance: float = 1e-9
) -> tuple[Any, Any]:
    """Compare `make(nn)` in both engines: state names, output, all gradients and buffers."""
    torch = torch_or_skip()
    theirs = make(torch.nn).double()
    mine = make(ours.nn).double()
    copy_state(mine, theirs)
    assert repr(mine) == repr(theirs)
    modules = {id(ours): mine, id(torch): theirs}
    run_both(lambda engine, xs: modules[id(engine)](*xs), arrays, tolerance)
    named = dict(theirs.named_parameters())
    assert [name for name, _ in mine.named_parameters()] == list(named)
    for name, parameter in mine.named_parameters():
        close(parameter.grad, named[name].grad, tolerance)
    buffers = dict(theirs.named_buffers())
    for name, buffer in mine.named_buffers():
        close(buffer, buffers[name], tolerance)
    return mine, theirs


def check_twice(function: Callable[..., Any], leaves: list[Any]) -> None:
    """Check first and second derivatives, and that the graph's gradients are the plain ones.

    The second derivatives of a wrong first one can be right.
    """
    assert ours.autograd.gradcheck(function, leaves)
    assert ours.autograd.gradgradcheck(function, leaves)
    result = function(*leaves)
    seed = ours.tensor(numbers(*result.shape, seed=9))
    plain, recorded = (
        ours.autograd.grad(
            result, leaves, seed, retain_graph=True, create_graph=create, allow_unused=True
        )
        for create in (False, True)
    )
    for a, b in zip(plain, recorded, strict=True):
        if a is not None:
            close(b, a)
