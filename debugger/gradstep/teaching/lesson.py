"""A lesson: which question comes, what the learner said, and how it went so far."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gradstep.teaching import about_backward, about_forward, about_step, about_zero_grad
from gradstep.teaching.question import Asked, Question, Verdict
from gradstep.teaching.scene import Scene, Stretch

if TYPE_CHECKING:
    from gradstep.trace.moment import Moment
    from gradstep.trace.reader import RunTrace

BANK: Final = (
    *about_zero_grad.QUESTIONS,
    *about_forward.QUESTIONS,
    *about_backward.QUESTIONS,
    *about_step.QUESTIONS,
)
"""All kinds of questions; of those that have a place the one asked least comes, in this order."""

ENOUGH: Final = 2
"""A question that was answered right so often is not asked again."""


@dataclass(frozen=True, slots=True)
class Result:
    """A question that was settled: what was said, and what was right.

    `chosen` is None where nothing was said, `verdict` where the trace does not tell.
    """

    asked: Asked
    chosen: int | None
    verdict: Verdict | None

    @property
    def is_right(self) -> bool:
        """Whether the learner was right."""
        return self.verdict is not None and self.verdict.right == self.chosen


class Lesson:
    """Follows the cursor: asks where a phase begins, and judges where it has ended.

    `changes` counts what there is to paint anew.
    """

    def __init__(self) -> None:
        """Start without a question."""
        self.question: Question | None = None
        self.asked: Asked | None = None
        self.chosen: int | None = None
        self.result: Result | None = None
        self.answered = 0
        self.right = 0
        self.changes = 0
        self._begin: Moment | None = None
        self._times: Counter[str] = Counter()
        self._mastered: Counter[str] = Counter()

    @property
    def waits(self) -> bool:
        """Whether a question stands open that was not answered."""
        return self.asked is not None and self.chosen is None

    @property
    def is_watching(self) -> bool:
        """Whether an answer was given that the phase's end will judge."""
        return self.asked is not None and self.chosen is not None

    @property
    def motion(self) -> str:
        """The motion that a learner's `p` means now.

        That is to the end of what was asked about, else on to the next beginning.
        """
        return "phase" if self.asked is not None else "begin"

    def answer(self, choice: int) -> bool:
        """Take an answer, from 0; False where there is nothing to answer, or no such choice."""
        if self.asked is None or not self.waits or not 0 <= choice < len(self.asked.choices):
            return False
        self.chosen = choice
        self.changes += 1
        return True

    def look(self, moment: Moment) -> None:
        """Take the moment under the cursor: judge, drop or ask a question."""
        begin = self._begin
        if begin is not None and not self._goes_on(begin, moment):
            if begin.run is moment.run and moment.seq > begin.seq:
                self._judge(begin, moment)
            self._drop()
        if self._begin is None and moment.event.kind == "phase_entered":
            self._ask(moment)

    def _goes_on(self, begin: Moment, moment: Moment) -> bool:
        """Tell whether the cursor still stands in the phase that was asked about."""
        if begin.run is not moment.run or moment.seq < begin.seq:
            return False
        end = _end(begin.run, begin.seq, moment.seq)
        return end is None

    def _judge(self, begin: Moment, moment: Moment) -> None:
        end = _end(begin.run, begin.seq, moment.seq)
        if end is None or self.asked is None or self.question is None:
            return
        verdict = self.asked.judge(Stretch(begin, begin.run.at(end)))
        self.result = Result(self.asked, self.chosen, verdict)
        if verdict is not None and self.chosen is not None:
            self.answered += 1
            self.right += self.result.is_right
            self._mastered[self.question.id] += self.result.is_right

    def _drop(self) -> None:
        self._begin = self.question = self.asked = self.chosen = None
        self.changes += 1

    def _ask(self, moment: Moment) -> None:
        scene = Scene(moment)
        fitting = [
            one
            for one in BANK
            if one.phase == moment.event.phase and self._mastered[one.id] < ENOUGH
        ]
        # Sorting keeps the bank's order among those asked equally often.
        for question in sorted(fitting, key=lambda one: self._times[one.id]):
            asked = question.ask(scene)
            if asked is not None:
                self._times[question.id] += 1
                self.question, self.asked = question, asked.turned(sum(self._times.values()))
                self._begin = moment
                self.changes += 1
                return


def _end(run: RunTrace, begin: int, upto: int) -> int | None:
    """Return the event at which the phase that began at `begin` ended, None if not by `upto`."""
    ends = run.events(begin + 1, upto + 1, {"phase_exited"})
    return next((event.seq for event in ends if event.enclosing == begin), None)
