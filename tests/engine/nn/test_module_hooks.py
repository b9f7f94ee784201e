"""Hooks of modules: both engines run the same ones, in the same order, with the same values."""

from __future__ import annotations

import copy
import importlib
from typing import Any

import numpy as np
import pytest

from gradstep_engine import nn
from tests.engine.nn.pairing import ours, torch_or_skip

Log = list[Any]


def rounded(value: Any) -> Any:
    if value is None or isinstance(value, (str, int)):
        return value
    if isinstance(value, (tuple, list)):
        return [rounded(each) for each in value]
    if isinstance(value, dict):
        return {name: rounded(each) for name, each in value.items()}
    return np.round(value.detach().numpy(), 6).tolist()


def twice(scenario: Any) -> tuple[Log, Log]:
    """Run `scenario(engine, log)` in both engines and return both logs."""
    logs: tuple[Log, Log] = ([], [])
    for engine, log in zip((ours, torch_or_skip()), logs, strict=True):
        scenario(engine, log)
    return logs


def affine(engine: Any) -> Any:
    layer = engine.nn.Linear(2, 2)
    with engine.no_grad():
        layer.weight.copy_(engine.tensor([[1.0, 2.0], [3.0, 4.0]]))
        layer.bias.zero_()
    return layer


def forward_order(engine: Any, log: Log) -> None:
    layer = affine(engine)
    for number, prepend in ((1, False), (2, False), (3, True)):
        layer.register_forward_hook(
            lambda m, args, out, number=number: log.append((number, rounded(out))), prepend=prepend
        )
        layer.register_forward_pre_hook(
            lambda m, args, number=number: log.append((number, rounded(args))), prepend=prepend
        )
    layer(engine.ones(1, 2))


def with_keywords(engine: Any, log: Log) -> None:
    class Scaled(engine.nn.Module):  # type: ignore[misc]
        def forward(self, x: Any, *, scale: float) -> Any:
            return x * scale

    module = Scaled()
    module.register_forward_pre_hook(
        lambda m, args, kwargs: (args, {"scale": kwargs["scale"] + 1}), with_kwargs=True
    )

    def tenfold(module: Any, args: Any, kwargs: Any, out: Any) -> Any:
        log.append((kwargs["scale"], rounded(out)))
        return out * 10

    module.register_forward_hook(tenfold, with_kwargs=True)
    log.append(rounded(module(engine.ones(2), scale=2)))


def always_called(engine: Any, log: Log) -> None:
    class Failing(engine.nn.Module):  # type: ignore[misc]
        def forward(self, x: Any) -> Any:
            raise KeyError("no")

    module = Failing()
    module.register_forward_hook(lambda m, args, out: log.append("never"))
    module.register_forward_hook(lambda m, args, out: log.append(out), always_call=True)
    with pytest.raises(KeyError):
        module(engine.ones(1))


def backward_order(engine: Any, log: Log) -> None:
    net = engine.nn.Sequential(affine(engine), engine.nn.Tanh(), affine(engine))
    for name, module in net.named_modules():
        module.register_full_backward_hook(
            lambda m, given, got, name=name: log.append((name, rounded(given), rounded(got)))
        )
        module.register_full_backward_pre_hook(
            lambda m, got, name=name: log.append(("before " + name, rounded(got)))
        )
    x = engine.tensor([[0.1, -0.2]], requires_grad=True)
    net(x).sum().backward()
    log.append(rounded([x.grad, *[p.grad for p in net.parameters()]]))


def changed_gradients(engine: Any, log: Log) -> None:
    layer = affine(engine)
    layer.register_full_backward_pre_hook(lambda m, got: (got[0] * 2,))
    layer.register_full_backward_hook(lambda m, given, got: (given[0] + 100,))
    x = engine.ones(1, 2, requires_grad=True)
    layer(x * 1).sum().backward()
    log.append(rounded([x.grad, layer.weight.grad]))


def several_values(engine: Any, log: Log) -> None:
    class Both(engine.nn.Module):  # type: ignore[misc]
        def forward(self, x: Any, number: int, y: Any) -> Any:
            return x * number, "text", y * x

    module = Both()
    module.register_full_backward_hook(
        lambda m, given, got: log.append((rounded(given), rounded(got)))
    )
    x, y = engine.ones(2, requires_grad=True), engine.ones(2)
    a, _, b = module(x, 3, y)
    (a * 2 + b).sum().backward()
    log.append(rounded(x.grad))


def no_input_gradient(engine: Any, log: Log) -> None:
    layer = affine(engine)
    layer.register_full_backward_hook(
        lambda m, given, got: log.append((rounded(given), rounded(got)))
    )
    with pytest.warns(UserWarning, match="Full backward hook is firing"):
        layer(engine.ones(1, 2)).sum().backward()


