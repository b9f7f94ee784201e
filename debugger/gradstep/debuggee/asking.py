"""Answers the console, the Locals pane and the watches of a paused script."""

from __future__ import annotations

import os
from contextlib import suppress
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any

from gradstep.debuggee import evaluation, pause_requests
from gradstep.debuggee.brief import brief, is_tensor
from gradstep.debuggee.completion import complete
from gradstep.debuggee.guarded import WATCH_SECONDS, Guard, Interrupted
from gradstep.debuggee.variables import chosen_frame, look, visible_names
from gradstep.protocol.wire import Message

if TYPE_CHECKING:
    from gradstep.debuggee.location import Locator
    from gradstep.debuggee.recorder import Recorder


def answer(
    recorder: Recorder, guard: Guard, kind: str, message: Message, frame: FrameType | None
) -> Any:
    """Answer evaluate, execute, look or complete; `frame` of the message counts outwards.

    Raises:
        EvaluationError: the text raised, or was broken off.
        FrameError: there is no such frame.
    """
    number = int(message.get("frame", 0))
    if kind == "look":
        found = look(recorder, frame, number, message.get("opened") or ())
        texts = [str(text) for text in message.get("watches") or ()]
        found["watches"] = _watched(guard, texts, frame) if texts else []
        return found
    frame = chosen_frame(recorder.locator, frame, number)
    text = str(message["text"])
    if kind == "complete":
        begun, offered = complete(text, visible_names(frame))
        return {"begun": begun, "offered": offered}
    call = pause_requests.evaluate if kind == "evaluate" else pause_requests.execute
    try:
        with guard.running():
            return call(recorder, text, frame)
    except Interrupted:
        raise evaluation.EvaluationError("interrupted") from None
    except evaluation.EvaluationError as error:
        where = _users_line(recorder.locator, error.trace)
        raise evaluation.EvaluationError(f"{error}{where}") from None


def _users_line(locator: Locator, trace: TracebackType | None) -> str:
    """Say which line of the user's an error came out of, "" if it was none."""
    found = ""
    while trace is not None:
        code = trace.tb_frame.f_code
        if file := locator.file_of(code):
            found = f" · {os.path.basename(file)}:{trace.tb_lineno}, in {code.co_name}"
        trace = trace.tb_next
    return found


def _watched(guard: Guard, texts: list[str], frame: FrameType | None) -> list[dict[str, Any]]:
    """Evaluate each text, within its time, as a breakpoint's condition is."""
    with evaluation.warnings_heard():
        return [_one(guard, text, frame) for text in texts]


def _one(guard: Guard, text: str, frame: FrameType | None) -> dict[str, Any]:
    try:
        with guard.running(WATCH_SECONDS):
            value = evaluation.evaluate(text, frame)
            return {"text": text, "value": brief(value), "number": _number(value)}
    except evaluation.EvaluationError as error:
        return {"text": text, "error": str(error)}
    except Interrupted:
        return {"text": text, "error": f"took longer than {WATCH_SECONDS} s and was broken off"}


def _number(value: Any) -> float | None:
    """Return the one number that a value is, the norm of a larger tensor, None for all others."""
    if is_tensor(value):
        value = value._array.item() if value._array.size == 1 else value.norm().item()
    if type(value) in (int, float, bool):
        with suppress(OverflowError):
            return float(value)
    item = getattr(value, "item", None) if type(value).__module__ == "numpy" else None
    found = item() if item is not None and value.size == 1 else None
    return float(found) if isinstance(found, (int, float)) else None
