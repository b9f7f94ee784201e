"""What panes give away: text for the clipboard, tensors and losses as files."""

from __future__ import annotations

import re
from pathlib import Path

from gradstep.session.model import SessionError
from gradstep.trace.array_file import ArrayFileError, check_name, write_array, write_lines
from gradstep.trace.loss_table import loss_lines
from gradstep.tui.commands import Commands
from gradstep.tui.screens.save import SaveScreen
from gradstep.tui.widgets.loss_pane import LossPane
from gradstep.tui.widgets.tensor_pane import TensorPane
from gradstep.views import numbers

NOT_RECORDED = "its contents were not recorded, and there is no paused script that has it"


class SaveCommands(Commands):
    """The actions that copy and export."""

    def on_tensor_pane_other_side_asked(self, message: TensorPane.OtherSideAsked) -> None:
        """Show the gradient in the place of the value, or the other way round."""
        self.action_switch_value()

    def on_tensor_pane_copied(self, message: TensorPane.Copied) -> None:
        """Send the text to the terminal, which may have a clipboard."""
        self.copy_to_clipboard(message.text)
        rows = numbers.plural(message.text.count("\n"), "line")
        self.say(f"copied {message.told}: {rows}, if this terminal takes OSC 52 (E writes a file)")

    def on_tensor_pane_export_asked(self, message: TensorPane.ExportAsked) -> None:
        """Ask where to write a tensor."""
        view, session = message.view, self.session
        value = view.value
        if value is None or session is None or 0 in value.shape:
            self.say("there are no numbers to write here", "warning")
            return
        is_live = self.frame.state in ("paused", "past")
        if value.content is None and (not is_live or view.lens.compare == "change"):
            self.say(NOT_RECORDED, "warning")
            return

        async def write(path: Path, overwrite: bool) -> None:
            check_name(path)
            if value.content is not None:
                write_array(path, value.shape, value.dtype, value.content, overwrite=overwrite)
                return
            looking, place = session.looking, str(path)
            await looking.save(value.tensor, value.version, place, overwrite=overwrite)

        name = re.sub(r"[^\w.-]+", "_", view.name).strip("_") or "tensor"
        shape = f"{numbers.dtype(value.dtype)}{numbers.shape(value.shape)}"
        self._ask(f"Write {view.name}  {shape}", ".npy or .csv", f"{name}.npy", write)

    def on_loss_pane_export_asked(self, message: LossPane.ExportAsked) -> None:
        """Ask where to write the losses."""
        session = self.session
        if session is None or self.frame.moment is None:
            return
        run, head = session.run, self.frame.head

        async def write(path: Path, overwrite: bool) -> None:
            if path.suffix.lower() != ".csv":
                raise ArrayFileError(f"{path.name} does not end in .csv")
            write_lines(path, loss_lines(run, head), overwrite=overwrite)

        hint = ".csv: every call of backward() with its loss, rate and gradient norm"
        self._ask("Write the losses", hint, "losses.csv", write)

    def _ask(self, title: str, hint: str, suggestion: str, write: object) -> None:
        def told(path: Path | None) -> None:
            if path is not None:
                self.say(f"wrote {path}")

        errors = (ArrayFileError, SessionError, *self.session_errors)
        self.push_screen(SaveScreen(title, hint, suggestion, write, errors), told)  # type: ignore[arg-type]
