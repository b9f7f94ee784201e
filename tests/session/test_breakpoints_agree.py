"""Breakpoints mean the same in a running script and over the recording of it.

Each is made a logpoint, so that one run tells of all of them: what was said live, at which event,
must be what a walk over that run's trace says.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from gradstep.session import LaunchOptions, Session
from gradstep.session.remarks import Remark
from tests.session.conftest import PATIENCE

SCENARIOS = Path(__file__).parents[2] / "scenarios"

PLACES = (
    *("zero_grad", "forward", "backward", "step", "iteration", "nan", "exception"),
    *("op:*", "op:*l*", "node:*", "module:*", "param:*", "op:* after 5"),
    *("backward if loss > 0.2", "op:* if value.numel() > 2 and iteration == 2"),
    *("change:loss", "change:x", "change:z", "change:x.grad", "change:output"),
    *("change:weight", "change:model.weight.grad", "change:bias after 2", "change:lr"),
    *("change:step", "change:iteration * 2", 'change:optimizer.param_groups[0]["lr"]'),
    *("change:model_a.weight.grad", "change:whole.weight", "change:scale"),
)
LOGS = tuple(f"{place} log phase, name" for place in PLACES)


async def said_live(script: Path, trace: Path, texts: Sequence[str]) -> Sequence[Remark]:
    options = LaunchOptions(str(script), breakpoints=tuple(texts), run=True, record_path=trace)
    session = await asyncio.wait_for(Session.launch(options), PATIENCE)
    try:
        await asyncio.wait_for(
            session.wait_for(lambda: session.state in {"exited", "paused"}), PATIENCE
        )
        if session.state == "paused":
            assert session.stop is not None
            assert session.stop.reason == "exception"
            await session.motion("continue")
        return [remark for remark in session.remarks.since(0) if not remark.failed]
    finally:
        await session.quit()


async def said_again(trace: Path, texts: Sequence[str], *, back: bool = False) -> Sequence[Remark]:
    session = Session.open(trace, tuple(texts))
    try:
        if back:
            await session.to_edge()
        stop = await session.motion("continue", backward=back)
        assert stop.reason == ("beginning" if back else "end")
        return [remark for remark in session.remarks.since(0) if not remark.failed]
    finally:
        await session.quit()


@pytest.mark.parametrize("name", ["two_scalars", "two_models", "scheduler", "hundred_x"])
async def test_scenarios(tmp_path: Path, name: str) -> None:
    trace = tmp_path / "run.gradstep"
    live = await said_live(SCENARIOS / f"{name}.py", trace, LOGS)
    assert len(live) > 40
    assert await said_again(trace, LOGS) == live
    # The run's last event is where the way back begins; it is not met again.
    behind = await said_again(trace, LOGS, back=True)
    last = max(remark.seq for remark in behind)
    assert sorted(behind, key=str) == sorted((r for r in live if r.seq <= last), key=str)


NUMBERS = """
import torch

data = torch.tensor([[0.0, 1.0], [2.0, float("nan")]])
w = torch.tensor([1.0, 2.0], requires_grad=True)
mask = torch.tensor([[True, False], [True, True]])
opt = torch.optim.SGD([w], lr=0.5)
for i in range(3):
    opt.zero_grad()
    scores = (w * w).masked_fill(mask, -float("inf"))
    weights = torch.softmax(scores, 1)
    seen = data + w
    h = torch.log(w - w) if i == 1 else torch.log(w)
    loss = h.sum()
    loss.backward()
    opt.step()
raise ValueError("over")
"""


async def test_numbers_that_are_none(tmp_path: Path) -> None:
    script, trace = tmp_path / "train.py", tmp_path / "run.gradstep"
    script.write_text(NUMBERS.lstrip())
    texts = ["nan log iteration, name", "change:w log iteration", "exception log name"]
    live = await said_live(script, trace, texts)
    again = await said_again(trace, texts)
    # A result bears its variable's name in the trace already where the script had not bound it yet.
    assert [place(remark) for remark in live[:-1]] == [place(remark) for remark in again[:-1]]
    assert live[-1].text == "name = 'SGD.step' · ValueError: over"
    assert again[-1].text == "name = 'run' · ValueError: over"
    assert again[0].text == (
        "iteration = 1, name = 'softmax' · softmax · output weights [2, 2]: 2 NaN, 1 zero, "
        "1 positive; input scores [2, 2]: 3 −Inf, 1 positive"
    )
    origins = [place(remark)[1] for remark in again if remark.text.startswith("iteration = 1, ")]
    assert origins[:2] == ["iteration = 1, name = 'softmax'", "iteration = 1, name = 'add'"]
    assert not any("masked_fill" in origin for origin in origins)
    second = [remark.text for remark in again if remark.text.startswith("iteration = 2, ")]
    assert any("log · output h [2]: 2 −Inf; input" in text for text in second)
    assert "iteration = 2, name = 'LogBackward0'" in {text.split(" · ")[0] for text in second}


def place(remark: Remark) -> tuple[int, str]:
    """The event, and what the logpoint's own expressions said."""
    return remark.seq, remark.text.split(" · ")[0]


TWO_OPTIMIZERS = """
import torch

a = torch.tensor([1.0], requires_grad=True)
b = torch.tensor([2.0], requires_grad=True)
c = torch.tensor([3.0], requires_grad=True)
first = torch.optim.SGD([{"params": [a]}, {"params": [b], "lr": 0.25}], lr=0.5)
second = torch.optim.Adam([c], lr=0.125)
scheduler = torch.optim.lr_scheduler.StepLR(second, step_size=1, gamma=0.5)
for i in range(3):
    first.zero_grad()
    second.zero_grad()
    (a * b * c).backward()
    first.step()
    second.step()
    scheduler.step()
"""


async def test_which_learning_rate_is_meant(tmp_path: Path) -> None:
    """That of the optimizer that an event is about, and else of the one made first."""
    script, trace = tmp_path / "train.py", tmp_path / "run.gradstep"
    script.write_text(TWO_OPTIMIZERS.lstrip())
    places = ("zero_grad", "forward", "backward", "step", "param:?", "op:mul", "step if lr < 0.1")
    texts = [*(f"{place} log name, lr" for place in places), "change:lr log iteration"]
    live = await said_live(script, trace, texts)
    assert await said_again(trace, texts) == live
    said = [remark.text for remark in live]
    first = said[: said.index("name = 'mul', lr = 0.5")]
    assert first == [
        "name = 'SGD.zero_grad', lr = 0.5",
        "name = 'Adam.zero_grad', lr = 0.125",
        "name = 'forward', lr = 0.5",
    ]
    updates = [text for text in said if text.startswith("name = '") and "grad" not in text]
    assert "name = 'b', lr = 0.25" in updates
    assert "name = 'c', lr = 0.0625" in updates
    assert "name = 'Adam.step', lr = 0.03125" in updates
    assert not any(text.startswith("iteration") for text in said)
