"""The command in a process of its own: one line for what is wrong, and the script's own status."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import venv
from pathlib import Path

import pytest

from gradstep.trace.reader import Trace
from tests.cli.conftest import Run
from tests.session.recording import write_loop


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["loop.py"], "needs a terminal; without one there is 'gradstep record loop.py'"),
        (["missing.py"], "there is no script missing.py"),
        (["."], "is a directory"),
        (["-b", "bakward", "loop.py"], "did you mean 'backward'?"),
        (["-b", "step if (", "loop.py"], "is not valid Python"),
        (["--engine", "torch", "loop.py"], "not available yet"),
        (["--python", "nothing/here", "loop.py"], "there is no Python at nothing/here"),
        (["--record", "loop.py", "loop.py"], "exists and is not a gradstep trace"),
        (["demo", "two_scalar"], "did you mean 'two_scalars'?"),
        (["demo", "xyzzy"], "'gradstep demo' lists them"),
        (["open", "loop.py"], "loop.py is not a gradstep trace"),
        (["open", "missing"], "there is no file missing"),
        (["export", "loop.py"], "loop.py is not a gradstep trace"),
        (["record", "-o", "no/where.gradstep", "loop.py"], "there is no directory"),
        (["record", "-o", "loop.py", "loop.py"], "is not a gradstep trace; it is kept"),
        (["record", "-o", ".", "loop.py"], "is a directory"),
        (["record", "-b", "step", "loop.py"], "make 'step' a logpoint, such as -b 'step log name'"),
        (["record", "-b", "stepp log x", "loop.py"], "did you mean 'step'?"),
        (["open", "-b", "stepp", "loop.py"], "did you mean 'step'?"),
        (["record", "--python", "./loop.py", "loop.py"], "there is no Python at ./loop.py"),
    ],
)
@pytest.mark.usefixtures("loop")
def test_bad_usage_is_one_line_and_status_2(run: Run, arguments: list[str], message: str) -> None:
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("gradstep: ")
    assert message in done.stderr


def test_demo_lists_the_scenarios(run: Run, scenarios: Path) -> None:
    done = run("demo")
    assert done.returncode == 0
    for script in scenarios.glob("[!_]*.py"):
        line = next(line for line in done.stdout.splitlines() if f" {script.stem} " in line)
        assert line.removeprefix(f"  {script.stem}").strip()


def test_textual_is_imported_for_the_screen_alone(
    python: str, child_environment: dict[str, str], tmp_path: Path, loop: Path
) -> None:
    trace = tmp_path / "x.gradstep"
    write_loop(trace)
    code = f"""
import sys
from gradstep.cli import main
for argv in (["--help"], ["demo"], ["export", {str(trace)!r}], ["record", {str(loop)!r}], ["x"]):
    main(argv)
    assert not {{"textual", "rich", "numpy", "gradstep_engine"}} & set(sys.modules), argv
