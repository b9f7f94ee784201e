"""A running script on a real terminal: signals, sizes, floods of output, and plain ASCII."""

from __future__ import annotations

import fcntl
import os
import signal
import struct
import subprocess
import termios
import time
from pathlib import Path

import pytest

from tests.tui.test_terminal import (
    LEAVES_SCREEN,
    Terminal,
    environment,
    is_gone,
    needs_proc,
    terminal,
)

__all__ = ["environment"]

pytestmark = pytest.mark.skipif(os.name == "nt", reason="needs a pseudo-terminal")

PATIENCE = 20.0
LOOP = """\
import os, sys
open(sys.argv[1], "w").write(str(os.getpid()))
number = 0
while True:
    number += 1
    {body}
"""


def start(
    tmp_path: Path, python: str, environment: dict[str, str], body: str, *options: str
) -> tuple[list[str], Path]:
    script, told = tmp_path / "loop.py", tmp_path / "pid"
    script.write_text(LOOP.format(body=body))
    return [python, "-m", "gradstep", *options, str(script), str(told)], told


def pid_in(told: Path) -> int:
    deadline = time.monotonic() + PATIENCE
    while not (told.exists() and told.read_text()):
        assert time.monotonic() < deadline, "the script did not begin"
        time.sleep(0.02)
    return int(told.read_text())


def wait_until_gone(pid: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while not is_gone(pid):
        assert time.monotonic() < deadline, "the script is still there"
        time.sleep(0.02)


def resize(screen: Terminal, rows: int, columns: int) -> None:
    fcntl.ioctl(screen.side, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    screen.process.send_signal(signal.SIGWINCH)


@needs_proc
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_a_signal_to_the_debugger_ends_the_running_script(
    tmp_path: Path, python: str, environment: dict[str, str], number: signal.Signals
) -> None:
    command, told = start(tmp_path, python, environment, "pass", "--run")
    with terminal(command, environment) as screen:
        screen.read_until("RUNNING")
        pid = pid_in(told)
        screen.process.send_signal(number)
        if number != signal.SIGKILL:
            assert screen.end() == 128 + number
            assert LEAVES_SCREEN in screen.seen
        wait_until_gone(pid)


@needs_proc
def test_a_flood_of_output_leaves_pause_and_quit_their_keys(
    tmp_path: Path, python: str, environment: dict[str, str]
) -> None:
    body = "print('line', number, 'x' * 60, end='' if number % 3 else '\\n')"
    command, told = start(tmp_path, python, environment, body, "--run")
    with terminal(command, environment) as screen:
        screen.read_until("RUNNING")
        pid = pid_in(told)
        resize(screen, 5, 20)
        resize(screen, 24, 80)
        screen.type(" ")
        screen.read_until("PAUSED")
        screen.type("q")
        assert screen.end() == 0
        wait_until_gone(pid)


@pytest.mark.parametrize("how", ["--ascii", "locale"])
def test_a_terminal_without_utf8_is_sent_ascii_only(
    tmp_path: Path, python: str, environment: dict[str, str], trace_path: Path, how: str
) -> None:
    options = [] if how == "locale" else ["--ascii"]
    locale = "en_US.ISO-8859-1" if how == "locale" else "C.UTF-8"
    command = [python, "-m", "gradstep", "open", *options, str(trace_path)]
    with terminal(command, {**environment, "LC_ALL": locale}) as screen:
        screen.read_until("RECORDED")
        screen.type("p?")
        screen.read_until("zero_grad")
        screen.process.send_signal(signal.SIGTERM)
        screen.end()
        assert screen.seen.isascii()


def test_bad_options_are_still_one_line(python: str, environment: dict[str, str]) -> None:
    done = subprocess.run(
        [python, "-m", "gradstep", "record", "--ascii", "x.py"],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "--ascii" in done.stderr
