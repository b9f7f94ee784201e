"""What joins the parameters with a loss and with the optimizers, in runs on the real engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gradstep.trace.about import writes
from gradstep.trace.dataflow import dataflow
from gradstep.trace.holdings import holdings
from gradstep.trace.lineage import lineage
from gradstep.trace.reached import reached_leaves
from gradstep.trace.reader import RunTrace
from gradstep.trace.wiring import Wire, Wiring, wiring
from gradstep.views.connection import connection_view
from gradstep.views.text import plain
from tests.provenance.recorded import Recorded, record

SCRIPT = """\
import torch

def leaf(number):
    return torch.tensor([number], requires_grad=True)

torch.manual_seed(0)
net = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.ReLU(), torch.nn.Linear(3, 1))
frozen = net[0].bias
frozen.requires_grad_(False)
other, twice, hand, unused = leaf(1.0), leaf(2.0), leaf(3.0), leaf(4.0)
x = torch.ones(4, 2)
opt = torch.optim.SGD(
    [{"params": [*net.parameters(), twice]}, {"params": [other, unused], "lr": 0.2}], lr=0.1
)
again = torch.optim.SGD([twice], lr=0.1)
print("made")
for index in range(3):
    opt.zero_grad()
    h = net[0](x)
    if index == 1:
        h = h.detach()
    loss = (net[1:](h) * hand * twice).mean()
    aside = (other * 2).sum()
    print(f"forward {index}")
    loss.backward()
    print(f"first {index}")
    aside.backward()
    print(f"backward {index}")
    opt.step()
    with torch.no_grad():
        hand -= 0.01 * hand.grad
    print(f"step {index}")
"""

VIEWS = """\
import torch

