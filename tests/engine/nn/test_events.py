"""What a listener hears of a training loop: every fact once, in order."""

from __future__ import annotations

from typing import Any

import pytest

from gradstep_engine import events, nn
from gradstep_engine.optim import Optimizer
from tests.engine.nn.pairing import ours as torch


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    seen: list[Any] = []
    monkeypatch.setattr(events, "listener", seen.append)
    return seen


def kinds(seen: list[Any]) -> list[str]:
    """Return each event in a word or two."""
    words = []
    for event in seen:
        kind = type(event).__name__
        if isinstance(event, (events.PhaseEntered, events.PhaseExited, events.Op)):
            kind += " " + event.name
        elif isinstance(event, events.NodeRan):
            kind += " " + event.node.name()
        elif isinstance(event, events.Written):
            kind += " " + event.how
        words.append(kind)
    return words


def test_a_tiny_loop(heard: list[Any]) -> None:
    net = nn.Sequential(nn.Linear(2, 3), nn.ReLU())
    assert kinds(heard) == ["Written init"] * 2
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
    assert kinds(heard[2:]) == ["OptimizerCreated"]
    x, y = torch.ones(4, 2), torch.tensor([0, 1, 2, 0])
    for iteration in range(2):
        del heard[:]
        optimizer.zero_grad()
        loss = nn.CrossEntropyLoss()(net(x), y)
        loss.backward()
        optimizer.step()
        zeroed = ["Zeroed", "Zeroed"] if iteration else []
        assert kinds(heard) == [
            "PhaseEntered SGD.zero_grad",
            *zeroed,
            "PhaseExited SGD.zero_grad",
            "Op linear",
            "Op relu",
            "Op cross_entropy",
            "PhaseEntered backward",
            "NodeRan NllLossBackward0",
            "NodeRan LogSoftmaxBackward0",
            "NodeRan ReluBackward0",
            "NodeRan AddmmBackward0",
            "Accumulated",
            "Accumulated",
            "PhaseExited backward",
            "PhaseEntered SGD.step",
            *("Updating", "Updated"),
            *("Updating", "Updated"),
            "PhaseExited SGD.step",
        ]
    loss_op = next(e for e in heard if isinstance(e, events.Op) and e.name == "cross_entropy")
    assert [n.name() for n in loss_op.nodes] == ["LogSoftmaxBackward0", "NllLossBackward0"]
    assert loss_op.outputs[0] is loss
    updates = [event for event in heard if isinstance(event, events.Updated)]
    first = updates[0]
    assert first.parameter is net[0].weight
    assert (first.group, first.index) == (0, 0)
    assert first.hyper["momentum"] == 0.9
    assert "params" not in first.hyper
    velocity_before = first.state_before["momentum_buffer"]
    velocity = first.state_after["momentum_buffer"]
    assert velocity is optimizer.state[net[0].weight]["momentum_buffer"]
    expected = velocity_before.numpy() * 0.9 + first.grad.numpy()
    assert velocity.numpy() == pytest.approx(expected)
    assert first.parameter.detach().numpy() == pytest.approx(
        first.before.numpy() - 0.1 * expected, rel=1e-6
    )


def test_ops_know_the_module_call_they_belong_to(heard: list[Any]) -> None:
    net = nn.Sequential(nn.Linear(1, 1), nn.Linear(1, 1))
    del heard[:]
    net(torch.ones(1, 1))
    net(torch.ones(1, 1))
    calls: list[Any] = [event.call for event in heard if isinstance(event, events.Op)]
    assert [call.module for call in calls] == [net[0], net[1]] * 2
    assert all(call.parent.module is net for call in calls)
    assert calls[0].parent is not calls[2].parent
    assert calls[0].parent.number == calls[1].parent.number
    assert len({call.number for call in calls}) == 4


def test_a_call_that_fails_leaves_no_call_behind(heard: list[Any]) -> None:
    with pytest.raises(RuntimeError):
        nn.Linear(2, 1)(torch.ones(1, 3))
    del heard[:]
    torch.ones(1) * 2
    assert next(e for e in heard if isinstance(e, events.Op)).call is None


