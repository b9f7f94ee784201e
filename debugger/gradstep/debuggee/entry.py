"""Starts the debuggee in the user's process, before the script's first line."""

from __future__ import annotations

import os
import platform
import sys
from types import FrameType, TracebackType

from gradstep import __version__
from gradstep.debuggee import output
from gradstep.debuggee.control import Control
from gradstep.debuggee.ending import Ending
from gradstep.debuggee.failing import failing_text
from gradstep.debuggee.flushing import Flusher
from gradstep.debuggee.limit import StepLimit
from gradstep.debuggee.location import Locator, read_source
from gradstep.debuggee.recorder import Recorder
from gradstep.debuggee.sources import builtin, standin
from gradstep.debuggee.stepper import Stepper
from gradstep.debuggee.telling import Observers, Teller
from gradstep.protocol.launch import LaunchConfig
from gradstep.trace.writer import TraceWriter

_OURS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def start(text: str) -> None:
    """Record this process as `text`, a dumped `LaunchConfig`, says."""
    config = LaunchConfig.load(text)
    if config.engine == "torch":
        sys.exit("gradstep: recording real PyTorch is not available yet; use --engine builtin")
    writer = TraceWriter(
        config.trace,
        script=_script(config),
        argv=_arguments(config),
        cwd=os.getcwd(),
        engine="builtin",
        versions={"gradstep": __version__, "python": platform.python_version()},
        detail=config.detail or "values",
    )
    locator = Locator(_script(config), _packages(), writer.add_source)
    recorder = Recorder(writer, locator, detail=config.detail or "values")
    control = stepper = logger = flusher = None
    if config.port:
        control = Control(config.port, config.token, config.generation, writer.run)
        stepper = Stepper(recorder, control, steps=config.steps)
        stepper.set_breakpoints(config.breakpoints)
    else:
        flusher = Flusher(recorder.flush_if_due)
        if config.breakpoints:
            texts = {int(item["id"]): str(item["text"]) for item in config.breakpoints}
            logger = Stepper(recorder, Teller(texts), pauses=False)
            logger.set_breakpoints(config.breakpoints)
    _prepare_end(recorder, stepper or logger, flusher)
    _prepare_fork(recorder, stepper or logger, control, flusher)
    output.install(recorder.note_output)
    if not config.is_module and os.path.isfile(locator.script):
        writer.add_source(locator.script, read_source(locator.script))
    versions = {"gradstep": __version__, "python": platform.python_version()}
    recorder.begin(
        os.path.basename(config.target),
        {"argv": _arguments(config), "engine": "builtin", "versions": versions},
    )
    standin.install()
    builtin.connect(recorder.listen)
    if stepper is not None:
        recorder.observer = stepper
        stepper.listen()
        stepper.begin(pause=config.pause_at_entry)
    else:
        limit = StepLimit(config.steps) if config.steps else None
        observers = [one for one in (logger, limit) if one is not None]
        recorder.observer = Observers(*observers) if observers else None
        if logger is not None:
            logger.begin(pause=False)
    if flusher is not None:
        flusher.start()


def _prepare_end(recorder: Recorder, stepper: Stepper | None, flusher: Flusher | None) -> None:
    def end(exit_status: int | None, error: dict[str, str] | None) -> None:
        builtin.disconnect()
        if flusher is not None:
            flusher.stop()
        if stepper is not None:
            stepper.tracer.stop()
        recorder.end(exit_status, error)
        if stepper is not None:
            stepper.finished(exit_status)

    def fail(error: BaseException, frame: FrameType | None, failed: str) -> None:
        if stepper is not None:
            where = recorder.locator.user_frame(frame) if frame else None
            stepper.stop_at_exception(error, where, failed)

    def describe(trace: TracebackType | None) -> str:
        return failing_text(trace, recorder.locator)

    Ending((_OURS,), fail, end, describe).install()


def _prepare_fork(
    recorder: Recorder,
    stepper: Stepper | None,
    control: Control | None,
    flusher: Flusher | None,
) -> None:
    def abandon() -> None:
        builtin.disconnect()
        recorder.abandon()
        if stepper is not None:
            stepper.abandon()
        if control is not None:
            control.abandon()

    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=abandon)
        # Python warns of a fork beside a second thread, and the script has none.
        if flusher is not None:
            os.register_at_fork(before=flusher.stop, after_in_parent=flusher.start)
        if control is not None:
            os.register_at_fork(before=control.rest, after_in_parent=control.listen_again)


def _script(config: LaunchConfig) -> str:
    return config.target if config.is_module else os.path.abspath(config.target)


def _arguments(config: LaunchConfig) -> list[str]:
    """Return the script's own arguments, its name first."""
    words = list(sys.orig_argv)
    return words[words.index(config.target) :] if config.target in words else [config.target]


def _packages() -> tuple[str, ...]:
    import gradstep_engine

    return _OURS, os.path.dirname(os.path.abspath(gradstep_engine.__file__))
