"""What the keys do that open the connection view and leave it."""

from __future__ import annotations

from gradstep.tui.actions import BY_ID
from gradstep.tui.commands import Commands
from gradstep.tui.frame import Selection


class ConnectionCommands(Commands):
    """The actions of the application that are about the connection view."""

    def action_connection(self) -> None:
        """Put the connection view over all panes, or the panes back."""
        self.main.toggle_connection()

    def on_connection_rows_left(self) -> None:
        """Esc in the table."""
        self.main.toggle_connection()

    def follow_connection(self) -> None:
        """Go to the event of the chosen cell; its parameter is what pane 4 shows there."""
        seq, tensor = self.main.connection.event_of_cell()
        if not seq:
            self.say("this cell has no event to go to")
            return
        self.main.toggle_connection()
        again, back = self.keys_of(BY_ID["connection.show"]), self.keys_of(BY_ID["jump.back"])
        told = f"event {seq:,}: {again} shows the table again, {back} jumps back"
        self.seek(seq, told, Selection(tensor=tensor, what=self.selection.what))