w = torch.ones(3, requires_grad=True)
h = torch.zeros(3)
h[0] = w[0] * 2
g = w * 3
g.view(-1)[1] = w[1]
k = (w * 4).detach_()
(h.sum() + g.sum() + k.sum()).backward()
"""


@pytest.fixture(scope="module")
def recorded(
    tmp_path_factory: pytest.TempPathFactory, child_environment: dict[str, str]
) -> Iterator[Recorded]:
    with record(tmp_path_factory.mktemp("connection"), SCRIPT, child_environment) as trace:
        yield Recorded(trace.run())


def wired(recorded: Recorded, mark: str, choice: int = 0) -> tuple[Wiring, dict[str, Wire]]:
    found = wiring(recorded.at(mark), choice)
    return found, {wire.name: wire for wire in found.wires}


def test_a_parameter_on_the_graph_is_reached_over_nodes(recorded: Recorded) -> None:
    found, wires = wired(recorded, "backward 0", 1)
    assert found.loss is not None
    assert found.loss.line == 25
    ways = {name: wire.way.nodes for name, wire in wires.items() if wire.way is not None}
    assert ways == {"0.weight": 6, "2.weight": 4, "2.bias": 4, "hand": 3, "twice": 2}
    assert wires["0.bias"].why == "frozen"
    assert wires["other"].why == "other_loss"


def test_what_no_loss_needs_is_a_hole_once_its_step_has_begun(recorded: Recorded) -> None:
    _, before = wired(recorded, "backward 0")
    _, after = wired(recorded, "step 0")
    assert (before["unused"].why, before["unused"].holes) == ("not_used_yet", ())
    assert (after["unused"].why, after["unused"].holes) == ("not_used", ("not_reached",))


def test_a_cut_is_named_with_its_place(recorded: Recorded) -> None:
    wire = wired(recorded, "first 1")[1]["0.weight"]
    assert wire.why == "cut"
    assert wire.cut is not None
    assert (wire.cut.kind, wire.cut.line) == ("detach", 21)
    assert "not_reached" in wire.holes


def test_holders_are_groups_and_who_is_held_twice_is_told(recorded: Recorded) -> None:
    _, wires = wired(recorded, "made")
    assert [(one.name, one.group) for one in wires["other"].holders] == [("opt", 1)]
    # What an optimizer is called is learnt when the script does something with it.
    assert [(one.name, one.group) for one in wires["twice"].holders] == [("opt", 0), ("SGD", 0)]
    assert "held_twice" in wires["twice"].holes


def test_who_is_changed_by_hand_needs_no_optimizer(recorded: Recorded) -> None:
    assert "no_optimizer" in wired(recorded, "first 0")[1]["hand"].holes
    assert "no_optimizer" not in wired(recorded, "step 0")[1]["hand"].holes


def test_a_gradient_that_was_used_and_not_cleared_is_stale(recorded: Recorded) -> None:
    assert "stale" not in wired(recorded, "step 0")[1]["hand"].holes
    hand = wired(recorded, "first 1")[1]["hand"]
    assert "stale" in hand.holes
    assert [row.iteration for row in hand.holding.stale] == [1]


def test_the_loss_is_the_last_of_backward_or_the_one_to_come(recorded: Recorded) -> None:
    names = {}
    for mark in ("forward 0", "first 0", "backward 0"):
        moment = recorded.at(mark)
        roots = wiring(moment).losses
        names[mark] = [(moment.name(one.tensor), one.is_coming) for one in roots]
    assert names == {
        "forward 0": [("aside", True), ("loss", True)],
        "first 0": [("loss", False), ("aside", True)],
        "backward 0": [("aside", False), ("loss", False)],
    }


def test_the_sweep_agrees_with_lineage_and_writes(recorded: Recorded) -> None:
    for mark in ("made", "first 0", "step 0", "first 1", "step 1", "backward 2", "step 2"):
        moment = recorded.at(mark)
        found = holdings(moment, moment.parameters())
        for leaf, held in found.items():
            told = lineage(moment, leaf)
            rows = [one.event for one in told.contributions] if told is not None else []
            assert held.contributions[::-1] == rows, (mark, moment.name(leaf))
            stale = [one.event for one in told.stale] if told is not None else []
            assert held.stale[::-1] == stale
            last = next(iter(writes(moment.run, leaf, before=moment.seq + 1, most=1)), None)
            assert held.change == last


def agree(run: RunTrace) -> tuple[int, int]:
    """Hold the sweep against dataflow for every backward; return how many, and how many it knew."""
    calls = known = 0
    for row in run.events(1, None, ("phase_entered",)):
        if row.phase != "backward":
            continue
        refs = run.tensors(row.seq)
        roots = [(ref.tensor, ref.version) for ref in refs if ref.role == "root" and ref.tensor]
        found = reached_leaves(run, roots, row.seq)
        calls += 1
        if found is not None:
            known += 1
            assert found.keys() == dataflow(run).reach(roots, row.seq).leaves.keys()
    return calls, known


@pytest.mark.parametrize("name", ["detached_prediction", "stale_optimizer", "two_models"])
def test_the_fast_way_back_agrees_with_dataflow(
    name: str, tmp_path: Path, scenarios: Path, child_environment: dict[str, str]
) -> None:
    with record(tmp_path, scenarios / f"{name}.py", child_environment) as trace:
        calls, known = agree(trace.run())
        assert calls == known > 0


def test_views_and_detach_in_place_are_left_to_dataflow(
    tmp_path: Path, child_environment: dict[str, str]
) -> None:
    with record(tmp_path, VIEWS, child_environment) as trace:
        assert agree(trace.run()) == (1, 0)
        found = wiring(trace.run().at(trace.run().head))
        assert [wire.way is not None for wire in found.wires] == [True]


def test_an_optimizer_whose_name_another_took_holds_nothing(
    tmp_path: Path, scenarios: Path, child_environment: dict[str, str]
) -> None:
    with record(tmp_path, scenarios / "stale_optimizer.py", child_environment) as trace:
        run = trace.run()
        calls = [r.seq for r in run.events(1, None, ("phase_entered",)) if r.phase == "backward"]
        early = plain(connection_view(run.at(calls[1]), width=118).report())
        assert "✗ replaced" in early
        assert "one holds the tensor that had this name before" in early
        late = wiring(run.at(calls[-1]))
        assert [(wire.name, wire.holes) for wire in late.wires] == [("weight", ())]


def test_the_table_fits_and_drops_what_matters_least(recorded: Recorded) -> None:
    moment = recorded.at("first 1")
    wide, narrow = (connection_view(moment, width=width) for width in (118, 60))
    assert len(wide.columns) == 6
    assert 1 not in narrow.columns
    for view in (wide, narrow):
        lines = plain(view.report()).splitlines()
        assert max(map(len, lines)) <= view.width


def test_the_worst_come_first_when_asked(recorded: Recorded) -> None:
    moment = recorded.at("step 1")
    plainly, worst = (connection_view(moment, worst_first=w) for w in (False, True))
    assert plainly.wires[0].name == "0.weight"
    counts = [bool(wire.holes) for wire in worst.wires]
    assert counts == sorted(counts, reverse=True)
