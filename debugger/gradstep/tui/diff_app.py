"""The screen of `gradstep diff --screen`: two recorded runs side by side."""

from __future__ import annotations

import os
import sys
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import ClassVar

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.filter import LineFilter
from textual.widgets import Footer, Static
from textual.worker import Worker, WorkerState, get_current_worker

from gradstep.comparison import Comparison, Tolerance, compare
from gradstep.comparison.compare import Pair
from gradstep.settings import Settings
from gradstep.trace.reader import RunTrace
from gradstep.tui.crash import cause_of, one_line, write_log
from gradstep.tui.harmless import Harmless
from gradstep.tui.paint import painter_for
from gradstep.tui.settled import (
    check_settings,
    draw_without_colour,
    first_theme,
    fitting_theme,
)
from gradstep.tui.terminal_watch import TerminalWatch
from gradstep.tui.theme import THEMES, defaults_for, next_theme
from gradstep.tui.widgets.lines import LinesView
from gradstep.views.difference import details, event_text, report, row_line
from gradstep.views.text import Line, line


class CalledOff(Exception):
    """The screen was closed while the runs were being compared."""


class Rows(LinesView):
    """The events of both runs, a row each."""

    comparison: Comparison | None = None

    def row_count(self) -> int:
        """Return the number of rows of the comparison."""
        return len(self.comparison) if self.comparison else 0

    def row_line(self, row: int, width: int) -> Line:
        """Return the event of both runs."""
        assert self.comparison is not None
        return row_line(self.comparison, row, max(40, width))

    def content_width(self) -> int:
        """Rows are as wide as the pane."""
        return 0


class Details(LinesView):
    """What differs in a row, or the summary; it scrolls."""

    has_row_cursor = False


