"""Models of many parameters and iterations of many events: the same answers, asked together."""

from __future__ import annotations

from pathlib import Path

import pytest

from gradstep.trace.moment import Moment
from gradstep.trace.parameters import (
    Gathered,
    given_names,
    grads_of,
    names_of,
    states_of,
    statistics_of,
)
from gradstep.trace.reader import RunTrace
from gradstep.views import graph_ops, graph_pieces, graph_rows, stretch
from gradstep.views.graph import graph_view
from gradstep.views.locals import recorded_rows
from gradstep.views.optimizer import WORST, optimizer_view
from gradstep.views.optimizer_sort import Sort
from gradstep.views.text import plain
from tests.debuggee.children import record
from tests.views.tracing import TraceBuilder

MANY = """\
import torch
from torch import nn
net = nn.Sequential(*[nn.Linear(2, 2) for _ in range(230)])
other = torch.ones(2, requires_grad=True)
opt = torch.optim.Adam(list(net.parameters()) + [other], lr=0.01)
for i in range(2):
    opt.zero_grad()
    net(torch.ones(1, 2)).sum().backward()
    opt.step()
    net[0].weight = nn.Parameter(torch.zeros(2, 2))
"""


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> RunTrace:
    done = record(tmp_path_factory.mktemp("many"), MANY)
    assert (done.status, done.stderr) == (0, "")
    return done.run


def moments(run: RunTrace) -> list[Moment]:
    return [run.at(run.head * part // 3 + 1) for part in range(3)] + [run.at(run.head)]


def test_what_is_asked_together_is_what_each_says_alone(many: RunTrace) -> None:
    for moment in moments(many):
        database, run = moment.run.database, moment.run.number
        tensors = [row[0] for row in database.rows("SELECT id FROM tensor WHERE run = ?", (run,))]
        assert names_of(moment, tensors) == {one: moment.name(one) for one in tensors}
        alone = {one: value for one in tensors if (value := moment.statistics(one)) is not None}
        assert statistics_of(moment, tensors) == alone
        parameters = moment.parameters()
        assert grads_of(moment, parameters) == {one: moment.grad(one) for one in parameters}
        assert given_names(moment) == moment.names_to_tensors(of_ops=False)
        optimizers = moment.optimizers()
        gathered = Gathered(moment, optimizers)
        for optimizer in optimizers:
            held = [param for group in optimizer.groups for param in group["params"]]
            alone_states = {param: moment.state(optimizer.id, param) for param in held}
            assert states_of(moment, optimizer.id, held) == alone_states
            for param in held:
                assert gathered.value(param) == moment.value(param)
                assert gathered.state(optimizer.id, param) == alone_states[param]
        grads = grads_of(moment, parameters)
        assert grads == {param: moment.grad(param) for param in parameters}


def test_statistics_come_without_contents(many: RunTrace) -> None:
    moment = many.at(many.head)
    (first, *_) = moment.parameters()
    whole, brief = moment.value(first), moment.statistics(first)
    assert whole is not None
    assert brief is not None
    assert whole.content is not None
    assert brief.content is None
    assert (brief.shape, brief.norm, brief.version) == (whole.shape, whole.norm, whole.version)


def test_the_rows_of_a_large_model_are_made_in_sight(
    many: RunTrace, monkeypatch: pytest.MonkeyPatch
) -> None:
    moment = many.at(many.seq_of_step(2) or 0)
    asked: list[int] = []
    of = Moment.name

    def name(self: Moment, tensor: int) -> str:
        asked.append(tensor)
        return of(self, tensor)

    monkeypatch.setattr(Moment, "name", name)
    view = optimizer_view(moment, width=60)
    assert len(view.rows) == 461
    shown = [view.line_at(index) for index in range(20)]
    assert len(set(asked)) < 30
    assert "229.bias" in plain([view.line_at(view.line_of(459))])
    assert "other" in plain([view.line_at(len(view) - 1)])
    assert plain(shown).splitlines() == plain(view.lines).splitlines()[:20]
    by_norm = optimizer_view(moment, width=60, sort=Sort("|grad|")).rows
    norms = [grad_norm(moment, row.tensor) for row in by_norm]
    assert norms == sorted(norms, reverse=True)
    assert len(optimizer_view(moment, width=60, sort=Sort(WORST)).rows) == 461
    rows = recorded_rows(moment)
    assert "tensors only" in plain([rows[len(rows) - 1].line])
    assert len(rows) > 461


def grad_norm(moment: Moment, param: int) -> float:
    grad = moment.grad(param).tensor
    value = moment.statistics(grad) if grad is not None else None
    return value.norm or 0.0 if value is not None else -1.0


def test_a_very_long_iteration_has_ghosts_for_what_comes_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (stretch, graph_ops, graph_rows, graph_pieces):
        monkeypatch.setattr(module, "MOST_EVENTS", 100)
    monkeypatch.setattr(graph_pieces, "AHEAD", 40)
    b = TraceBuilder(tmp_path / "trace.gradstep")
    w = b.tensor([2.0], "w", parameter=True)
    for b.iteration, amount in ((1, 500), (2, 250)):
        b.enter("forward", "forward")
        made = w
        for number in range(amount):
            b.line = number + 10
            taken, made = made, b.tensor([1.0])
            b.op("mul", [taken], made, ["MulBackward0"])
    with b.done() as trace:
        run = trace.run()
        rows = graph_view(run.at(run.head)).rows
        ghosts = [row for row in rows if row.state == "pending"]
        assert 30 <= len(ghosts) <= 60
        assert run.event(ghosts[0].seq).line == 260
        assert run.event(ghosts[0].seq).iteration == 1
        # A piece that has been left behind is known as a whole.
        behind = graph_view(run.at(run.head - 150)).rows
        assert all(run.event(row.seq).iteration == 2 for row in behind)
