"""What scripts do to their process while they are recorded: they run on, and the trace tells."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from gradstep.trace.reader import RunTrace, Trace, TraceError
from tests.debuggee import children

LOOP = """\
import os, sys, threading
import torch
w = torch.zeros(4, requires_grad=True)
optimizer = torch.optim.SGD([w], lr=0.1)
def step():
    optimizer.zero_grad()
    ((w - 1) ** 2).sum().backward()
    optimizer.step()
step()
"""


@dataclass
class Done:
    """What came of `gradstep record`."""

    status: int
    stdout: str
    stderr: str
    trace: Path

    @property
    def run(self) -> RunTrace:
        return children.opened(self.trace)

    @property
    def updates(self) -> int:
        return sum(1 for _ in self.run.events(1, None, {"updated"}))


Record = Callable[..., Done]


@pytest.fixture
def record(tmp_path: Path, child_environment: dict[str, str]) -> Record:
    folder = tmp_path / "with spaces ü 日本"
    folder.mkdir()

    def start(text: str | bytes) -> Done:
        script = folder / "träin me.py"
        script.write_bytes(text if isinstance(text, bytes) else text.encode())
        trace = folder / "run.gradstep"
        done = subprocess.run(
            [sys.executable, "-m", "gradstep", "record", "-o", trace, script],
            env=child_environment, cwd=folder, stdin=subprocess.DEVNULL,
            capture_output=True, encoding="utf-8", timeout=60,
        )  # fmt: skip
        return Done(done.returncode, done.stdout, done.stderr, trace)

    return start


def test_a_script_that_closes_every_descriptor_keeps_its_own_files(record: Record) -> None:
    done = record(
        LOOP
        + "os.closerange(3, 4096)\n"
        + "files = [open(f'own{number}', 'w+b') for number in range(12)]\n"
        + "for _ in range(300): step()\n"
        + "print([os.path.getsize(f'own{number}') for number in range(12)])\n"
    )
    assert (done.status, done.stdout) == (0, f"{[0] * 12}\n")
    assert "the script closed the file" in done.stderr
    assert "the recording ends before the script did" in done.stderr
    assert done.run.event(1).kind == "run_started"


def test_a_script_at_the_limit_of_recursion_is_recorded_on(record: Record) -> None:
    done = record(
        LOOP
        + "def deep(x): return deep(x * w)\n"
        + "try: deep(w)\n"
        + "except RecursionError: print('caught')\n"
        + "step()\n"
    )
    assert (done.status, done.stdout, done.stderr) == (0, "caught\n", "")
    assert done.updates == 2
    assert done.run.event(done.run.head).kind == "run_finished"


def test_a_trace_that_the_script_deletes_is_said_to_be_gone(record: Record) -> None:
    done = record(LOOP + "import glob\nfor name in glob.glob('*.gradstep*'): os.remove(name)\n")
    assert done.status == 0
    assert "run.gradstep was deleted while the script ran" in done.stderr
    with pytest.raises(TraceError, match="there is no file"):
        Trace.open(done.trace)


ODDITIES = {
    "closes its streams": "sys.stdout.close(); sys.stderr.close()\nfor n in (0, 1, 2): os.close(n)",
    "reads stdin at its end": "try: input()\nexcept EOFError: pass",
    "turns clocks back": "import time\ntime.time = time.monotonic = lambda: -5.0",
    "works in a thread that fails": (
        "import threading\ndef work():\n    step()\n    raise SystemExit\n"
        "thread = threading.Thread(target=work); thread.start(); thread.join()"
    ),
    "is interrupted in backward": (
        "def stop(grad): raise KeyboardInterrupt\ny = w * 2\ny.register_hook(stop)\n"
        "try: y.sum().backward()\nexcept KeyboardInterrupt: pass"
    ),
    "forks": "child = os.fork()\nif not child:\n    step(); os._exit(0)\nos.waitpid(child, 0)",
    "has a line of 100 kB": f"numbers = [{'1, ' * 33_000}]",
    "has little memory": (
        "import resource\nresource.setrlimit(resource.RLIMIT_AS, (800 << 20, 800 << 20))\n"
        "try: torch.zeros(1000, 1000, 1000)\nexcept MemoryError: pass"
    ),
    "stands in no folder": (
        "import tempfile\nplace = tempfile.mkdtemp(); os.chdir(place); os.rmdir(place)"
    ),
    "exits in atexit": "import atexit\natexit.register(lambda: sys.exit(7))",
}


@pytest.mark.skipif(sys.platform == "win32", reason="forks, and needs limits of resources")
@pytest.mark.parametrize("oddity", ODDITIES.values(), ids=ODDITIES.keys())
def test_a_script_that_does_odd_things_is_recorded_to_its_end(record: Record, oddity: str) -> None:
    done = record(f"{LOOP}{oddity}\nstep()\n")
    assert done.status == 0
    assert "gradstep" not in done.stderr.replace(str(done.trace.parent), "").split("File ")[0]
    assert "Warning" not in done.stderr or sys.version_info >= (3, 13)
    assert done.updates >= 2
    assert done.run.event(done.run.head).kind == "run_finished"


@pytest.mark.parametrize(
    "source",
    [
        LOOP.replace("    ", "\t").replace("\n", "\r\n").encode(),
        b"\xef\xbb\xbf" + LOOP.encode() + "text = '日本語 é'\n".encode(),
        b"# -*- coding: latin-1 -*-\ntext = '\xe9'\n" + LOOP.encode(),
    ],
    ids=["tabs and CRLF", "BOM and wide characters", "latin-1"],
)
def test_a_source_in_any_encoding_is_kept_as_python_reads_it(record: Record, source: bytes) -> None:
    done = record(source)
    assert (done.status, done.updates) == (0, 1)
    run = done.run
    text = run.source(run.info.script) or ""
    assert "\ufffd" not in text
    assert "\r" not in text.replace("\r\n", "\n")
    (update,) = run.events(1, None, {"updated"})
    assert text.splitlines()[update.line - 1].strip() == "optimizer.step()"


@pytest.mark.parametrize(
    ("last", "status"), [("os.abort()", 134), ("import ctypes; ctypes.string_at(0)", 139)]
)
def test_a_crash_leaves_what_was_committed(record: Record, last: str, status: int) -> None:
    done = record(f"{LOOP}import time; time.sleep(0.2)\nstep()\n{last}\n")
    assert done.status == status
    run = done.run
    assert run.info.error is not None
    assert run.info.error["type"] == "killed"
    assert done.updates >= 1


POOL = """\
import multiprocessing
import torch
def work(factor):
    x = torch.ones(2, requires_grad=True)
    (x * factor).sum().backward()
    return x.grad.tolist()
with multiprocessing.get_context("fork").Pool(1) as pool:
    print(pool.map(work, [3.0])[0])
(torch.ones(2, requires_grad=True) * 2).sum().backward()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="forks")
def test_workers_of_a_pool_do_their_work_unrecorded(record: Record) -> None:
    done = record(POOL)
    assert (done.status, done.stdout, done.stderr) == (0, "[3.0, 3.0]\n", "")
    assert sum(1 for _ in done.run.events(1, None, {"accumulated"})) == 1
