"""A lesson as lines: the last answer's verdict, the question, its choices, and the score."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gradstep.views.numbers import count
from gradstep.views.text import Line, Span, cells

if TYPE_CHECKING:
    from gradstep.teaching.lesson import Lesson, Result
    from gradstep.views.glyphs import Glyphs


@dataclass(frozen=True, slots=True)
class LessonView:
    """Lines, and for each the choice that it belongs to, None for none."""

    lines: tuple[Line, ...]
    choices: tuple[int | None, ...]

    @property
    def first_choice(self) -> int | None:
        """The row of the first choice."""
        return next((row for row, one in enumerate(self.choices) if one is not None), None)


def lesson_view(lesson: Lesson | None, width: int, glyphs: Glyphs, keys: str) -> LessonView:
    """Set a lesson in lines of `width` cells; `keys` are those that begin and end lessons."""
    rows: list[tuple[Line, int | None]] = []

    def add(text: str, style: str = "", indent: str = "", choice: int | None = None) -> None:
        rows.extend((one, choice) for one in wrapped(text, width, style, indent))

    if lesson is None:
        add(f"{keys} begins a lesson.", "dim")
        add(
            "Before each phase gradstep then asks what it will do; you answer, and watch whether "
            "it does.",
            "dim",
        )
        return _view(rows)
    if lesson.asked is not None:
        add(lesson.asked.text, "bold")
        for number, choice in enumerate(lesson.asked.choices):
            mark = glyphs.here if number == lesson.chosen else " "
            add(choice, "", f"{mark} `{number + 1}`  ", number)
    elif lesson.result is not None:
        rows.extend((one, None) for one in _result_lines(lesson.result, width, glyphs))
    add("")
    if lesson.waits:
        add("a number answers and goes on; p goes on without an answer", "dim")
    elif lesson.is_watching:
        add("p goes to where it shows", "dim")
    else:
        add("p goes on to the next question", "dim")
    if lesson.answered:
        add(f"{lesson.right} of {count(lesson.answered)} right", "dim")
    return _view(rows)


def _result_lines(result: Result, width: int, glyphs: Glyphs) -> list[Line]:
    """Say what was asked, what was answered, and what was right and why."""
    choices, verdict = result.asked.choices, result.verdict
    chosen = "" if result.chosen is None else choices[result.chosen]
    lines = wrapped(result.asked.text, width, "dim")
    if verdict is None:
        said = f"{chosen}: " if chosen else ""
        lines += wrapped(f"{said}what came of it was not recorded", width, "", "  ")
    elif result.is_right:
        lines += wrapped(chosen, width, "success bold", f"{glyphs.tick} ")
    else:
        if result.chosen is not None:
            lines += wrapped(chosen, width, "warning", f"{glyphs.cross} ")
            remark = result.asked.remark(result.chosen)
            lines += wrapped(remark, width, "", "  ") if remark else []
        lines += wrapped(choices[verdict.right], width, "bold", f"{glyphs.arrow} ")
    if verdict is not None:
        lines += wrapped(verdict.because, width, "", "  ")
    return lines


def _view(rows: list[tuple[Line, int | None]]) -> LessonView:
    return LessonView(tuple(one for one, _ in rows), tuple(choice for _, choice in rows))


def wrapped(text: str, width: int, style: str = "", indent: str = "") -> list[Line]:
    """Set text in lines of `width` cells; what stands between backticks is a name or number.

    `indent` opens the first line, and blanks as wide as it the others.
    """
    lead = _spans(indent, style)
    used = sum(cells(span.text) for span in lead)
    lines: list[list[Span]] = []
    current, filled = [*lead], used
    for word in _words(_spans(text, style)):
        size = sum(cells(span.text) for span in word)
        gap = 1 if filled > used else 0
        if gap and filled + gap + size > width:
            lines.append(current)
            current, filled, gap = [Span(" " * used)] if used else [], used, 0
        current += [Span(" ", word[0].style)] if gap else []
        current += word
        filled += gap + size
    return [tuple(one) for one in (*lines, current)]


def _words(spans: list[Span]) -> list[list[Span]]:
    """Split spans at blanks; a word may be of several spans, as `x.grad` with a comma behind."""
    words: list[list[Span]] = [[]]
    for span in spans:
        for number, piece in enumerate(span.text.split(" ")):
            if number:
                words.append([])
            if piece:
                words[-1].append(Span(piece, span.style))
    return [word for word in words if word]


def _spans(text: str, style: str) -> list[Span]:
    parts = text.split("`")
    return [Span(part, "accent" if number % 2 else style) for number, part in enumerate(parts)]
