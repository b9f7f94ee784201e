"""The debugger's screen: bars above and below, four panes between, painted from one frame."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Final

from textual import events, getters
from textual.app import ComposeResult
from textual.containers import Container
from textual.screen import Screen
from textual.widget import Widget

from gradstep.tui import layout
from gradstep.tui.actions import Command
from gradstep.tui.before import say_what_comes
from gradstep.tui.crash import noted
from gradstep.tui.frame import EMPTY, Frame
from gradstep.tui.marks import summary
from gradstep.tui.widgets.bars import KeyBar, PhaseBar, TitleBar
from gradstep.tui.widgets.connection_pane import ConnectionPane, ConnectionTable
from gradstep.tui.widgets.find_bar import FindBar
from gradstep.tui.widgets.graph_pane import GraphPane
from gradstep.tui.widgets.hint import hint_of
from gradstep.tui.widgets.lesson_pane import LessonPane
from gradstep.tui.widgets.lines import LinesView
from gradstep.tui.widgets.locals_pane import LocalsPane
from gradstep.tui.widgets.loss_pane import LossPane
from gradstep.tui.widgets.optimizer_pane import OptimizerPane
from gradstep.tui.widgets.prompt import PromptInput
from gradstep.tui.widgets.search_bar import SearchBar
from gradstep.tui.widgets.source_pane import SourcePane
from gradstep.tui.widgets.tabbed import TabbedPane
from gradstep.tui.widgets.talk_panes import ConsolePane, StdoutPane
from gradstep.tui.widgets.tensor_pane import TensorPane
from gradstep.tui.widgets.timeline_bar import TimelineBar
from gradstep.tui.widgets.watch_pane import WatchPane
from gradstep.tui.widgets.why_pane import WhyPane

STACKED: Final = (("source", "1 Source"), ("graph", "2 Graph"), ("talk", "3 Console"))
"""The panes that share one place on a narrow screen."""

LOOKS: Final = ("locals-view", "watch-view")
"""The tabs that show what the paused script was asked for."""

CONNECTION: Final = "connection"
"""The pane that is in sight only while it lies over all others."""

NARROW: Final = 100
SHORT: Final = 16
"""Columns and rows below which panes share a place; below SHORT rows all four do."""


class MainScreen(Screen[None]):
    """Everything a user sees while debugging."""

    CSS_PATH = "main.tcss"
    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012
        (0, "-compact"),
        (100, "-normal"),
        (160, "-wide"),
    ]
    VERTICAL_BREAKPOINTS = [  # noqa: RUF012
        (0, "-short"),
        (16, "-low"),
        (20, "-tall"),
    ]

    title_bar = getters.query_one(TitleBar)
    phase_bar = getters.query_one(PhaseBar)
    timeline = getters.query_one(TimelineBar)
    key_bar = getters.query_one(KeyBar)
    find_bar = getters.query_one(FindBar)
    source = getters.query_one(SourcePane)
    graph = getters.query_one(GraphPane)
    tensor = getters.query_one(TensorPane)
    optimizer = getters.query_one(OptimizerPane)
    local_names = getters.query_one(LocalsPane)
    why = getters.query_one(WhyPane)
    loss = getters.query_one(LossPane)
    connection = getters.query_one(ConnectionTable)
    console = getters.query_one(ConsolePane)
    stdout = getters.query_one(StdoutPane)
    watches = getters.query_one(WatchPane)
    lesson = getters.query_one(LessonPane)

    def __init__(self, keys_of: Callable[[Command], str]) -> None:
        """Take the function that tells a command's present key."""
        super().__init__(id="main")
        self._keys_of = keys_of
        self._frame = EMPTY
        self._top = "source"
        self._last_focus: Widget | None = None
        self._painted: dict[str, object] = {}
        self.shares = layout.Shares()

    def compose(self) -> ComposeResult:
        """Lay the bars and panes out; the style sheet places them."""
        yield TitleBar()
        yield PhaseBar(id="phases")
        with Container(id="body"):
            yield TabbedPane(1, [("source-view", "Source")], [SourcePane()], id="source")
            yield TabbedPane(2, [("graph-view", "Graph")], [GraphPane()], id="graph")
            yield TabbedPane(
                3,
                [
                    ("console-view", "Console"),
                    ("stdout-view", "Stdout"),
                    ("watch-view", "Watch"),
                    ("lesson-view", "Lesson"),
                ],
                [ConsolePane(), StdoutPane(), WatchPane(), LessonPane()],
                id="talk",
            )
            yield TabbedPane(
                4,
                [
                    ("tensor-view", "Tensor"),
                    ("optimizer-view", "Optimizer"),
                    ("locals-view", "Locals"),
                    ("why-view", "Why"),
                    ("loss-view", "Loss"),
                ],
                [TensorPane(), OptimizerPane(), LocalsPane(), WhyPane(), LossPane()],
                id="inspect",
            )
            yield ConnectionPane()
        yield TimelineBar()
        yield FindBar()
        yield SearchBar()
        yield KeyBar(self._keys_of)

    def on_mount(self) -> None:
        """Begin in the source pane; until there is something to see, each pane says what comes."""
        say_what_comes(self)
        self.source.focus()

    def paint(self, frame: Frame, *, with_panes: bool = True) -> None:
        """Paint a new instant: the bars always, a pane only if it is seen and nothing runs."""
        self._frame = frame
        self.title_bar.paint(frame)
        self.phase_bar.paint(frame)
        self.timeline.paint(frame)
        self.key_bar.paint(frame)
        if frame.session is not None:
            points = frame.session.breakpoints.list()
            self.pane("source").write_below(summary(points, frame.glyphs))
        if frame.is_quiet and with_panes:
            self.paint_panes()

    def paint_panes(self) -> None:
        """Paint the visible panes that do not show this instant yet."""
        frame = self._frame
        if frame.moment is None or frame.session is None:
            return
        points = tuple((str(point), point.enabled) for point in frame.session.breakpoints.list())
        shown = (frame.moment.run, frame.head, frame.cursor, frame.state, frame.selection)
        # The explanation stands in pane 4 while pane 2 is out of sight.
        seen = (self.pane("graph").display, frame.is_asked)
        instant = (*shown, frame.standing, points, frame.step_revision, *seen)
        painters: dict[str, Callable[[], None]] = {
            "source-view": lambda: self.source.paint(frame),
            "graph-view": lambda: self.graph.paint(frame),
            "tensor-view": lambda: self.tensor.paint(frame),
            "optimizer-view": lambda: self.optimizer.paint(frame),
            "locals-view": lambda: self.local_names.paint(frame),
            "watch-view": lambda: self.watches.paint(frame),
            "why-view": lambda: self.why.paint(frame),
            "loss-view": lambda: self.loss.paint(frame),
            "connection-view": lambda: self.connection.paint(frame),
        }
        for pane in self._all_panes:
            if not pane.display or not pane.active:
                continue
            paint = painters.get(pane.active)
            looks = pane.active in LOOKS
            now = (*instant, frame.look_revision) if looks else instant
            if paint is not None and self._painted.get(pane.active) != now:
                self._guarded(pane, paint)
                self._painted[pane.active] = now
        inspect = self.pane("inspect")
        if inspect.active:
            inspect.write_below(hint_of(inspect.content()))
        self.pane("graph").write_below(self.graph.summary.replace("[", r"\["))

    def _guarded(self, pane: TabbedPane, paint: Callable[[], None]) -> None:
        """Paint a pane; one that cannot be painted says so and leaves the others alone."""
        try:
            paint()
        except Exception as error:
            if self.app.is_headless:
                raise
            content = pane.content()
            rows = [content] if isinstance(content, LinesView) else content.query(LinesView)
            for view in list(rows)[:1]:
                view.show_failure(noted(error))

    def panes(self) -> list[TabbedPane]:
        """Return the four panes in order."""
        return [pane for pane in self._all_panes if pane.id != CONNECTION]

    @cached_property
    def _all_panes(self) -> tuple[TabbedPane, ...]:
        return tuple(self.query(TabbedPane))

    def pane(self, name: str) -> TabbedPane:
        """Return one pane by its id."""
        return self.query_one(f"#{name}", TabbedPane)

    @property
    def is_compact(self) -> bool:
        """Whether panes 1 to 3 share one place."""
        return self.size.width < NARROW or self.is_short

    @property
    def is_short(self) -> bool:
        """Whether there is room for one pane only."""
        return self.size.height < SHORT

    @property
    def stack(self) -> tuple[tuple[str, str], ...]:
        """The panes that share one place now, with their titles."""
        if not self.is_compact:
            return ()
        return (*STACKED, ("inspect", "4 Tensor")) if self.is_short else STACKED

    def place_panes(self) -> None:
        """Show the panes that belong on a screen of this size; keep the focus in sight."""
        self._show_panes()
        if not self._focus_is_seen():
            self.call_after_refresh(self._focus_content, self.zoomed or self._top)

    def _show_panes(self) -> None:
        zoomed, stack = self.zoomed, self.stack
        names = [name for name, _ in stack]
        if self._top not in (names or ["source"]):
            self._top = "source"
        for pane in self.panes():
            shown = pane.id not in names or pane.id == self._top
            pane.display = pane.id == zoomed if zoomed else shown
            pane.neighbours = stack if pane.id in names and not zoomed else ()
        self.pane(CONNECTION).display = zoomed == CONNECTION
        self.query_one("#body").set_class(bool(zoomed), "-zoomed")
        layout.apply(self)
        self.call_after_refresh(self.paint_panes)

    zoomed: str = ""
    _under: tuple[str, str] = ("", "source")

    def focus_pane(self, name: str) -> None:
        """Bring a pane to the front and give it the focus."""
        if any(name == stacked for stacked, _ in self.stack):
            self._top = name
        if name == CONNECTION:
            self.zoomed = name
        elif self.zoomed:
            self.zoomed = "" if self.zoomed == CONNECTION else name
        self._show_panes()
        self._focus_content(name)

    def toggle_connection(self) -> None:
        """Put the connection view over all panes, or the panes back as they were."""
        if self.zoomed == CONNECTION:
            self.zoomed, pane = self._under
            self._show_panes()
            self._focus_content(pane)
        else:
            self._under = (self.zoomed, self.focused_pane().id or "source")
            self.zoomed = CONNECTION
            self._show_panes()
            self._focus_content(CONNECTION)

    def _focus_content(self, name: str) -> None:
        target = _focusable(self.pane(name).content())
        if target is not None:
            self.set_focus(target)

    def _focus_is_seen(self) -> bool:
        if self.focused is None:
            return False
        nodes = [node for node in self.focused.ancestors_with_self if isinstance(node, Widget)]
        return all(node.display for node in nodes)

    def focused_pane(self) -> TabbedPane:
        """Return the pane that has the focus, the source pane if none."""
        node: Widget | None = self.focused
        while node is not None:
            if isinstance(node, TabbedPane):
                return node
            parent = node.parent
            node = parent if isinstance(parent, Widget) else None
        return self.pane("source")

    def focused_lines(self) -> LinesView | None:
        """Return the list of rows that has the focus, or the first in its pane."""
        if isinstance(self.focused, LinesView):
            return self.focused
        return next(iter(self.focused_pane().content().query(LinesView)), None)

    def toggle_zoom(self) -> None:
        """Give the focused pane the whole body, or put all panes back."""
        self.zoomed = "" if self.zoomed else (self.focused_pane().id or "")
        self.place_panes()

    def open_prompt(self) -> None:
        """Go to the console's prompt, remembering where the focus was."""
        if not isinstance(self.focused, PromptInput):
            self._last_focus = self.focused
        self.pane("talk").active = "console-view"
        self.focus_pane("talk")
        self.console.prompt.focus()

    def open_stdin(self) -> None:
        """Go to where a line for the script is typed, remembering where the focus was."""
        if not isinstance(self.focused, PromptInput):
            self._last_focus = self.focused
        self.pane("talk").active = "stdout-view"
        self.focus_pane("talk")
        self.stdout.prompt.focus()

    def way_to_stdin(self, key: str) -> str:
        """Say how to write to the script; `key` goes to where that is typed."""
        if self.focused is self.stdout.prompt:
            return "type the line, Enter"
        return f"press {key}, type the line, Enter"

    def on_prompt_input_left(self) -> None:
        """Give the focus back to where it came from."""
        last = self._last_focus
        self._last_focus = None
        if last is not None and last.is_mounted:
            pane = next((n for n in last.ancestors_with_self if isinstance(n, TabbedPane)), None)
            if pane is not None and pane.id:
                self.focus_pane(pane.id)
        elif (lines := self.focused_lines()) is not None:
            lines.focus()

    def on_descendant_focus(self) -> None:
        """Another pane has other keys in the footer."""
        self.key_bar.refresh()

    def on_tabbed_pane_asked(self, message: TabbedPane.Asked) -> None:
        """Focus the pane whose title was clicked."""
        self.focus_pane(message.pane)

    def on_tabbed_pane_tab_shown(self, message: TabbedPane.TabShown) -> None:
        """Paint what has become visible."""
        self.call_after_refresh(self.paint_panes)

    def on_resize(self, event: events.Resize) -> None:
        """Arrange the panes for the new size."""
        self.call_after_refresh(self.place_panes)


def _focusable(widget: Widget) -> Widget | None:
    """Return the widget to focus inside a pane's content: its rows rather than its prompt."""
    if widget.can_focus:
        return widget
    rows = [child for child in widget.query(LinesView) if child.can_focus]
    return rows[0] if rows else None
