"""What a script leaves in the trace, and that the script itself notices nothing."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from gradstep.protocol.row import EventRow
from gradstep.trace.numbers import decode
from gradstep.trace.reader import RunTrace
from tests.debuggee.children import INJECT, record
from tests.debuggee.toy import LOOP


def events(run: RunTrace, *kinds: str) -> list[EventRow]:
    return list(run.events(1, kinds=kinds or None))


def uses(run: RunTrace, seq: int) -> list[tuple[str, str]]:
    moment = run.at(seq)
    return [
        (use.role, "None" if use.tensor is None else f"{moment.name(use.tensor)} v{use.version}")
        for use in run.tensors(seq)
    ]


def test_a_loop_is_recorded_event_by_event(tmp_path: Path) -> None:
    done = record(tmp_path, LOOP)
    assert (done.status, done.stdout, done.stderr) == (0, "round 0\nround 1\nround 2\n", "")
    first = [
        (event.seq, event.kind, event.phase, event.iteration, event.step, event.name, event.line)
        for event in events(done.run)
        if event.iteration < 2
    ]
    assert first == [
        (1, "run_started", "other", 0, 0, "train.py", 0),
        (2, "optimizer_created", "other", 0, 0, "SGD", 7),
        (3, "phase_entered", "zero_grad", 1, 0, "SGD.zero_grad", 9),
        (4, "zeroed", "zero_grad", 1, 0, "w", 9),
        (5, "phase_exited", "zero_grad", 1, 0, "SGD.zero_grad", 9),
        (6, "phase_entered", "forward", 1, 0, "forward", 10),
        (7, "op", "forward", 1, 0, "mul", 10),
        (8, "op", "forward", 1, 0, "mul", 11),
        (9, "phase_exited", "forward", 1, 0, "forward", 12),
        (10, "phase_entered", "backward", 1, 0, "backward", 12),
        (11, "node", "backward", 1, 0, "MulBackward0", 11),
        (12, "node", "backward", 1, 0, "MulBackward0", 10),
        (13, "accumulated", "backward", 1, 0, "w", 10),
        (14, "phase_exited", "backward", 1, 0, "backward", 12),
        (15, "phase_entered", "step", 1, 0, "SGD.step", 13),
        (16, "updated", "step", 1, 0, "w", 13),
        (17, "phase_exited", "step", 1, 1, "SGD.step", 13),
        (18, "output", "other", 1, 1, "stdout", 14),
    ]
    assert done.run.iterations() == 3
    assert [event.seq for event in events(done.run)] == list(range(1, done.run.head + 1))
    last = done.run.event(done.run.head)
    assert (last.kind, last.detail) == ("run_finished", {"exit_status": 0, "error": None})
    assert done.run.info.exit_status == 0


def test_each_event_names_its_tensors_and_its_origin(tmp_path: Path) -> None:
    run = record(tmp_path, LOOP).run
    assert uses(run, 2) == [("param", "w v0")]
    assert uses(run, 7) == [("input", "w v0"), ("input", "x v0"), ("output", "y v0")]
    assert uses(run, 10) == [("root", "loss v0")]
    node = run.event(11)
    assert (node.op, node.call_line, node.enclosing) == (8, 12, 10)
    assert node.detail == {"next": ["MulBackward0", "MulBackward0"], "ops_back": [1, 1]}
    assert run.event(12).op == 7
    assert [role for role, _ in uses(run, 12)] == ["grad_output", "grad_input", "grad_input"]
    assert uses(run, 12)[2] == ("grad_input", "None")
    # What the node passed on is what was accumulated: one tensor, not a copy of it.
    assert run.tensors(12)[1].tensor == run.tensors(13)[1].tensor
    assert [role for role, _ in uses(run, 13)] == ["param", "contribution", "after"]
    assert run.event(13).detail == {"backward": 10}
    assert uses(run, 16)[:2] == [("param", "w v1"), ("before", "w v0")]
    assert run.event(16).detail["hyper"] == {"lr": 0.1, "momentum": 0.0}
    assert run.event(7).detail == {"nodes": ["MulBackward0"], "grad_fn": "MulBackward0"}


def test_a_moment_has_values_gradients_and_optimizers(tmp_path: Path) -> None:
    run = record(tmp_path, LOOP).run
    before, after = run.at(15), run.at(16)
    (w,) = after.parameters()
    old, new = before.value(w), after.value(w)
    assert old is not None
    assert new is not None
    assert decode(old) == [2.0]
    assert decode(new) == pytest.approx([1.6])
    grad = before.grad(w)
    assert grad.tensor is not None
    assert decode(before.value(grad.tensor) or new) == [4.0]
    assert run.at(2).grad(w).known
    assert run.at(12).grad(w).tensor is None
    assert run.at(12).grad(w).known
    (optimizer,) = before.optimizers()
    assert (optimizer.class_name, optimizer.name) == ("SGD", "opt")
    assert optimizer.groups == ({"params": [w], "lr": 0.1, "momentum": 0.0},)
    losses = run.losses(run.head)
    assert [iteration for _, iteration, _, _ in losses] == [1, 2, 3]
    assert losses[0][3] == 4.0


def test_momentum_is_recorded_before_and_after(tmp_path: Path) -> None:
    run = record(tmp_path, LOOP.replace("lr=0.1", "lr=0.1, momentum=0.5")).run
    first, second, _ = events(run, "updated")
    assert [role for role, _ in uses(run, first.seq)] == [
        "param",
        "before",
        "grad",
        "state:momentum_buffer",
    ]
    roles = {use.role: use for use in run.tensors(second.seq)}
    state, state_before = roles["state:momentum_buffer"], roles["state_before:momentum_buffer"]
    assert state.tensor == state_before.tensor
    assert (state_before.version, state.version) == (0, 1)
    assert second.detail["state"] == {"count": 2}
    assert second.detail["state_before"] == {"count": 1}
    (w,) = run.at(second.seq).parameters()
    known = {value.name: value for value in run.at(second.seq).state(1, w)}
    assert known["count"].number == 2
    assert known["momentum_buffer"].tensor == state.tensor


def test_accumulating_shows_the_gradient_before(tmp_path: Path) -> None:
    run = record(tmp_path, LOOP.replace("    opt.zero_grad()\n", "")).run
    first, second, _ = events(run, "accumulated")
    roles = {use.role: use for use in run.tensors(second.seq)}
    assert "before" not in {use.role for use in run.tensors(first.seq)}
    assert roles["before"].tensor == roles["after"].tensor
    assert (roles["before"].version, roles["after"].version) == (0, 1)
    assert run.iterations() == 3


def test_models_name_their_parameters_and_modules(tmp_path: Path) -> None:
    script = """
