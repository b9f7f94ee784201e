"""Pane 3, fourth tab: a lesson's question, and how the last one turned out."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType
from textual.message import Message

from gradstep.teaching.view import LessonView, lesson_view
from gradstep.tui.pane_keys import pane_bindings
from gradstep.tui.widgets.lines import LinesView
from gradstep.views.glyphs import UNICODE, Glyphs

if TYPE_CHECKING:
    from gradstep.teaching import Lesson


class LessonPane(LinesView):
    """Choices are rows: a number, a click, or Enter on one answers."""

    BINDINGS: ClassVar[list[BindingType]] = pane_bindings("Lesson")
    HELP: ClassVar[str] = (
        "A lesson asks, before each phase, what it will do. Answer with a number, a click or "
        "Enter: the script goes on to the end of the phase, and here stands whether you were "
        "right, and why. p goes on without an answer. What is asked comes from your own script's "
        "numbers; a question that was answered right twice does not come again. T ends the lesson."
    )

    class Answered(Message):
        """A choice was made."""

        def __init__(self, choice: int) -> None:
            """Say which, from 0."""
            super().__init__()
            self.choice = choice

    def __init__(self) -> None:
        """Start without a lesson."""
        super().__init__(id="lesson-view")
        self.lesson: Lesson | None = None
        self.shown = LessonView((), ())
        self.glyphs: Glyphs = UNICODE
        self.keys = ""

    def show_lesson(self, lesson: Lesson | None, glyphs: Glyphs, keys: str) -> None:
        """Take a lesson as it is now; `keys` begin and end it."""
        self.lesson, self.glyphs, self.keys = lesson, glyphs, keys
        self.shown = lesson_view(lesson, max(20, self.size.width - 1), glyphs, keys)
        self.show_lines(self.shown.lines, self.shown.first_choice or 0)

    def content_width(self) -> int:
        """Lines are set in the pane's width."""
        return 0

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Take numbers only while a question waits: else they go to panes, as everywhere."""
        return action != "choose" or (self.lesson is not None and self.lesson.waits)

    def action_choose(self, choice: int) -> None:
        """Answer by number."""
        self.post_message(self.Answered(choice))

    def action_activate(self) -> None:
        """Answer with the choice under the cursor."""
        self._answer_with(self.row)

    def clicked(self, row: int, column: int) -> None:
        """Answer with the choice that was clicked."""
        super().clicked(row, column)
        self._answer_with(row)

    def _answer_with(self, row: int) -> None:
        choice = self.shown.choices[row] if 0 <= row < len(self.shown.choices) else None
        if choice is not None:
            self.post_message(self.Answered(choice))

    def on_resize(self) -> None:
        """Set the lines anew in the new width."""
        self.show_lesson(self.lesson, self.glyphs, self.keys)