def test_a_step_that_raises_still_ends(heard: list[Any]) -> None:
    x = torch.ones(1, requires_grad=True)
    optimizer = torch.optim.SGD([x], lr=0.1)
    x.grad = torch.ones(1)
    optimizer.param_groups[0]["lr"] = "fast"
    del heard[:]
    with pytest.raises(ValueError, match="fast"):
        optimizer.step()
    assert kinds(heard) == ["PhaseEntered SGD.step", "Updating", "PhaseExited SGD.step"]
    assert isinstance(heard[-1].error, ValueError)
    assert heard[-1].optimizer is optimizer


def test_a_users_optimizer_has_phases_and_its_ops_are_heard(heard: list[Any]) -> None:
    class Plain(Optimizer):
        def __init__(self, params: Any) -> None:
            super().__init__(params, {"lr": 0.5})

        def step(self, closure: Any = None) -> None:
            with torch.no_grad():
                for group in self.param_groups:
                    for parameter in group["params"]:
                        parameter.add_(parameter.grad, alpha=-group["lr"])

    class Louder(Plain):
        def step(self, closure: Any = None) -> None:
            super().step(closure)

        def zero_grad(self, set_to_none: bool = True) -> None:
            super().zero_grad(set_to_none)

    x = torch.ones(1, requires_grad=True)
    x.sum().backward()
    optimizer = Louder([x])
    del heard[:]
    optimizer.step()
    optimizer.zero_grad()
    assert x.item() == 0.5
    words = [word for word in kinds(heard) if not word.startswith(("ModeChanged", "GraphCut"))]
    assert words == [
        "PhaseEntered Louder.step",
        "Op add_",
        "Written add_",
        "PhaseExited Louder.step",
        "PhaseEntered Louder.zero_grad",
        "Zeroed",
        "PhaseExited Louder.zero_grad",
    ]


def test_ops_of_a_closure_are_heard_and_updates_are_not_ops(heard: list[Any]) -> None:
    x = torch.ones(1, requires_grad=True)
    optimizer = torch.optim.Adam([x], lr=0.1)
    del heard[:]

    def closure() -> Any:
        loss = (x * x).sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    words = kinds(heard)
    assert words[:3] == ["PhaseEntered Adam.step", "Op mul", "Op sum"]
    assert words[-2:] == ["Updated", "PhaseExited Adam.step"]
    assert heard[-2].state_before == {}
    assert set(heard[-2].state_after) == {"step", "exp_avg", "exp_avg_sq"}


def test_scheduler_steps_are_a_phase(heard: list[Any]) -> None:
    optimizer = torch.optim.SGD([torch.ones(1, requires_grad=True)], lr=0.4)
    del heard[:]
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1, gamma=0.5)
    assert heard[0].initial
    optimizer.step()
    del heard[:]
    scheduler.step()
    assert kinds(heard) == ["PhaseEntered StepLR.step", "Scheduled", "PhaseExited StepLR.step"]
    assert heard[0].phase == "other"
    assert (heard[1].before, heard[1].after) == (({"lr": 0.4},), ({"lr": 0.2},))


def test_modes_gradients_and_loading(heard: list[Any]) -> None:
    net = nn.Sequential(nn.Linear(1, 1), nn.Dropout())
    del heard[:]
    net.eval()
    net.eval()
    assert [(e.what, e.subject, e.before, e.after) for e in heard] == [
        ("training", net, True, False)
    ]
    net.train()
    net(torch.ones(1, 1)).sum().backward()
    del heard[:]
    norm = nn.utils.clip_grad_norm_(net.parameters(), 0.5)
    assert kinds(heard) == ["Clipped"]
    assert heard[0].norm == pytest.approx(norm.item())
    assert heard[0].limit == 0.5
    del heard[:]
    net.zero_grad()
    assert kinds(heard)[0] == "PhaseEntered Sequential.zero_grad"
    assert kinds(heard).count("Zeroed") == 2
    state = net.state_dict()
    del heard[:]
    net.load_state_dict(state)
    assert kinds(heard) == ["Written load_state_dict"] * 2


def test_zeroing_in_place_tells_before_and_after(heard: list[Any]) -> None:
    x = torch.ones(2, requires_grad=True)
    (x * 3).sum().backward()
    del heard[:]
    torch.optim.SGD([x], lr=0.1).zero_grad(set_to_none=False)
    zeroed: Any = next(e for e in heard if isinstance(e, events.Zeroed))
    assert zeroed.before.tolist() == [3.0, 3.0]
    assert zeroed.after is x.grad