from toy import *
class Net(Module):
    def __init__(self):
        super().__init__()
        self.first = Scale([3.0])
        self.second = Scale([4.0])
    def forward(self, x):
        return self.second(self.first(x))
def train(net):
    opt = SGD(net.parameters(), lr=0.1)
    out = net(leaf([1.0], False))
    out.backward()
    opt.step()
net = Net()
train(net)
"""
    run = record(tmp_path, script).run
    assert [(event.name, event.module) for event in events(run, "op")] == [
        ("mul", "first"),
        ("mul", "second"),
    ]
    assert [event.calls for event in events(run, "op")] == [(1, 2), (1, 3)]
    assert [event.line for event in events(run, "op")] == [9, 9]
    assert [event.name for event in events(run, "accumulated")] == ["second.weight", "first.weight"]
    names = [run.at(run.head).name(tensor) for tensor in run.at(run.head).parameters()]
    assert names == ["first.weight", "second.weight"]
    assert [event.module for event in events(run, "node")] == ["second", "first"]
    assert run.at(run.head).tensor_named("out") is not None


def test_two_models_are_told_apart(tmp_path: Path) -> None:
    script = """
from toy import *
a, b = Scale([1.0]), Scale([2.0])
opt = SGD([*a.parameters(), *b.parameters()], lr=0.1)
b(a(leaf([1.0], False))).backward()
opt.step()
"""
    run = record(tmp_path, script).run
    assert [event.name for event in events(run, "updated")] == ["a.weight", "b.weight"]
    assert [event.module for event in events(run, "op")] == ["a", "b"]


def test_facts_of_every_other_kind(tmp_path: Path) -> None:
    script = """
