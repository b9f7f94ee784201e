"""A condition asked at many events at once says what each event's moment says."""

from __future__ import annotations

import random

import pytest

from gradstep.protocol.breakpoints import Breakpoint
from gradstep.session.condition_batch import ConditionBatch
from gradstep.session.recorded_names import RecordedNames
from tests.travel.conftest import SCENARIOS, OpenRun

CONDITIONS = (
    "iteration > 2 and step % 2",
    "phase == 'backward' or name.startswith('re')",
    "loss < 0.5",
    "loss is not None and abs(loss) > 1",
    "norm > 0.5",
    "norm == norm and round(norm) in [0, 1, 2]",
    "lr < 0.05",
    "lr * norm > loss",
    "math.log(norm) > 0",
    "any(one > iteration for one in (1, 2))",
)
EVENTS = 120


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_batch_says_what_the_moments_say(name: str, open_run: OpenRun) -> None:
    run, chance = open_run(name).run, random.Random(name)
    seqs = sorted(chance.sample(range(1, run.head + 1), min(EVENTS, run.head)))
    told = 0
    for condition in CONDITIONS:
        code = Breakpoint.parse(f"step if {condition}").code
        assert code is not None
        batch = ConditionBatch(run, condition, code)
        assert batch.can_tell == ("for" not in condition)
        for seq, holds in batch.judged(seqs):
            if holds is None:
                continue
            told += 1
            expected = bool(RecordedNames(run.at(seq)).evaluate(code))
            assert holds == expected, f"{condition} at event {seq}"
    assert told > len(seqs)


@pytest.mark.parametrize("condition", ["iteration > nowhere", "value.max() > 1", "step / 0 > 1"])
def test_what_a_batch_cannot_tell_is_asked_for(open_run: OpenRun, condition: str) -> None:
    run = open_run("two_scalars").run
    code = Breakpoint.parse(f"step if {condition}").code
    assert code is not None
    batch = ConditionBatch(run, condition, code)
    assert list(batch.judged([10, 20])) == [(10, None), (20, None)]


@pytest.mark.parametrize(
    ("text", "after"),
    [("backward if loss < 3", 2), ("op:mul if iteration > 1", 3), ("param:x if norm > 0", 4)],
)
async def test_hits_that_pass_are_counted_alike(open_run: OpenRun, text: str, after: int) -> None:
    """`after N` stops where the N+1st hit of a walk without it does."""
    session = open_run("two_scalars")
    session.breakpoints.add(text, save=False)
    stops = [(await session.motion("continue")).seq for _ in range(after + 1)]
    other = open_run("two_scalars")
    other.breakpoints.add(f"{text} after {after}", save=False)
    stop = await other.motion("continue")
    assert (stop.reason, stop.seq) == ("breakpoint", stops[-1])
    assert len(set(stops)) == after + 1


async def test_a_condition_that_fails_is_told_at_its_event(open_run: OpenRun) -> None:
    session = open_run("two_scalars")
    session.breakpoints.add("backward if 1 / (iteration - 2) > 5", save=False)
    stop = await session.motion("continue")
    assert stop.reason == "condition_error"
    assert "ZeroDivisionError" in stop.message
    assert session.moment().event.iteration == 2