class DiffApp(App[int]):
    """Compares two runs, then shows them; returns 0 if they agree and 1 if they differ."""

    TITLE = "gradstep diff"
    ENABLE_COMMAND_PALETTE = False
    CSS = """
    Screen { background: $background; color: $foreground; layout: vertical; }
    #runs { height: auto; background: $panel; padding: 0 1; }
    Rows {
        border: round $faint; border-title-color: $foreground; border-subtitle-color: $muted;
    }
    Rows:focus { border: round $primary; }
    #what {
        height: 12; max-height: 40%; border: round $faint; border-subtitle-color: $muted;
    }
    #what:focus { border: round $primary; }
    .-short #what { height: 5; }
    """
    VERTICAL_BREAKPOINTS = [(0, "-short"), (20, "-tall")]  # noqa: RUF012
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "difference(1)", "Next difference", priority=True),
        Binding("N", "difference(-1)", "Previous", key_display="N", priority=True),
        Binding("s", "summary", "Summary"),
        Binding("tab", "app.focus_next", "Other pane"),
        Binding("f2", "light", "Theme"),
        Binding("q,escape,ctrl+q,ctrl+c", "leave", "Quit", key_display="q", priority=True),
    ]

    def __init__(
        self, a: RunTrace, b: RunTrace, tolerance: Tolerance, theme: str = THEMES[0].name
    ) -> None:
        """Take two open runs, and the theme to begin with."""
        super().__init__()
        self._runs = (a, b)
        self._tolerance = tolerance
        self.comparison: Comparison | None = None
        self.crash_line = ""
        self._harmless = Harmless()
        for own in THEMES:
            self.register_theme(own)
        self.theme = theme

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Give our colour names to themes that lack them."""
        return defaults_for(self.current_theme)

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Give what changes each painted line."""
        return [*super().get_line_filters(), self._harmless]

    def compose(self) -> ComposeResult:
        """Which runs, their events, what differs in one."""
        yield Static("", id="runs", markup=False)
        yield Rows(id="rows")
        yield Details(id="what")
        yield Footer()

    def on_mount(self) -> None:
        """Begin to compare."""
        a, b = self._runs
        self.query_one("#runs", Static).update(
            f"A {a.database.path} #{a.number}   B {b.database.path} #{b.number}"
        )
        self.query_one(Rows).focus()
        self._say("comparing …")
        self.run_worker(self._compare, thread=True, exclusive=True, exit_on_error=False)

    def _compare(self) -> Comparison:
        worker = get_current_worker()
        shown = ""

        def progress(done: int, total: int) -> None:
            nonlocal shown
            if worker.is_cancelled:
                raise CalledOff
            share = f"comparing … {done / total:.0%}" if total else "comparing …"
            if share != shown:
                shown = share
                self.call_from_thread(self._say, share)

        return compare(*self._runs, self._tolerance, progress)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Show the result, or leave with what went wrong."""
        if event.state == WorkerState.SUCCESS and isinstance(event.worker.result, Comparison):
            self._show(event.worker.result)
        elif event.state == WorkerState.ERROR and event.worker.error is not None:
            error = cause_of(event.worker.error)
            if not isinstance(error, CalledOff):
                self.crash_line = str(error).split("\n")[0]
                self.exit(2, return_code=2)

    def _show(self, comparison: Comparison) -> None:
        self.comparison = comparison
        rows = self.query_one(Rows)
        rows.comparison = comparison
        rows.content_changed(comparison.different[0] if comparison.different else 0)
        rows.border_title = "Events of A and of B"
        self.action_summary()

    def on_resize(self) -> None:
        """Nothing is remembered that depends on the width."""
        if self.comparison is not None:
            self.query_one(Rows).repaint_all()

    def on_lines_view_row_selected(self, message: LinesView.RowSelected) -> None:
        """Show what differs in the row under the cursor."""
        if isinstance(message.view, Rows):
            self._explain(message.row)

    def _explain(self, row: int) -> None:
        comparison = self.comparison
        if comparison is None or not len(comparison):
            return
        pair = comparison.pair(row)
        lines = [self._head(comparison, pair), *details(comparison, pair)]
        if pair.is_alike:
            lines.append(line(("  the same in both runs, up to rounding", "success")))
        self._write(lines, self._place(row))

    def _head(self, comparison: Comparison, pair: Pair) -> Line:
        parts: list[tuple[str, str]] = []
        for side, run, seq in (("A", comparison.a, pair.a), ("B", comparison.b, pair.b)):
            text = "has no such event" if seq is None else event_text(run, run.event(seq))
            parts += [(f"{side} ", "accent bold"), (f"{text}   ", "")]
        return line(*parts)

    def _place(self, row: int) -> str:
        assert self.comparison is not None
        different = self.comparison.different
        if not different:
            return "no difference"
        number = bisect_right(different, row)
        if number and different[number - 1] == row:
            return f"difference {number:,} of {len(different):,}"
        return f"{len(different):,} rows differ"

    def _write(self, lines: list[Line], subtitle: str) -> None:
        what = self.query_one(Details)
        what.border_subtitle = subtitle
        what.show_lines(lines, 0)

    def _say(self, text: str) -> None:
        self.query_one(Details).show_lines([line((text, "dim"))], 0)

    def action_difference(self, by: int) -> None:
        """Go to the next row that differs, or the one before."""
        comparison = self.comparison
        if comparison is None:
            return
        rows = self.query_one(Rows)
        different = comparison.different
        at = bisect_right(different, rows.row) if by > 0 else bisect_left(different, rows.row) - 1
        if 0 <= at < len(different):
            rows.select_row(different[at])
        else:
            self.notify("there is no further difference that way", timeout=3)

    def action_summary(self) -> None:
        """Show the report that `gradstep diff` prints."""
        comparison = self.comparison
        if comparison is not None:
            rows = self.query_one(Rows)
            self._write(report(comparison), self._place(rows.row))

    def action_light(self) -> None:
        """Show the next theme."""
        self.theme = next_theme(self.theme)
        painter_for(self)
        for view in self.query(LinesView):
            view.repaint_all()

    def action_leave(self) -> None:
        """End, and stop comparing."""
        self.workers.cancel_all()
        comparison = self.comparison
        self.exit(1 if comparison is not None and not comparison.is_same else 0)


def run_diff(a: RunTrace, b: RunTrace, tolerance: Tolerance, settings: Settings) -> int:
    """Show two runs side by side until the user leaves; the status is that of the comparison.

    Raises:
        SettingsError: a setting cannot be used.
    """
    check_settings(settings)
    app = DiffApp(a, b, tolerance, first_theme(settings))
    app.theme = first_theme(settings, fitting_theme(app.console.color_system, os.environ))
    draw_without_colour(app, settings)
    try:
        with TerminalWatch(lambda: None):
            app.run()
    except Exception as error:
        app.crash_line = one_line(error, write_log(error))
    if app.crash_line:
        print(f"gradstep: {app.crash_line}", file=sys.stderr)
        return 2
    return app.return_value or 0
