"""Going back undoes going forward, and a moment looks the same however one came there."""

from __future__ import annotations

import random
from typing import Any

import pytest

from gradstep.session import Session
from gradstep.views.whole import all_views
from tests.travel.conftest import SCENARIOS, OpenRun

MOTIONS = ("step", "line", "phase", "iteration", "finish", "continue", "to")
WALKS = 3
BREAKPOINTS = ("backward after 1", "op:*", "step after 2", "param:*")


def views(session: Session) -> dict[str, str]:
    return all_views(
        session.moment(), state="recorded", head=session.head, printed=session.printed()
    )


def chosen(session: Session, chance: random.Random) -> tuple[str, Any]:
    """A motion, and where to."""
    motion = chance.choice(MOTIONS)
    there = session.run.event(chance.randint(1, session.head))
    return motion, f"{there.file or 'a.py'}:{there.line or 1}" if motion == "to" else None


@pytest.mark.parametrize("name", SCENARIOS)
async def test_a_moment_looks_the_same_however_one_came_there(name: str, open_run: OpenRun) -> None:
    walker, chance = open_run(name), random.Random(name)
    walker.breakpoints.add("backward after 1", save=False)
    for _ in range(WALKS):
        for _ in range(chance.randint(1, 8)):
            if chance.random() < 0.2:
                await walker.seek(chance.randint(1, walker.head))
            motion, target = chosen(walker, chance)
            await walker.motion(motion, chance.random() < 0.5, target)
        straight = open_run(name)
        await straight.seek(walker.cursor)
        assert views(walker) == views(straight), f"event {walker.cursor}"


@pytest.mark.parametrize("breakpoints", [(), BREAKPOINTS[:1], BREAKPOINTS])
@pytest.mark.parametrize("name", SCENARIOS)
async def test_reverse_undoes_forward(
    name: str, breakpoints: tuple[str, ...], open_run: OpenRun
) -> None:
    """Whatever the motions, and wherever they began: the capitals lead back the same way."""
    session, chance = open_run(name), random.Random(f"{name} {len(breakpoints)}")
    for text in breakpoints:
        session.breakpoints.add(text, save=False)
    for _ in range(WALKS):
        await session.seek(chance.randint(1, max(1, session.head // 2)))
        stood = [session.cursor]
        keys: list[tuple[str, Any]] = []
        while len(keys) < 8:
            keys.append(chosen(session, chance))
            await session.motion(keys[-1][0], target=keys[-1][1])
            if session.cursor == stood[-1]:
                keys.pop()  # the end of the run
                break
            stood.append(session.cursor)
        for (motion, target), seq in zip(keys[::-1], stood[-2::-1], strict=True):
            await session.motion(motion, backward=True, target=target)
            assert session.cursor == seq, f"{motion} {target} of {keys} from event {stood[0]}"


async def test_a_breakpoint_stops_the_way_back(open_run: OpenRun) -> None:
    session = open_run("two_scalars")
    await session.seek(10)
    await session.motion("iteration")
    there = session.cursor
    session.breakpoints.add("step", save=False)
    stop = await session.motion("iteration", backward=True)
    assert stop.reason == "breakpoint"
    assert 10 < stop.seq < there
    session.breakpoints.remove(1)
    # What is left of the way is gone: the same point one iteration back, as from anywhere.
    await session.motion("iteration", backward=True)
    assert session.cursor < 10


async def test_where_no_way_led_a_capital_lands_as_for_whoever_came_there(
    open_run: OpenRun,
) -> None:
    session, other = open_run("two_scalars"), open_run("two_scalars")
    await session.seek(13)
    await session.motion("phase")
    there = session.cursor
    for one in (session, other):
        await one.seek(there + 1)
        await one.motion("phase", backward=True)
    assert session.cursor == other.cursor != 13


async def test_back_where_a_motion_ended_its_capital_takes_it_back(open_run: OpenRun) -> None:
    session = open_run("two_scalars")
    await session.seek(13)
    await session.motion("phase")
    there = session.cursor
    await session.seek(there + 1)
    await session.motion("step", backward=True)
    assert session.cursor == there
    await session.motion("phase", backward=True)
    assert session.cursor == 13
