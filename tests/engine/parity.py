"""One expression, evaluated by both engines: how the tests compare them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradstep_engine as ours

DTYPES = ["float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "bool"]


def torch_or_skip() -> Any:
    return pytest.importorskip("torch", reason="parity is checked against PyTorch")


def arrays(*shapes: tuple[int, ...], dtype: str = "float64", low: float = 0.2) -> list[Any]:
    """Return distinct positive numbers below 2, the same for the same shapes."""
    stream = np.random.default_rng(sum(map(len, shapes)) + 17)
    return [stream.uniform(low, 1.8, shape).astype(dtype) for shape in shapes]


def leaves(engine: Any, data: list[Any]) -> list[Any]:
    return [
        engine.tensor(np.array(a), requires_grad=bool(np.array(a).dtype.kind == "f")) for a in data
    ]


def as_numpy(tensor: Any) -> Any:
    return tensor.detach().numpy()


def outputs(result: Any) -> list[Any]:
    return list(result) if isinstance(result, (tuple, list)) else [result]


def node_name(tensor: Any) -> str | None:
    return None if tensor.grad_fn is None else tensor.grad_fn.name()


def assert_same(
    function: Callable[..., Any], data: list[Any], *, names: bool = True, tolerance: float = 1e-9
) -> None:
    """Compare values, types, node names and gradients of `function(engine, *leaves)`."""
    torch = torch_or_skip()
    mine, theirs = leaves(ours, data), leaves(torch, data)
    got, expected = outputs(function(ours, *mine)), outputs(function(torch, *theirs))
    assert len(got) == len(expected)
    for ours_out, torch_out in zip(got, expected, strict=True):
        assert tuple(ours_out.shape) == tuple(torch_out.shape)
        assert repr(ours_out.dtype) == repr(torch_out.dtype)
        np.testing.assert_allclose(
            as_numpy(ours_out), as_numpy(torch_out), rtol=tolerance, atol=tolerance
        )
        assert ours_out.requires_grad == torch_out.requires_grad
        if names:
            assert node_name(ours_out) == node_name(torch_out)
    roots = [
        (a, b) for a, b in zip(got, expected, strict=True) if a.requires_grad and b.requires_grad
    ]
    if not roots:
        return
    for number, (ours_out, torch_out) in enumerate(roots):
        seed = np.random.default_rng(number).uniform(0.5, 1.5, tuple(ours_out.shape))
        seed = seed.astype(as_numpy(ours_out).dtype)
        ours_out.backward(ours.tensor(seed), retain_graph=True)
        torch_out.backward(torch.tensor(seed), retain_graph=True)
    for ours_leaf, torch_leaf in zip(mine, theirs, strict=True):
        if torch_leaf.grad is None:
            assert ours_leaf.grad is None
            continue
        assert repr(ours_leaf.grad.dtype) == repr(torch_leaf.grad.dtype)
        np.testing.assert_allclose(
            ours_leaf.grad.numpy(),
            torch_leaf.grad.numpy(force=True),
            rtol=tolerance,
            atol=tolerance,
        )


def assert_same_again(
    function: Callable[..., Any], data: list[Any], *, tolerance: float = 1e-8
) -> None:
    """Compare second derivatives: those of Σ g² for the gradients g of `function(engine, *leaves)`.

    Every output counts with weights of its own, so that the gradients g depend on all of them.
    """
    torch = torch_or_skip()
    mine, theirs = (_second(engine, function, data) for engine in (ours, torch))
    for ours_leaf, torch_leaf in zip(mine, theirs, strict=True):
        if ours_leaf is None or torch_leaf is None:
            assert all(
                leaf is None or float(leaf.abs().sum()) < tolerance
                for leaf in (ours_leaf, torch_leaf)
            )
            continue
        np.testing.assert_allclose(
            as_numpy(ours_leaf),
            torch_leaf.detach().numpy(force=True),
            rtol=tolerance,
            atol=tolerance,
        )


def _second(engine: Any, function: Callable[..., Any], data: list[Any]) -> list[Any]:
    tensors = leaves(engine, data)
    found = [out for out in outputs(function(engine, *tensors)) if out.requires_grad]
    total: Any = 0
    for number, out in enumerate(found):
        weights = np.random.default_rng(number).uniform(0.5, 1.5, tuple(out.shape))
        total = total + (out * engine.tensor(weights)).sum()
    wanted = [x for x in tensors if x.requires_grad]
    first = engine.autograd.grad(total, wanted, create_graph=True, allow_unused=True)
    squares = [(g * g).sum() for g in first if g is not None and g.requires_grad]
    if not squares or not total.requires_grad:
        return [None for _ in wanted]
    return list(engine.autograd.grad(sum(squares), wanted, allow_unused=True))
