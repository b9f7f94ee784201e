"""Commands on how the screen looks, and what is kept of it for the next session of a script."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from gradstep.session.kept import keep, read_kept
from gradstep.settings import Settings
from gradstep.tui import layout
from gradstep.tui.commands import Commands
from gradstep.tui.palette import Palette
from gradstep.tui.picture import save_picture
from gradstep.tui.pointing import tensor_of, word_at
from gradstep.tui.screens.theme import ThemeScreen
from gradstep.tui.settled import keep_theme
from gradstep.tui.theme import next_theme
from gradstep.tui.widgets.graph_pane import Card
from gradstep.tui.widgets.lines import LinesView
from gradstep.tui.widgets.source_pane import SourcePane
from gradstep.tui.widgets.tabbed import TabbedPane
from gradstep.tui.widgets.talk_panes import Log

LAYOUT: Final = "layout"


class Habits(Commands):
    """The actions about themes, sizes and pictures of the screen."""

    settings: Settings
    script: str
    _kept_layout: dict[str, Any] | None = None
    """The layout as it was last kept; None until there is a script to keep it for."""

    def restore_layout(self) -> None:
        """Arrange the panes as this script was left."""
        session, main = self.session, self.main
        if session is None:
            return
        main.shares = layout.Shares(self.settings.columns, self.settings.rows)
        script = session.breakpoints.script
        layout.restore(main, read_kept(script, LAYOUT) if self.settings.remember else {})
        self._kept_layout = layout.taken(main)

    def keep_layout(self) -> None:
        """Keep the layout, if it is another one than before."""
        if self.session is None or self._kept_layout is None or not self.settings.remember:
            return
        now = layout.taken(self.main)
        if now != self._kept_layout:
            self._kept_layout = now
            keep(self.session.breakpoints.script, LAYOUT, now)

    def on_tabbed_pane_tab_shown(self, message: TabbedPane.TabShown) -> None:
        """Another tab is shown."""
        self.keep_layout()

    def on_tabbed_pane_dragged(self, message: TabbedPane.Dragged) -> None:
        """A border was drawn somewhere else."""
        pane = message.pane.id or ""
        shares = layout.dragged(self.main, pane, message.edge, message.x, message.y)
        if shares is not None:
            self._share(shares)
        if message.is_done:
            self.keep_layout()

    def on_lines_view_pointed(self, message: LinesView.Pointed) -> None:
        """Show the tensor whose name was clicked: a value, or twice on a name in the code."""
        view, moment = message.view, self.frame.moment
        if moment is None or not isinstance(view, (Card, Log, SourcePane)):
            return
        in_code = isinstance(view, SourcePane) and not view.is_value(message.row, message.column)
        if in_code and message.times < 2:
            return
        found = tensor_of(moment, word_at(message.text, message.column))
        if found is not None:
            self.selection = replace(self.selection, what=found[1])
            self.show_tensor(found[0])

    def action_command_palette(self) -> None:
        """Open the palette."""
        if not isinstance(self.screen, Palette):
            self.push_screen(Palette())

    def action_zoom(self) -> None:
        """Give the focused pane the whole screen, and back."""
        super().action_zoom()
        self.keep_layout()

    def action_resize(self, axis: str, by: int) -> None:
        """Give the pane with the focus more or less of the width, or of the height."""
        main = self.main
        if main.zoomed or main.is_short:
            why = "z puts the other panes back first" if main.zoomed else "there is one pane only"
            self.say(f"this pane has the whole screen: {why}")
            return
        if axis == "columns" and main.is_compact:
            axis = "rows"  # All panes have the whole width here.
        pane = main.focused_pane().id or ""
        self._share(layout.grown(main, pane, axis, by))
        self.keep_layout()

    def action_even_out(self) -> None:
        """Give all panes the sizes that they have by themselves."""
        self._share(layout.Shares(self.settings.columns, self.settings.rows))
        self.keep_layout()

    def _share(self, shares: layout.Shares) -> None:
        if shares != self.main.shares:
            self.main.shares = shares
            layout.apply(self.main)

    def action_switch_theme(self) -> None:
        """Show the next of gradstep's themes."""
        self._choose_theme(next_theme(self.theme))

    def action_choose_theme(self) -> None:
        """List all themes."""

        def chosen(name: str | None) -> None:
            if name is not None and name != before:
                self._choose_theme(name)

        before = self.theme
        self.push_screen(ThemeScreen(before), chosen)

    def _choose_theme(self, name: str) -> None:
        self.theme = name
        keep_theme(self.settings, name)

    def action_save_screen(self) -> None:
        """Write the screen to an SVG file, and say where it is."""
        cursor = self.frame.cursor
        title = f"{self.script} · event {cursor:,}" if cursor else self.script
        try:
            path = save_picture(self, self.script, cursor, title)
        except OSError as error:
            self.say(f"the picture cannot be written: {error.strerror or error}", "warning")
            return
        self.say(f"the screen is in {path}", "accent")
