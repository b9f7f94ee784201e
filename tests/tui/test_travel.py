"""Jumping in time with real keys: go to, marks, the list of jumps, changes, the search."""

from __future__ import annotations

from pathlib import Path

import pytest

from gradstep.protocol.place import place
from gradstep.trace import search
from gradstep.tui.app import GradstepApp
from gradstep.tui.goto import GotoError, place_to_seq
from gradstep.tui.trail import Trail
from tests.tui.conftest import Open, press
from tests.tui.fake_session import FakeSession


async def jump(app, pilot, *keys):
    before = app.moves
    await pilot.press(*keys)
    await app.reached(lambda frame: frame.moves > before)
    return app.frame.cursor


async def test_marks_are_set_jumped_to_and_shown(open_app: Open) -> None:
    async with open_app(live=False) as (app, pilot, _):
        assert await jump(app, pilot, "g", "1", "2", "enter") == 12
        await pilot.press("m", "a")
        assert app.frame.marks == {12: "a"}
        assert "a" in "".join(span.text for span in app.main.timeline.bar_lines(118)[0])
        assert await jump(app, pilot, "g", "3", "0", "enter") == 30
        assert await jump(app, pilot, "apostrophe", "a") == 12
        assert await jump(app, pilot, "apostrophe", "apostrophe") == 30
        assert await jump(app, pilot, "g", "a", "enter") == 12
        await pilot.press("apostrophe", "z")
        assert app.frame.cursor == 12


async def test_the_list_of_jumps_goes_back_and_forth(open_app: Open) -> None:
    async with open_app(live=False) as (app, pilot, _):
        for keys in ("12", "20", "30"):
            await jump(app, pilot, "g", *keys, "enter")
        assert [await jump(app, pilot, "ctrl+o") for _ in range(3)] == [20, 12, 1]
        assert [await jump(app, pilot, "ctrl+n") for _ in range(3)] == [12, 20, 30]


async def test_changes_are_walked_both_ways(open_app: Open) -> None:
    async with open_app(live=False) as (app, pilot, session):
        updates = [row.seq for row in session.run.events(1, None, {"updated"}) if row.name == "x"]
        await jump(app, pilot, "g", "e", "n", "d", "enter")
        app.show_tensor(1)
        found = [await jump(app, pilot, "L") for _ in updates]
        assert found == updates[::-1]
        forth = [await jump(app, pilot, "ctrl+l") for _ in updates[1:]]
        assert forth == updates[1:]


async def test_the_run_is_searched(open_app: Open) -> None:
    async with open_app(live=False) as (app, pilot, session):
        nodes = [row.seq for row in session.run.events(1) if row.name == "MulBackward0"]
        await pilot.press("ctrl+f", *"node:Mul*")
        assert await jump(app, pilot, "enter") == nodes[0]
        assert app.search is not None
        assert app.search.told(nodes[0]) == f"1 of {len(nodes)}"
        assert await jump(app, pilot, "enter") == nodes[1]
        await pilot.press("escape")
        assert not app.search_bar.display
        assert await jump(app, pilot, "f3") == nodes[2]
        assert await jump(app, pilot, "shift+f3") == nodes[1]


async def test_a_search_that_means_nothing_says_so(open_app: Open) -> None:
    async with open_app(live=False) as (app, pilot, _):
        await pilot.press("f3")
        await pilot.press("ctrl+f", *"op:")
        assert app.search is None
        assert app.frame.cursor == 1


async def test_the_caption_says_past_after_the_end(open_app: Open) -> None:
    async with open_app() as (app, pilot, _):
        await press(app, pilot, "c")
        assert app.frame.state == "exited"
        await press(app, pilot, "S")
        assert str(app.main.timeline.border_subtitle).startswith("past · event")


