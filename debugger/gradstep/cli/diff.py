"""`gradstep diff`: two recorded runs compared, as text, as JSON or on the screen."""

from __future__ import annotations

import json
import os
import sys
from contextlib import ExitStack
from pathlib import Path
from time import monotonic
from typing import Any, Final

from gradstep.cli.arguments import Arguments, UsageError
from gradstep.comparison import Comparison, Tolerance, compare
from gradstep.export import finite
from gradstep.trace.reader import RunTrace, Trace

PATIENCE: Final = 0.5
"""Seconds after which a comparison shows how far it is, on a terminal."""


def diff(arguments: Arguments) -> int:
    """Compare two runs; the status is 0 if they agree and 1 if they differ."""
    with ExitStack() as stack:
        a = _open(stack, arguments.file)
        b = _open(stack, arguments.other)
        if _is_same_run(a, b):
            held = len(Trace.runs(stack.enter_context(Trace.open(a.database.path))))
            instead = "name two runs of it as FILE#1 and FILE#2" if held > 1 else "it holds one run"
            raise UsageError(f"diff: A and B are the same run of {a.database.path}; {instead}")
        tolerance = Tolerance(arguments.rtol, arguments.atol)
        if arguments.screen:
            return _screen(a, b, tolerance)
        comparison = compare(a, b, tolerance, _Progress())
        if arguments.json:
            print(json.dumps(finite(_result(comparison)), ensure_ascii=False))
        else:
            from gradstep.views.difference import report
            from gradstep.views.text import plain

            print(plain(report(comparison)))
        sys.stdout.flush()
    return 0 if comparison.is_same else 1


def _open(stack: ExitStack, text: str) -> RunTrace:
    """Open `FILE` or `FILE#N`; a file whose name holds a # is one."""
    name, sign, number = text.rpartition("#")
    if not sign or not name or not number.isdecimal() or Path(text).exists():
        return stack.enter_context(Trace.open(text)).run()
    return stack.enter_context(Trace.open(name)).run(int(number))


def _is_same_run(a: RunTrace, b: RunTrace) -> bool:
    return a.number == b.number and os.path.samefile(a.database.path, b.database.path)


def _screen(a: RunTrace, b: RunTrace, tolerance: Tolerance) -> int:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("diff: --screen needs a terminal; without it the result is text")
    from gradstep.settings import load_settings
    from gradstep.tui.diff_app import run_diff

    return run_diff(a, b, tolerance, load_settings())


class _Progress:
    """One line on stderr about a comparison that takes long, if a person is there to read it."""

    def __init__(self) -> None:
        self._begun = self._said = monotonic()

    def __call__(self, done: int, total: int) -> None:
        now = monotonic()
        if now - self._begun < PATIENCE or now - self._said < 0.1 or not sys.stderr.isatty():
            return
        self._said = now
        share = f"{done / total:.0%}" if total else ""
        end = "\r\x1b[K" if done >= total else ""
        sys.stderr.write(f"\rcomparing … {share}{end}")
        sys.stderr.flush()


def _result(comparison: Comparison) -> dict[str, Any]:
    """The result as JSON: see docs/diff.md."""
    first: dict[str, Any] | None = None
    if comparison.different:
        pair = comparison.pair(comparison.different[0])
        first = {"a": pair.a, "b": pair.b, "why": "values" if pair.differs else "events"}
        for side, run, seq in (
            ("event_a", comparison.a, pair.a),
            ("event_b", comparison.b, pair.b),
        ):
            if seq is not None:
                event = run.event(seq)
                fields = ("kind", "phase", "iteration", "name", "module", "file", "line")
                first[side] = {field: getattr(event, field) for field in fields}
        first["differences"] = [
            {
                "what": one.gap.what,
                "role": one.role,
                "name": one.name_a,
                "a": one.gap.a,
                "b": one.gap.b,
                "at": one.gap.at,
                "count": one.gap.count,
            }
            for one in comparison.differences(pair)
        ]
    return {
        "a": f"{comparison.a.database.path}#{comparison.a.number}",
        "b": f"{comparison.b.database.path}#{comparison.b.number}",
        "same": comparison.is_same,
        "compared": len(comparison),
        "only_in_a": comparison.only_in("a"),
        "only_in_b": comparison.only_in("b"),
        "differing": len(comparison.beyond),
        "first": first,
    }
