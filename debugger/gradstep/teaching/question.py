"""What a question is: words, choices, and how to tell afterwards which of them was right."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradstep.teaching.scene import Scene, Stretch


@dataclass(frozen=True, slots=True)
class Verdict:
    """Which choice was right, from 0, and the reason with this run's numbers."""

    right: int
    because: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A question about one phase of one run. Words between backticks are names and numbers.

    `judge` looks at the phase when it has ended; it returns None where the trace does not tell.
    `remarks` has for each choice what is mistaken in it, "" for nothing more than the reason says:
    it is said to a learner who chose it wrongly. It may be shorter than the choices.
    """

    text: str
    choices: tuple[str, ...]
    judge: Callable[[Stretch], Verdict | None]
    remarks: tuple[str, ...] = ()

    def remark(self, choice: int) -> str:
        """Return what is mistaken in a choice, "" where nothing is prepared."""
        return self.remarks[choice] if choice < len(self.remarks) else ""

    def turned(self, by: int) -> Asked:
        """Return the same question with its choices turned round, so that no place is the best.

        Two choices, yes and no, stay as they are.
        """
        count = len(self.choices)
        by %= count
        if count < 3 or not by:
            return self

        def judge(stretch: Stretch) -> Verdict | None:
            verdict = self.judge(stretch)
            if verdict is None:
                return None
            return Verdict((verdict.right + by) % count, verdict.because)

        remarks = tuple(self.remark(number) for number in range(count))
        return Asked(
            self.text,
            (*self.choices[-by:], *self.choices[:-by]),
            judge,
            (*remarks[-by:], *remarks[:-by]),
        )


@dataclass(frozen=True, slots=True)
class Question:
    """A kind of question: `ask` makes one for the phase that begins, or None if it has no place."""

    id: str
    phase: str
    ask: Callable[[Scene], Asked | None]


YES_NO = ("yes", "no")


def yes_or_no(text: str, judge: Callable[[Stretch], tuple[bool, str] | None]) -> Asked:
    """Make a question whose answer is yes or no."""

    def verdict(stretch: Stretch) -> Verdict | None:
        found = judge(stretch)
        return None if found is None else Verdict(0 if found[0] else 1, found[1])

    return Asked(text, YES_NO, verdict)
