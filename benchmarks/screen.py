"""How soon the screen shows what happened: on a pseudo-terminal, as a user sees it.

    python benchmarks/screen.py
    python benchmarks/screen.py --starts 10 --steps 200 scenarios/cifar_net.py

*first frame*: from starting the process until gradstep's title has arrived at the terminal;
*stopped at entry*: until the screen says that the script stands before its first line;
*key to painted*: from a key press (`s`) until the new event's number has arrived. This includes the
way to the script, the script's own work until the next event, and the recording of it: an upper
bound for the time from a pause to its picture. Needs a system with pseudo-terminals.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import pty
import re
import select
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 30.0
ESCAPES = re.compile(rb"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b[()][A-Z0-9]|\x1b[=>]|\x1b\][^\x07\x1b]*\x07")


class Terminal:
    """A child on a pseudo-terminal of 120x40, and what it has written so far."""

    def __init__(self, command: list[str]) -> None:
        """Start the child."""
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        environment = {
            **os.environ,
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
            "PYTHONPATH": os.pathsep.join([str(ROOT / "engine"), str(ROOT / "debugger")]),
            "XDG_STATE_HOME": tempfile.mkdtemp(prefix="gradstep-benchmark-"),
        }
        self.begun = time.perf_counter()
        self._child = subprocess.Popen(
            command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=environment,
            start_new_session=True,
            close_fds=True,
        )
        os.close(slave)
        self._raw = b""

    def press(self, key: str) -> None:
        """Send keys, and forget what was written before."""
        self._raw = b""
        os.write(self._master, key.encode())

    def wait(self, pattern: re.Pattern[bytes]) -> float:
        """Read until the text without escapes matches; give the moment at which it did."""
        deadline = time.perf_counter() + PATIENCE
        while time.perf_counter() < deadline:
            ready, _, _ = select.select([self._master], [], [], 1.0)
            if ready:
                self._raw += os.read(self._master, 65536)
                now = time.perf_counter()
                if pattern.search(ESCAPES.sub(b"", self._raw)):
                    return now
        shown = ESCAPES.sub(b"", self._raw).decode("utf-8", "replace")
        raise TimeoutError(f"{pattern.pattern!r} did not appear in:\n{shown[-2000:]}")

    def wait_for_event(self, after: int) -> tuple[float, int]:
        """Read until another event than `after` is shown; give the moment and its number."""
        pattern = re.compile(rb"event (?!%d )(\d+) of" % after)
        moment = self.wait(pattern)
        shown = pattern.findall(ESCAPES.sub(b"", self._raw))
        return moment, int(shown[-1])

    def settle(self, quiet: float = 0.05) -> None:
        """Read until nothing has come for a while."""
        while select.select([self._master], [], [], quiet)[0]:
            self._raw += os.read(self._master, 65536)

    def close(self) -> None:
        """Quit by key; end the child's group where that does not work."""
        os.write(self._master, b"q")
        deadline = time.perf_counter() + 5
        while self._child.poll() is None and time.perf_counter() < deadline:
            if select.select([self._master], [], [], 0.05)[0]:
                try:
                    os.read(self._master, 65536)
                except OSError:
                    break
        try:
            self._child.wait(timeout=2)
        except subprocess.TimeoutExpired:
            os.killpg(self._child.pid, signal.SIGKILL)
            self._child.wait()
        os.close(self._master)


def percentile(values: list[float], percent: int) -> float:
    """The given percentile of the values."""
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


def report(what: str, seconds: list[float]) -> None:
    """Print one row of the table, in milliseconds."""
    values = [value * 1000 for value in seconds]
    row = (min(values), percentile(values, 50), percentile(values, 95), max(values))
    print(f"| {what} | {' | '.join(f'{value:.0f}' for value in row)} | {len(values)} |", flush=True)


def main() -> None:
    """Start several times, then step many times, and print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("script", nargs="?", default=str(ROOT / "scenarios" / "two_scalars.py"))
    parser.add_argument("--starts", type=int, default=8)
    parser.add_argument("--steps", type=int, default=100)
    options = parser.parse_args()
    command = [sys.executable, "-m", "gradstep", options.script]

    print("milliseconds\n")
    print("| what | best | p50 | p95 | worst | n |")
    print("|---|---|---|---|---|---|")
    first, entry, painted = [], [], []
    for _ in range(options.starts):
        terminal = Terminal(command)
        try:
            first.append(terminal.wait(re.compile(rb"gradstep")) - terminal.begun)
            entry.append(terminal.wait(re.compile(rb"PAUSED")) - terminal.begun)
        finally:
            terminal.close()
    report("first frame", first)
    report("stopped at entry", entry)

    terminal = Terminal(command)
    try:
        terminal.wait(re.compile(rb"PAUSED"))
        terminal.settle()
        event = 1
        for _ in range(options.steps):
            terminal.press("s")
            pressed = time.perf_counter()
            moment, event = terminal.wait_for_event(event)
            painted.append(moment - pressed)
            terminal.settle()
    finally:
        terminal.close()
    report("key to painted", painted)


if __name__ == "__main__":
    main()
