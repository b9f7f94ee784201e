"""Groups, hooks and saved state of optimizers, compared with PyTorch."""

from __future__ import annotations

import copy
import importlib
from typing import Any

import numpy as np
import pytest

from gradstep_engine import events
from tests.engine.nn.pairing import ours, torch_or_skip

NAMES = ["SGD", "Adam", "AdamW", "RMSprop", "Adagrad", "Adadelta", "Adamax", "NAdam", "RAdam"]
NAMES += ["ASGD", "Rprop", "LBFGS"]


def small(engine: Any) -> Any:
    return engine.zeros(2, requires_grad=True)


def base(engine: Any) -> Any:
    return importlib.import_module(f"{engine.__name__}.optim.optimizer")


def step_pre_hook_that_returns_nonsense(e: Any, x: Any) -> None:
    optimizer = e.optim.SGD([x], lr=1)
    optimizer.register_step_pre_hook(lambda o, args, kwargs: 3)
    try:
        optimizer.step()
    except RuntimeError as error:
        message = str(error)
        raise RuntimeError(message[message.index("must return") :]) from None


WRONG: dict[str, Any] = {
    "empty": lambda e, x: e.optim.SGD([], lr=0.1),
    "tensor": lambda e, x: e.optim.Adam(x),
    "string": lambda e, x: e.optim.SGD(["w"], lr=0.1),
    "number": lambda e, x: e.optim.SGD([np.float32(1)], lr=0.1),
    "non-leaf": lambda e, x: e.optim.RAdam([x * 2]),
    "group": lambda e, x: e.optim.SGD([x], lr=1).add_param_group([x]),
    "set": lambda e, x: e.optim.SGD([x], lr=1).add_param_group({"params": {x}}),
    "twice": lambda e, x: e.optim.SGD([x], lr=1).add_param_group({"params": x}),
    "half named": lambda e, x: e.optim.SGD([("x", x), small(e)], lr=1),
    "named group": lambda e, x: e.optim.SGD([x], lr=1).add_param_group(
        {"params": [("b", small(e))]}
    ),
    "unnamed group": lambda e, x: e.optim.SGD([("x", x)], lr=1).add_param_group(
        {"params": [small(e)]}
    ),
    "large lr": lambda e, x: e.optim.SGD([x], lr=e.tensor([1.0, 2.0])),
    "negative lr tensor": lambda e, x: e.optim.SGD([x], lr=e.tensor(-1.0)),
    "foreach lr tensor": lambda e, x: e.optim.Adam([x], lr=e.tensor(1.0), foreach=True),
    "mixed betas": lambda e, x: e.optim.Adam([x], betas=(0.9, e.tensor(0.9))),
    "integer beta": lambda e, x: e.optim.Adam([x], betas=(0, 0.9)),
    "fused and foreach": lambda e, x: e.optim.SGD([x], lr=1, fused=True, foreach=True),
    "fused and differentiable": lambda e, x: e.optim.Adam([x], fused=True, differentiable=True),
    "hook": step_pre_hook_that_returns_nonsense,
    "required": lambda e, x: e.optim.Optimizer([x], {"lr": base(e).required}),
    "rho": lambda e, x: e.optim.Adadelta([x], rho=1.5),
    "etas": lambda e, x: e.optim.Rprop([x], etas=(1.2, 0.5)),
    "momentum_decay": lambda e, x: e.optim.NAdam([x], momentum_decay=-1),
    "dampened": lambda e, x: e.optim.SGD([x], momentum=0.9, dampening=0.1, nesterov=True),
    "lr_decay": lambda e, x: e.optim.Adagrad([x], lr_decay=-1),
    "accumulator": lambda e, x: e.optim.Adagrad([x], initial_accumulator_value=-1),
    **{f"lr {name}": lambda e, x, n=name: getattr(e.optim, n)([x], lr=-0.5) for name in NAMES},
    **{
        f"weight decay {name}": lambda e, x, n=name: getattr(e.optim, n)([x], weight_decay=-0.5)
        for name in NAMES
        if name not in ("Rprop", "LBFGS")
    },
    **{
        f"eps {name}": lambda e, x, n=name: getattr(e.optim, n)([x], eps=-0.5)
        for name in NAMES
        if name not in ("SGD", "Rprop", "LBFGS", "ASGD")
    },
    **{
        f"betas {name}": lambda e, x, n=name: getattr(e.optim, n)([x], betas=(0.9, 1.0))
        for name in ("Adam", "AdamW", "Adamax", "NAdam", "RAdam")
    },
}


