"""`autograd.functional` against PyTorch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gradstep_engine
from tests.engine.parity import arrays, torch_or_skip

ours: Any = gradstep_engine

pytestmark = pytest.mark.torch

# What is called, and on how many vectors of three.
CALLS: dict[str, tuple[Any, int]] = {
    "jacobian": (lambda f, x: f.jacobian(lambda a: a.exp() * a.sum(), x), 1),
    "jacobian_of_two": (lambda f, x, y: f.jacobian(lambda a, b: (a * b, b.exp()), (x, y)), 2),
    "jacobian_unused": (lambda f, x, y: f.jacobian(lambda a, b: a * 2, (x, y)), 2),
    "hessian": (lambda f, x: f.hessian(lambda a: (a**3).sum() * a[0], x), 1),
    "hessian_of_two": (lambda f, x, y: f.hessian(lambda a, b: (a * b.exp()).sum(), (x, y)), 2),
    "vjp": (lambda f, x, v: f.vjp(lambda a: a.sin() * a, x, v), 2),
    "vjp_scalar": (lambda f, x: f.vjp(lambda a: a.prod(), x), 1),
    "jvp": (lambda f, x, v: f.jvp(lambda a: (a * a, a.sum()), x, v), 2),
    "vhp": (lambda f, x, v: f.vhp(lambda a: (a**3).sum() * a[1], x, v), 2),
    "hvp": (lambda f, x, v: f.hvp(lambda a: (a**3).sum() * a[1], x, v), 2),
}


def flat(result: Any) -> list[Any]:
    if isinstance(result, (tuple, list)):
        return [x for part in result for x in flat(part)]
    return [result]


@pytest.mark.parametrize("name", CALLS)
def test_same_as_torch(name: str) -> None:
    torch = torch_or_skip()
    call, count = CALLS[name]
    data = arrays(*[(3,)] * count)
    mine = flat(call(ours.autograd.functional, *[ours.tensor(a) for a in data]))
    theirs = flat(call(torch.autograd.functional, *[torch.tensor(a) for a in data]))
    assert len(mine) == len(theirs)
    for a, b in zip(mine, theirs, strict=True):
        assert tuple(a.shape) == tuple(b.shape)
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-9)


def test_errors_and_graphs() -> None:
    functional = ours.autograd.functional
    x = ours.tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(RuntimeError, match="can only be None"):
        functional.vjp(lambda a: a * 2, x)
    with pytest.raises(RuntimeError, match="single element"):
        functional.hessian(lambda a: a * 2, x)
    with pytest.raises(RuntimeError, match="independent of input 1"):
        functional.jacobian(lambda a, b: a * 2, (x, x), strict=True)
    found = functional.jacobian(lambda a: a**3, x, create_graph=True)
    (second,) = ours.autograd.grad(found.sum(), x)
    assert second.tolist() == [6.0, 12.0]
