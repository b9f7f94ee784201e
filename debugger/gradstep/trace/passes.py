"""The passes of the training loop in short: which phases each iteration had, over the whole run."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from gradstep.trace.reader import RunTrace

_LETTERS: Final = {"zero_grad": "z", "forward": "f", "backward": "b", "step": "s"}

_CODE: Final = re.compile(r"[a-z]\d*")

FINE, NO_STEP, NO_BACKWARD, SEVERAL, NO_ZERO_GRAD, CLEARED = range(6)
"""What is odd about an iteration, the worst last."""


def phase_code(phase: str, detail: Mapping[str, Any]) -> str:
    """Write a phase as a letter, and the number of the optimizer whose zero_grad or step it is."""
    number = detail.get("optimizer") if phase in ("zero_grad", "step") else None
    return _LETTERS.get(phase, "") + (str(number) if isinstance(number, int) else "")


@lru_cache(maxsize=1024)
def oddity(phases: str, before: str = "", *, is_over: bool = True) -> int:
    """Tell what an iteration lacks or has too much of, from the codes of its phases in order.

    One that only goes forward, as in an evaluation, is fine. One that is not over may still get
    what it lacks. An optimizer that steps must have been cleared, by itself or by a module; by
    `before` as well, which is what `carried` says of the iterations before.
    """
    if _steps_on_nothing(phases):
        return CLEARED
    calls, steps = phases.count("b"), set(re.findall(r"s(\d*)", phases))
    cleared = set(re.findall(r"z(\d*)", before + phases))
    if is_over and calls and (not cleared or ("" not in cleared and steps - cleared)):
        return NO_ZERO_GRAD
    if calls > 1:
        return SEVERAL
    if not is_over or not (calls or steps):
        return FINE
    return FINE if calls and steps else NO_STEP if calls else NO_BACKWARD


@lru_cache(maxsize=1024)
def carried(phases: str, before: str = "") -> str:
    """Return the calls of zero_grad since the last backward, with those that came `before`.

    A loop that clears at its end, or right after an evaluation, has cleared for what follows.
    """
    _, backward, since = phases.rpartition("b")
    found = [code for code in _CODE.findall(since) if code.startswith("z")]
    return "".join(dict.fromkeys((*([] if backward else _CODE.findall(before)), *found)))


def _steps_on_nothing(phases: str) -> bool:
    """Return whether an optimizer cleared its gradients between a backward and its own step.

    What a module clears may belong to another optimizer, so it does not count.
    """
    _, backward, since = phases.partition("b")
    cleared: set[str] = set()
    for code in _CODE.findall(backward + since):
        if code == "b":
            cleared.clear()
        elif code[0] == "z" and code != "z":
            cleared.add(code[1:])
        elif code[0] == "s" and code[1:] in cleared:
            return True
    return False


@dataclass(slots=True)
class Passes:
    """Reads the beginnings of phases, a piece at a time; what was read once stays.

    `numbers[i]` is an iteration, `starts[i]` the event with which its first phase begins,
    `phases[i]` its phases in codes, `odd[i]` what is odd about it.
    """

    run: RunTrace
    numbers: list[int] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    phases: list[str] = field(default_factory=list)
    odd: bytearray = field(default_factory=bytearray)
    upto: int = 0
    _before: str = ""
    _codes: dict[tuple[int, str | None], str] = field(default_factory=dict)

    def read(self, head: int, most: int) -> bool:
        """Read at most `most` more phases up to the event `head`; return whether that was all."""
        if self.upto >= head:
            return True
        database = self.run.database
        rows = database.rows(
            "SELECT seq, phase, iteration, detail FROM event INDEXED BY event_by_kind"
            " WHERE run = ? AND kind = ? AND seq > ? AND seq <= ? ORDER BY seq LIMIT ?",
            (self.run.number, database.text_id("phase_entered"), self.upto, head, most),
        )
        for seq, phase, iteration, detail in rows:
            letter = self._code(phase, detail)
            if self.numbers and self.numbers[-1] == iteration:
                self.phases[-1] += letter
                continue
            if self.phases:
                self.odd[-1] = self.last_if_over
                self._before = carried(self.phases[-1], self._before)
            self.numbers.append(iteration)
            self.starts.append(seq)
            self.phases.append(letter)
            self.odd.append(FINE)
        if self.phases:
            self.odd[-1] = oddity(self.phases[-1], self._before, is_over=False)
        is_all = len(rows) < most
        self.upto = head if is_all else rows[-1][0]
        return is_all

    @property
    def last_if_over(self) -> int:
        """What is odd about the last iteration if nothing more comes of it."""
        return oddity(self.phases[-1], self._before)

    def _code(self, phase: int, detail: str | None) -> str:
        # Few differ: each is parsed once.
        code = self._codes.get((phase, detail))
        if code is None:
            try:
                found = json.loads(detail) if detail else {}
                code = phase_code(self.run.database.text(phase), found)
            except (ValueError, AttributeError) as error:
                raise self.run.database.damaged(error) from None
            self._codes[phase, detail] = code
        return code

    def place_of(self, seq: int) -> int:
        """Return which pass an event lies in: the last that has begun, the first before all."""
        return max(0, bisect_right(self.starts, seq) - 1)
