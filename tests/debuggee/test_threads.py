"""What is recorded of scripts whose threads train at once."""

from __future__ import annotations

from pathlib import Path

from tests.debuggee.children import record

SCRIPT = """
import sys
import threading
import torch

sys.setswitchinterval(1e-5)

def train(number, ready):
    w = torch.full((3,), number + 1.0, requires_grad=True)
    optimizer = torch.optim.SGD([w], lr=0.01)
    for _ in range(ROUNDS):
        optimizer.zero_grad()
        ((w * w).sum() - 1).backward()
        optimizer.step()
        with torch.no_grad():
            ready.wait()
            w * 2
            ready.wait()

ready = threading.Barrier(COUNT)
threads = [threading.Thread(target=train, args=(n, ready)) for n in range(COUNT)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print(torch.is_grad_enabled())
"""


def test_phases_of_threads_do_not_mix(tmp_path: Path) -> None:
    done = record(tmp_path, SCRIPT.replace("COUNT", "3").replace("ROUNDS", "6"))
    assert (done.status, done.stdout, done.stderr) == (0, "True\n", "")
    events = list(done.run.events(1))
    rows = {event.seq: event for event in events}
    entered = [event for event in events if event.kind == "phase_entered"]
    left = [event for event in events if event.kind == "phase_exited"]
    assert sorted(event.enclosing for event in left) == [event.seq for event in entered]
    for event in events:
        if event.enclosing:
            assert rows[event.enclosing].phase == event.phase, event
    for kind, phase, count in (("node", "backward", 54), ("updated", "step", 18)):
        found = [event for event in events if event.kind == kind]
        assert len(found) == count
        assert {event.phase for event in found} == {phase}
    assert events[-1].step == 18
    cuts = [event for event in events if event.kind == "graph_cut"]
    assert [event.name for event in cuts] == ["no_grad"] * 18


def test_iterations_are_the_rounds_of_one_thread(tmp_path: Path) -> None:
    done = record(tmp_path, SCRIPT.replace("COUNT", "3").replace("ROUNDS", "6"))
    assert done.run.iterations() == 6


def test_the_thread_that_steps_leads(tmp_path: Path) -> None:
    first_look = "(torch.ones(1, requires_grad=True) * 2).sum()\n"
    script = SCRIPT.replace("ready = threading", first_look + "ready = threading")
    done = record(tmp_path, script.replace("COUNT", "1").replace("ROUNDS", "6"))
    assert done.run.iterations() == 6