"""
    done = subprocess.run(
        [python, "-c", code],
        env=child_environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr


def test_record_leaves_the_script_alone(run: Run, loop: Path, tmp_path: Path) -> None:
    loop.write_text(loop.read_text() + "print('to stderr', file=sys.stderr)\nsys.exit(3)\n")
    done = run("record", "loop.py", "--help", "-o", "x")
    assert done.returncode == 3
    assert done.stdout == "done --help -o x\n"
    assert done.stderr == "to stderr\n"
    with Trace.open(tmp_path / "loop.gradstep") as trace:
        run_trace = trace.run()
        assert run_trace.info.exit_status == 3
        assert run_trace.info.argv == ("loop.py", "--help", "-o", "x")
        assert run_trace.iterations() == 3
    assert sorted(os.listdir(tmp_path)) == ["loop.gradstep", "loop.py"]
    # An older trace is overwritten, not added to.
    run("record", "loop.py")
    with Trace.open(tmp_path / "loop.gradstep") as trace:
        assert len(trace.runs()) == 1


@pytest.mark.parametrize("name", ["json.py", "random.py", "tempfile.py", "sqlite3.py"])
def test_a_script_may_be_called_as_a_module_of_pythons(run: Run, loop: Path, name: str) -> None:
    loop.rename(loop.with_name(name))
    done = run("record", "-o", "x.gradstep", name)
    assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")


def test_an_exception_without_words_is_recorded(run: Run, tmp_path: Path) -> None:
    text = "class Mute(Exception):\n    def __str__(self): return 1 / 0\nraise Mute\n"
    (tmp_path / "mute.py").write_text(text)
    done = run("record", "mute.py")
    assert done.returncode == 1
    assert "gradstep" not in done.stderr
    assert "ZeroDivisionError" not in done.stderr
    with Trace.open(tmp_path / "mute.gradstep") as trace:
        error = trace.run().info.error
    assert error is not None
    assert error["type"] == "Mute"


def test_a_script_that_closes_the_trace_is_told(run: Run, tmp_path: Path) -> None:
    (tmp_path / "close.py").write_text("import os\nos.closerange(3, 64)\nprint('on')\n")
    done = run("record", "close.py")
    assert (done.returncode, done.stdout) == (0, "on\n")
    told, consequence = done.stderr.splitlines()
    assert told.startswith("gradstep: recording stopped: the trace cannot be written (the script")
    assert consequence == "gradstep: the recording ends before the script did"


@pytest.mark.parametrize(
    ("closed", "command", "status", "out", "errors"),
    [
        ("<&-", "loop.py", 2, "", "needs a terminal"),
        (">&-", "loop.py", 2, "", "needs a terminal"),
        ("<&-", "record loop.py", 0, "done\n", ""),
        (">&-", "record loop.py", 0, "", ""),
        ("2>&-", "record loop.py", 0, "done\n", ""),
        ("2>&-", "missing.py", 2, "", ""),
        ("<&- >&-", "missing.py", 2, "", "there is no script missing.py"),
        (">/dev/full", "demo", 2, "", "the output: No space left on device"),
    ],
)
@pytest.mark.usefixtures("loop")
def test_closed_streams(
    python: str,
    child_environment: dict[str, str],
    tmp_path: Path,
    closed: str,
    command: str,
    status: int,
    out: str,
    errors: str,
) -> None:
    done = subprocess.run(
        ["sh", "-c", f'exec "$0" -m gradstep {command} {closed}', python],
        cwd=tmp_path,
        env=child_environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (status, out), done.stderr
    assert errors in done.stderr
    assert done.stderr.count("\n") == bool(errors)


def test_a_place_that_only_an_attempt_refuses(run: Run, loop: Path) -> None:
    done = run("record", "-o", "/proc/x.gradstep", loop.name)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("gradstep: /proc/x.gradstep cannot be written: ")
    assert done.stderr.count("\n") == 1


def test_a_python_without_numpy_is_told_where_torch_is_imported(run: Run, tmp_path: Path) -> None:
    venv.create(tmp_path / "bare", with_pip=False)
    (tmp_path / "train.py").write_text("print('on')\nimport torch\n")
    done = run("record", "--python", "bare/bin/python", "train.py")
    assert (done.returncode, done.stdout) == (1, "on\n")
    # The script's own line, and then what is missing and where.
    assert done.stderr.count("  File ") == 1
    assert "gradstep's built-in engine needs numpy, which" in done.stderr.splitlines()[-1]


def test_record_ends_after_so_many_steps(run: Run, tmp_path: Path, loop: Path) -> None:
    done = run("record", "--steps", "2", loop.name)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    with Trace.open(tmp_path / "loop.gradstep") as trace:
        last = trace.run().seq_of_step(2)
        assert last is not None
        kinds = [row.kind for row in trace.run().events(last + 1)]
        assert trace.run().info.exit_status == 0
    assert kinds == ["run_finished"]


def test_logpoints_of_a_recording_speak_on_stderr(run: Run, loop: Path) -> None:
    wanted = (
        "step if iteration > 1 log iteration, name",
        "13 log index",
        "param:w log name",
        "16 log index",
    )
    options = [word for text in wanted for word in ("-b", text)]
    done = run("record", "--steps", "3", *options, loop.name)
    assert (done.returncode, done.stdout) == (0, "")
    told = done.stderr.splitlines()
    assert [line.partition(": ")[2].partition(": ")[2] for line in told if "event" in line] == [
        "index = 0",
        "index = 1",
        "iteration = 2, name = 'SGD.step'",
        "index = 2",
        "iteration = 3, name = 'SGD.step'",
    ]
    assert "gradstep: param:w log name: no parameter 'w' by the end of iteration 1" in told
    assert "gradstep: warning: 16 log index: loop.py has no code on line 16" in told[0]


def test_record_of_a_scenario(run: Run, tmp_path: Path, scenarios: Path) -> None:
    done = run("record", "-o", "s.gradstep", "--steps", "2", str(scenarios / "two_scalars.py"))
    assert (done.returncode, done.stderr) == (0, "")
    exported = [json.loads(line) for line in run("export", "s.gradstep").stdout.splitlines()]
    assert {"op", "node", "accumulated", "updated"} <= {event["kind"] for event in exported}
    assert exported[-1]["step"] == 2


def test_record_of_a_script_that_a_signal_ends(run: Run, tmp_path: Path) -> None:
    (tmp_path / "k.py").write_text("import os\nos.kill(os.getpid(), 9)\n")
    done = run("record", "-o", "k.gradstep", "k.py")
    assert (done.returncode, done.stderr) == (128 + 9, "")
    with Trace.open(tmp_path / "k.gradstep") as trace:
        error = trace.run().info.error
    assert error is not None
    assert error["message"] == "killed by SIGKILL"


def test_ctrl_c_ends_the_script_and_keeps_the_trace(
    python: str, child_environment: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "endless.py").write_text("print('on', flush=True)\nwhile True:\n    pass\n")
    process = subprocess.Popen(
        [python, "-m", "gradstep", "record", "endless.py"],
        cwd=tmp_path,
        env=child_environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "on\n"
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode in {130, 128 + signal.SIGINT}
    assert "KeyboardInterrupt" in errors  # the script's own, as without us
    assert "gradstep" not in errors
    with Trace.open(tmp_path / "endless.gradstep") as trace:
        assert trace.run().info.finished is not None


def test_record_of_a_python_that_never_reaches_us(run: Run, loop: Path) -> None:
    done = run("record", "--python", "/bin/false", loop.name)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "nothing was recorded" in done.stderr


def test_export_has_the_documented_fields(run: Run, tmp_path: Path) -> None:
    rows = write_loop(tmp_path / "x.gradstep")
    done = run("export", "x.gradstep")
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert [event["seq"] for event in events] == [row.seq for row in rows]
    assert list(events[7]) == [
        *("seq", "kind", "phase", "iteration", "step", "name", "module", "file", "line"),
        *("tensors", "detail"),
    ]
    (loss,) = events[7]["tensors"]
    assert list(loss) == [
        *("role", "name", "id", "version", "shape", "dtype"),
        *("min", "max", "mean", "std", "norm", "zeros", "nan", "inf"),
    ]
    assert (loss["role"], loss["name"], loss["mean"]) == ("output", "loss", 1.0)
    run("export", "x.gradstep", "-o", "out.jsonl")
    assert (tmp_path / "out.jsonl").read_text() == done.stdout


def test_export_never_overwrites_its_own_trace(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "x.gradstep"
    write_loop(path)
    before = path.read_bytes()
    assert run("export", "x.gradstep", "-o", "x.gradstep").returncode == 2
    assert path.read_bytes() == before


def test_export_overwrites_only_when_told_to(run: Run, tmp_path: Path) -> None:
    write_loop(tmp_path / "x.gradstep")
    out = tmp_path / "out.csv"
    out.write_text("mine")
    command = ("export", "x.gradstep", "--losses", "csv", "-o", "out.csv")
    refused = run(*command)
    assert refused.returncode == 2
    assert refused.stderr == "gradstep: export: out.csv exists; --force overwrites it\n"
    assert out.read_text() == "mine"
    assert run(*command, "--force").returncode == 0
    assert out.read_text() == run(*command[:-2]).stdout
    # A link stays one, and what is no file has nothing to lose.
    link = tmp_path / "link.csv"
    link.symlink_to("out.csv")
    assert run(*command[:-1], "link.csv").returncode == 2
    assert run(*command[:-1], "link.csv", "--force").returncode == 0
    assert link.is_symlink()
    assert run(*command[:-1], "/dev/null").returncode == 0
    assert "is a folder" in run(*command[:-1], ".").stderr
    assert run("export", "x.gradstep", "--force").returncode == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "link.csv",
        "out.csv",
        "x.gradstep",
    ]


def test_export_into_a_pipe_that_closes_is_quiet(
    python: str, child_environment: dict[str, str], tmp_path: Path
) -> None:
    write_loop(tmp_path / "x.gradstep", iterations=2000)
    process = subprocess.Popen(
        [python, "-m", "gradstep", "export", "x.gradstep"],
        cwd=tmp_path,
        env=child_environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    with process.stderr:
        assert process.stderr.read() == b""
    assert process.wait(timeout=30) == 141
