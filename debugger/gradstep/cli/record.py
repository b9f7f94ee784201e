"""`gradstep record`: a script runs to its end as if alone, and leaves a trace."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType

from gradstep.cli.arguments import Arguments, UsageError
from gradstep.protocol.breakpoints import Breakpoint, Entry, to_wire
from gradstep.protocol.launch import LaunchConfig
from gradstep.session.binding import warning_of
from gradstep.session.command import check_options, child_environment, command_line
from gradstep.session.exit_status import describe_end
from gradstep.session.interpreter import find_python
from gradstep.session.model import LaunchOptions, SessionError
from gradstep.session.trace_file import claim, default_record_path
from gradstep.settings import load_settings
from gradstep.trace.reader import Trace, TraceError
from gradstep.trace.writer import mark_finished


def record(arguments: Arguments) -> int:
    """Run the script and return its exit status, 128 + n if signal n ended it."""
    options = LaunchOptions(
        script=arguments.script,
        args=arguments.args,
        engine=arguments.engine,
        module=arguments.module,
    )
    check_options(options)
    points = _logpoints(arguments.breakpoints)
    for point in points:
        warning = warning_of(point, str(Path(arguments.script).absolute()))
        if warning:
            _say(f"warning: {point}: {warning}", always=True)
    command = command_line(find_python(arguments.python), options)
    place = arguments.output or default_record_path(arguments.script, arguments.module)
    path = claim(Path(place))
    config = LaunchConfig(
        launcher_pid=os.getpid(),
        target=arguments.script,
        is_module=arguments.module,
        trace=str(path),
        engine=arguments.engine,
        detail=arguments.detail or load_settings().chosen_detail,
        steps=arguments.steps,
        breakpoints=to_wire(Entry(number, point) for number, point in enumerate(points, 1)),
    )
    status = _run(command, child_environment(config))
    _finish(path, status)
    return 128 - status if status < 0 else status


def _logpoints(texts: Sequence[str]) -> list[Breakpoint]:
    """Read what `-b` says: without a screen nothing can stop, so each must be a logpoint.

    Raises:
        BreakpointError: one cannot be understood.
        UsageError: one would stop.
    """
    points = [Breakpoint.parse(text) for text in texts]
    for point in points:
        if not point.log:
            raise UsageError(
                f"record: nothing can stop without a screen: make '{point}' a logpoint, such as "
                f"-b '{point} log name', or use gradstep -b"
            )
    return points


def _run(command: list[str], environment: dict[str, str]) -> int:
    with _signals_for_the_script() as child:
        try:
            process = subprocess.Popen(command, env=environment)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise SessionError(f"{command[0]} cannot be started: {reason}") from None
        child.append(process)
        return process.wait()


@contextlib.contextmanager
def _signals_for_the_script() -> Iterator[list[subprocess.Popen[bytes]]]:
    """Leave Ctrl-C to the script, which the terminal sends it to, and pass on other wishes to end.

    Yields the list that the process is to be put into.
    """
    child: list[subprocess.Popen[bytes]] = []

    def pass_on(number: int, _frame: FrameType | None) -> None:
        for process in child:
            process.send_signal(number)

    def wait_on(_number: int, _frame: FrameType | None) -> None:
        """Ctrl-C; a handler, since an ignored signal would stay ignored in the script."""

    before = {
        signal.SIGINT: signal.signal(signal.SIGINT, wait_on),
        signal.SIGTERM: signal.signal(signal.SIGTERM, pass_on),
        signal.SIGHUP: signal.signal(signal.SIGHUP, pass_on),
    }
    try:
        yield child
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _finish(path: Path, status: int) -> None:
    """See to the end of the trace where the script could not, and say what there is."""
    try:
        with Trace.open(path) as trace:
            run = trace.run()
            summary = f"{run.head} events, {run.iterations()} iterations"
            number = run.number
            ended = run.event(run.head).kind == "run_finished"
    except TraceError as error_of_trace:
        why = "the script's Python never reached gradstep"
        if not path.exists():
            why = f"{os.path.relpath(path)} was deleted while the script ran"
        elif path.stat().st_size:
            why = str(error_of_trace)
        _say(f"nothing was recorded: {why}", always=True)
        return
    error = None
    if status < 0:
        error = {"type": "killed", "message": describe_end(status), "traceback": ""}
    with contextlib.suppress(sqlite3.Error):  # readable without the mark too
        mark_finished(path, number, status, error)
    _say(f"wrote {os.path.relpath(path)}: {summary}")
    if not ended and not status:
        _say("the recording ends before the script did", always=True)


def _say(text: str, *, always: bool = False) -> None:
    """Tell on stderr; what is no trouble only if a person is there to read it."""
    if always or sys.stderr.isatty():
        print(f"gradstep: {text}", file=sys.stderr)
