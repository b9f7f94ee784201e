"""Going back undoes going forward, and a moment looks the same however one came there."""

from __future__ import annotations

import random

import pytest

from gradstep.session import Session
from gradstep.views.whole import all_views
from tests.travel.conftest import SCENARIOS, OpenRun

MOTIONS = ("step", "line", "phase", "iteration", "finish", "continue")
WALKS = 3
BREAKPOINTS = ("backward after 1", "op:*", "step after 2", "param:*")


def views(session: Session) -> dict[str, str]:
    return all_views(
        session.moment(), state="recorded", head=session.head, printed=session.printed()
    )


@pytest.mark.parametrize("name", SCENARIOS)
async def test_a_moment_looks_the_same_however_one_came_there(name: str, open_run: OpenRun) -> None:
    walker, chance = open_run(name), random.Random(name)
    walker.breakpoints.add("backward after 1", save=False)
    for _ in range(WALKS):
        for _ in range(chance.randint(1, 8)):
            if chance.random() < 0.2:
                await walker.seek(chance.randint(1, walker.head))
            await walker.motion(chance.choice(MOTIONS), backward=chance.random() < 0.5)
        straight = open_run(name)
        await straight.seek(walker.cursor)
        assert views(walker) == views(straight), f"event {walker.cursor}"


@pytest.mark.parametrize("motion", ["step", "phase", "continue"])
@pytest.mark.parametrize("name", SCENARIOS)
async def test_back_undoes_forth(name: str, motion: str, open_run: OpenRun) -> None:
    """Of motions that stop at places that do not depend on where they began."""
    session, chance = open_run(name), random.Random(name)
    if motion == "continue":
        for text in BREAKPOINTS[: 1 + len(name) % len(BREAKPOINTS)]:
            session.breakpoints.add(text, save=False)
    await session.seek(chance.randint(1, max(1, session.head // 2)))
    begun = await session.motion(motion)
    forth = [begun.seq]
    while len(forth) < 12:
        stop = await session.motion(motion)
        if stop.reason == "end":
            break
        forth.append(stop.seq)
    if len(forth) > 1 and stop.reason == "end":
        await session.seek(forth[-1])
    back = [session.cursor]
    while len(back) < len(forth):
        back.append((await session.motion(motion, backward=True)).seq)
    assert back == forth[::-1]


@pytest.mark.parametrize("name", SCENARIOS)
async def test_an_iteration_and_back_is_where_one_was(name: str, open_run: OpenRun) -> None:
    """Wherever the next iteration comes by the same point, as a loop without a branch does."""
    session, chance = open_run(name), random.Random(name)
    undone = 0
    for _ in range(12):
        seq = chance.randint(1, session.head)
        await session.seek(seq)
        origin = session.moment().event
        stop = await session.motion("iteration")
        there = session.moment().event
        if stop.reason == "end" or there.iteration != origin.iteration + 1 or not origin.iteration:
            continue
        if (there.kind, there.name, there.line) != (origin.kind, origin.name, origin.line):
            continue
        await session.motion("iteration", backward=True)
        assert session.cursor == seq
        undone += 1
    assert undone or session.run.iterations() < 2 or session.head < 40