@pytest.mark.torch
@pytest.mark.parametrize("name", WRONG)
def test_mistakes_are_reported_in_torchs_words(name: str) -> None:
    raised = []
    for engine in (ours, torch_or_skip()):
        with pytest.raises(Exception) as caught:  # noqa: PT011 (compared below)
            WRONG[name](engine, small(engine))
        raised.append((type(caught.value).__name__, str(caught.value)))
    assert raised[0] == raised[1]


@pytest.mark.torch
@pytest.mark.parametrize("name", NAMES)
def test_signatures_and_groups_are_torchs(name: str) -> None:
    import inspect

    mine, theirs = (getattr(engine.optim, name) for engine in (ours, torch_or_skip()))
    own, other = inspect.signature(mine).parameters, inspect.signature(theirs).parameters
    assert [(p.name, p.kind, p.default) for p in own.values()] == [
        (p.name, p.kind, p.default) for p in other.values()
    ]
    group, expected = (
        getattr(engine.optim, name)([small(engine)]).param_groups[0]
        for engine in (ours, torch_or_skip())
    )
    assert list(group) == list(expected)
    assert {**group, "params": 0} == {**expected, "params": 0}


@pytest.mark.parametrize("name", [name for name in NAMES if name != "LBFGS"])
@pytest.mark.parametrize("option", ["capturable", "differentiable"])
def test_what_is_missing_says_so(name: str, option: str) -> None:
    if name in ("SGD", "Adagrad") and option == "capturable":
        pytest.skip("no such option")
    with pytest.raises(NotImplementedError, match=f"{name}.{option}=True"):
        getattr(ours.optim, name)([small(ours)], **{option: True})


@pytest.mark.torch
@pytest.mark.parametrize("name", ["SGD", "Adam", "Rprop", "NAdam"])
def test_named_parameters_keep_their_names(name: str) -> None:
    seen = []
    for engine in (ours, torch_or_skip()):
        a, b = small(engine), small(engine)
        optimizer = getattr(engine.optim, name)([("a", a), ("b", b)])
        assert optimizer.param_groups[0]["params"][1] is b
        other = getattr(engine.optim, name)([("c", a), ("d", b)])
        other.load_state_dict(optimizer.state_dict())
        bare = optimizer.state_dict()
        del bare["param_groups"][0]["param_names"]
        kept = getattr(engine.optim, name)([("e", a), ("f", b)])
        kept.load_state_dict(bare)
        seen.append(
            (
                repr(optimizer),
                list(optimizer.state_dict()["param_groups"][0]),
                other.param_groups[0]["param_names"],
                kept.param_groups[0]["param_names"],
            )
        )
    assert seen[0] == seen[1]


@pytest.mark.torch
def test_hooks_run_as_torchs() -> None:
    seen = []
    for engine in (ours, torch_or_skip()):
        calls: list[Any] = []
        x = engine.ones(1, requires_grad=True)
        optimizer = engine.optim.SGD([x], lr=0.5)

        def closure(x: Any = x, calls: Any = calls) -> Any:
            calls.append("closure")
            (x * 2).sum().backward()
            return 7

        optimizer.register_step_pre_hook(
            lambda o, args, kwargs, c=calls: c.append(("before", len(args), kwargs))
        )
        added = optimizer.register_step_pre_hook(
            lambda o, args, kwargs, f=closure: ((*args, f), kwargs)
        )
        optimizer.register_step_post_hook(
            lambda o, args, kwargs, c=calls: c.append(("after", len(args), kwargs))
        )
        every = base(engine).register_optimizer_step_pre_hook(
            lambda o, args, kwargs, c=calls: c.append("all")
        )
        calls.append(optimizer.step())
        added.remove()
        every.remove()
        calls.append(optimizer.step())
        optimizer.register_state_dict_pre_hook(lambda o, c=calls: c.append("packing"))
        optimizer.register_state_dict_post_hook(lambda o, s: {**s, "note": 1})
        optimizer.register_state_dict_post_hook(lambda o, s, c=calls: c.append("first"), True)
        saved = optimizer.state_dict()
        calls.append(saved.pop("note"))
        optimizer.register_load_state_dict_pre_hook(lambda o, s: s["param_groups"][0].update(lr=9))
        optimizer.register_load_state_dict_post_hook(
            lambda o, c=calls: c.append(o.param_groups[0]["lr"])
        )
        optimizer.load_state_dict(saved)
        seen.append((calls, x.tolist()))
    assert seen[0] == seen[1]


