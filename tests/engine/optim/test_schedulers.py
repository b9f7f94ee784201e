"""Each scheduler against PyTorch: fifty epochs, resumed halfway; mistakes; what is told."""

from __future__ import annotations

import copy
import itertools
import warnings
from typing import Any

import pytest

from gradstep_engine import events
from tests.engine.nn.pairing import ours, torch_or_skip


class Fading:
    """A function that is an object: its attributes are part of a scheduler's state."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, epoch: float) -> float:
        self.calls += 1
        return 0.97**epoch


def sequential(s: Any, o: Any) -> Any:
    parts = [s.ConstantLR(o, 0.1, 5), s.ExponentialLR(o, 0.9), s.CosineAnnealingLR(o, 8)]
    return s.SequentialLR(o, parts, [5, 20])


SCHEDULERS: dict[str, Any] = {
    "StepLR": lambda s, o: s.StepLR(o, 3, gamma=0.5),
    "MultiStepLR": lambda s, o: s.MultiStepLR(o, [2, 5, 5, 9, 30], gamma=0.3),
    "ExponentialLR": lambda s, o: s.ExponentialLR(o, 0.9),
    "LambdaLR": lambda s, o: s.LambdaLR(o, lambda epoch: 0.95**epoch),
    "LambdaLR for each": lambda s, o: s.LambdaLR(o, [lambda e: 1 / (e + 1), Fading()]),
    "MultiplicativeLR": lambda s, o: s.MultiplicativeLR(o, lambda epoch: 0.95),
    "ConstantLR": lambda s, o: s.ConstantLR(o, 0.5, 4),
    "LinearLR": lambda s, o: s.LinearLR(o, 0.25, 0.75, 10),
    "PolynomialLR": lambda s, o: s.PolynomialLR(o, 20, 2.0),
    "PolynomialLR longer": lambda s, o: s.PolynomialLR(o, total_iters=80, power=0.9),
    "CosineAnnealingLR": lambda s, o: s.CosineAnnealingLR(o, 7, eta_min=0.01),
    "CosineAnnealingWarmRestarts": lambda s, o: s.CosineAnnealingWarmRestarts(o, 7),
    "CosineAnnealingWarmRestarts 2": lambda s, o: s.CosineAnnealingWarmRestarts(o, 3, 2, 0.01),
    "CyclicLR": lambda s, o: s.CyclicLR(o, 0.1, 0.5, 7),
    "CyclicLR 2": lambda s, o: s.CyclicLR(o, [0.1, 0.2], [1.0, 0.6], 5, 3, mode="triangular2"),
    "CyclicLR exp": lambda s, o: s.CyclicLR(o, 0.1, 0.5, 4, mode="exp_range", gamma=0.9),
    "CyclicLR own": lambda s, o: s.CyclicLR(
        o, 0.1, 0.5, 4, scale_fn=Fading(), scale_mode="iterations", cycle_momentum=False
    ),
    "OneCycleLR": lambda s, o: s.OneCycleLR(o, 0.9, 60),
    "OneCycleLR linear": lambda s, o: s.OneCycleLR(
        o, [0.9, 0.3], epochs=10, steps_per_epoch=6, anneal_strategy="linear", three_phase=True
    ),
    "OneCycleLR without": lambda s, o: s.OneCycleLR(
        o, 0.9, 55, pct_start=0.5, cycle_momentum=False, div_factor=10.0, final_div_factor=100.0
    ),
    "SequentialLR": sequential,
    "SequentialLR restarts": lambda s, o: s.SequentialLR(
        o, [s.LinearLR(o, 0.1, 1.0, 4), s.CosineAnnealingWarmRestarts(o, 6, 2)], [4]
    ),
    "ChainedScheduler": lambda s, o: s.ChainedScheduler(
        [s.ConstantLR(o, 0.1, 5), s.ExponentialLR(o, 0.9)], optimizer=o
    ),
    "ReduceLROnPlateau": lambda s, o: s.ReduceLROnPlateau(o, patience=2, cooldown=1),
    "ReduceLROnPlateau max": lambda s, o: s.ReduceLROnPlateau(
        o, "max", 0.5, 1, threshold_mode="abs", min_lr=[0.02, 0.1]
    ),
    "SWALR": lambda s, o: ours_or_torch(s).SWALR(o, 0.05, anneal_epochs=6),
    "SWALR linear": lambda s, o: ours_or_torch(s).SWALR(o, [0.05, 2.0], 6, "linear"),
    "SWALR at once": lambda s, o: ours_or_torch(s).SWALR(o, 0.05, 0),
}
LOSSES = (3.0, 2.0, 2.0, 2.5, 2.0, 2.0, 1.0)


def ours_or_torch(lr_scheduler: Any) -> Any:
    engine = ours if "gradstep" in lr_scheduler.__name__ else torch_or_skip()
    return engine.optim.swa_utils


def build(engine: Any, name: str, kind: str) -> tuple[Any, Any]:
    a, b = (engine.ones(1, requires_grad=True) for _ in range(2))
    optimizer = getattr(engine.optim, kind)([{"params": [a]}, {"params": [b], "lr": 0.7}], lr=0.4)
    return optimizer, SCHEDULERS[name](engine.optim.lr_scheduler, optimizer)


def settings(optimizer: Any) -> list[Any]:
    return [
        (float(group["lr"]), group.get("momentum", 0.0), *group.get("betas", ()))
        for group in optimizer.param_groups
    ]


def run(optimizer: Any, scheduler: Any, epochs: range) -> list[Any]:
    seen = []
    losses = itertools.cycle(LOSSES)
    for _ in range(epochs.start):
        next(losses)
    for _ in epochs:
        optimizer.step()
        if "Plateau" in type(scheduler).__name__:
            scheduler.step(next(losses))
        else:
            scheduler.step()
        seen.append(settings(optimizer))
        assert scheduler.get_last_lr() == [group["lr"] for group in optimizer.param_groups]
    return seen


@pytest.mark.torch
@pytest.mark.parametrize("kind", ["SGD", "Adam"])
@pytest.mark.parametrize("name", SCHEDULERS)
def test_fifty_epochs_equal_torchs(name: str, kind: str) -> None:
    mine, own = build(ours, name, kind)
    theirs, other = build(torch_or_skip(), name, kind)
    assert own.get_last_lr() == pytest.approx(other.get_last_lr(), rel=1e-12)
    got, expected = run(mine, own, range(50)), run(theirs, other, range(50))
    for ours_now, torchs_now in zip(got, expected, strict=True):
        for a, b in zip(ours_now, torchs_now, strict=True):
            assert a == pytest.approx(b, rel=1e-9, abs=1e-15)
    assert list(mine.param_groups[0]) == list(theirs.param_groups[0])
    assert sorted(own.state_dict()) == sorted(other.state_dict())


@pytest.mark.parametrize("name", SCHEDULERS)
def test_state_resumes_halfway(name: str) -> None:
    optimizer, scheduler = build(ours, name, "SGD")
    whole = run(optimizer, scheduler, range(50))
    optimizer, scheduler = build(ours, name, "SGD")
    assert run(optimizer, scheduler, range(20)) == whole[:20]
    saved = copy.deepcopy((optimizer.state_dict(), scheduler.state_dict()))
    optimizer, scheduler = build(ours, name, "SGD")
    optimizer.load_state_dict(saved[0])
    scheduler.load_state_dict(saved[1])
    assert run(optimizer, scheduler, range(20, 50)) == whole[20:]


@pytest.mark.torch
@pytest.mark.parametrize("name", [name for name in SCHEDULERS if name[:3] in ("Ste", "Mul", "Cos")])
def test_a_given_epoch_is_jumped_to(name: str) -> None:
    seen = []
    for engine in (ours, torch_or_skip()):
        optimizer, scheduler = build(engine, name, "SGD")
        optimizer.step()
        rates = []
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for epoch in (3, 4, 11):
                if name != "MultiplicativeLR":
                    scheduler.step(epoch)
                rates.append([group["lr"] for group in optimizer.param_groups])
        seen.append(rates)
    for a, b in zip(*seen, strict=True):
        assert a == pytest.approx(b, rel=1e-12)


def test_the_epoch_of_a_step_is_deprecated() -> None:
    optimizer, scheduler = build(ours, "StepLR", "SGD")
    optimizer.step()
    with pytest.warns(UserWarning, match="epoch parameter in `scheduler.step"):
        scheduler.step(4)


@pytest.mark.torch
@pytest.mark.parametrize("name", ["StepLR", "LambdaLR", "OneCycleLR", "ReduceLROnPlateau"])
def test_a_rate_in_a_tensor_is_written_into(name: str) -> None:
    seen = []
    for engine in (ours, torch_or_skip()):
        x = engine.ones(2, requires_grad=True)
        rate = engine.tensor(0.5)
        optimizer = engine.optim.SGD([x], lr=rate)
        scheduler = SCHEDULERS[name](engine.optim.lr_scheduler, optimizer)
        rates = []
        for loss in LOSSES * 3:
            (x * x).sum().backward()
            optimizer.step()
            scheduler.step(*([loss] if "Plateau" in name else []))
            rates.append(float(scheduler.get_last_lr()[0]))
        assert optimizer.param_groups[0]["lr"] is rate
        seen.append((rates, x.tolist()))
    assert seen[0][0] == pytest.approx(seen[1][0], rel=1e-5)
    assert seen[0][1] == pytest.approx(seen[1][1], rel=1e-5)


def plateau(o: Any, s: Any) -> Any:
    return s.ReduceLROnPlateau(o)


WRONG: dict[str, Any] = {
    "no optimizer": lambda s, o, p: s.StepLR(3, 2),
    "lambdas": lambda s, o, p: s.LambdaLR(o, [abs, abs]),
    "no function": lambda s, o, p: s.MultiplicativeLR(o, 0.5),
    "constant": lambda s, o, p: s.ConstantLR(o, 2.0),
    "linear start": lambda s, o, p: s.LinearLR(o, 0),
    "linear end": lambda s, o, p: s.LinearLR(o, 0.5, 2),
    "T_0": lambda s, o, p: s.CosineAnnealingWarmRestarts(o, 0),
    "T_mult": lambda s, o, p: s.CosineAnnealingWarmRestarts(o, 2, 1.5),
    "eta_min": lambda s, o, p: s.CosineAnnealingWarmRestarts(o, 2, 1, "a"),
    "negative epoch": lambda s, o, p: s.CosineAnnealingWarmRestarts(o, 2).step(-1),
    "mode": lambda s, o, p: s.CyclicLR(o, 0.1, 1, mode="square"),
    "max_lr": lambda s, o, p: s.CyclicLR(o, 0.1, [1, 2]),
    "momentum": lambda s, o, p: s.CyclicLR(p, 0.1, 1),
    "one cycle momentum": lambda s, o, p: s.OneCycleLR(p, 0.1, 10),
    "steps": lambda s, o, p: s.OneCycleLR(o, 0.1),
    "total_steps": lambda s, o, p: s.OneCycleLR(o, 0.1, -1),
    "epochs": lambda s, o, p: s.OneCycleLR(o, 0.1, epochs=0, steps_per_epoch=2),
    "steps_per_epoch": lambda s, o, p: s.OneCycleLR(o, 0.1, epochs=2, steps_per_epoch=0),
    "pct_start": lambda s, o, p: s.OneCycleLR(o, 0.1, 10, pct_start=1.5),
    "anneal": lambda s, o, p: s.OneCycleLR(o, 0.1, 10, anneal_strategy="sine"),
    "too many steps": lambda s, o, p: (
        [c := s.OneCycleLR(o, 0.1, 3), o.step()] + [c.step() for _ in range(4)]
    ),
    "no schedulers": lambda s, o, p: s.SequentialLR(o, [], []),
    "milestones": lambda s, o, p: s.SequentialLR(o, [s.StepLR(o, 2)], [3]),
    "no scheduler": lambda s, o, p: s.SequentialLR(o, [3], []),
    "plateau": lambda s, o, p: s.SequentialLR(o, [plateau(o, s)], []),
    "other": lambda s, o, p: s.ChainedScheduler([s.StepLR(o, 2), s.StepLR(p, 2)]),
    "nothing chained": lambda s, o, p: s.ChainedScheduler([]),
    "resumed": lambda s, o, p: s.StepLR(o, 2, last_epoch=3),
    "factor": lambda s, o, p: s.ReduceLROnPlateau(o, factor=1.5),
    "plateau mode": lambda s, o, p: s.ReduceLROnPlateau(o, "least"),
    "threshold_mode": lambda s, o, p: s.ReduceLROnPlateau(o, threshold_mode="x"),
    "min_lr": lambda s, o, p: s.ReduceLROnPlateau(o, min_lr=[1, 2]),
}


@pytest.mark.torch
@pytest.mark.parametrize("name", WRONG)
def test_mistakes_are_reported_in_torchs_words(name: str) -> None:
    raised = []
    for engine in (ours, torch_or_skip()):
        o = engine.optim.SGD([engine.zeros(2, requires_grad=True)], lr=0.1)
        p = engine.optim.Adagrad([engine.zeros(2, requires_grad=True)], lr=0.1)
        with pytest.raises(Exception) as caught:  # noqa: PT011 (compared below)
            WRONG[name](engine.optim.lr_scheduler, o, p)
        raised.append((type(caught.value).__name__, str(caught.value)))
    assert raised[0] == raised[1]


def test_scheduler_before_optimizer_warns() -> None:
    _, scheduler = build(ours, "StepLR", "SGD")
    with pytest.warns(UserWarning, match=r"`lr_scheduler.step\(\)` before `optimizer.step\(\)`"):
        scheduler.step()


def test_a_step_replaced_later_warns() -> None:
    optimizer, scheduler = build(ours, "StepLR", "SGD")
    optimizer.step = lambda: None
    with pytest.warns(UserWarning, match="has been overridden"):
        scheduler.step()


def test_rates_asked_for_outside_a_step_warn() -> None:
    _, scheduler = build(ours, "StepLR", "SGD")
    with pytest.warns(UserWarning, match="please use `get_last_lr"):
        scheduler.get_lr()


def test_a_new_group_gets_the_lowest_rate_of_all() -> None:
    optimizer, scheduler = build(ours, "ReduceLROnPlateau", "SGD")
    optimizer.add_param_group({"params": [ours.ones(1, requires_grad=True)]})
    for _ in range(8):
        scheduler.step(1.0)
    assert len(scheduler.get_last_lr()) == 3
    assert scheduler.get_last_lr()[2] < 0.4


def test_the_listener_hears_of_rates_and_momentum() -> None:
    told: list[Any] = []
    optimizer, scheduler = build(ours, "OneCycleLR", "Adam")
    optimizer.step()
    events.listener = told.append
    try:
        scheduler.step()
    finally:
        events.listener = None
    entered, scheduled, left = told
    assert (entered.phase, entered.name) == ("other", "OneCycleLR.step")
    assert isinstance(left, events.PhaseExited)
    assert scheduled.before[0]["betas"] == (0.95, 0.999)
    assert scheduled.after[0]["lr"] > scheduled.before[0]["lr"]
    assert scheduled.after[0]["betas"][0] < 0.95
