"""A trace is read back as it was written, and a bad file says so in one line."""

from __future__ import annotations

import shutil
import sqlite3
import struct
from collections.abc import Sequence
from pathlib import Path

import pytest

from gradstep.protocol.row import EventRow
from gradstep.trace import writer as writer_module
from gradstep.trace.errors import TraceError
from gradstep.trace.model import OptimizerState, StateValue, TensorRef, TensorValue
from gradstep.trace.numbers import decode, element, to_numpy
from gradstep.trace.reader import Trace
from gradstep.trace.writer import TraceWriter, mark_finished


def floats(tensor: int, version: int, seq: int, *numbers: float) -> TensorValue:
    content = struct.pack(f"<{len(numbers)}f", *numbers)
    finite = [number for number in numbers if number - number == 0]
    return TensorValue(
        tensor=tensor,
        version=version,
        seq=seq,
        shape=() if len(numbers) == 1 else (len(numbers),),
        dtype="float32",
        requires_grad=True,
        min=min(finite, default=None),
        max=max(finite, default=None),
        mean=sum(finite) / len(finite) if finite else None,
        std=0.0 if finite else None,
        norm=0.0 if finite else None,
        zeros=0,
        nan=len(numbers) - len(finite),
        inf=0,
        content=content,
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run.gradstep"


@pytest.fixture
def written(path: Path) -> Path:
    """Three iterations of forward, backward, step over one parameter `w` (1) and loss (10+)."""
    with TraceWriter(path, script="/x/train.py", argv=["train.py", "-n"], cwd="/x") as trace:
        trace.add_source("/x/train.py", "print()\n")
        trace.add(EventRow(1, "run_started", "other", 0, 0, name="train.py"))
        trace.add_tensor(1, 2, is_leaf=True, is_parameter=True)
        trace.add_name(1, 2, "fc.weight", "parameter")
        trace.add_name(1, 2, "w", "variable")
        trace.add_value(floats(1, 0, 2, 1.0, 2.0))
        groups = ({"params": [1], "lr": 0.1},)
        trace.add_optimizer(OptimizerState(1, "SGD", "opt", 2, groups))
        trace.add(EventRow(2, "optimizer_created", "other", 0, 0, name="SGD"))
        seq = 3
        for iteration in (1, 2, 3):
            loss = 10 + iteration
            trace.add(
                EventRow(seq, "op", "forward", iteration, iteration - 1, "mul", calls=(4, 5)),
                [("input", 1, iteration - 1), ("output", loss, 0)],
            )
            trace.add_name(loss, seq, f"mul_{iteration}", "op")
            trace.add_name(loss, seq + 1, "loss", "variable")
            trace.add_value(floats(loss, 0, seq, 1.0 / iteration))
            entered = EventRow(
                seq + 1, "phase_entered", "backward", iteration, iteration - 1, "backward"
            )
            trace.add(entered, [("root", loss, 0)])
            trace.add_grad(1, seq + 2, 100 + iteration)
            trace.add(
                EventRow(seq + 2, "node", "backward", iteration, iteration - 1, "MulBackward0"),
                [("grad_input", None, 0)],
            )
            trace.add(
                EventRow(seq + 3, "phase_exited", "step", iteration, iteration, "SGD.step"),
                [("param", 1, iteration)],
            )
            trace.add_state(1, 1, seq + 3, "step", number=iteration)
            trace.add_state(1, 1, seq + 3, "momentum_buffer", tensor=50 + iteration)
            trace.add_value(floats(1, iteration, seq + 3, 1.0 - iteration, 2.0))
            seq += 4
        printed = EventRow(seq, "output", "other", 3, 3, "stdout", detail={"text": "done\n"})
        trace.add(printed)
        trace.finish(0)
    return path


def test_events_come_back_in_either_direction(written: Path) -> None:
    with Trace.open(written) as trace:
        run = trace.run()
        assert run.head == 15
        assert [event.seq for event in run.events(1)] == list(range(1, 16))
        assert [event.seq for event in run.events(4, 8)] == [4, 5, 6, 7]
        assert [event.seq for event in run.events(1, kinds={"op", "node"})] == [3, 5, 7, 9, 11, 13]
        assert [event.seq for event in run.events_before(9, {"op", "node"})] == [7, 5, 3]
        assert [event.seq for event in run.events_before(4)] == [3, 2, 1]
        assert list(run.events(1, kinds={"written"})) == []
        assert run.event(3).calls == (4, 5)
        assert run.event(15).detail == {"text": "done\n"}
        with pytest.raises(TraceError, match="no event 99"):
            run.event(99)


def test_long_runs_are_walked_in_chunks(path: Path) -> None:
    with TraceWriter(path) as trace:
        for seq in range(1, 1001):
            trace.add(EventRow(seq, "op" if seq % 2 else "node", "forward", 0, 0))
    with Trace.open(path) as opened:
        run = opened.run()
        assert [event.seq for event in run.events(1)] == list(range(1, 1001))
        assert [event.seq for event in run.events(1, kinds=["op"])] == list(range(1, 1001, 2))
        assert [event.seq for event in run.events_before(1001)] == list(range(1000, 0, -1))


def test_counters_find_events(written: Path) -> None:
    with Trace.open(written) as trace:
        run = trace.run()
        assert run.iterations() == 3
        assert run.first_seq_of_iteration(2) == 7
        assert run.first_seq_of_iteration(9) is None
        assert run.iteration_bounds(2) == (7, 10)
        assert [run.seq_of_step(number) for number in (0, 1, 2, 3, 4)] == [None, 6, 10, 14, None]


def test_info_output_sources_and_losses(written: Path) -> None:
    with Trace.open(written) as trace:
        run = trace.run()
        assert (run.info.script, run.info.argv) == ("/x/train.py", ("train.py", "-n"))
        assert (run.info.exit_status, run.info.error) == (0, None)
        assert run.source("/x/train.py") == "print()\n"
        assert run.source("/x/other.py") is None
        assert run.sources() == ["/x/train.py"]
        assert run.output(14) == []
        assert run.output(15) == [(15, "stdout", "done\n")]
        assert run.losses(8) == [(4, 1, 11, 1.0), (8, 2, 12, 0.5)]
        assert len(run.losses(15)) == 3
        assert len(run.losses(4)) == 1


def test_a_moment_answers_as_of_its_event(written: Path) -> None:
    with Trace.open(written) as trace:
        run = trace.run()
        before, after = run.at(5), run.at(6)
        assert after.event.name == "SGD.step"
        assert after.tensors == (TensorRef("param", 1, 1),)
        assert run.at(5).tensors == (TensorRef("grad_input", None, 0),)
        old, new = before.value(1), after.value(1)
        assert old is not None
        assert new is not None
        assert (decode(old), decode(new)) == ([1.0, 2.0], [0.0, 2.0])
        assert after.version(1, 0) == old
        assert before.version(1, 1) is None
        assert before.value(12) is None
        assert run.at(1).parameters() == []
        assert before.parameters() == [1]
        assert before.is_parameter(1)
        assert before.is_leaf(1)
        assert not before.is_parameter(11)
        assert not run.at(4).grad(1).known
        assert (before.grad(1).known, before.grad(1).tensor) == (True, 101)
        assert before.state(1, 1) == []
        assert after.state(1, 1) == [
            StateValue("momentum_buffer", None, 51, 6),
            StateValue("step", 1.0, None, 6),
        ]
        assert run.at(1).optimizers() == []
        assert before.optimizers()[0].groups == ({"params": [1], "lr": 0.1},)


def test_names_prefer_parameters_then_variables_then_ops(written: Path) -> None:
    with Trace.open(written) as trace:
        run = trace.run()
        assert run.at(15).name(1) == "fc.weight"
        assert run.at(3).name(11) == "loss"
        assert run.at(3).name(999) == "tensor_999"
        assert run.at(8).tensor_named("loss") == 12
        assert run.at(3).tensor_named("loss") is None
        assert run.at(5).names_to_tensors() == {"fc.weight": 1, "w": 1, "loss": 11, "mul_1": 11}


def test_an_event_may_show_a_tensor_before_and_after(path: Path) -> None:
    with TraceWriter(path) as trace:
        trace.add(EventRow(1, "updated", "step", 1, 0), [("param", 1, 1), ("before", 1, 0)])
        trace.add_value(floats(1, 0, 1, 1.0))
        trace.add_value(floats(1, 1, 1, 2.0))
    with Trace.open(path) as opened:
        moment = opened.run().at(1)
        versions = [moment.version(1, 0), moment.version(1, 1), moment.value(1)]
        assert [decode(value) for value in versions if value] == [[1.0], [2.0], [2.0]]


def test_what_is_not_flushed_is_not_seen_and_a_finished_trace_is_one_file(path: Path) -> None:
    trace = TraceWriter(path)
    trace.add(EventRow(1, "run_started", "other", 0, 0))
    with Trace.open(path) as opened:
        run = opened.run()
        assert run.head == 0
        trace.flush()
        assert run.head == 1
        assert path.with_name("run.gradstep-wal").exists()
    trace.close()
    assert [file.name for file in path.parent.iterdir()] == ["run.gradstep"]


def test_the_oldest_contents_go_when_the_budget_is_spent(path: Path) -> None:
    with TraceWriter(path, content_budget=100) as trace:
        for seq in range(1, 11):
            trace.add(EventRow(seq, "op", "forward", 1, 0))
            trace.add_value(floats(seq, 0, seq, *[float(seq)] * 5))
            trace.flush()
    with Trace.open(path) as opened:
        moment = opened.run().at(10)
        values = [moment.value(tensor) for tensor in range(1, 11)]
        assert [value is not None and value.content is not None for value in values] == (
            [False] * 5 + [True] * 5
        )
        assert [value.mean for value in values if value] == [float(seq) for seq in range(1, 11)]


def test_details_take_any_number(path: Path) -> None:
    with TraceWriter(path) as trace:
        detail = {"norm": float("inf"), "lr": [float("nan"), 1.5], "odd": {1: object}}
        trace.add(EventRow(1, "clipped", "other", 0, 0, detail=detail))
        trace.add_state(1, 1, 1, "step", number=float("nan"))
    with Trace.open(path) as opened:
        run = opened.run()
        assert run.event(1).detail["norm"] == "inf"
        assert run.event(1).detail["lr"] == ["nan", 1.5]
        state = run.at(1).state(1, 1)[0]
        assert state.number is not None
        assert state.number != state.number


def test_a_nan_loss_is_a_nan(path: Path) -> None:
    with TraceWriter(path) as trace:
        entered = EventRow(1, "phase_entered", "backward", 1, 0, "backward")
        trace.add(entered, [("root", 3, 0)])
        trace.add_value(floats(3, 0, 1, float("nan")))
    with Trace.open(path) as opened:
        ((*_, value),) = opened.run().losses(1)
        assert value != value


def test_a_second_run_goes_into_the_same_file(written: Path) -> None:
    with TraceWriter(written, script="again.py") as trace:
        trace.add(EventRow(1, "run_started", "other", 0, 0, name="again.py"))
    with Trace.open(written) as opened:
        assert [run.id for run in opened.runs()] == [1, 2]
        assert opened.run().head == 1
        assert opened.run(1).head == 15
        with pytest.raises(TraceError, match="no run 7"):
            opened.run(7)


def test_a_killed_run_is_marked_by_another_process(path: Path) -> None:
    trace = TraceWriter(path)
    trace.add(EventRow(1, "run_started", "other", 0, 0))
    trace.flush()
    run = trace.run
    # A copy of file and log is what a killed process leaves.
    crashed = path.with_name("crashed.gradstep")
    shutil.copy(path, crashed)
    shutil.copy(f"{path}-wal", f"{crashed}-wal")
    trace.close()
    with Trace.open(crashed) as opened:
        assert opened.run().info.finished is None
        assert opened.run().head == 1
    mark_finished(crashed, run, -9, {"type": "Killed", "message": "killed", "traceback": ""})
    mark_finished(crashed, run, None, {"type": "Later", "message": "", "traceback": ""})
    with Trace.open(crashed) as opened:
        info = opened.run().info
        assert info.exit_status == -9
        assert info.error is not None
        assert info.error["message"] == "killed"
    assert not Path(f"{crashed}-wal").exists()


def test_the_parent_process_knows_the_exit_status_better(path: Path) -> None:
    said = {"type": "ValueError", "message": "x", "traceback": ""}
    with TraceWriter(path) as trace:
        detail = {"exit_status": 0, "error": said}
        trace.add(EventRow(1, "run_finished", "other", 0, 0, name="run", detail=detail))
        trace.finish(0, said)
        run = trace.run
    mark_finished(path, run, 3)
    with Trace.open(path) as opened:
        info = opened.run().info
        assert (info.exit_status, info.error) == (3, said)
        assert opened.run().event(1).detail == {"exit_status": 3, "error": said}


def test_statistics_can_wait_for_the_flush(path: Path) -> None:
    asked: list[list[tuple[str, bytes]]] = []

    def summarise(found: Sequence[tuple[str, bytes]]) -> list[tuple[float, ...]]:
        asked.append(list(found))
        return [(index, 2, 3, 4, 5, 6, 7, 8) for index, _ in enumerate(found)]

    for keeps_contents in (True, False):
        with TraceWriter(path) as trace:
            trace.summarise_with(summarise, keeps_contents=keeps_contents)
            trace.add(EventRow(1, "op", "other", 0, 0))
            for tensor in (1, 2):
                trace.add_contents(tensor, 0, 1, (1,), "int8", False, bytes([tensor]))
        with Trace.open(path) as opened:
            values = [opened.run().at(1).value(tensor) for tensor in (1, 2)]
        assert [value and (value.min, value.inf) for value in values] == [(0, 8), (1, 8)]
        contents = [b"\1", b"\2"] if keeps_contents else [None, None]
        assert [value and value.content for value in values] == contents
    assert asked == [[("int8", b"\1"), ("int8", b"\2")]] * 2


def test_a_read_only_trace_opens(written: Path) -> None:
    written.chmod(0o444)
    written.parent.chmod(0o555)
    try:
        with Trace.open(written) as opened:
            assert opened.run().head == 15
    finally:
        written.parent.chmod(0o755)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "there is no file"),
        (b"", "is not a gradstep trace"),
        (b"\x80\x04pickle", "is not a gradstep trace"),
        (b"SQLite format 3\x00" + b"\xff" * 5000, "is damaged"),
    ],
)
def test_a_bad_file_is_one_line(path: Path, content: bytes | None, words: str) -> None:
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(TraceError, match=words) as caught:
        Trace.open(path)
    assert "\n" not in str(caught.value)


