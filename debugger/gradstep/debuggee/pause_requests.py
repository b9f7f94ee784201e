"""Answers what a session asks of a paused script that may change it: each change is recorded."""

from __future__ import annotations

from types import FrameType
from typing import TYPE_CHECKING, Any, Final

from gradstep.debuggee import evaluation
from gradstep.debuggee.edits import recorded
from gradstep.debuggee.previewing import preview
from gradstep.debuggee.skipping import SkipError
from gradstep.debuggee.writing import EditError, write
from gradstep.protocol.wire import Message

if TYPE_CHECKING:
    from gradstep.debuggee.recorder import Recorder

ERRORS: Final = (SkipError, EditError)
"""What cannot be done; the text is for the user."""

CONSOLE: Final = "console"
USER: Final = "user"


def evaluate(recorder: Recorder, text: str, frame: FrameType | None) -> dict[str, Any]:
    """Evaluate an expression; what it changes on the way is recorded.

    Raises:
        EvaluationError: it is no expression, or it raised.
    """
    with evaluation.warnings_heard() as heard, recorded(recorder, frame, CONSOLE, text):
        shown = evaluation.text_of(evaluation.evaluate(text, frame))
    return {"text": shown, "warnings": heard, "seq": recorder.seq}


def execute(recorder: Recorder, text: str, frame: FrameType | None) -> dict[str, Any]:
    """Run statements; that they were run is recorded, and what they changed.

    Raises:
        EvaluationError: they do not compile, or they raised.
    """
    with (
        evaluation.warnings_heard() as heard,
        recorded(recorder, frame, CONSOLE, text, always=True),
    ):
        evaluation.execute(text, frame)
    return {"text": "", "warnings": heard, "seq": recorder.seq}


def answer(recorder: Recorder, kind: str, message: Message, frame: FrameType | None) -> Any:
    """Answer one of the other requests: preview, skip, edit.

    Raises:
        SkipError: this cannot be skipped.
        EditError: this cannot be written.
    """
    if kind == "preview":
        return {"figures": preview(recorder), "seq": recorder.seq}
    if kind == "edit":
        with recorded(recorder, frame, USER, str(message["text"])):
            write(recorder, message)
        return {"seq": recorder.seq}
    tensor = message.get("tensor")
    skips = recorder.skips
    skips.ask(recorder, None if tensor is None else int(tensor), wanted=bool(message["wanted"]))
    return {"step": skips.wants_step, "parameters": sorted(skips.parameters)}
