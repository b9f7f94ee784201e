"""How soon the screen shows what happened: on a pseudo-terminal, as a user sees it.

    python benchmarks/screen.py
    python benchmarks/screen.py --starts 10 --steps 200 scenarios/cifar_net.py

*first frame*: from starting the process until gradstep's title has arrived at the terminal;
*stopped at entry*: until the screen says that the script stands before its first line;
*key to painted*: from a key press (`s`) until the new event's number has arrived. This includes the
way to the script, the script's own work until the next event, and the recording of it;
*pause to painted*: of these, from when the screen heard that the script has stopped;
*back to painted*: from a press of `S`, where no script takes part: the screen's own time;
*key held*: `s` thirty times a second, as a terminal repeats it: steps per second, and how many
events came after the key was let go.

CPU is that of the screen's process alone, per step until nothing more is painted; where other work
is on the machine it says more than the times. So is the resident memory. Compiled modules are kept
for the benchmark, as an installed gradstep has them. Needs Linux.
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
REPEAT = 1 / 30
ESCAPES = re.compile(rb"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b[()][A-Z0-9]|\x1b[=>]|\x1b\][^\x07\x1b]*\x07")
EVENT = re.compile(rb"event ([\d,]+) of")


class Terminal:
    """A child on a pseudo-terminal of 120x40, and what it has written so far."""

    def __init__(self, command: list[str], place: Path) -> None:
        """Start the child, with what it keeps and its compiled modules below `place`."""
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        environment = {
            **os.environ,
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
            "PYTHONPATH": os.pathsep.join([str(ROOT / "engine"), str(ROOT / "debugger")]),
            "XDG_STATE_HOME": str(place / "state"),
            "XDG_CONFIG_HOME": str(place / "config"),
            "PYTHONPYCACHEPREFIX": str(place / "compiled"),
            "STOP_CLOCK": str(place / "stops"),
        }
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        self._stops = place / "stops"
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
        moment = self.wait(re.compile(rb"event (?!%s )[\d,]+ of" % f"{after:,}".encode()))
        return moment, self.event()

    def event(self) -> int:
        """Return the number of the event that was shown last since the last key, 0 for none."""
        shown = EVENT.findall(ESCAPES.sub(b"", self._raw))
        return int(shown[-1].replace(b",", b"")) if shown else 0

    def settle(self, quiet: float = 0.05) -> None:
        """Read until nothing has come for a while."""
        while select.select([self._master], [], [], quiet)[0]:
            self._raw += os.read(self._master, 65536)

    def hold(self, key: str, seconds: float) -> list[tuple[float, int]]:
        """Send a key as often as a terminal repeats one that is held; give what was shown when."""
        self._raw = b""
        found: list[tuple[float, int]] = []
        end = time.perf_counter() + seconds
        following = time.perf_counter()
        while (now := time.perf_counter()) < end:
            if now >= following:
                os.write(self._master, key.encode())
                following += REPEAT
            if select.select([self._master], [], [], max(0.0, following - now))[0]:
                self._raw = self._raw[-4096:] + os.read(self._master, 65536)
                event = self.event()
                if event and (not found or found[-1][1] != event):
                    found.append((time.perf_counter(), event))
        return found

    def cpu(self) -> float:
        """Return the seconds of CPU that the screen's process has used, without its children."""
        threads = Path(f"/proc/{self._child.pid}/task").glob("*/schedstat")
        return sum(int(each.read_text().split()[0]) for each in threads) / 1e9

    def last_stop(self) -> float:
        """Return when the screen last heard that the script had stopped."""
        return float(self._stops.read_text("ascii").splitlines()[-1])

    def resident(self) -> float:
        """Return the megabytes that the screen's process has in memory."""
        status = Path(f"/proc/{self._child.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024

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
    if len(values) == 1:
        return values[0]
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


def report(what: str, seconds: list[float], cpu: list[float] | None = None) -> None:
    """Print one row of the table, in milliseconds."""
    values = [value * 1000 for value in seconds]
    row = (min(values), percentile(values, 50), percentile(values, 95), max(values))
    used = [value * 1000 for value in cpu or ()]
    cells = [f"{value:.0f}" for value in row] + [str(len(values))]
    cells += [f"{percentile(used, n):.0f}" if used else "–" for n in (50, 95)]
    print(f"| {what} | {' | '.join(cells)} |", flush=True)


def starts(command: list[str], place: Path, count: int) -> None:
    """Start several times; the first start compiles and does not count."""
    first, entry, used = [], [], []
    for number in range(count + 1):
        terminal = Terminal(command, place)
        try:
            seen = terminal.wait(re.compile(rb"gradstep")) - terminal.begun
            paused = terminal.wait(re.compile(rb"PAUSED")) - terminal.begun
            if number:
                first.append(seen)
                entry.append(paused)
                used.append(terminal.cpu())
        finally:
            terminal.close()
    report("first frame", first)
    report("stopped at entry", entry, used)


def steps(terminal: Terminal, what: str, key: str, count: int, event: int) -> int:
    """Press a key many times, each time when the picture has come to rest."""
    painted, paused, used = [], [], []
    for _ in range(count):
        before = terminal.cpu()
        terminal.press(key)
        pressed = time.perf_counter()
        moment, event = terminal.wait_for_event(event)
        painted.append(moment - pressed)
        if terminal.last_stop() > pressed:
            paused.append(moment - terminal.last_stop())
        terminal.settle()
        used.append(terminal.cpu() - before)
    report(f"{what} to painted", painted, used)
    if paused:
        report("pause to painted", paused)
    return event


def held(terminal: Terminal, key: str, seconds: float) -> str:
    """Hold a key, and say what came of it; a script that ends meanwhile ends the count."""
    terminal.settle()
    before = terminal.cpu()
    shown = terminal.hold(key, seconds)
    terminal.settle(0.5)
    (begun, first), (ended, released) = shown[0], shown[-1]
    # A script that has ended meanwhile shows no event of its own any more.
    late, used = max(terminal.event() - released, 0), terminal.cpu() - before
    return (
        f"{key} held for {seconds:.0f} s: {(released - first) / (ended - begun):.1f} events and "
        f"{(len(shown) - 1) / (ended - begun):.1f} pictures per second, {late} events "
        f"after it was let go, {used / seconds:.0%} of a core"
    )


def main() -> None:
    """Start several times, then step many times, and print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("script", nargs="?", default=str(ROOT / "scenarios" / "two_scalars.py"))
    parser.add_argument("--starts", type=int, default=8)
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--hold", type=float, default=4.0, help="seconds to hold the key")
    options = parser.parse_args()
    command = [sys.executable, str(ROOT / "benchmarks" / "stop_clock.py"), options.script]

    print("milliseconds\n")
    print("| what | best | p50 | p95 | worst | n | CPU p50 | CPU p95 |")
    print("|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="gradstep-benchmark-") as name:
        place = Path(name)
        starts(command, place, options.starts)
        terminal = Terminal(command, place)
        said = []
        try:
            terminal.wait(re.compile(rb"PAUSED"))
            terminal.settle()
            said.append(f"{terminal.resident():.0f} MB resident at the start")
            # The first step is the script's imports.
            terminal.press("s")
            _, event = terminal.wait_for_event(1)
            terminal.settle()
            event = steps(terminal, "key", "s", options.steps, event)
            steps(terminal, "back", "S", options.steps // 2, event)
            terminal.press(".")
            terminal.settle(0.5)
            said.append(held(terminal, "s", options.hold))
            said.append(f"{terminal.resident():.0f} MB resident at the end")
        finally:
            terminal.close()
    print("\n" + "\n".join(said))


if __name__ == "__main__":
    main()
