"""Every operation's derivatives: the two ways to compute them agree, and equal PyTorch's twice.

`backward` computes on arrays, `backward_tensors` on tensors with `create_graph=True`. gradgradcheck
accepts a `backward_tensors` that is consistent and wrong, so both are run on the same gradients.
An operation that no case runs fails `test_every_operation_has_a_case`.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import gradstep_engine
from gradstep_engine.autograd.function import Op
from gradstep_engine.autograd.node import Node
from tests.engine.derivatives import layer_cases, tensor_cases
from tests.engine.parity import arrays, assert_same, assert_same_again, leaves, outputs

CASES = tensor_cases.CASES | layer_cases.CASES


def operations() -> Iterator[type[Op]]:
    """Yield every class of the package that has a derivative, as far as it is not a mere base."""
    for module in pkgutil.walk_packages(gradstep_engine.__path__, "gradstep_engine."):
        importlib.import_module(module.name)
    waiting: list[type[Op]] = [Op]
    while waiting:
        kind = waiting.pop()
        below = [each for each in kind.__subclasses__() if each.__module__.startswith("gradstep_")]
        waiting += below
        if kind.differentiable and not (below and kind.op_name == "op"):
            yield kind


# Their second derivative is missing, which engine.md says; it raises an error that names them.
ONCE_ONLY = {"CtcLoss", "StandardGamma", "SampleDirichlet"}
# PyTorch has no derivative of these, and their nodes say so.
NEVER = {"FloorDivide", "Heaviside"}
# They run what a script defines: tests/engine/test_double_backward.py and nn/test_module_hooks.py.
OF_SCRIPTS = {"Context", "Refusal", "BackwardHookFunction"}

# Linear maps: the second derivative runs the map again, and only the third its derivative.
THRICE = {"images unfold"}

pytestmark = pytest.mark.filterwarnings("ignore:Using backward.. with create_graph")


class BothWays:
    """Stands in for `run_on_tensors`: runs a node in both ways and compares what they return."""

    def __init__(self, run_on_tensors: Any) -> None:
        self.run_on_tensors = run_on_tensors
        self.seen: set[type[Node]] = set()

    def __call__(self, node: Any, grad: Any) -> Any:
        given = (grad,) if node.outputs == 1 else tuple(grad)
        results = node.backward(
            *[None if each is None else np.array(each._array) for each in given]
        )
        plain = results if isinstance(results, tuple) else (results,)
        grads, recorded = self.run_on_tensors(node, grad)
        self.seen.add(type(node))
        casts = () if node.extras is None else node.extras.casts
        wanted = [edge is not None for edge in node.edges]
        assert len(plain) <= len(wanted) or not wanted
        for position, (a, b, used) in enumerate(zip(plain, recorded, wanted, strict=False)):
            if not used:
                continue
            assert (a is None) == (b is None), f"{node.name()} input {position}"
            if a is None:
                continue
            if casts and casts[position] is not None:
                a = a.astype(casts[position])
            assert a.shape == tuple(b.shape), f"{node.name()} input {position}"
            assert a.dtype == b._array.dtype, f"{node.name()} input {position}"
            np.testing.assert_allclose(
                b._array, a, rtol=1e-9, atol=1e-9, err_msg=f"{node.name()} input {position}"
            )
        return grads, recorded


@pytest.fixture
def both_ways(monkeypatch: pytest.MonkeyPatch) -> BothWays:
    module = importlib.import_module("gradstep_engine.autograd.careful_walk")
    standing_in = BothWays(module.run_on_tensors)
    monkeypatch.setattr(module, "run_on_tensors", standing_in)
    return standing_in


def squared(function: Any) -> Any:
    """Return the squares of the outputs: what is linear has a second derivative only then."""
    return lambda e, *xs: [out * out for out in outputs(function(e, *xs)) if out.requires_grad]


def differentiate(name: str, times: int) -> None:
    """Run backward through the case's graph, through that of its gradients, and so on."""
    function, shapes = CASES[name]
    made = leaves(gradstep_engine, arrays(*shapes))
    total: Any = sum(out.sum() for out in squared(function)(gradstep_engine, *made))
    for _ in range(times):
        total.backward(create_graph=True)
        grads = [leaf.grad for leaf in made if leaf.grad is not None and leaf.grad.requires_grad]
        if not grads:
            return
        total = sum((grad * grad).sum() for grad in grads)
        for leaf in made:
            leaf.grad = None


@pytest.mark.parametrize("name", CASES)
def test_both_ways_agree(name: str, both_ways: BothWays) -> None:
    differentiate(name, 3 if name in THRICE else 2)
    assert both_ways.seen


def test_every_operation_has_a_case(both_ways: BothWays) -> None:
    for name in CASES:
        differentiate(name, 3 if name in THRICE else 2)
    missing = {kind.__qualname__ for kind in operations() if kind not in both_ways.seen}
    assert missing == ONCE_ONLY | NEVER | OF_SCRIPTS


# PyTorch has no second derivative of these.
ONCE_IN_TORCH = {
    "into cdist",
    "by weight embedding_bag",
    "by weight embedding_bag_weights",
    "by weight attention",
    "by weight attention_causal",
    "pair multi_margin_loss",
    "activation hardsigmoid",
    "embedding_bag_max",
    "self_attention",
}
# PyTorch takes some constants, or everything, in single precision.
IN_SINGLE = ("two_types", "activation celu", "activation hardsigmoid")


@pytest.mark.torch
@pytest.mark.parametrize("name", CASES)
def test_equals_torch_twice(name: str) -> None:
    function, shapes = CASES[name]
    tolerance = 1e-6 if name.startswith(IN_SINGLE) else 1e-9
    assert_same(function, arrays(*shapes), names=False, tolerance=tolerance)
    if name not in ONCE_IN_TORCH:
        assert_same_again(squared(function), arrays(*shapes), tolerance=max(tolerance, 1e-8))
