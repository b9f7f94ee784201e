"""A live child before its step: previews, skips and edits, and what the trace tells of them."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gradstep.views.coming import coming
from gradstep.views.explain import explain
from gradstep.views.happened import verdicts_on_step
from gradstep.views.optimizer import optimizer_view
from gradstep.views.text import plain
from tests.debuggee.children import Child, record

POINTS = [{"id": 1, "text": "step", "enabled": True}]

SCRIPT = """
import torch
torch.manual_seed(0)
net = torch.nn.Linear(3, 2)
opt = torch.optim.CLASS(net.parameters(), lr=0.1)
x = torch.randn(5, 3)
for i in range(3):
    if i != 1:
        opt.zero_grad()
    loss = (net(x) ** 2).mean()
    loss.backward()
    opt.step()
"""

LBFGS = """
import torch
w = torch.tensor([2.0], requires_grad=True)
opt = torch.optim.LBFGS([w], lr=0.5, max_iter=2)
def closure():
    opt.zero_grad()
    loss = (w ** 2).sum()
    loss.backward()
    return loss
opt.step(closure)
"""

HALVED = """
import torch
class Careful(torch.optim.SGD):
    def update(self, group, parameters):
        super().update({**group, "lr": group["lr"] / 2}, parameters)
class Own(torch.optim.SGD):
    def step(self, closure=None):
        with torch.no_grad():
            for p in self.param_groups[0]["params"]:
                p -= 0.2 * p.grad
for kind in (Careful, Own, torch.optim.SGD):
    w = torch.tensor([2.0, 3.0], requires_grad=True)
    opt = kind([w], lr=0.1)
    (w * w).sum().backward()
    opt.step()
