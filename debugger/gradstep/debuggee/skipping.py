"""Steps, and single parameters of a step, that the user wants left out.

The engine asks before it steps and before it changes a parameter; here is the answer. A wish ends
with the step that it was made in.
"""

from __future__ import annotations

from types import FrameType
from typing import TYPE_CHECKING, Any, Final

from gradstep_engine import events

if TYPE_CHECKING:
    from gradstep.debuggee.recorder import Recorder

_ENGINE: Final = "gradstep_engine.optim."


class SkipError(Exception):
    """What was asked for cannot be left out; the text is one line."""


class Skips:
    """What is to be left out of the step that runs."""

    def __init__(self) -> None:
        """Leave nothing out."""
        self.wants_step = False
        self.parameters: set[int] = set()
        self.running: Any = None
        """A weak reference to the optimizer whose step was entered last."""
        self.at_beginning = False
        self._left_out = False

    @property
    def is_wanted(self) -> bool:
        """Whether anything is to be left out."""
        return self.wants_step or bool(self.parameters)

    def ask(self, recorder: Recorder, tensor: int | None, *, wanted: bool) -> None:
        """Take a wish: a parameter's id, or None for all that is left of the step.

        Raises:
            SkipError: no step runs, or this optimizer's cannot be left out in this way.
        """
        optimizer = None if self.running is None else self.running()
        if recorder.clock.phase != "step" or optimizer is None:
            if any(stretch == "step" for stretch in recorder.clock.phases):
                raise SkipError(
                    "the optimizer is inside its closure: a step can be skipped before it begins"
                )
            raise SkipError("no step is about to happen: stop at one first (breakpoint `step`)")
        name = type(optimizer).__name__
        engines = [cls for cls in type(optimizer).__mro__ if cls.__module__.startswith(_ENGINE)]
        if not engines:
            raise SkipError(f"{name} is no optimizer of the engine's: its step cannot be skipped")
        is_asking = _asks(type(optimizer))
        if not self.at_beginning and not is_asking:
            raise SkipError(
                f"{name} is in the middle of its step: it can be skipped before it begins only"
            )
        if tensor is None:
            self.wants_step = wanted
        elif not is_asking:
            raise SkipError(f"{name}.step() moves its parameters itself: skip it as a whole")
        elif wanted:
            self.parameters.add(tensor)
        else:
            self.parameters.discard(tensor)
        recorder.watch_updates(on=self.is_wanted)

    def answer(self, recorder: Recorder, event: Any, frame: FrameType | None) -> str | None:
        """Answer the engine, and record what is left out."""
        if type(event) is events.PhaseEntered:
            if event.phase != "step" or not self.wants_step:
                return None
            number = recorder.optimizers.number(event.optimizer)
            detail = {"optimizer": number, "by": "user"}
            recorder.emit("skipped", frame, name=event.name, detail=detail)
            self._left_out = True
            return events.SKIP
        if type(event) is not events.Updating:
            return None
        if not self.wants_step and event.parameter.uid not in self.parameters:
            return None
        seq = recorder.next_seq
        recorder.emit(
            "skipped",
            frame,
            [("param", *recorder.book.use(event.parameter, seq))],
            name=recorder.name_of(event.parameter, frame),
            detail={
                "optimizer": recorder.optimizers.number(event.optimizer),
                "group": event.group,
                "index": event.index,
                "by": "user",
            },
        )
        return events.SKIP

    def entered(self, reference: Any) -> None:
        """Note that a step begins."""
        self.running, self.at_beginning, self._left_out = reference, True, False

    def end(self, recorder: Recorder) -> bool:
        """Forget all wishes at the end of a step; return whether all of it was left out."""
        if self.is_wanted:
            self.wants_step = False
            self.parameters.clear()
            recorder.watch_updates(on=False)
        return self._left_out


def _asks(cls: type) -> bool:
    """Tell whether an optimizer's step asks before each parameter: the engine's own loop does."""
    owner = next((each for each in cls.__mro__ if "step" in each.__dict__), None)
    return (
        owner is not None
        and owner.__qualname__ == "Parameterwise"
        and (owner.__module__.startswith(_ENGINE))
    )
