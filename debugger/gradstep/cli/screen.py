"""Opens the screen, after everything that could go wrong without it has been looked at."""

from __future__ import annotations

import sys
from pathlib import Path

from gradstep.cli.arguments import Arguments, UsageError
from gradstep.cli.demo import find_scenario


def open_live(arguments: Arguments) -> int:
    """Open the debugger on a script or a bundled scenario."""
    from gradstep.protocol.breakpoints import Breakpoint
    from gradstep.session.binding import warning_of
    from gradstep.session.command import check_options
    from gradstep.session.interpreter import find_python
    from gradstep.session.model import LaunchOptions
    from gradstep.session.trace_file import check_place

    script = arguments.script
    if arguments.command == "demo":
        script = str(find_scenario(script))
    options = LaunchOptions(
        script=script,
        args=arguments.args,
        python=arguments.python,
        engine=arguments.engine,
        detail=arguments.detail,
        breakpoints=arguments.breakpoints,
        record_path=Path(arguments.record) if arguments.record else None,
        run=arguments.run,
        steps=arguments.steps,
        module=arguments.module,
    )
    check_options(options)
    find_python(options.python)
    points = [Breakpoint.parse(text) for text in options.breakpoints]
    if options.record_path:
        check_place(options.record_path)
    _need_terminal(f"gradstep record {arguments.script}")
    for point in points:
        warning = warning_of(point, str(Path(script).absolute()))
        if warning:
            print(f"gradstep: warning: breakpoint {point}: {warning}", file=sys.stderr)
    from gradstep.tui.app import run_app

    return run_app(launch=options, ascii_only=arguments.ascii, teach=arguments.teach)


def open_recorded(arguments: Arguments) -> int:
    """Open the debugger on a recorded run."""
    from gradstep.protocol.breakpoints import Breakpoint
    from gradstep.trace.reader import Trace

    for text in arguments.breakpoints:
        Breakpoint.parse(text)
    with Trace.open(arguments.file) as trace:
        trace.run()
    _need_terminal(f"gradstep export {arguments.file}")
    from gradstep.tui.app import run_app

    return run_app(
        open_path=Path(arguments.file),
        breakpoints=arguments.breakpoints,
        ascii_only=arguments.ascii,
        teach=arguments.teach,
    )


def _need_terminal(instead: str) -> None:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError(f"the debugger needs a terminal; without one there is '{instead}'")