@pytest.mark.parametrize("name", ["SGD", "Adam", "Rprop", "LBFGS"])
def test_copies_go_on(name: str) -> None:
    x = ours.ones(2, requires_grad=True)
    optimizer = getattr(ours.optim, name)([x], lr=0.1)

    def train(optimizer: Any) -> Any:
        (x,) = optimizer.param_groups[0]["params"]

        def closure() -> Any:
            optimizer.zero_grad()
            loss = (x * x * x).sum()
            loss.backward()
            return loss

        optimizer.step(closure)
        return x.tolist()

    train(optimizer)
    copied = copy.deepcopy(optimizer)
    assert train(optimizer) == train(copied)
    assert repr(copied) == repr(optimizer)


@pytest.mark.torch
@pytest.mark.parametrize("betas", [False, True])
def test_rates_in_tensors_count(betas: bool) -> None:
    seen = []
    for engine in (ours, torch_or_skip()):
        x = engine.ones(3, requires_grad=True)
        options = {"betas": (engine.tensor(0.8), engine.tensor(0.9))} if betas else {}
        optimizer = engine.optim.Adam([x], lr=engine.tensor(0.1), **options)
        for _ in range(5):
            optimizer.zero_grad()
            (x**3).sum().backward()
            optimizer.step()
        seen.append(x.tolist())
    assert seen[0] == pytest.approx(seen[1], rel=1e-5)


@pytest.mark.torch
def test_a_single_element_behaves_at_the_edge_as_torchs() -> None:
    """Its fast path computes with Python's numbers, which raise where arrays give inf or NaN."""
    cases: list[tuple[str, dict[str, Any], float]] = [
        ("Adagrad", {"eps": 0.0}, 0.0),
        ("Adam", {"eps": 0.0}, 0.0),
        ("SGD", {"momentum": 0.9}, float("inf")),
        ("SGD", {}, float("nan")),
        ("SGD", {}, 1e38),
        ("RMSprop", {}, 1e30),
        ("Rprop", {}, float("nan")),
        ("Adamax", {}, float("nan")),
    ]
    for name, options, slope in cases:
        seen = []
        for engine in (ours, torch_or_skip()):
            x = engine.ones(1, requires_grad=True)
            optimizer = getattr(engine.optim, name)([x], lr=10.0, **options)
            for _ in range(3):
                x.grad = engine.full((1,), slope)
                optimizer.step()
            seen.append(x.item())
        assert seen[0] == pytest.approx(seen[1], nan_ok=True), (name, options, slope)


def test_a_user_s_optimizer_is_a_phase_and_may_override() -> None:
    class Descent(ours.optim.Optimizer):  # type: ignore[misc]
        def __init__(self, params: Any, lr: float) -> None:
            super().__init__(params, {"lr": lr})

        @ours.no_grad()  # type: ignore[untyped-decorator]
        def step(self, closure: Any = None) -> None:
            for group in self.param_groups:
                for parameter in group["params"]:
                    parameter -= group["lr"] * parameter.grad

    x = ours.ones(1, requires_grad=True)
    optimizer = Descent([x], 0.5)
    calls: list[str] = []
    optimizer.register_step_post_hook(lambda *_: calls.append("hook"))
    told: list[Any] = []
    (x * 2).sum().backward()
    events.listener = told.append
    try:
        optimizer.step()
    finally:
        events.listener = None
    assert x.item() == 0.0
    assert calls == ["hook"]
    assert [e.name for e in told if isinstance(e, events.PhaseEntered)] == ["Descent.step"]


@pytest.mark.parametrize("name", [name for name in NAMES if name != "LBFGS"])
def test_every_update_is_told_with_its_state(name: str) -> None:
    a, b = ours.ones(3, 2, requires_grad=True), ours.ones(2, requires_grad=True)
    optimizer = getattr(ours.optim, name)([{"params": [a]}, {"params": [b], "lr": 0.3}])
    told: list[Any] = []
    for _ in range(2):
        optimizer.zero_grad()
        ((a * 3).sum() + (b * b).sum()).backward()
        events.listener = lambda e: told.append(e) if isinstance(e, events.Updated) else None
        try:
            optimizer.step()
        finally:
            events.listener = None
    assert [(event.group, event.index) for event in told] == [(0, 0), (1, 0)] * 2
    second = told[2]
    assert second.parameter is a
    assert second.before.tolist() != a.tolist()
    assert set(second.state_before) == set(second.state_after)
    assert "params" not in second.hyper
    if "step" in second.state_after:
        assert second.state_before["step"].item() == 1
        assert second.state_after["step"].item() == 2
