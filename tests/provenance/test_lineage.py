"""What a gradient holds: calls, nodes, what an update has used already, and what is cut."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gradstep.trace.dataflow import dataflow
from gradstep.trace.lineage import arrivals, lineage, parts_of
from gradstep.trace.reader import Trace
from gradstep.views.reading import norm_of
from gradstep.views.text import plain
from gradstep.views.why import stale_cosine, why_view
from tests.provenance.recorded import Recorded, record
from tests.scenario_recordings import RecordScenario

SEVERAL = """\
import torch

w = torch.tensor([3.0, 4.0], requires_grad=True)
optimizer = torch.optim.SGD([w], lr=0.0)
first = (w * 2).sum() + (w * w).sum()
first.backward()
print("two uses")
second = w[0] * 5
second.backward()
print("two calls")
optimizer.step()
print("used")
third = -(w * 1).sum()
third.backward()
print("stale")
middle = w * 3
fourth = (middle * 2 + middle * 4).sum() + (middle.detach() * w).sum()
w.grad = None
fourth.backward()
print("cut")
h = w * 2
h[0] = 5.0
h[1:].mul_(w[:1])
fifth = h.sum()
fifth.backward()
print("written through a view")
"""


@pytest.fixture(scope="module")
def several(
    tmp_path_factory: pytest.TempPathFactory, child_environment: dict[str, str]
) -> Iterator[Recorded]:
    with record(tmp_path_factory.mktemp("several"), SEVERAL, child_environment) as trace:
        yield Recorded(trace.run())


def test_each_use_of_a_leaf_is_a_part_of_what_a_call_added(several: Recorded) -> None:
    moment = several.at("two uses")
    found = lineage(moment, several.tensor(moment, "w"))
    assert found is not None
    (only,) = found.contributions
    parts = parts_of(moment.run, only)
    # w · w takes w twice: (3, 4) each; w · 2 sends (2, 2).
    norms = {(part.node.name, round(norm_of(moment, part.sent) or 0, 4)) for part in parts}
    assert norms == {("MulBackward0", 5.0), ("MulBackward0", 2.8284)}
    assert [part.node.line for part in parts] == [5, 5, 5]
    said = several.why("two uses", "w")
    assert "w.grad holds 1 backward call\n" in said
    assert "MulBackward0 line 5  |·| 5.000  39%" in said
    assert "MulBackward0 line 5  |·| 2.828  22%" in said


def test_calls_that_no_update_has_used_are_not_stale(several: Recorded) -> None:
    moment = several.at("two calls")
    found = lineage(moment, several.tensor(moment, "w"))
    assert found is not None
    assert [one.event.call_line for one in found.contributions] == [6, 9]
    assert found.stale == ()
    assert "already" not in several.why("two calls", "w")


def test_used_up_once_is_not_stale_yet(several: Recorded) -> None:
    moment = several.at("used")
    found = lineage(moment, several.tensor(moment, "w"))
    assert found is not None
    assert [one.read_by.line if one.read_by else 0 for one in found.contributions] == [11, 11]
    assert found.stale == ()


def test_what_an_update_used_is_stale_beside_a_later_call(several: Recorded) -> None:
    moment = several.at("stale")
    found = lineage(moment, several.tensor(moment, "w"))
    assert found is not None
    assert (len(found.stale), len(found.fresh)) == (2, 1)
    # old (2 + 6 + 5, 2 + 8) = (13, 10); new (-1, -1).
    cosine = stale_cosine(moment, found)
    assert cosine == pytest.approx(-23 / ((269 * 2) ** 0.5))
    said = several.why("stale", "w")
    assert "2 contributions that an update had used already are still in the sum" in said
    assert "already used by step 1 at line 11" in said
    assert "-0.992" in said


def test_a_way_that_is_cut_is_named_beside_those_that_arrived(several: Recorded) -> None:
    said = several.why("cut", "w")
    assert "w.grad holds 1 backward call" in said
    assert "Another way from here to fourth brings nothing: detach() at line 17" in said


def test_what_passed_through_a_result_has_parts_too(several: Recorded) -> None:
    moment = several.at("cut")
    middle = several.tensor(moment, "middle")
    op = moment.op_of_result(middle)
    assert op is not None
    arrived, parts = arrivals(moment, op)
    assert arrived is not None
    # 2 and 4 for each of two elements.
    assert sorted(norm_of(moment, part.sent) or 0 for part in parts) == pytest.approx(
        [8**0.5, 32**0.5], rel=1e-6
    )
    said = several.why("cut", "middle")
    assert "It is no leaf: line 16 computed it" in said
    assert "gradient that passed |·| 8.485" in said


def test_a_write_through_a_view_is_part_of_the_way(several: Recorded) -> None:
    moment = several.at("written through a view")
    before = moment.run.events_before(moment.seq, ("phase_entered",))
    entry = next(row for row in before if row.phase == "backward")
    refs = moment.run.tensors(entry.seq)
    root = next((ref.tensor, ref.version) for ref in refs if ref.role == "root" and ref.tensor)
    reach = dataflow(moment.run).reach([root], entry.seq)
    lines = {moment.run.event(seq).line for seq in reach.leaves[several.tensor(moment, "w")]}
    assert lines == {21, 23}


@pytest.mark.parametrize(
    "name",
    ["two_scalars", "sine_polynomial", "gradient_accumulation", "scheduler", "sgd_variants"],
)
def test_healthy_scenarios_have_nothing_stale_and_nothing_cut(
    name: str, record_scenario: RecordScenario
) -> None:
    with Trace.open(record_scenario(name).trace) as trace:
        run = trace.run()
        seen = 0
        for row in run.events(1, None, ("accumulated", "updated", "phase_exited")):
            moment = run.at(row.seq)
            for parameter in moment.parameters():
                found = lineage(moment, parameter)
                said = plain(why_view(moment, parameter, width=200).lines)
                assert found is None or not found.stale, said
                assert "⊘" not in said
                assert "does not change" not in said or "under way" in said, said
                seen += found is not None
            if row.seq > 120:
                break
        assert seen


def test_a_missing_zero_grad_makes_every_sum_stale(record_scenario: RecordScenario) -> None:
    with Trace.open(record_scenario("forgotten_zero_grad").trace) as trace:
        run = trace.run()
        moment = run.at(run.head)
        found = {name: moment.tensor_named(name) for name in ("forgetful", "careful")}
        forgetful, careful = (lineage(moment, found[name] or 0) for name in found)
        assert forgetful is not None
        assert (len(forgetful.stale), len(forgetful.fresh)) == (11, 1)
        assert careful is not None
        assert not careful.stale


def test_a_stale_optimizer_and_a_cut_prediction_are_told(record_scenario: RecordScenario) -> None:
    with Trace.open(record_scenario("stale_optimizer").trace) as trace:
        run = trace.run()
        third = next(row for row in run.events(1) if row.iteration == 3 and row.kind == "output")
        moment = run.at(third.seq)
        weight = moment.tensor_named("weight")
        said = plain(why_view(moment, weight, width=300).lines)
        assert "optimizer, made at line 10, holds the old tensor of this name" in said
    with Trace.open(record_scenario("detached_prediction").trace) as trace:
        moment = trace.run().at(trace.run().head)
        said = plain(why_view(moment, moment.tensor_named("weight"), width=300).lines)
        assert "detach() at line 24 cuts the graph (clone_1 to prediction)" in said
        assert "step() at line 32 passed over it: its .grad was None then." in said