def for_all_modules(engine: Any, log: Log) -> None:
    place = (
        importlib.import_module(engine.nn.Module.__module__)
        if engine is ours
        else (engine.nn.modules.module)
    )
    handles = [
        place.register_module_forward_pre_hook(lambda m, args: log.append("pre")),
        place.register_module_forward_hook(lambda m, args, out: log.append(type(m).__name__)),
        place.register_module_full_backward_hook(lambda m, given, got: log.append("backward")),
        place.register_module_parameter_registration_hook(lambda m, name, p: log.append(name)),
    ]
    try:
        net = engine.nn.Sequential(affine(engine), engine.nn.ReLU())
        net(engine.ones(1, 2, requires_grad=True)).sum().backward()
    finally:
        for handle in handles:
            handle.remove()
    net(engine.ones(1, 2)).sum().backward()
    engine.nn.Linear(1, 1)


def removed(engine: Any, log: Log) -> None:
    layer = affine(engine)
    with layer.register_forward_hook(lambda m, args, out: log.append("inside")):
        layer(engine.ones(1, 2))
    handle = layer.register_full_backward_hook(lambda m, given, got: log.append("never"))
    handle.remove()
    layer(engine.ones(1, 2, requires_grad=True)).sum().backward()
    log.append(len(layer._forward_hooks))


def copied(engine: Any, log: Log) -> None:
    layer = affine(engine)
    layer.register_forward_hook(lambda m, args, out: log.append(rounded(m.bias)))
    twin = copy.deepcopy(layer)
    with engine.no_grad():
        twin.bias.add_(1)
    twin(engine.ones(1, 2))


def state_hooks(engine: Any, log: Log) -> None:
    net = engine.nn.Sequential(affine(engine))

    def renamed(module: Any, state: dict[str, Any], prefix: str, metadata: Any) -> None:
        state[prefix + "w"] = state.pop(prefix + "weight")
        log.append((prefix, metadata["version"]))

    def back(
        module: Any, state: Any, prefix: str, metadata: Any, strict: bool, *lists: Any
    ) -> None:
        state[prefix + "weight"] = state.pop(prefix + "w")

    net[0].register_state_dict_pre_hook(lambda m, prefix, keep: log.append((prefix, keep)))
    net[0].register_state_dict_post_hook(renamed)
    net[0].register_load_state_dict_pre_hook(back)
    net.register_load_state_dict_post_hook(lambda m, keys: log.append(keys.missing_keys[:]))
    state = net.state_dict()
    log.append((list(state), dict(state._metadata)))
    net.load_state_dict(state)
    del state["0.bias"]
    net.load_state_dict(state, strict=False)


def extra_state(engine: Any, log: Log) -> None:
    class Counting(engine.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.count = 3

        def get_extra_state(self) -> Any:
            return {"count": self.count}

        def set_extra_state(self, state: Any) -> None:
            self.count = state["count"]

    net = engine.nn.Sequential(Counting())
    state = net.state_dict()
    log.append(dict(state))
    state["0._extra_state"]["count"] = 5
    net.load_state_dict(state)
    log.append(net[0].count)
    with pytest.raises(RuntimeError) as caught:
        net.load_state_dict({"a.b": 1, "0.x": 2})
    log.append(str(caught.value))


def assigned(engine: Any, log: Log) -> None:
    layer = engine.nn.BatchNorm1d(2)
    state = {name: value.double() + 1 for name, value in layer.state_dict().items()}
    layer.load_state_dict(state, assign=True)
    for name, value in layer.state_dict(keep_vars=True).items():
        log.append((name, str(value.dtype), value.requires_grad, rounded(value)))


SCENARIOS = [
    forward_order,
    with_keywords,
    always_called,
    backward_order,
    changed_gradients,
    several_values,
    no_input_gradient,
    for_all_modules,
    removed,
    copied,
    state_hooks,
    extra_state,
    assigned,
]


@pytest.mark.torch
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_both_engines_run_the_same_hooks(scenario: Any) -> None:
    mine, theirs = twice(scenario)
    assert mine == theirs
    assert mine


def test_second_derivatives_pass_through_hooked_modules() -> None:
    net = nn.Sequential(nn.Tanh(), nn.Tanh()).double()
    seen: Log = []
    net[0].register_full_backward_hook(lambda m, given, got: seen.append(given))
    x = ours.tensor([0.3, -0.2], dtype=ours.float64, requires_grad=True)
    (grad,) = ours.autograd.grad(net(x), x, ours.ones(2).double(), create_graph=True)
    plain = nn.Sequential(nn.Tanh(), nn.Tanh())
    y = ours.tensor([0.3, -0.2], dtype=ours.float64, requires_grad=True)
    (expected,) = ours.autograd.grad(plain(y), y, ours.ones(2).double(), create_graph=True)
    grad.backward(ours.ones(2).double())
    expected.backward(ours.ones(2).double())
    assert rounded([grad, x.grad]) == rounded([expected, y.grad])
    assert seen


def test_hooks_that_answer_with_the_wrong_number_are_refused() -> None:
    layer = nn.Linear(1, 1)
    layer.register_full_backward_hook(lambda m, given, got: (given[0], given[0]))
    with pytest.raises(RuntimeError, match="invalid number of grad_input, got 2, but expected 1"):
        layer(ours.ones(1, 1, requires_grad=True)).sum().backward()
    other = nn.Identity()
    other.register_forward_pre_hook(lambda m, args, kwargs: args, with_kwargs=True)
    with pytest.raises(RuntimeError, match="forward pre-hook must return None or a tuple"):
        other(1)
