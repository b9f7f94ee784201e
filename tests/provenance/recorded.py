"""Runs of small scripts on the real engine, and moments in them that the script marks itself."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

from gradstep.trace.moment import Moment
from gradstep.trace.reader import RunTrace, Trace
from gradstep.views.text import plain
from gradstep.views.why import why_view


@dataclass
class Recorded:
    """A run whose script printed the names of moments."""

    run: RunTrace

    def at(self, mark: str) -> Moment:
        """Return the moment at which the script printed `mark`."""
        for row in self.run.events(1, None, ("output",)):
            if str(row.detail.get("text", "")).strip() == mark:
                return self.run.at(row.seq)
        raise AssertionError(f"nothing printed {mark}")

    def tensor(self, moment: Moment, name: str) -> int:
        found = moment.tensor_named(name)
        assert found is not None, name
        return found

    def why(self, mark: str, name: str) -> str:
        """Return the text of the tab Why, its lines joined."""
        moment = self.at(mark)
        text = plain(why_view(moment, self.tensor(moment, name), width=400).lines)
        return "\n".join(line.strip() for line in text.splitlines())


def record(folder: Path, script: str | Path, environment: dict[str, str], *options: str) -> Trace:
    """Record a script, given as its text or its path."""
    if isinstance(script, str):
        text, script = script, folder / "train.py"
        script.write_text(dedent(text).lstrip())
    path = folder / f"{script.stem}.gradstep"
    command = [sys.executable, "-m", "gradstep", "record", "--engine", "builtin", *options]
    done = subprocess.run(
        [*command, "-o", str(path), str(script)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return Trace.open(path)
