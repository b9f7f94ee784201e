"""What stays in sight, and where, while the terminal and its panes change their sizes."""

from __future__ import annotations

import pytest

from gradstep.testing import GradstepApp, screen_text
from gradstep.tui.widgets.lines import AROUND
from gradstep.views.text import plain
from tests.tui.conftest import Open, press

SIZES = [(160, 50), (80, 24), (40, 12), (20, 5), (1, 1), (200, 60), (80, 24), (120, 40)]


def is_in_sight(app: GradstepApp) -> bool:
    """Whether the current line is seen, with some around it where the pane has room for them."""
    source = app.main.source
    assert source.view is not None
    top, height = round(source.scroll_offset.y), source.scrollable_content_region.height
    around = min(AROUND, height // 4)
    row = source.view.current - 1
    return top <= max(0, row - around) and row + around < top + height


async def test_the_current_line_stays_in_sight_through_all_sizes(open_app: Open) -> None:
    async with open_app() as (app, pilot, _):
        await press(app, pilot, "p", "p", "s", "s")
        for size in SIZES:
            await pilot.resize_terminal(*size)
            await pilot.pause()
            await pilot.pause()
            assert len(screen_text(app).split("\n")) == size[1]
            assert size == (1, 1) or is_in_sight(app), size


@pytest.mark.parametrize("pane", ["1", "2", "3", "4", "k"])
async def test_a_zoomed_pane_goes_through_all_sizes(open_app: Open, pane: str) -> None:
    async with open_app() as (app, pilot, _):
        await press(app, pilot, "p", "p", "s")
        await pilot.press(pane, "z")
        for size in SIZES:
            await pilot.resize_terminal(*size)
            await pilot.pause()
        await press(app, pilot, "s")
        assert app.frame.state == "paused"


@pytest.mark.parametrize("key", ["ctrl+up", "ctrl+down"])
@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_panes_of_any_height_leave_no_row_unused(
    open_app: Open, size: tuple[int, int], key: str
) -> None:
    async with open_app(size) as (app, pilot, _):
        await press(app, pilot, "p", "p")
        for _ in range(4):
            await pilot.press(key)
            await pilot.pause()
            body = app.main.query_one("#body").region
            assert app.main.pane("inspect").region.bottom == body.bottom


async def test_a_kept_layout_fits_another_size(open_app: Open) -> None:
    async with open_app((160, 50)) as (app, pilot, _):
        await press(app, pilot, "p", "p")
        for _ in range(4):
            await pilot.press("{", "ctrl+up")
        shares = app.main.shares
        for size in SIZES:
            await pilot.resize_terminal(*size)
            await pilot.pause()
        await pilot.pause()
        assert app.main.shares == shares
        upper, lower = app.main.pane("source").region, app.main.pane("talk").region
        assert upper.height == int(shares.rows * (upper.height + lower.height) / 100)


async def test_titles_stand_over_the_columns_of_the_rows_in_sight(open_app: Open) -> None:
    async with open_app() as (app, pilot, _):
        await press(app, pilot, "p", "p")
        for key in ("s", "s", "s", "p", "s", "S"):
            await press(app, pilot, key)
            await pilot.pause()
            rows = app.main.graph.rows
            assert rows.view is not None
            titles = rows.view.header(rows.scrollable_content_region.width)
            assert "".join(span.text for span in titles).rstrip() in screen_text(app)


async def test_a_value_without_room_takes_none_from_the_code(open_app: Open) -> None:
    async with open_app() as (app, pilot, _):
        await press(app, pilot, "p", "p", "p")
        source = app.main.source
        assert source.view is not None
        row = next(n for n, each in enumerate(source.view.lines) if "z.backward()" in each.text)
        assert source.view.lines[row].inline
        text = "".join(span.text for span in source.row_line(row, 22))
        assert text.rstrip().endswith("z.backward()"), text


async def test_an_update_shows_the_last_line_of_its_rule(open_app: Open) -> None:
    async with open_app() as (app, pilot, _):
        await press(app, pilot, "p", "p", "p", "s", "s")
        while app.frame.moment is not None and app.frame.moment.event.kind != "updated":
            await press(app, pilot, "s")
        graph = app.main.graph
        assert graph.card.row_count() < graph.size.height - 1
        assert graph.card.scrollable_content_region.height >= graph.card.row_count()


async def test_a_low_screen_leaves_the_source_more_than_a_line(open_app: Open) -> None:
    async with open_app() as (app, pilot, _):
        for height in (16, 17, 19, 20):
            await pilot.resize_terminal(60, height)
            await pilot.pause()
            await pilot.pause()
            seen = app.main.source.scrollable_content_region.height
            assert seen >= 4, (height, seen)


async def test_the_card_shows_the_formula_of_a_node_on_a_small_screen(open_app: Open) -> None:
    async with open_app(size=(80, 24)) as (app, pilot, _):
        await press(app, pilot, "p")
        for _ in range(12):
            await press(app, pilot, "s")
            assert app.frame.moment is not None
            if app.frame.moment.event.kind == "node":
                break
        assert app.frame.moment is not None
        assert app.frame.moment.event.kind == "node"
        await pilot.press("2")
        await pilot.pause()
        card = app.main.graph.card
        rows = card.scrollable_content_region.height
        top = [plain([card.row_line(row, 76)]).strip() for row in range(rows)]
        assert any(text.startswith("grad_") and " = " in text for text in top), top