def test_a_directory_is_no_trace(tmp_path: Path) -> None:
    with pytest.raises(TraceError, match="cannot be opened"):
        Trace.open(tmp_path)


def test_a_foreign_database_is_no_trace_and_is_left_alone(path: Path) -> None:
    database = sqlite3.connect(path)
    database.execute("CREATE TABLE other (id)")
    database.commit()
    database.close()
    with pytest.raises(TraceError, match="is not a gradstep trace"):
        Trace.open(path)
    with pytest.raises(sqlite3.DatabaseError, match="another program"):
        TraceWriter(path)


def test_a_newer_trace_says_what_to_do(written: Path) -> None:
    database = sqlite3.connect(written)
    database.execute("PRAGMA user_version = 99")
    database.close()
    with pytest.raises(TraceError, match="newer gradstep"):
        Trace.open(written)


def test_damage_is_found_wherever_it_is(written: Path) -> None:
    """Whatever is overwritten, reading either works or raises TraceError, nothing else."""
    whole = written.read_bytes()
    damaged = written.with_name("damaged.gradstep")
    failures = 0
    for start in range(100, len(whole), 1999):
        damaged.write_bytes(whole[:start] + b"\xa5" * 64 + whole[start + 64 :])
        try:
            with Trace.open(damaged) as opened:
                run = opened.run()
                list(run.events(1))
                run.tensors_between(1, 100)
                run.at(15).names_to_tensors()
                run.at(15).value(1)
                run.losses(15)
        except TraceError:
            failures += 1
    damaged.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(TraceError), Trace.open(damaged) as opened:
        list(opened.run().events(1))
    assert failures


