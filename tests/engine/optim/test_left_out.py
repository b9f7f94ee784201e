"""A listener may have a step, or one parameter of it, left out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import gradstep_engine as torch
from gradstep_engine import events


@pytest.fixture
def heard() -> Iterator[list[Any]]:
    found: list[Any] = []
    yield found
    events.listener = None


def two() -> tuple[Any, Any]:
    return torch.ones(2, requires_grad=True), torch.ones(1, requires_grad=True)


def test_a_step_that_is_left_out_changes_nothing_and_calls_nothing(heard: list[Any]) -> None:
    w, b = two()
    optimizer = torch.optim.Adam([w, b], lr=0.1)
    (w.sum() + b.sum()).backward()
    called: list[str] = []
    optimizer.register_step_pre_hook(lambda *_: called.append("before"))
    optimizer.register_step_post_hook(lambda *_: called.append("after"))

    def listen(event: Any) -> str | None:
        heard.append(event)
        is_step = isinstance(event, events.PhaseEntered) and event.phase == "step"
        return events.SKIP if is_step else None

    events.listener = listen
    assert optimizer.step(lambda: called.append("closure")) is None
    assert [type(event).__name__ for event in heard] == ["PhaseEntered", "PhaseExited"]
    assert (w.tolist(), b.tolist(), called) == ([1.0, 1.0], [1.0], [])
    assert not optimizer.state


def test_a_parameter_is_left_out_with_its_state(heard: list[Any]) -> None:
    w, b = two()
    optimizer = torch.optim.SGD([w, b], lr=0.5, momentum=0.9)
    (w.sum() + b.sum()).backward()

    def listen(event: Any) -> str | None:
        heard.append(type(event).__name__)
        return events.SKIP if isinstance(event, events.Updating) and event.parameter is w else None

    events.listener = listen
    optimizer.step()
    events.listener = None
    assert (w.tolist(), b.tolist()) == ([1.0, 1.0], [0.5])
    assert list(optimizer.state) == [b]
    assert heard == ["PhaseEntered", "Updating", "Updating", "Updated", "PhaseExited"]


def test_any_other_answer_means_nothing(heard: list[Any]) -> None:
    w, _ = two()
    optimizer = torch.optim.SGD([w], lr=0.5)
    w.sum().backward()
    events.listener = lambda event: "go on"
    optimizer.step()
    assert w.tolist() == [0.5, 0.5]