def test_places_that_can_be_gone_to(trace_path) -> None:
    session = FakeSession(trace_path, live=False)
    run, head = session.run, session.head
    known = {"a": 7, "'": 3}

    def at(text: str) -> int:
        return place_to_seq(text, run, head, 20, known)

    assert [at(text) for text in ("34", "+5", "-5", "e 1,0", "start", "end")] == [
        34, 25, 15, 10, 1, head,
    ]  # fmt: skip
    assert [at("a"), at("'a"), at("''"), at("50%")] == [7, 7, 3, round(head / 2)]
    assert at("iter +1") == run.first_seq_of_iteration(run.event(20).iteration + 1)
    assert at("step 2") == run.seq_of_step(2)
    line = run.event(22).line
    assert run.event(at(f"line {line}")).line == line
    for text, said in (
        ("b", "there is no mark b"),
        ("101%", "at most 100%"),
        ("-100", "no event -80"),
        ("line 9999", "line 9,999 of this file has no event"),
        ("step 99", "optimizer step 99 has not happened"),
        ("soon", "write 34"),
    ):
        with pytest.raises(GotoError, match=said):
            at(text)
    session.trace.close()


def test_a_new_jump_forgets_what_lay_ahead() -> None:
    trail = Trail()
    for origin in (1, 10):
        trail.jumped(origin)
    assert trail.back(20) == 10
    trail.jumped(10)
    assert trail.forth() is None
    assert trail.back(15) == 10
    trail.clear()
    assert trail.back(1) is None


async def test_a_line_is_gone_to_and_back_from(open_app: Open) -> None:
    async with open_app(live=False) as (app, pilot, session):
        await jump(app, pilot, "g", "1", "2", "enter")
        here = app.main.source.selected_line
        await press(app, pilot, "t")
        row = session.run.event(app.frame.cursor)
        assert row.seq > 12
        assert place(row)[1] == here
        await press(app, pilot, "t")
        assert session.run.event(app.frame.cursor).iteration > row.iteration
        await press(app, pilot, "ctrl+t")
        assert app.frame.cursor == row.seq
        await press(app, pilot, "ctrl+t")
        assert app.frame.cursor <= 12
        assert session.motions_begun == [("to", False)] * 2 + [("to", True)] * 2


async def test_a_graph_row_is_gone_back_to_only_in_the_past(open_app: Open) -> None:
    async with open_app(live=False) as (app, pilot, session):
        ops = [row.seq for row in session.run.events(1, None, {"op"})]
        await jump(app, pilot, "g", *str(ops[1]), "enter")
        await pilot.press("2", "up")
        row = app.main.graph.selected
        assert row is not None
        assert row.seq < ops[1]
        assert await jump(app, pilot, "ctrl+t") == row.seq
        await pilot.press("down", "ctrl+t")
        assert app.frame.cursor == row.seq
        assert session.motions_begun == []


async def test_a_search_for_nan_begins_with_the_first_of_the_run(tmp_path: Path) -> None:
    from benchmarks.long_trace import LongRun

    path = tmp_path / "nan.gradstep"
    run = LongRun(path, nan_at=2)
    for _ in range(4):
        run.round()
    run.writer.close()
    session = FakeSession(path, live=False)

    async def opener() -> FakeSession:
        return session

    app = GradstepApp(opener)
    async with app.run_test(size=(120, 40)) as pilot:
        await app.reached(lambda frame: frame.moment is not None)
        wanted = search.parse(session.run, "nan")
        hits = sorted(seq for _, f in search.search(session.run, wanted, session.last) for seq in f)
        assert len(hits) > 2
        await jump(app, pilot, "g", "e", "n", "d", "enter", "S")
        await pilot.press("ctrl+f", *"nan")
        assert f"the first is {hits[0]}" in str(app.search_bar.query_one("#search-found").render())
        assert await jump(app, pilot, "enter") == hits[0]
        assert await jump(app, pilot, "enter") == hits[1]
        await pilot.press("escape")
        assert await jump(app, pilot, "shift+f3") == hits[0]
        # Another search is another way: relu is gone to from where one is.
        await pilot.press("ctrl+f", *"loss")
        assert await jump(app, pilot, "enter") > hits[0]
    session.trace.close()
