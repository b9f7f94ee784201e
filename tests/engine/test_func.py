"""`torch.func`, `torch.testing` and modules under torch's other paths."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradstep_engine.func
import gradstep_engine.testing
import gradstep_engine.utils.checkpoint
from tests.engine.nn.pairing import copy_state, numbers, ours, torch_or_skip

X, Y = numbers(3), numbers(3, seed=1)

CALLS: dict[str, Callable[[Any, Any, Any], Any]] = {
    "grad": lambda e, x, y: e.func.grad(lambda a: (a**3).sum())(x),
    "grad of the second": lambda e, x, y: e.func.grad(lambda a, b: (a * b * b).sum(), 1)(x, y),
    "grad of both": lambda e, x, y: e.func.grad(lambda a, b: (a * b).sum(), (0, 1))(x, y),
    "grad of a dictionary": lambda e, x, y: e.func.grad(lambda d: (d["a"] * d["b"].exp()).sum())(
        {"a": x, "b": y}
    )["b"],
    "grad of nothing": lambda e, x, y: e.func.grad(lambda a: e.zeros(()) + 2)(x),
    "grad of grad": lambda e, x, y: e.func.grad(
        lambda a: e.func.grad(lambda b: (b**3).sum())(a).sum()
    )(x),
    "grad and value": lambda e, x, y: e.func.grad_and_value(lambda a: (a**2).sum())(x),
    "with something else": lambda e, x, y: e.func.grad(
        lambda a: ((a**2).sum(), a + 1), has_aux=True
    )(x),
    "under no_grad": lambda e, x, y: _quiet(e, x),
    "vjp": lambda e, x, y: e.func.vjp(lambda a: a.sin(), x)[1](y),
    "vjp of two": lambda e, x, y: e.func.vjp(lambda a, b: (a * b, a + b), x, y)[1]((x, y)),
    "jacrev": lambda e, x, y: e.func.jacrev(lambda a: a.exp() * a.sum())(x),
    "jacobian of the second": lambda e, x, y: e.func.jacrev(lambda a, b: a * b**2, 1)(x, y),
    "jacfwd": lambda e, x, y: e.func.jacfwd(lambda a: a.outer(a))(x),
    "hessian": lambda e, x, y: e.func.hessian(lambda a: (a**3).sum() + a.prod())(x),
}


def _quiet(engine: Any, x: Any) -> Any:
    with engine.no_grad():
        return engine.func.grad(lambda a: (a**2).sum())(x)


def flat(value: Any) -> list[Any]:
    if isinstance(value, (list, tuple)):
        return [tensor for each in value for tensor in flat(each)]
    return [value]


@pytest.mark.torch
@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated")
@pytest.mark.parametrize("name", CALLS)
def test_derivatives_of_functions_equal_torchs(name: str) -> None:
    results = [
        flat(CALLS[name](engine, engine.tensor(X), engine.tensor(Y)))
        for engine in (ours, torch_or_skip())
    ]
    assert len(results[0]) == len(results[1])
    for mine, theirs in zip(*results, strict=True):
        assert not mine.requires_grad
        np.testing.assert_allclose(mine.numpy(), theirs.numpy(), rtol=1e-12)


@pytest.mark.torch
def test_functional_call_equals_torchs() -> None:
    torch = torch_or_skip()
    make = lambda nn: nn.Sequential(nn.Linear(3, 4), nn.LayerNorm(4), nn.Linear(4, 1))  # noqa: E731
    theirs = make(torch.nn).double()
    mine = make(ours.nn).double()
    copy_state(mine, theirs)
    found = []
    for engine, module in ((ours, mine), (torch, theirs)):
        before = module[0].weight
        weights = {name: value.detach() * 2 for name, value in module.named_parameters()}
        del weights["2.bias"]

        def loss(given: Any, module: Any = module, engine: Any = engine) -> Any:
            return engine.func.functional_call(module, given, engine.tensor(numbers(5, 3))).sum()

        gradients = engine.func.grad(loss)(weights)
        found.append({name: value.numpy() for name, value in gradients.items()})
        assert module[0].weight is before
        assert before.grad is None
    assert list(found[0]) == list(found[1])
    for name, value in found[0].items():
        np.testing.assert_allclose(value, found[1][name], rtol=1e-9, atol=1e-12)


def test_functional_call_refuses_unknown_names() -> None:
    with pytest.raises(AttributeError, match="no parameter or buffer other"):
        ours.func.functional_call(ours.nn.Linear(2, 2), {"other": ours.ones(1)}, ours.ones(2))
    with pytest.raises(RuntimeError, match=r"Missing key\(s\): bias"):
        ours.func.functional_call(
            ours.nn.Linear(2, 2), {"weight": ours.ones(2, 2)}, ours.ones(2), strict=True
        )


def test_a_function_that_gives_no_scalar_is_refused() -> None:
    with pytest.raises(RuntimeError, match=r"Expected f\(\*args\) to return a scalar tensor"):
        ours.func.grad(lambda x: x * 2)(ours.ones(3))


def test_checkpoint_changes_no_result() -> None:
    x = ours.ones(3, requires_grad=True)
    result = ours.utils.checkpoint.checkpoint(lambda a: (a**2).sum(), x, use_reentrant=False)
    result.backward()
    assert x.grad.tolist() == [2, 2, 2]
    layers = ours.nn.Sequential(ours.nn.ReLU(), ours.nn.Tanh())
    run = ours.utils.checkpoint.checkpoint_sequential(layers, 2, x, use_reentrant=False)
    assert run.tolist() == layers(x).tolist()


WRONG: dict[str, Callable[[Any], Any]] = {
    "shape": lambda e: (e.ones(2), e.ones(3)),
    "type": lambda e: (e.ones(2), e.ones(2).double()),
    "length": lambda e: ([1.0], [1.0, 2.0]),
}


@pytest.mark.torch
@pytest.mark.parametrize("name", WRONG)
def test_assert_close_says_what_torchs_does(name: str) -> None:
    texts = []
    for engine in (ours, torch_or_skip()):
        testing = importlib.import_module(f"{engine.__name__}.testing")
        with pytest.raises(AssertionError) as caught:
            testing.assert_close(*WRONG[name](engine))
        texts.append(str(caught.value))
    assert texts[0] == texts[1]


def test_assert_close_compares_values() -> None:
    close = gradstep_engine.testing.assert_close
    close(ours.ones(2), ours.ones(2) + 1e-7)
    close({"a": [ours.ones(2), 1.0]}, {"a": [ours.ones(2), 1.0]})
    close(ours.tensor(float("nan")), ours.tensor(float("nan")), equal_nan=True)
    with pytest.raises(AssertionError, match=r"Mismatched elements: 1 / 2"):
        close(ours.tensor([1.0, 2.0]), ours.tensor([1.0, 2.1]))
    with pytest.raises(AssertionError, match="far"):
        close(ours.tensor(1.0), ours.tensor(2.0), msg="far")


PATHS = """
from torch.cuda.amp import GradScaler, autocast
from torch.utils.data.dataloader import DataLoader
from torch.autograd.grad_mode import no_grad
from torch.optim.adamw import AdamW
from torch.distributions.half_normal import HalfNormal
from torch.distributions.multivariate_normal import MultivariateNormal
from torch.nn.modules.lazy import LazyModuleMixin
from torch.types import Number, Device
from torch.func import functional_call
from torch.testing import assert_close
import torch.backends.cudnn as cudnn
import torch.version
cudnn.benchmark = True
assert torch.version.cuda is None
assert AdamW is torch.optim.AdamW
"""


def test_torchs_other_paths_lead_to_the_engine(child_environment: dict[str, str]) -> None:
    program = f"from gradstep.debuggee.sources.standin import install\ninstall()\n{PATHS}"
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60, env=child_environment)


@pytest.mark.torch
def test_settings_are_read_back_as_in_torch() -> None:
    for engine in (ours, torch_or_skip()):
        try:
            found = []
            for mode in (0, "warn", 2, "default"):
                engine.set_deterministic_debug_mode(mode)
                found.append(engine.get_deterministic_debug_mode())
            assert found == [0, 1, 2, 0]
            engine.set_warn_always(True)
            assert engine.is_warn_always_enabled()
        finally:
            engine.set_deterministic_debug_mode(0)
            engine.set_warn_always(False)
