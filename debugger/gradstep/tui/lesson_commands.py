"""Commands of a lesson: begin and end it, ask where a phase begins, take answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gradstep.teaching import Lesson
from gradstep.tui.actions import BY_ID
from gradstep.tui.commands import Commands

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from gradstep.tui.frame import Frame
    from gradstep.tui.widgets.lesson_pane import LessonPane


class LessonCommands(Commands):
    """With a lesson, `p` stops where a phase begins as well as where it ends."""

    lesson: Lesson | None = None
    _shown: tuple[int, int] = (0, 0)

    def action_teach(self) -> None:
        """Begin a lesson, or end the one that is on."""
        if self.lesson is not None:
            right, answered = self.lesson.right, self.lesson.answered
            self.lesson = None
            self.say(f"the lesson is over: {right} of {answered} right", "accent")
        else:
            self.lesson = Lesson()
            self.say("a lesson: p goes on to the next question", "accent")
            self.main.pane("talk").active = "lesson-view"
        self.show_lesson()
        self.paint_now()

    @property
    def is_asked(self) -> bool:
        """Whether a question waits for its answer."""
        return self.lesson is not None and self.lesson.waits

    def look_at_lesson(self, frame: Frame) -> None:
        """Have the lesson see the moment; bring a new question to the front."""
        lesson = self.lesson
        if lesson is None or frame.moment is None or not frame.is_quiet:
            return
        before = lesson.asked
        lesson.look(frame.moment)
        if (id(lesson), lesson.changes) != self._shown:
            self.show_lesson()
            if lesson.waits and lesson.asked is not before:
                self.main.pane("talk").active = "lesson-view"
                self.main.focus_pane("talk")

    def show_lesson(self) -> None:
        """Paint the lesson as it is."""
        lesson = self.lesson
        self._shown = (id(lesson), lesson.changes) if lesson is not None else (0, 0)
        self.main.lesson.show_lesson(
            lesson, self.frame.glyphs, self.keys_of(BY_ID["lesson.toggle"])
        )

    def on_lesson_pane_answered(self, message: LessonPane.Answered) -> None:
        """Take an answer, and go to where it shows."""
        if self.lesson is None or not self.lesson.answer(message.choice):
            return
        self.show_lesson()
        self.action_motion("phase", False)

    def _session_motion(
        self, name: str, backward: bool, target: Any = None
    ) -> Callable[[], Awaitable[Any]]:
        if name == "phase" and not backward and self.lesson is not None:
            name = self.lesson.motion
        return super()._session_motion(name, backward, target)
