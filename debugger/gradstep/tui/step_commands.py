"""Commands before an update: preview it, leave it out, change what it works with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradstep.session.model import SessionError
from gradstep.tui.commands import Commands
from gradstep.tui.screens.edit import EditScreen
from gradstep.views.coming import coming, stands_before_update
from gradstep.views.editable import targets

if TYPE_CHECKING:
    from gradstep.session.at_step import Edit
    from gradstep.tui.frame import Frame


class StepCommands(Commands):
    """The actions at the optimizer's step."""

    _previewed: tuple[int, int] = (0, 0)
    """The run and the event at which the script was last asked for a preview."""

    def ask_preview(self, frame: Frame) -> None:
        """Have the script work out what the trace has no numbers for, once per stop."""
        session, moment = frame.session, frame.moment
        if session is None or moment is None or frame.state != "paused":
            return
        stop = (id(moment.run), frame.cursor)
        if stop == self._previewed or not stands_before_update(moment):
            return
        self._previewed = stop
        if any(_is_missing(each.figures is None, each.why) for each in coming(moment)):
            self.run_worker(self._preview(), group="preview")

    async def _preview(self) -> None:
        session = self.session
        if session is None:
            return
        try:
            await session.at_step.preview()
        except SessionError:
            return  # The script has gone on meanwhile: there is nothing to preview any more.
        self.paint_now()

    def action_skip_step(self) -> None:
        """Leave the step out, and go to its end."""
        session = self.session
        if session is None or self.in_flight.motion is not None:
            return
        self.in_flight.begin("phase")
        self.run_worker(self._skip_step(), group="motion")

    async def _skip_step(self) -> None:
        session = self.session
        assert session is not None
        try:
            await session.at_step.skip_step()
        except self.session_errors as error:
            self.say(str(error), "warning")
            self.in_flight.end()
            return
        try:
            await self.go(self._session_motion("phase", False), told="the step was skipped")
        finally:
            self.in_flight.end()

    def action_skip_parameter(self) -> None:
        """Leave the selected parameter out of the step, or no longer."""
        view = self.main.optimizer.view
        tensor = self.selection.parameter or self.selection.tensor
        if tensor is None and view is not None and view.rows:
            tensor = view.rows[view.selected].tensor
        if tensor is None:
            self.say("select a parameter in the optimizer pane first", "warning")
            return
        self.run_worker(self._skip_parameter(tensor), group="skip", exclusive=True)

    async def _skip_parameter(self, tensor: int) -> None:
        session, moment = self.session, self.frame.moment
        if session is None or moment is None:
            return
        try:
            wanted = await session.at_step.skip_parameter(tensor)
        except self.session_errors as error:
            self.say(str(error), "warning")
            return
        name = moment.name(tensor)
        self.say(f"{name} will be left out of this step" if wanted else f"{name} is not skipped")
        self.paint_now()

    def action_edit_value(self) -> None:
        """Ask for a new value of a hyper-parameter or an element."""
        session, moment = self.session, self.frame.moment
        if session is None or moment is None:
            return
        if self.frame.state != "paused":
            said = {
                "past": "the past cannot be changed; go to the live edge first",
                "running": "the script is running: space pauses it",
            }
            told = said.get(self.frame.state, "only a paused script can be changed")
            self.say(told, "warning")
            return
        param, element = self._pointed_at()
        found = targets(moment, param, element) if param is not None else []
        if not found:
            self.say("no parameter is selected, and there is no optimizer yet", "warning")
            return
        first = next((n for n, t in enumerate(found) if t.what != "hyper"), 0)
        in_tensor = self.main.pane("inspect").active == "tensor-view"
        begin = first if in_tensor else 0
        self.push_screen(EditScreen(found, begin, self._apply, self.frame.glyphs), self._edited)

    def _pointed_at(self) -> tuple[int | None, tuple[int, ...] | None]:
        """Return the parameter to edit, and its element where the tensor pane shows one first."""
        moment = self.frame.moment
        if self.main.pane("inspect").active == "tensor-view":
            view = self.main.tensor.view
            if view is not None and view.tensor is not None and moment is not None:
                value = moment.value(view.tensor)
                sizes = len(value.shape) if value is not None else 0
                places = {0: (), 1: (view.column,), 2: (view.row, view.column)}
                if moment.is_parameter(view.tensor):
                    return view.tensor, places.get(sizes)
        view_of_optimizer = self.main.optimizer.view
        if self.selection.parameter is not None:
            return self.selection.parameter, None
        if view_of_optimizer is not None and view_of_optimizer.rows:
            return view_of_optimizer.rows[view_of_optimizer.selected].tensor, None
        held = (
            [p for o in moment.optimizers() for g in o.groups for p in g.get("params", ())]
            if moment is not None
            else []
        )
        return (held[0] if held else None), None

    async def _apply(self, edit: Edit, accept: bool) -> None:
        session = self.session
        if session is None:
            raise SessionError("there is no script")
        await session.at_step.edit(edit, accept=accept)

    def _edited(self, edit: Edit | None) -> None:
        if edit is not None:
            self.say(f"set {edit.text}")
        self.paint_now()


def _is_missing(is_none: bool, why: str) -> bool:
    return is_none and why in ("contents not recorded", "too large to work out here")
