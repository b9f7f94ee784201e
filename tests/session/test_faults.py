"""What scripts do to themselves, their files and their streams: the debugger stays and says so."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from gradstep.trace.reader import Trace
from tests.session.conftest import PATIENCE, Launch, go, is_alive, until

TRAINS = """
    import torch
    w = torch.zeros(3000, requires_grad=True)
    optimizer = torch.optim.SGD([w], lr=0.1)
    for index in range({rounds}):
        optimizer.zero_grad()
        ((w - index) ** 2).sum().backward()
        optimizer.step()
"""


async def test_a_script_that_deletes_itself_is_still_shown(launch: Launch, tmp_path: Path) -> None:
    session = await launch("import os\nos.remove(__file__)\n" + "import torch\ntorch.ones(2) * 3\n")
    await go(session, "step")
    assert not (tmp_path / "script.py").exists()
    assert session.run.event(session.cursor).name == "mul"
    assert (session.run.source(session.run.info.script) or "").startswith("import os\n")
    assert (await go(session, "continue"))[0] == "exited"


async def test_a_script_that_changes_itself_is_shown_as_it_runs(launch: Launch) -> None:
    text = "from pathlib import Path\nPath(__file__).write_text('pass')\n"
    session = await launch(text + "import torch\ntorch.ones(2) * 3\n")
    await go(session, "continue")
    assert (session.run.source(session.run.info.script) or "").startswith("from pathlib")


@pytest.mark.skipif(sys.platform == "win32", reason="needs limits of resources")
async def test_a_full_disk_ends_the_recording_and_not_the_script(
    launch: Launch, tmp_path: Path
) -> None:
    limit = "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (600_000, 600_000))"
    text = TRAINS.format(rounds=300).strip().replace("\n    ", "\n")
    path = tmp_path / "kept.gradstep"
    session = await launch(f"{limit}\n{text}\nprint('the end', index)\n", record_path=path)
    assert (await go(session, "continue"))[0] == "exited"
    said = "".join(piece.text for piece in session.output)
    assert "gradstep: recording stopped: the trace cannot be written" in said
    assert "the end 299" in said
    assert session.exit_status == 0
    await session.quit()
    with Trace.open(path) as trace:
        assert trace.run().head >= 1
        assert trace.run().event(1).kind == "run_started"


async def test_output_without_a_line_end_and_many_lines(launch: Launch) -> None:
    text = (
        "import sys\n"
        "for _ in range(200): sys.stdout.write('x' * 50_000)\n"
        "print()\n"
        "for number in range(20_000): print('line', number)\n"
    )
    session = await launch(text)
    assert (await go(session, "continue"))[0] == "exited"
    shown = session.printed()
    assert shown.endswith("line 19999\n")
    assert len(shown) < 600_000
    recorded = [event.detail["text"] for event in session.run.events(1, None, {"output"})]
    assert sum(text.count("\n") for text in recorded) == 20_001


async def test_a_script_without_memory_ends_with_pythons_own_error(launch: Launch) -> None:
    session = await launch("block = [bytearray(1 << 20)]\nblock *= 1 << 62\n")
    assert (await go(session, "continue"))[0] == "exception"
    assert session.stop is not None
    assert "MemoryError" in session.stop.message
    assert (await session.evaluate("len(block)")).text == "1"
    assert (await go(session, "continue"))[0] == "exited"


async def test_a_working_directory_that_is_gone_does_not_matter(
    launch: Launch, tmp_path: Path
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    session = await launch(f"import os\nos.chdir({str(gone)!r})\nos.rmdir({str(gone)!r})\nx = 1\n")
    assert (await go(session, "continue"))[0] == "exited"
    assert session.exit_status == 0
    await session.restart()
    await until(session, "paused")


async def test_a_run_that_does_not_stop_first_says_that_it_runs(launch: Launch) -> None:
    session = await launch("while True: pass\n", wait=False, run=True)
    await until(session, "running")
    await session.pause()
    await until(session, "paused")
    assert session.stop is not None
    assert session.stop.reason == "pause"


ODDITIES = {
    "forks": """
        import os
        child = os.fork()
        if not child:
            (torch.ones(2) * 3).sum()
            print("child", flush=True)
            os._exit(0)
        os.waitpid(child, 0)
        print("parent")
    """,
    "a pool of workers": """
        import multiprocessing
        def work(factor):
            x = torch.ones(2, requires_grad=True)
            (x * factor).sum().backward()
            return x.grad.tolist()
        with multiprocessing.get_context("fork").Pool(2) as pool:
            print(pool.map(work, [3.0, 4.0]))
    """,
    "workers of a DataLoader": """
        from torch.utils.data import DataLoader, TensorDataset
        loader = DataLoader(TensorDataset(torch.arange(4.0)), batch_size=2, num_workers=2)
        print([batch.tolist() for (batch,) in loader])
    """,
    "closes stdout": """
        import sys
        sys.stdout.close()
        print("said on stderr", file=sys.stderr)
    """,
    "limits its memory": """
        import resource
        resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
        try: torch.zeros(1 << 32)
        except (MemoryError, RuntimeError) as error: print("no memory")
    """,
    "counts its threads": """
        import threading
        print("threads:", threading.active_count())
    """,
    "exits in atexit": """
        import atexit, sys
        def leave(): sys.exit(7)
        atexit.register(leave)
        atexit.register(sys.exit, 8)
    """,
}
SAID = {
    "forks": ("child\n", "parent\n"),
    "a pool of workers": ("[[3.0, 3.0], [4.0, 4.0]]\n",),
    "workers of a DataLoader": ("[[0.0, 1.0], [2.0, 3.0]]\n",),
    "closes stdout": ("said on stderr\n",),
    "limits its memory": ("no memory\n",),
    "counts its threads": ("threads: 1\n",),
    "exits in atexit": ("in leave\n", "SystemExit", "<built-in function exit>"),
}


@pytest.mark.skipif(sys.platform == "win32", reason="forks, and needs limits of resources")
@pytest.mark.parametrize("oddity", ODDITIES)
async def test_stepped_through_as_if_nothing_were(launch: Launch, oddity: str) -> None:
    after = "\nx = torch.ones(2) * 2\n"
    session = await launch(f"import torch\n{dedent(ODDITIES[oddity])}{after}")
    moves = 0
    while (stop := await go(session, "line"))[0] != "exited":
        assert stop[0] == "motion"
        moves += 1
    assert moves >= 3
    assert session.exit_status == 0
    said = session.printed()
    assert all(text in said for text in SAID[oddity]), said
    assert "gradstep" not in said
    assert "Warning" not in said or sys.version_info >= (3, 13)
    *_, last, end = session.run.events(1)
    assert (last.name, end.kind) in {("mul", "run_finished"), ("stderr", "run_finished")}
    assert end.detail["exit_status"] == 0
    accumulated = session.run.events(1, None, {"accumulated"})
    assert not list(accumulated), "what children did is theirs"


async def test_a_child_that_outlives_its_parent_ends_with_the_session(launch: Launch) -> None:
    session = await launch(
        """
        import os, time
        child = os.fork()
        if not child:
            time.sleep(600)
        print(child, flush=True)
        os._exit(0)
        """
    )
    assert (await go(session, "continue"))[0] == "exited"
    child = int(session.printed().split()[-1])
    await session.quit()
    async with asyncio.timeout(PATIENCE):
        while is_alive(child):
            await asyncio.sleep(0.01)
