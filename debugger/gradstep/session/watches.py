"""Watched expressions: what they are now, and what they were at stops and iterations before.

Parameters, gradients, the loss and the learning rate are read from the trace, which has their
whole history, also for a recorded run. Anything else is evaluated in the paused script at each
stop; in the past and in recorded runs from what was recorded.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from gradstep.session.kept import keep_texts, read_texts
from gradstep.session.model import SessionError

if TYPE_CHECKING:
    from gradstep.trace.moment import Moment

_PATH: Final = re.compile(r"(?=.*(^|\.)\d)[A-Za-z_0-9]*(\.\w+)*\.[A-Za-z_]\w*\Z")

KEPT: Final = "watches"
HISTORY: Final = 400
"""Stops that an evaluated expression's history holds."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One watch at one time.

    `number` is what is compared and drawn: the value, or the norm of a larger tensor, as `is_norm`
    says. `change` is since the stop, or the iteration, before; `history` goes up to now and comes
    from `source`, `trace` or `stops`.
    """

    text: str
    value: str = ""
    number: float | None = None
    change: float | None = None
    history: tuple[float, ...] = ()
    source: str = "stops"
    is_norm: bool = False
    error: str = ""
    tensor: int | None = None


@dataclass(slots=True)
class _Heard:
    """The answers at stops: by event, the newest last."""

    value: str = ""
    error: str = ""
    seqs: list[int] = field(default_factory=list)
    numbers: list[float | None] = field(default_factory=list)


class WatchBook:
    """What is watched of a script, kept between sessions; `on_change` is called after a change."""

    def __init__(self, script: str, on_change: Callable[[], None] = lambda: None) -> None:
        """Start with what was kept for `script`."""
        self._script = script
        self._on_change = on_change
        self.texts: list[str] = []
        self._heard: dict[str, _Heard] = {}
        self.revision = 0
        for text in read_texts(script, KEPT):
            if not _trouble(text) and text not in self.texts:
                self.texts.append(text)

    def add(self, text: str) -> str:
        """Watch an expression; return it as it is kept.

        Raises:
            SessionError: it is no expression, or watched already.
        """
        text = text.strip()
        if trouble := _trouble(text):
            raise SessionError(trouble)
        if text in self.texts:
            raise SessionError(f"{text} is watched already")
        self.texts.append(text)
        self._changed()
        return text

    def remove(self, text: str) -> None:
        """Watch an expression no longer."""
        if text in self.texts:
            self.texts.remove(text)
            self._heard.pop(text, None)
            self._changed()

    def to_ask(self) -> list[str]:
        """Return what has to be evaluated in the script."""
        return [text for text in self.texts if not is_path(text)]

    def take(self, answers: Iterable[Mapping[str, Any]], stop: object) -> None:
        """Take the script's answers at a stop: a tuple that ends with its event's number."""
        seq = stop[-1] if isinstance(stop, tuple) else 0
        for answer in answers:
            heard = self._heard.setdefault(str(answer["text"]), _Heard())
            heard.value = str(answer.get("value", ""))
            heard.error = str(answer.get("error", ""))
            number = answer.get("number")
            value = float(number) if isinstance(number, (int, float, str)) else None
            if heard.seqs and heard.seqs[-1] == seq:
                heard.numbers[-1] = value
                continue
            heard.seqs.append(seq)
            heard.numbers.append(value)
            del heard.seqs[:-HISTORY], heard.numbers[:-HISTORY]

    def restart(self) -> None:
        """Forget the answers: the script begins anew."""
        self._heard.clear()

    def heard(self, text: str, seq: int, *, at_edge: bool) -> Reading | None:
        """Return what the script answered at or before an event; None if it was never asked."""
        found = self._heard.get(text)
        if found is None:
            return None
        end = bisect_right(found.seqs, seq)
        numbers = found.numbers[:end]
        known = tuple(number for number in numbers if number is not None)
        now = numbers[-1] if numbers else None
        before = next((n for n in reversed(numbers[:-1]) if n is not None), None)
        change = now - before if now is not None and before is not None else None
        return Reading(
            text,
            value=found.value if at_edge else "",
            number=now if at_edge else None,
            change=change if at_edge else None,
            history=known,
            error=found.error if at_edge else "",
        )

    def _changed(self) -> None:
        self.revision += 1
        keep_texts(self._script, KEPT, self.texts)
        self._on_change()


def is_path(text: str) -> bool:
    """Tell whether a text is a parameter's path that is no Python: `0.weight` of a Sequential."""
    return _PATH.match(text) is not None


def _trouble(text: str) -> str:
    if is_path(text.strip()):
        return ""
    if not text.strip():
        return "write an expression to watch, such as loss or w.grad.norm()"
    try:
        compile(text.strip(), "<watch>", "eval")
    except (SyntaxError, ValueError) as error:
        return f"{text} is no expression: {getattr(error, 'msg', error)}"
    return ""


def readings(book: WatchBook, moment: Moment, *, live: bool) -> list[Reading]:
    """Read every watch as of a moment; `live` where the paused script itself was asked there."""
    from gradstep.session.recorded_names import evaluate_recorded
    from gradstep.session.watch_history import from_trace

    found = []
    for text in book.texts:
        reading = from_trace(moment, text)
        if reading is None:
            heard = book.heard(text, moment.seq, at_edge=live)
            if is_path(text):
                reading = Reading(text, error="nothing of this name is recorded by now")
            elif live:
                reading = heard or Reading(text, value="…")
            else:
                answer = evaluate_recorded(moment, text)
                history = heard.history if heard is not None else ()
                reading = Reading(
                    text, answer.text, history=history, error="" if answer.ok else answer.error
                )
        found.append(reading)
    return found