"""


@pytest.fixture
async def child(tmp_path: Path) -> AsyncIterator[Child]:
    one = Child(tmp_path)
    yield one
    await one.close()


async def begin(child: Child, text: str = SCRIPT.replace("CLASS", "Adam")) -> dict[str, Any]:
    """Start and stop at the first step."""
    await child.start(text, breakpoints=POINTS, pause_at_entry=False)
    return await child.stopped()


async def test_the_scripts_preview_is_what_the_trace_gives(child: Child) -> None:
    await begin(child)
    await child.go("continue")
    stop = await child.go("continue")
    answer = (await child.ask("preview"))["result"]
    items = coming(child.run().at(stop["seq"]))
    assert len(answer["figures"]) == len(items) == 2
    for each in items:
        told = answer["figures"][f"{each.optimizer.id}:{each.param}"]
        assert each.figures is not None
        for name, value in told.items():
            near = value if value is None else pytest.approx(value, rel=1e-12)
            assert getattr(each.figures, name) == near, name


async def test_a_gradient_that_was_not_cleared_is_stale(child: Child) -> None:
    await begin(child)
    stop = await child.go("continue")
    for each in coming(child.run().at(stop["seq"])):
        assert each.lineage is not None
        assert (each.lineage.used, each.lineage.fresh, each.lineage.is_whole) == (1, 1, True)
        assert each.stale is not None
        assert 0.3 < each.stale < 0.7
    stop = await child.go("continue")
    assert all(each.stale == 0 for each in coming(child.run().at(stop["seq"])))


async def test_a_skipped_step_is_recorded_and_counts_for_nothing(child: Child) -> None:
    await begin(child)
    before = await child.value("net.weight.tolist(), len(opt.state)")
    assert (await child.ask("skip", tensor=None, wanted=True))["ok"]
    stop = await child.go("phase")
    row = child.run().event(stop["seq"])
    assert (row.kind, row.step, row.detail["skipped"]) == ("phase_exited", 0, True)
    assert child.run().event(stop["seq"] - 1).kind == "skipped"
    assert await child.value("net.weight.tolist(), len(opt.state)") == before
    assert "skipped by the user" in plain(explain(child.run().at(stop["seq"])).lines)
    await child.go("continue")
    stop = await child.go("phase")
    assert child.run().event(stop["seq"]).step == 1


async def test_the_rest_of_a_step_is_skipped_from_between_two_updates(child: Child) -> None:
    await begin(child)
    bias = await child.value("net.bias.tolist()")
    await child.go("step")
    assert (await child.ask("skip", tensor=None, wanted=True))["ok"]
    stop = await child.go("phase")
    kinds = [row.kind for row in child.run().events(stop["seq"] - 2)]
    assert kinds == ["updated", "skipped", "phase_exited"]
    assert child.run().event(stop["seq"]).step == 1
    assert await child.value("net.bias.tolist()") == bias


async def test_what_cannot_be_skipped_says_why(child: Child) -> None:
    stop = await begin(child, LBFGS)
    w = child.run().at(stop["seq"]).tensor_named("w")
    reply = await child.ask("skip", tensor=w, wanted=True)
    assert reply["error"] == "LBFGS.step() moves its parameters itself: skip it as a whole"
    await child.go("step")
    reply = await child.ask("skip", tensor=None, wanted=True)
    assert "inside its closure" in reply["error"]
    view = plain(optimizer_view(child.run().at(stop["seq"]), width=100).lines)
    assert "no formula for LBFGS" not in view  # .grad is None before the closure is called


async def test_edits_are_rows_of_the_user_and_used_by_the_step(child: Child) -> None:
    stop = await begin(child, SCRIPT.replace("CLASS", "SGD"))
    weight = child.run().at(stop["seq"]).tensor_named("weight")
    fields = {"what": "grad", "tensor": weight, "index": [1, 2], "text": "weight.grad[1,2] = 7"}
    assert (await child.ask("edit", value=7.0, **fields))["ok"]
    fields = {"what": "hyper", "optimizer": 1, "group": 0, "name": "lr", "text": "lr = 0.5"}
    assert (await child.ask("edit", value=0.5, **fields))["ok"]
    rows = list(child.run().events(stop["seq"] + 1))
    assert [row.kind for row in rows] == ["written", "edited", "edited"]
    assert {row.detail["by"] for row in rows} == {"user"}
    old = await child.value("net.weight[1, 2].item()")
    stop = await child.go("phase")
    now = await child.value("net.weight[1, 2].item()")
    assert float(old) - float(now) == pytest.approx(3.5, rel=1e-5)
    moment = child.run().at(stop["seq"])
    verdicts = verdicts_on_step(moment, moment.event)
    assert [(v.check is not None and v.check.is_fine) for v in verdicts] == [True, True]


BAD: list[tuple[dict[str, Any], str]] = [
    ({"what": "hyper", "name": "lr", "value": -1.0}, "lr is at least 0; not -1"),
    ({"what": "hyper", "name": "lr", "value": "nan"}, "lr would become nan; say so explicitly"),
    ({"what": "hyper", "name": "betas", "value": [0.9, 1.0]}, "betas is two numbers from 0"),
    ({"what": "hyper", "name": "betas", "value": 0.9}, "betas is 2 numbers"),
    ({"what": "hyper", "name": "amsgrad", "value": 1}, "amsgrad is True or False"),
    ({"what": "hyper", "name": "speed", "value": 1}, "there is no hyper-parameter speed"),
    ({"what": "value", "index": [9, 9], "value": 1}, "there is no element [9, 9]"),
    ({"what": "value", "index": [0, 0], "value": 1e300}, "this would write inf"),
]


async def test_bad_values_are_refused_and_nothing_is_recorded(child: Child) -> None:
    stop = await begin(child)
    weight = child.run().at(stop["seq"]).tensor_named("weight")
    given = {"tensor": weight, "optimizer": 1, "group": 0, "text": "x"}
    for fields, told in BAD:
        reply = await child.ask("edit", **given, **fields)
        assert reply["ok"] is False, fields
        assert told in reply["error"]
    assert child.run().head == stop["seq"]
    assert (await child.ask("edit", **given, **BAD[1][0], accept=True))["ok"]
    assert math.isnan(float(await child.value("opt.param_groups[0]['lr']")))


def test_a_subclass_that_steps_otherwise_does_not_match(tmp_path: Path) -> None:
    run = record(tmp_path, HALVED).run
    exits = [row for row in run.events(1, kinds={"phase_exited"}) if row.phase == "step"]
    cards = [plain(explain(run.at(row.seq), width=90).lines) for row in exits]
    assert "✗ w: differs from the formula of SGD: 2 of 2 elements" in cards[0]
    assert "relative error 0.5000" in cards[0]
    assert "✗ w: differs from the formula of SGD: 2 of 2 elements" in cards[1]
    assert "relative error 1.000" in cards[1]
    assert "✓ 1 update matches the formula of SGD" in cards[2]


def test_a_large_update_is_checked_at_a_sample(tmp_path: Path) -> None:
    script = """
import torch
w = torch.ones(1_100_000, requires_grad=True)
opt = torch.optim.SGD([w], lr=0.1)
w.sum().backward()
opt.step()
"""
    run = record(tmp_path, script).run
    row = next(run.events(1, kinds={"updated"}))
    card = plain(explain(run.at(row.seq), width=90).lines)
    assert "✓ matches the formula of SGD (64,706 of 1,100,000 elements, float32)" in card
