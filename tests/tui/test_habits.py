"""Sizes, what is kept between sessions, hints, pictures, clicks on names, and long walks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot

from gradstep.session.kept import keep, read_kept
from gradstep.settings import Settings
from gradstep.testing import screen_text
from gradstep.tui import waiting
from gradstep.tui.actions import BY_ID
from gradstep.tui.app import GradstepApp
from gradstep.tui.before import COMING
from gradstep.tui.habits import LAYOUT
from gradstep.tui.hints import HINTS, Hint
from gradstep.tui.plain_ascii import in_ascii
from gradstep.tui.pointing import word_at
from gradstep.tui.port import SessionPort
from gradstep.tui.widgets.bars import first_key
from gradstep.tui.widgets.tabbed import TabbedPane
from gradstep.views.glyphs import ASCII
from tests.tui.conftest import Open, press

SCRIPT = "two_scalars.py"


async def settle(app: GradstepApp, pilot: Pilot[int], is_so: Callable[[], bool]) -> None:
    """Let the screen be laid out until something is so."""
    try:
        async with asyncio.timeout(30):
            while not is_so():
                await pilot.pause()
    except TimeoutError:
        raise AssertionError(screen_text(app)) from None


def width(app: GradstepApp, pane: str) -> int:
    return app.main.pane(pane).region.width


def height(app: GradstepApp, pane: str) -> int:
    return app.main.pane(pane).region.height


async def test_keys_give_the_focused_pane_more_and_less(open_app: Open) -> None:
    async with open_app() as (app, pilot, _):
        before = width(app, "source")
        await pilot.press("right_curly_bracket")
        await settle(app, pilot, lambda: width(app, "source") > before)
        # The pane on the other side grows with the same key.
        await pilot.press("2", "right_curly_bracket", "right_curly_bracket")
        await settle(app, pilot, lambda: width(app, "source") < before)
        assert width(app, "source") == width(app, "talk")
        assert width(app, "source") + width(app, "graph") == 120

        rows = height(app, "graph")
        await pilot.press("ctrl+up")
        await settle(app, pilot, lambda: height(app, "graph") < rows)
        await pilot.press("4", "ctrl+up")
        await settle(app, pilot, lambda: height(app, "graph") == rows)
        for _ in range(30):
            await pilot.press("left_curly_bracket")
        await settle(app, pilot, lambda: width(app, "inspect") == 24)


async def test_on_a_narrow_screen_the_keys_change_the_height(open_app: Open) -> None:
    async with open_app((80, 24)) as (app, pilot, _):
        before = height(app, "inspect")
        await pilot.press("right_curly_bracket")
        await settle(app, pilot, lambda: height(app, "inspect") < before)
        assert width(app, "source") == 80
        await app.run_action("even_out")
        await settle(app, pilot, lambda: height(app, "inspect") == before)


@pytest.mark.parametrize(
    ("pane", "start", "by", "grows"),
    [
        ("source", "right", (10, 0), "source"),
        ("graph", "left", (-6, 0), "graph"),
        ("talk", "top", (0, -3), "talk"),
        ("graph", "bottom", (0, 4), "graph"),
    ],
)
async def test_borders_are_drawn_with_the_mouse(
    open_app: Open, pane: str, start: str, by: tuple[int, int], grows: str
) -> None:
    async with open_app() as (app, pilot, _):
        region = app.main.pane(pane).region
        middle = (region.x + region.width // 2, region.y + region.height // 2)
        x, y = {
            "left": (region.x, middle[1]),
            "right": (region.right - 1, middle[1]),
            "top": (middle[0] + 15, region.y),
            "bottom": (middle[0], region.bottom - 1),
        }[start]
        size = region.width if by[0] else region.height
        await pilot.mouse_down(offset=(x, y))
        await pilot.hover(offset=(x + by[0], y + by[1]))
        await pilot.mouse_up(offset=(x + by[0], y + by[1]))
        measure = width if by[0] else height
        wanted = size + abs(by[0] or by[1])
        await settle(app, pilot, lambda: measure(app, grows) == wanted)
        kept = read_kept(SCRIPT, LAYOUT)
        assert kept["columns" if by[0] else "rows"] > 0


async def test_an_outer_border_stays(open_app: Open) -> None:
    async with open_app() as (app, pilot, _):
        before = width(app, "source")
        region = app.main.pane("source").region
        await pilot.mouse_down(offset=(0, region.y + 5))
        await pilot.hover(offset=(20, region.y + 5))
        await pilot.mouse_up(offset=(20, region.y + 5))
        await pilot.pause()
        assert width(app, "source") == before
        assert app.main.shares.columns == 0


async def test_a_script_opens_as_it_was_left(open_app: Open) -> None:
    async with open_app() as (app, pilot, _):
        await pilot.press("4", "4", "3", "3", "right_curly_bracket", "2", "z")
        await pilot.pause()
        share = app.main.shares.columns
        assert share > 46
    async with open_app() as (app, pilot, _):
        await settle(app, pilot, lambda: app.main.zoomed == "graph")
        assert app.main.pane("inspect").active == "optimizer-view"
        assert app.main.pane("talk").active == "stdout-view"
        assert app.main.shares.columns == share
        await pilot.press("z")
        await settle(app, pilot, lambda: width(app, "source") == round(120 * share / 100))


async def test_what_was_kept_wrongly_is_left_alone(open_app: Open) -> None:
    tabs = {"talk": "gone-view", "inspect": 3, "source": None}
    keep(SCRIPT, LAYOUT, {"columns": 3, "rows": "x", "zoomed": "nowhere", "tabs": tabs})
    async with open_app() as (app, _, _):
        assert all(pane.display for pane in app.main.panes())
        assert app.main.pane("talk").active == "console-view"
    keep(SCRIPT, LAYOUT, {"tabs": []})
    async with open_app() as (app, _, _):
        assert app.main.pane("inspect").active == "tensor-view"


async def test_nothing_is_remembered_where_that_is_settled(trace_path: Path) -> None:
    keep(SCRIPT, LAYOUT, {"zoomed": "graph"})
    settings = Settings(remember=False, columns=30)
    app = GradstepApp(open_path=trace_path, settings=settings)
    async with app.run_test(size=(120, 40)) as pilot:
        await app.reached(lambda frame: frame.moment is not None)
        await settle(app, pilot, lambda: width(app, "source") == 36)
        assert app.session is not None
        script = app.session.breakpoints.script
        await pilot.press("4", "4", "f2")
        await pilot.pause()
        assert read_kept(script, LAYOUT) == {"script": SCRIPT, "zoomed": "graph"}


async def test_hints_go_when_they_were_followed_and_do_not_come_back(trace_path: Path) -> None:
    def hint(app: GradstepApp) -> str:
        return screen_text(app).split("\n")[-2]

    app = GradstepApp(open_path=trace_path, settings=Settings())
    async with app.run_test(size=(120, 40)) as pilot:
        await app.reached(lambda frame: frame.moment is not None)
        await settle(app, pilot, lambda: "1/5 · p goes on to the end" in hint(app))
        await press(app, pilot, "p")
        await settle(app, pilot, lambda: "2/5 · capitals go the same way back" in hint(app))
        await press(app, pilot, "s")
        assert "2/5" in hint(app)
    app = GradstepApp(open_path=trace_path, settings=Settings())
    async with app.run_test(size=(120, 40)) as pilot:
        await app.reached(lambda frame: frame.moment is not None)
        await settle(app, pilot, lambda: "2/5" in hint(app))
        await press(app, pilot, "S")
        await settle(app, pilot, lambda: "3/5" in hint(app))
        await pilot.press("question_mark", "escape")
        await settle(app, pilot, lambda: "4/5 · k shows what joins loss and optimizer" in hint(app))
        await pilot.press("v")
        assert "4/5" in hint(app)
        await pilot.press("k", "k")
        await settle(app, pilot, lambda: "5/5 · T begins a lesson" in hint(app))
        await pilot.press("T")
        await settle(app, pilot, lambda: not app.main.query("HintBar"))
    app = GradstepApp(open_path=trace_path, settings=Settings())
    async with app.run_test(size=(120, 40)) as pilot:
        await app.reached(lambda frame: frame.moment is not None)
        await pilot.pause()
        assert not app.main.query("HintBar")


async def test_a_picture_is_named_by_script_and_event_and_overwrites_nothing(
    open_app: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    monkeypatch.chdir(folder)
    async with open_app() as (app, pilot, session):
        await press(app, pilot, "p")
        await pilot.press("ctrl+s", "ctrl+s")
        await pilot.pause()
        name = f"two_scalars-event-{session.cursor}"
        assert {path.name for path in folder.iterdir()} == {f"{name}.svg", f"{name}-2.svg"}
        assert "Graph" in (folder / f"{name}.svg").read_text(encoding="utf-8")
        said = app.main.console.log_view.said
        assert f"the screen is in {folder / name}-2.svg" in said
        monkeypatch.setattr(Path, "open", _refuse)
        await pilot.press("ctrl+s")
        await pilot.pause()
        assert "the picture cannot be written: Permission denied" in screen_text(app)


def _refuse(*_: object, **__: object) -> None:
    raise PermissionError(13, "Permission denied")


@pytest.mark.parametrize(
    ("text", "column", "word"),
    [
        ("fc1.weight.grad |·| 3", 4, "fc1.weight.grad"),
        ("x = 1", 0, "x"),
        ("x = 1", 1, ""),
        ("日 loss", 3, "loss"),
        ("日 loss", 2, ""),
        ("3.5e x2", 5, "x2"),
    ],
)
def test_the_word_under_the_mouse(text: str, column: int, word: str) -> None:
    assert word_at(text, column) == word


async def test_a_click_on_a_name_shows_its_tensor(open_app: Open) -> None:
    async with open_app() as (app, pilot, _):
        await press(app, pilot, "p", "p", "p")
        rows = screen_text(app).split("\n")
        y = next(number for number, row in enumerate(rows) if "x.grad 6.0000" in row[:60])
        assert app.selection.tensor is None
        await pilot.click(offset=(rows[y].index("x.grad 6.0000") + 1, y))
        moment = app.frame.moment
        assert moment is not None
        await settle(app, pilot, lambda: app.selection.tensor == moment.tensor_named("x"))
        assert app.selection.what == "grad"
        # A click into the code only selects the line; two look at what is there.
        code = next(number for number, row in enumerate(rows) if "z.backward()" in row)
        at = (rows[code].index("z.backward()"), code)
        await pilot.click(offset=at)
        await pilot.pause()
        assert app.selection.tensor == moment.tensor_named("x")
        await pilot.click(offset=at, times=2)
        await settle(app, pilot, lambda: app.selection.tensor == moment.tensor_named("z"))
        assert app.selection.what == "value"


async def test_a_long_walk_is_told_and_can_be_stopped(
    open_app: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "PATIENCE", 0.0)
    async with open_app(live=False) as (app, pilot, session):
        motion = session.motion

        async def slow(name: str, backward: bool = False, target: object = None) -> object:
            session.walked = 12
            await never.wait()
            return await motion(name, backward, target)

        never = asyncio.Event()
        session.hold = never
        monkeypatch.setattr(session, "motion", slow)
        await pilot.press("c")
        await settle_slowly(
            app, lambda: "looking on through the recording · event 12" in footer(app)
        )
        assert "space stops it" in footer(app)
        session.hold, held = None, session.hold
        assert held is not None
        held.set()
        await app.reached(lambda frame: frame.moves >= 1)
        await settle_slowly(app, lambda: "looking" not in footer(app))


def footer(app: GradstepApp) -> str:
    return screen_text(app).split("\n")[-1]


async def settle_slowly(app: GradstepApp, is_so: Callable[[], bool]) -> None:
    """Wait for what a timer of the screen brings about."""
    async with asyncio.timeout(20):
        while not is_so():
            await asyncio.sleep(0.02)


async def test_the_palette_reads_places_stops_and_names(open_app: Open) -> None:
    async with open_app(live=False) as (app, pilot, session):
        for typed, offered in (
            ("step 2", "Go to step 2"),
            ("break mul", "Break on op:mul"),
            ("nan", "Break on nan"),
            ("line 12", "Break on line 12"),
            ("x.grad", ""),
            ("zoom", "Zoom  z"),
            ("^o", "Jump back  ^o"),
        ):
            await pilot.press("ctrl+p")
            await pilot.pause()
            await pilot.press(*["space" if letter == " " else letter for letter in typed])
            await app.workers.wait_for_complete()
            await pilot.pause()
            text = screen_text(app)
            assert offered in text
            assert "🔎" not in text
            await pilot.press("escape")
            await pilot.pause()
        await pilot.press("ctrl+p")
        await pilot.pause()
        await pilot.press(*"7")
        await app.workers.wait_for_complete()
        await pilot.pause()
        await pilot.press("enter")
        await app.reached(lambda frame: frame.moves >= 1)
        assert session.cursor == 7


async def test_tabs_are_clicked_in_the_border(open_app: Open) -> None:
    async with open_app() as (app, pilot, _):
        pane: TabbedPane = app.main.pane("inspect")
        rows = screen_text(app).split("\n")
        x = rows[pane.region.y].index("Optimizer")
        await pilot.click(offset=(x, pane.region.y))
        await settle(app, pilot, lambda: pane.active == "optimizer-view")


async def test_before_the_script_has_started_the_panes_say_what_comes() -> None:
    never = asyncio.Event()

    async def opener() -> SessionPort:
        await never.wait()
        raise AssertionError

    app = GradstepApp(opener, script="slow.py")
    async with app.run_test(size=(120, 40)) as pilot:
        for pane in (*app.main.panes(), app.main.pane("inspect")):
            for name, _ in pane.tabs:
                pane.active = name
                await pilot.pause()
                inside = pane.content_region
                rows = screen_text(app).split("\n")[inside.y : inside.bottom]
                text = "".join(row[inside.x : inside.right] for row in rows).strip()
                assert len(text) > 30, name
        for texts in COMING.values():
            for text in texts:
                assert len(text) <= app.main.pane("source").content_region.width - 1, text
        await pilot.press("s")
        assert "s: as soon as the script stands" in screen_text(app)


@pytest.mark.parametrize("hint", HINTS)
def test_hints_fit_a_screen_of_80_columns(hint: Hint) -> None:
    text = f"· 1/{len(HINTS)} · {hint.text}"
    for name, command in BY_ID.items():
        text = text.replace(f"{{{name}}}", first_key(command, {}))
    assert len(text) <= 78


async def test_a_low_screen_has_no_room_for_hints(trace_path: Path) -> None:
    app = GradstepApp(open_path=trace_path, settings=Settings(), glyphs=ASCII)
    async with app.run_test(size=(20, 5)) as pilot:
        await app.reached(lambda frame: frame.moment is not None)
        await settle(app, pilot, lambda: bool(app.main.query("HintBar")))
        assert "1/5" not in screen_text(app)
        await pilot.resize_terminal(80, 24)
        await settle(app, pilot, lambda: "1/5" in screen_text(app))
        assert "? " not in in_ascii("■ □ ↑ ↓ ← ")
