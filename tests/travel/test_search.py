"""A search finds exactly the events that reading every row would find."""

from __future__ import annotations

from collections.abc import Callable
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from gradstep.protocol.place import place
from gradstep.protocol.row import EventRow
from gradstep.trace import search
from gradstep.trace.reader import RunTrace, Trace
from tests.session.recording import write_prints
from tests.travel.conftest import OpenRun

GRADIENTS = {"grad_output", "grad_input", "contribution", "grad", "after"}


def found(run: RunTrace, text: str) -> list[int]:
    pieces = list(search.search(run, search.parse(run, text), run.head))
    assert pieces[-1][0] == 1.0
    hits = [seq for _, seqs in pieces for seq in seqs]
    assert len(hits) == len(set(hits))
    return sorted(hits)


def made(run: RunTrace, row: EventRow, role: str, test: Callable[[float], bool]) -> bool:
    """Whether an event made a version of a tensor whose norm passes."""
    uses = run.tensors(row.seq)
    for tensor, version in {(use.tensor, use.version) for use in uses if use.tensor}:
        value = run.value(tensor, row.seq, version)
        if value is None or value.seq != row.seq or value.norm is None:
            continue
        roles = {use.role for use in uses if (use.tensor, use.version) == (tensor, version)}
        is_gradient = bool(roles & GRADIENTS)
        if (not role or is_gradient == (role == "grad")) and test(value.norm):
            return True
    return False


@pytest.mark.parametrize("name", ["cifar_net", "sgd_variants", "gradient_accumulation"])
def test_names_and_places(name: str, open_run: OpenRun) -> None:
    run = open_run(name).run
    rows = list(run.events(1))
    tests: dict[str, Callable[[EventRow], bool]] = {
        "op:*": lambda row: row.kind == "op",
        "op:re": lambda row: row.kind == "op" and "re" in row.name,
        "node:*Backward0": lambda row: row.kind == "node" and row.name.endswith("Backward0"),
        "module:fc1": lambda row: row.kind == "op" and "fc1" in row.module,
        "kind:updated": lambda row: row.kind == "updated",
        "kind:phase* kind:*entered": lambda row: row.kind == "phase_entered",
        "param:*.weight": lambda row: (
            row.kind in ("accumulated", "zeroed", "updated", "clipped", "written")
            and fnmatchcase(row.name, "*.weight")
        ),
        "source:backward()": lambda row: (
            row.phase == "backward" and place(row)[1] > 0 and row.kind != "output"
        ),
        "printed:1": lambda row: "1" in str(row.detail.get("text", "")),
    }
    for text, holds in tests.items():
        if text.startswith("source") and name != "cifar_net":
            continue
        assert found(run, text) == [row.seq for row in rows if holds(row)], text


@pytest.mark.parametrize("name", ["cifar_net", "sgd_variants", "two_models"])
def test_numbers(name: str, open_run: OpenRun) -> None:
    run = open_run(name).run
    rows = list(run.events(1))
    for role in ("grad", "value", ""):
        text = f"{role or 'norm'} > 0.5"
        wanted = [row.seq for row in rows if made(run, row, role, lambda norm: norm > 0.5)]
        hits = found(run, text)
        # Versions that no event is about (a parameter at its creation) count as values.
        extra = [seq for seq in hits if seq not in wanted]
        assert set(wanted) <= set(hits)
        assert role != "grad" or not extra
        both = found(run, f"{text} kind:node")
        assert both == [seq for seq in hits if run.event(seq).kind == "node"]
        assert found(run, f"{text} norm < 1") == found(run, f"norm < 1 {text}")
    losses = run.losses(run.head)
    middle = sorted(loss[3] for loss in losses)[len(losses) // 2]
    assert found(run, f"loss <= {middle!r}") == [loss[0] for loss in losses if loss[3] <= middle]


def test_a_nan_is_found_where_it_came_about(tmp_path: Path) -> None:
    from benchmarks.long_trace import LongRun

    path = tmp_path / "nan.gradstep"
    run = LongRun(path, nan_at=3)
    for _ in range(5):
        run.round()
    run.writer.close()
    with Trace.open(path) as trace:
        events = [trace.run().event(seq) for seq in found(trace.run(), "nan")]
        assert {event.iteration for event in events} == {3}
        assert {event.kind for event in events} == {"node", "accumulated"}
        assert found(trace.run(), "nan op:relu") == []
        rates = found(trace.run(), "lr = 0.001")
        assert {trace.run().event(seq).kind for seq in rates} == {"updated"}


def test_signs_of_sql_are_plain_text(tmp_path: Path) -> None:
    path = tmp_path / "prints.gradstep"
    write_prints(path, ["100% done\n", "100 done\n", "it's a_b\n", "it is a-b\n"])
    with Trace.open(path) as trace:
        run = trace.run()
        assert found(run, "printed:100%") == [3]
        assert found(run, "printed:it's") == [7]
        assert found(run, "printed:a_b") == [7]
        assert found(run, '"100 done"') == [5]


@pytest.mark.parametrize("text", ["", "  ", "op:", 'printed:""'])
def test_what_means_nothing_is_said(text: str, open_run: OpenRun) -> None:
    with pytest.raises(search.SearchError):
        search.parse(open_run("two_scalars").run, text)
