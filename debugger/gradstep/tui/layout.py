"""How the four panes share the screen: what a user has changed of it, and how it is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import ceil
from typing import TYPE_CHECKING, Any, Final

from gradstep.settings.model import SHARES

if TYPE_CHECKING:
    from textual.widget import Widget

    from gradstep.tui.screens.main import MainScreen

STEP: Final = 0.04
"""The share of the screen by which a key moves a border, at least a cell."""

LEFT: Final = ("source", "talk")
UPPER: Final = ("source", "graph")


@dataclass(frozen=True, slots=True)
class Shares:
    """Percent of the left panes' width and of the upper ones' height; 0 is the style sheet's."""

    columns: float = 0
    rows: float = 0

    def moved(self, axis: str, percent: float) -> Shares:
        """Return the shares with a border elsewhere, as far as it may go."""
        # Rounded up: a share of so many cells must not become less than these.
        value = max(SHARES[0], min(SHARES[1], ceil(percent * 10) / 10))
        return replace(self, columns=value) if axis == "columns" else replace(self, rows=value)


def lies_first(main: MainScreen, pane: str, axis: str) -> bool:
    """Tell whether a pane lies left of the border, or above it."""
    if axis == "columns":
        return pane in LEFT
    return pane != "inspect" if main.is_compact else pane in UPPER


def grown(main: MainScreen, pane: str, axis: str, by: int) -> Shares:
    """Return the shares that give a pane more, or less."""
    body = main.query_one("#body").region
    first = next(p for p in main.panes() if p.display and lies_first(main, p.id or "", axis))
    is_width = axis == "columns"
    whole = max(1, body.width if is_width else body.height)
    size = first.region.width if is_width else first.region.height
    towards = by if lies_first(main, pane, axis) else -by
    return main.shares.moved(axis, 100 * (size + towards * max(1, round(whole * STEP))) / whole)


def dragged(main: MainScreen, pane: str, edge: str, x: int, y: int) -> Shares | None:
    """Return the shares after a border was drawn to a place; None for an outer border."""
    body = main.query_one("#body").region
    axis = "columns" if edge in ("left", "right") else "rows"
    is_inner = lies_first(main, pane, axis) == (edge in ("right", "bottom"))
    if not is_inner or main.zoomed or main.is_short or (axis == "columns" and main.is_compact):
        return None
    # A first pane ends in the cell of the border, a second one begins in it.
    after = 1 if edge in ("right", "bottom") else 0
    if axis == "columns":
        return main.shares.moved(axis, 100 * (x - body.x + after) / max(1, body.width))
    return main.shares.moved(axis, 100 * (y - body.y + after) / max(1, body.height))


def apply(main: MainScreen) -> None:
    """Give the panes their sizes; what nobody has changed is the style sheet's."""
    shares, body = main.shares, main.query_one("#body")
    in_grid = not main.is_compact and not main.zoomed
    wholes = {"grid_columns": body.size.width, "grid_rows": body.size.height}
    for rule, share in (("grid_columns", shares.columns), ("grid_rows", shares.rows)):
        # In cells: of two fractions each loses the part of a cell that it has too much.
        first = max(1, int(wholes[rule] * share / 100))
        cut = f"{first} 1fr" if wholes[rule] else f"{share}fr {100 - share}fr"
        _set(body, rule, cut if in_grid and share else "")
    stacked = main.is_compact and not main.is_short and not main.zoomed
    upper = max(1, int(body.size.height * shares.rows / 100))
    for pane in main.panes():
        height = "1fr" if pane.id == "inspect" else f"{upper}"
        _set(pane, "height", height if stacked and shares.rows and body.size.height else "")


def _set(widget: Widget, rule: str, value: str) -> None:
    """Set a rule of a widget's own, or take it away."""
    if value:
        setattr(widget.styles, rule, value)
    elif widget.styles.inline.has_rule(rule):
        widget.styles.clear_rule(rule)
        widget.refresh(layout=True)


def taken(main: MainScreen) -> dict[str, Any]:
    """Return the layout as it is to be kept."""
    return {
        "columns": main.shares.columns,
        "rows": main.shares.rows,
        "zoomed": main.zoomed,
        "tabs": {pane.id: pane.active for pane in main.panes()},
    }


def restore(main: MainScreen, kept: Mapping[str, Any]) -> None:
    """Arrange the panes as they were kept; what does not exist any more is left alone."""
    shares = main.shares
    for axis in ("columns", "rows"):
        value = kept.get(axis)
        if isinstance(value, (int, float)) and SHARES[0] <= value <= SHARES[1]:
            shares = shares.moved(axis, value)
    main.shares = shares
    tabs = kept.get("tabs")
    for pane in main.panes():
        wanted = tabs.get(pane.id) if isinstance(tabs, dict) else None
        if wanted in [name for name, _ in pane.tabs]:
            pane.active = wanted
    main.zoomed = next((p.id for p in main.panes() if p.id and p.id == kept.get("zoomed")), "")
    main.place_panes()
