"""What a listener hears: every fact once, where it happens."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import gradstep_engine
from gradstep_engine import events
from gradstep_engine.emission import quiet

torch: Any = gradstep_engine


@pytest.fixture
def heard() -> Iterator[list[Any]]:
    found: list[Any] = []
    events.listener = found.append
    yield found
    events.listener = None


def kinds(found: list[Any]) -> list[str]:
    return [type(event).__name__ for event in found]


def names(found: list[Any]) -> list[str]:
    return [event.name for event in found if isinstance(event, events.Op)]


def test_nothing_is_listening_by_default() -> None:
    assert events.listener is None


def test_forward_and_backward_of_a_small_expression(heard: list[Any]) -> None:
    x = torch.tensor(3.0, requires_grad=True)
    y = x**2 * 5
    y.backward()
    assert kinds(heard) == [
        "Op", "Op", "PhaseEntered", "NodeRan", "NodeRan", "Accumulated", "PhaseExited",
    ]  # fmt: skip
    power, product, entered, mul, pow_, accumulated, exited = heard
    assert (power.name, product.name) == ("pow", "mul")
    assert power.inputs == (x,)
    assert power.grad_fn is pow_.node
    assert product.nodes == (mul.node,)
    assert entered.root is y
    assert pow_.grad_outputs[0].item() == 5
    assert pow_.grad_inputs[0].item() == 30
    assert accumulated.leaf is x
    assert accumulated.before is None
    assert accumulated.after is x.grad
    assert exited.error is None


def test_a_second_accumulation_tells_before_and_after(heard: list[Any]) -> None:
    x = torch.tensor([1.0], requires_grad=True)
    (x * 2).backward()
    (x * 3).backward()
    last: Any = [event for event in heard if isinstance(event, events.Accumulated)][-1]
    assert last.before.tolist() == [2]
    assert last.contribution.tolist() == [3]
    assert last.after.tolist() == [5]


def test_a_failing_backward_is_left_with_its_error(heard: list[Any]) -> None:
    x = torch.tensor(1.0, requires_grad=True)
    y = x.exp()
    y.backward()
    with pytest.raises(RuntimeError, match="second time"):
        y.backward()
    assert isinstance(heard[-1].error, RuntimeError)


def test_composites_are_one_op_with_all_nodes(heard: list[Any]) -> None:
    a = torch.ones(2, 3, 4, requires_grad=True)
    b = torch.ones(4, requires_grad=True)
    a @ b
    assert names(heard) == ["matmul"]
    assert len(heard[0].nodes) > 1


CUTS: dict[str, Any] = {
    "detach": lambda y: y.detach(),
    "item": lambda y: y.item(),
    "tolist": lambda y: y.tolist(),
    "data": lambda y: y.data,
    "numpy": lambda y: y.numpy(force=True),
    "tensor": lambda y: torch.tensor(y),
}


@pytest.mark.parametrize("how", CUTS)
@pytest.mark.filterwarnings("ignore:To copy construct")
def test_leaving_the_graph_is_told(how: str, heard: list[Any]) -> None:
    y = torch.tensor(1.0, requires_grad=True) * 2
    heard.clear()
    CUTS[how](y)
    assert [(event.how, event.source) for event in heard] == [(how, y)]
    heard.clear()
    CUTS[how](torch.tensor(1.0))
    assert heard == []


def test_a_result_under_no_grad_is_a_cut(heard: list[Any]) -> None:
    x = torch.tensor(1.0, requires_grad=True)
    with torch.no_grad():
        y = x * 2
    assert kinds(heard) == ["ModeChanged", "Op", "GraphCut", "ModeChanged"]
    assert heard[2].how == "no_grad"
    assert heard[2].result is y


def test_grads_cleared_by_none_and_by_zero(heard: list[Any]) -> None:
    x = torch.tensor([1.0], requires_grad=True)
    (x * 2).backward()
    heard.clear()
    x.grad.zero_()
    x.grad = None
    x.grad = None
    assert kinds(heard) == ["Zeroed", "Zeroed"]
    by_zero, by_none = heard
    assert by_zero.tensor is x
    assert by_zero.before.tolist() == [2]
    assert by_zero.after.tolist() == [0]
    assert by_none.after is None


def test_writes_outside_an_optimizer(heard: list[Any]) -> None:
    w = torch.tensor([1.0], requires_grad=True)
    with torch.no_grad():
        w.mul_(2)
    w.data = torch.tensor([5.0])
    w.grad = torch.tensor([1.0])
    written = [(event.tensor, event.how) for event in heard if isinstance(event, events.Written)]
    assert written == [(w, "mul_"), (w, "data"), (w, "grad")]
    op = next(event for event in heard if isinstance(event, events.Op))
    assert op.name == "mul_"
    assert op.inputs[0] is op.outputs[0] is w


def test_requires_grad_changes(heard: list[Any]) -> None:
    x = torch.ones(1)
    x.requires_grad_()
    x.requires_grad_()
    x.requires_grad = False
    assert [(e.what, e.subject, e.before, e.after) for e in heard] == [
        ("requires_grad", x, False, True),
        ("requires_grad", x, True, False),
    ]


def test_quiet_silences_everything_but_phases(heard: list[Any]) -> None:
    w = torch.tensor([1.0], requires_grad=True)
    with quiet(), torch.no_grad():
        w.mul_(2)
        w.grad = torch.ones(1)
        w.grad = None
        w.detach()
    assert [event for event in heard if not isinstance(event, events.ModeChanged)] == []


def test_ops_do_not_emit_after_the_listener_is_gone() -> None:
    found: list[Any] = []
    events.listener = found.append
    events.listener = None
    torch.ones(2) * 2
    assert found == []


def test_printing_is_silent(heard: list[Any]) -> None:
    repr(torch.tensor([1.0, 2.0], requires_grad=True))
    f"{torch.tensor(1.0, requires_grad=True)}"
    assert heard == []


def test_an_update_in_place_under_no_grad_cuts_nothing(heard: list[Any]) -> None:
    x = torch.tensor([1.0], requires_grad=True)
    with torch.no_grad():
        x.sub_(torch.tensor([0.5]))
        doubled = x * 2
    cuts = [event for event in heard if isinstance(event, events.GraphCut)]
    assert [(cut.how, cut.source, cut.result) for cut in cuts] == [("no_grad", x, doubled)]