@pytest.mark.parametrize(
    ("dtype", "code", "numbers"),
    [
        ("float16", "e", [1.5, -2.0]),
        ("float32", "f", [1.5, -2.0]),
        ("float64", "d", [0.1, -2.0]),
        ("int8", "b", [1, -2]),
        ("int64", "q", [2**40, -2]),
        ("uint8", "B", [255, 0]),
        ("bool", "?", [True, False]),
        ("bfloat16", None, [1.5, -2.0]),
    ],
)
def test_numbers_decode(dtype: str, code: str | None, numbers: list[float]) -> None:
    content = b"".join(
        struct.pack(f"<{code}", number) if code else struct.pack("<f", number)[2:]
        for number in numbers
    )
    value = TensorValue(1, 0, 1, (2, 1), dtype, False, 0.0, 0.0, 0.0, 0.0, 0.0, 0, 0, 0, content)
    assert decode(value) == numbers
    assert decode(value, 1) == numbers[:1]
    assert element(value, (1, 0)) == numbers[1]
    assert to_numpy(value).tolist() == [[number] for number in numbers]
    with pytest.raises(IndexError, match="out of range"):
        element(value, (2, 0))
    with pytest.raises(IndexError, match="dimensions"):
        element(value, (1,))


def test_contents_that_were_not_recorded_have_no_numbers() -> None:
    value = TensorValue(1, 0, 1, (), "float32", False, 1.0, 1.0, 1.0, 0.0, 1.0, 0, 0, 0, None)
    with pytest.raises(ValueError, match="not recorded"):
        decode(value)


def test_batches_are_committed_while_running(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer_module, "BATCH_ROWS", 10)
    monkeypatch.setattr(writer_module, "BATCH_SECONDS", 1e9)
    with TraceWriter(path) as trace:
        for seq in range(1, 25):
            trace.add(EventRow(seq, "op", "forward", 0, 0))
        with Trace.open(path) as opened:
            assert opened.run().head == 20