from toy import *
w = leaf([3.0, 4.0])
opt = SGD([w], lr=0.1)
mul(w, w).backward(leaf([1.0, 1.0], False))
tell(events.Clipped("norm", (w,), float("inf"), 1.0))
tell(events.Fetched((leaf([5.0], False),), (7,)))
tell(events.GraphCut("item", w))
frozen = leaf([1.0], False)
tell(events.GraphCut("detach", w, frozen))
tell(events.ModeChanged("grad_enabled", None, True, False))
w._array *= 0
w._bump()
tell(events.Written(w, "mul_"))
opt.param_groups[0]["lr"] = 0.5
tell(events.Scheduled(Scale(1.0), opt, [{"lr": 0.1}], [{"lr": 0.5}]))
tell(events.PhaseEntered("other", "StepLR.step"))
tell(events.PhaseExited("other", "StepLR.step", error=ValueError("no")))
"""
    run = record(tmp_path, script).run
    clipped, fetched, item, detached, mode, written, scheduled = [
        event
        for event in events(run)
        if event.kind in {"clipped", "fetched", "graph_cut", "mode_changed", "written", "scheduled"}
    ]
    assert (clipped.name, clipped.detail) == ("norm", {"norm": "inf", "limit": 1.0})
    assert [role for role, _ in uses(run, clipped.seq)] == ["param", "after"]
    assert fetched.detail == {"indices": [7]}
    assert (item.name, uses(run, item.seq)) == ("item", [("source", "w v0")])
    assert uses(run, detached.seq) == [("source", "w v0"), ("result", "frozen v0")]
    assert mode.detail == {"before": True, "after": False, "module": ""}
    assert (written.name, uses(run, written.seq)) == ("mul_", [("param", "w v1")])
    assert written.detail == {"parameter": "w"}
    assert scheduled.detail["after"] == [{"lr": 0.5}]
    assert run.at(run.head).optimizers()[0].groups[0]["lr"] == 0.5
    assert run.at(scheduled.seq - 1).optimizers()[0].groups[0]["lr"] == 0.1
    assert events(run, "phase_exited")[-1].detail["error"] == "ValueError: no"


def test_an_update_by_hand_is_no_forward(tmp_path: Path) -> None:
    script = """
import torch
w = torch.tensor([2.0, 3.0], requires_grad=True)
for i in range(3):
    loss = (w * w).sum()
    loss.backward()
    with torch.no_grad():
        w -= 0.1 * w.grad
    w.grad = None
"""
    run = record(tmp_path, script).run
    assert run.iterations() == 3
    entered = [event.phase for event in events(run, "phase_entered")]
    assert entered == ["forward", "backward"] * 3
    change = next(event for event in events(run, "op") if event.name == "sub_")
    assert change.phase == "other"
    assert uses(run, change.seq)[0] == ("input", "w v0")
    assert uses(run, change.seq)[-1] == ("output", "w v1")


def test_detail_decides_what_is_kept(tmp_path: Path) -> None:
    kinds = {}
    contents = {}
    for detail in ("phases", "events", "values"):
        folder = tmp_path / detail
        folder.mkdir()
        run = record(folder, LOOP, detail=detail).run
        kinds[detail] = {event.kind for event in events(run)}
        value = run.at(run.head).value(run.at(run.head).parameters()[0])
        assert value is not None
        assert value.mean is not None
        contents[detail] = value.content is not None
        assert run.iterations() == 3
        assert len(run.losses(run.head)) == 3
    assert contents == {"phases": False, "events": False, "values": True}
    assert kinds["events"] == kinds["values"]
    assert kinds["values"] - kinds["phases"] == {"op", "node"}


def test_the_script_counts_its_own_threads_only(tmp_path: Path) -> None:
    done = record(tmp_path, "import threading\nprint(threading.active_count())\n")
    assert done.stdout == "1\n"


def test_a_forked_child_does_not_record(tmp_path: Path) -> None:
    script = LOOP + (
        "import os, sys\nsys.stdout.flush()\npid = os.fork()\nif not pid:\n"
        "    mul(w, x)\n    print('child')\n    sys.exit(7)\n"
        "print('status', os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))\nmul(w, x)\n"
    )
    # From Python 3.13 on a fork finds a thread of ours; see docs/robustness.md.
    options = ["-W", "ignore:This process:DeprecationWarning"] * (sys.version_info >= (3, 13))
    done = record(tmp_path, script, options=options)
    assert (done.status, done.stderr) == (0, "")
    assert "child\n" in done.stdout
    assert "status 7\n" in done.stdout
    texts = [text for _, _, text in done.run.output(done.run.head)]
    assert texts == ["round 0\n", "round 1\n", "round 2\n", "status 7\n"]
    assert done.run.info.exit_status == 0


def test_children_run_clean(tmp_path: Path) -> None:
    script = (
        "import os, subprocess, sys\n"
        "print('GRADSTEP_DEBUGGEE' in os.environ, os.environ.get('PYTHONPATH'))\n"
        "print(subprocess.run([sys.executable, '-c', 'import sys; print(sys.meta_path[0])'],"
        " capture_output=True, text=True).stdout)\n"
    )
    done = record(tmp_path, script)
    assert done.stdout.splitlines()[0] == "False None"
    assert "gradstep" not in done.stdout


def test_threads_may_run_ops(tmp_path: Path) -> None:
    script = """
import threading
from toy import *
def work(n):
    for _ in range(50):
        mul(leaf([float(n)], False), leaf([1.0], False))
threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
"""
    done = record(tmp_path, script)
    assert (done.status, done.stderr) == (0, "")
    assert len(events(done.run, "op")) == 200
    assert [event.seq for event in events(done.run)] == list(range(1, done.run.head + 1))


def test_streams_are_as_they_were(tmp_path: Path) -> None:
    script = """
import io, os, sys
print(isinstance(sys.stdout, io.TextIOWrapper), sys.stdout.fileno(), sys.stdout.isatty())
print(sys.stdout.name, sys.stdout.mode, sys.stdout.encoding, end="!")
print()
sys.stdout.buffer.write(b"raw\\n")
sys.stderr.write("oops\\n")
kept = sys.stdout
del sys.stdout
sys.stdout = io.StringIO()
print("hidden")
sys.stdout = kept
print("again")
"""
    done = record(tmp_path, script, extra={"PYTHONIOENCODING": "utf-8"})
    assert done.stderr == "oops\n"
    assert "True 1 False\n<stdout> w utf-8!\n" in done.stdout
    assert done.stdout.endswith("again\n")
    output = done.run.output(done.run.head)
    assert ("stderr", "oops\n") in [(stream, text) for _, stream, text in output]
    assert "hidden" not in "".join(text for _, _, text in output)


def test_changing_directory_is_fine(tmp_path: Path) -> None:
    done = record(tmp_path, "import os\nos.chdir('/')\n" + LOOP.replace("import torch\n", ""))
    assert done.status == 0
    assert done.run.sources() == [str(tmp_path / "train.py")]
    assert done.run.event(4).file == str(tmp_path / "train.py")


def test_what_the_engine_lacks_is_named(tmp_path: Path) -> None:
    script = """
for name in ("torch.distributed.fsdp", "torchvision", "torch.nonsense"):
    try:
        __import__(name)
    except ModuleNotFoundError as error:
        print(error.name, "|", error)
import torch
import torch.autograd.function, gradstep_engine.autograd.function
print(torch is __import__("gradstep_engine"), torch.autograd.function.Op)
"""
    done = record(tmp_path, script)
    lines = done.stdout.splitlines()
    assert lines[0].startswith("torch.distributed")
    assert lines[1].startswith("torchvision | gradstep's built-in engine has no torchvision yet;")
    assert all("yet; see docs/engine.md" in line for line in lines[:3])
    assert "pip install" not in done.stdout
    assert lines[3] == "True <class 'gradstep_engine.autograd.function.Op'>"


def test_trouble_of_ours_never_breaks_the_script(tmp_path: Path) -> None:
    script = LOOP.replace("    opt.step()", "    import sys; break_it(); opt.step()").replace(
        "w = leaf", "def break_it():\n    if i == 1: torch.Tensor.uid = property(1)\nw = leaf"
    )
    done = record(tmp_path, script)
    assert done.stderr.count("gradstep: recording stopped: TypeError") == 1
    assert done.run.info.error is not None
    assert done.run.info.error["type"] == "RecordingStopped"


def test_an_exception_of_a_signal_handler_is_the_scripts(tmp_path: Path) -> None:
    script = LOOP.replace("range(3)", "range(10**9)").replace('    print("round", i)\n', "")
    script = (
        "import signal\ndef ring(*_): raise TimeoutError('late')\n"
        "signal.signal(signal.SIGALRM, ring)\n"
        + script.replace("\n    ", "\n      ")
        # Set inside of the try: however slow the start is, the alarm rings in the loop.
        .replace("\nfor i", "\ntry:\n  signal.setitimer(signal.ITIMER_REAL, 0.5)\n  for i")
        + "except TimeoutError as error:\n  print('caught', error)\n"
    )
    done = record(tmp_path, script)
    assert (done.status, done.stdout, done.stderr) == (0, "caught late\n", "")
    seqs = [event.seq for event in events(done.run)]
    assert seqs == list(range(1, done.run.head + 1))


def test_the_users_own_sitecustomize_runs(tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text("print('mine')\n")
    path = f"{INJECT}:{tmp_path / 'site'}"
    done = record(tmp_path, "print('script')\n", extra={"PYTHONPATH": path})
    assert done.stdout == "mine\nscript\n"


def test_warnings_as_errors_change_nothing(tmp_path: Path) -> None:
    done = record(tmp_path, LOOP, options=["-W", "error", "-X", "dev"])
    assert (done.status, done.stderr) == (0, "")


def test_the_script_sees_the_same_modules(tmp_path: Path) -> None:
    done = record(tmp_path, "import sys\nprint(__name__, __file__, sys.argv)\n", "-n", "3")
    script = str(tmp_path / "train.py")
    assert done.stdout == f"__main__ {script} {[script, '-n', '3']}\n"
    assert done.run.info.argv == (script, "-n", "3")
