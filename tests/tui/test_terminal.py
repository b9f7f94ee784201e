"""The real driver on a pseudo-terminal: it starts, reacts, ends, and leaves the terminal whole."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(os.name == "nt", reason="needs a pseudo-terminal")
needs_proc = pytest.mark.skipif(
    not os.path.isdir("/proc"), reason="sees in /proc whether the script is gone: no /proc here"
)

OPEN = "import sys; from pathlib import Path; from gradstep.tui.app import run_app; "
RUN = OPEN + "sys.exit(run_app(open_path=Path(sys.argv[1])))"
BREAK = (
    OPEN + "from gradstep.tui.app import GradstepApp; "
    "GradstepApp.action_goto = lambda self: 1 / 0; "
    "sys.exit(run_app(open_path=Path(sys.argv[1])))"
)
LEAVES_SCREEN = "\x1b[?1049l"


class Terminal:
    """A program on a terminal of 80 by 24."""

    def __init__(self, command: list[str], environment: dict[str, str]) -> None:
        self.side, child = pty.openpty()
        fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.process = subprocess.Popen(
            command, stdin=child, stdout=child, stderr=child, env=environment,
            start_new_session=True,
        )  # fmt: skip
        os.close(child)
        self.seen = ""

    def read_until(self, pattern: str, timeout: float = 30.0) -> str:
        """Read until `pattern` has come, or the program has ended."""
        deadline = time.monotonic() + timeout
        while not re.search(pattern, self.seen):
            left = deadline - time.monotonic()
            assert left > 0, f"{pattern!r} did not come; the end was {self.seen[-2000:]!r}"
            ready, _, _ = select.select([self.side], [], [], left)
            if not ready:
                continue
            try:
                data = os.read(self.side, 65536)
            except OSError:
                data = b""
            if not data:
                break
            self.seen += data.decode("utf-8", "replace")
        return self.seen

    def type(self, text: str) -> None:
        os.write(self.side, text.encode())

    def end(self) -> int:
        """Read to the end and return the exit status."""
        self.read_until(r"\Z(?!)")
        return self.process.wait(timeout=20)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(timeout=20)
        os.close(self.side)


def is_gone(pid: int) -> bool:
    """Tell whether a process is over, by /proc: it may still wait for its parent."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return True
    return text.rpartition(")")[2].split()[0] in "ZX"


@contextlib.contextmanager
def terminal(command: list[str], environment: dict[str, str]) -> Iterator[Terminal]:
    opened = Terminal(command, environment)
    try:
        yield opened
    finally:
        opened.close()


@pytest.fixture
def environment(child_environment: dict[str, str]) -> dict[str, str]:
    return {**child_environment, **os.environ, **child_environment, "TERM": "xterm-256color"}


def test_opens_moves_and_quits(python: str, environment: dict[str, str], trace_path: Path) -> None:
    with terminal([python, "-c", RUN, str(trace_path)], environment) as screen:
        screen.read_until("RECORDED")
        screen.type("p")
        screen.read_until("zero_grad")
        screen.type("q")
        assert screen.end() == 0
        assert LEAVES_SCREEN in screen.seen


def test_an_error_of_ours_is_one_line_and_a_log(
    python: str, environment: dict[str, str], trace_path: Path
) -> None:
    with terminal([python, "-c", BREAK, str(trace_path)], environment) as screen:
        screen.read_until("RECORDED")
        screen.type("g")
        assert screen.end() == 1
        after = screen.seen.split(LEAVES_SCREEN)[-1]
        assert "Traceback" not in after
        (log,) = re.findall(r"internal error: ZeroDivisionError: .*\(details in (\S+)\)", after)
        assert "action_goto" not in after
        assert "ZeroDivisionError" in Path(log).read_text(encoding="utf-8")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_restores_the_terminal(
    python: str, environment: dict[str, str], trace_path: Path, number: signal.Signals
) -> None:
    with terminal([python, "-c", RUN, str(trace_path)], environment) as screen:
        screen.read_until("RECORDED")
        screen.process.send_signal(number)
        assert screen.end() == 128 + number
        assert LEAVES_SCREEN in screen.seen


@needs_proc
def test_a_terminal_that_goes_without_a_signal_takes_the_script_along(
    python: str, environment: dict[str, str], tmp_path: Path
) -> None:
    script, note = tmp_path / "endless.py", tmp_path / "pid"
    script.write_text(
        "import os, torch\n"
        f"open({str(note)!r}, 'w').write(str(os.getpid()))\n"
        "while True: print(torch.ones(2) * 2)\n"
    )
    command = [python, "-m", "gradstep", "--run", str(script)]
    with terminal(command, environment) as screen:
        screen.read_until("RUNNING")
        deadline = time.monotonic() + 20
        while not note.exists() or not note.read_text():
            assert time.monotonic() < deadline
            time.sleep(0.05)
        pid = int(note.read_text())
        os.close(screen.side)
        screen.side = os.open(os.devnull, os.O_RDONLY)
        assert screen.process.wait(timeout=20) > 0
        while not is_gone(pid):
            assert time.monotonic() < deadline + 20
            time.sleep(0.02)


def test_a_file_that_is_no_trace_is_one_line(
    python: str, environment: dict[str, str], tmp_path: Path
) -> None:
    path = tmp_path / "no.gradstep"
    path.write_text("nothing", encoding="utf-8")
    with terminal([python, "-c", RUN, str(path)], environment) as screen:
        assert screen.end() == 2
        assert screen.seen.strip() == f"gradstep: {path} is not a gradstep trace"


def test_only_a_shell_with_job_control_is_gone_back_to(python: str) -> None:
    ask = [python, "-c", "from gradstep.tui.terminal_watch import has_shell; print(has_shell())"]

    def asked(**how: object) -> str:
        return subprocess.run(ask, capture_output=True, text=True, check=True, **how).stdout.strip()  # type: ignore[call-overload]

    assert asked(process_group=0) == "True"
    assert asked() == "False"
    assert asked(start_new_session=True) == "False"
