"""Following a line of the tab Why to its event, and the console's `why NAME`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gradstep.tui.frame import Selection
from gradstep.views.text import Line, Span
from gradstep.views.why import why_view

if TYPE_CHECKING:
    from gradstep.trace.moment import Moment
    from gradstep.tui.commands import Commands
    from gradstep.tui.widgets.why_pane import WhyPane
    from gradstep.views.glyphs import Glyphs

WORD: Final = "why"


def follow(app: Commands, pane: WhyPane, row: int) -> None:
    """Go to the event of a row; what is selected stays selected."""
    seq = pane.follow(row)
    if seq and pane.view is not None:
        app.seek(seq, selection=Selection(tensor=pane.view.tensor, what=app.selection.what))


def answer_why(app: Commands, moment: Moment, text: str) -> None:
    """Put the answer to a line such as `why w.grad` into the console."""
    console = app.main.console
    width = max(30, console.log_view.size.width - 4)
    try:
        lines = why_lines(moment, text, width, app.frame.glyphs)
    except app.session_errors as error:
        console.say(str(error), "error", "✗ ")
    else:
        console.log_view.add(*((Span("  "), *one) for one in lines))
    app.answers += 1
    app.paint_now()


def asks_why(text: str) -> bool:
    """Return whether a line of the console asks why: `why` alone is a name like any other."""
    word, _, rest = text.strip().partition(" ")
    return word == WORD and bool(rest.strip()) and rest.strip()[0] not in "=.([+-*/"


def why_lines(moment: Moment, text: str, width: int, glyphs: Glyphs) -> tuple[Line, ...]:
    """Return the answer to `why fc1.weight.grad`.

    Raises:
        ValueError: no recorded tensor has this name; one line says what to do.
    """
    name = text.strip().partition(" ")[2].strip().rstrip("?").strip().removesuffix(".grad")
    tensor = named(moment, name)
    if tensor is None:
        raise ValueError(f"no tensor is called {name} at event {moment.seq}; see the tab Locals")
    return why_view(moment, tensor, width=width, glyphs=glyphs).lines


def named(moment: Moment, name: str) -> int | None:
    """Find a tensor by a name as the screen shows it, or as the script writes it."""
    if name.endswith(" (old)"):
        return next((one for one in moment.parameters() if moment.name(one) == name), None)
    found = moment.tensor_named(name)
    if found is None and "." in name:
        # `net.fc1.weight` of the script is `fc1.weight` here when there is one model.
        found = moment.tensor_named(name.partition(".")[2])
    return found
