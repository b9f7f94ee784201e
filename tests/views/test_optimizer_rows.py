"""The order of the optimizer's rows, and the course of their changes; what stands beside losses."""

from __future__ import annotations

from pathlib import Path

import pytest

from gradstep.trace.reader import Trace
from gradstep.views.glyphs import ASCII
from gradstep.views.loss import loss_view
from gradstep.views.optimizer import WORST, optimizer_view
from gradstep.views.optimizer_sort import Sort
from gradstep.views.text import plain, width_of
from tests.views.conftest import scalars
from tests.views.tracing import find


def test_numbers_begin_with_the_largest_and_names_with_a() -> None:
    rows = {"b": 1.0, "a": 3.0, "c": None, "d": float("nan")}
    assert Sort("x").ordered(list(rows), rows.get) == ["d", "a", "b", "c"]
    assert Sort("x", True).ordered(list(rows), rows.get) == ["d", "b", "a", "c"]
    assert Sort("param").ordered(list(rows), lambda name: name) == ["a", "b", "c", "d"]
    assert Sort().ordered(list(rows), rows.get) == ["b", "a", "c", "d"]
    assert Sort("", True).ordered([1, 2], lambda _: None) == [2, 1]


def test_columns_are_chosen_in_turn() -> None:
    columns = ("param", "|grad|")
    sort = Sort().moved(1, columns)
    assert sort.by == "param"
    assert sort.moved(1, columns).moved(1, columns).by == ""
    assert Sort().moved(-1, columns).by == "|grad|"
    assert Sort("gone").moved(1, columns).by == "param"


@pytest.mark.parametrize("kind", ["backward", "SGD.step"])
def test_rows_are_sorted_before_and_after_a_step(trace: Trace, kind: str) -> None:
    # d z / d x = 6 and d z / d y = 12
    moment = find(trace, "phase_exited", kind)

    def names(sort: Sort) -> list[str]:
        return [row.name for row in optimizer_view(moment, width=60, sort=sort).rows]

    assert names(Sort("|grad|")) == ["y", "x"]
    assert names(Sort("|grad|", True)) == ["x", "y"]
    assert names(Sort("param")) == ["x", "y"]
    title = plain([optimizer_view(moment, width=60, sort=Sort("|grad|")).titles])
    assert "▼|grad|" in title


def test_the_course_of_the_last_steps_ends_a_row(trace: Trace) -> None:
    moment = find(trace, "phase_exited", "SGD.step", nth=2)
    view = optimizer_view(moment, width=60)
    assert WORST in view.columns
    for row in view.rows:
        assert plain([row.line]).rstrip()[-2:] in ("▁█", "█▁", "▄▄")
        assert width_of(row.line) == 60


def test_gradient_norm_and_rate_stand_under_the_loss(tmp_path: Path) -> None:
    with scalars(tmp_path / "a.gradstep", iterations=6) as trace:
        run = trace.run()
        found = loss_view(run.at(run.head), head=run.head, width=60, height=12, glyphs=ASCII)
        lines = plain(found.lines).splitlines()
        assert lines[-3].split("|")[1] == "g"
        assert lines[-2].strip().startswith("lr |")
        assert lines[-1].split() == ["it", "1", "it", "6"]
        assert "lr 0.1" in lines[0]
        assert found.seqs[-2] == found.seqs[1]
        # |g| falls from 13.4 to almost nothing, the rate stays.
        bars = lines[-3].split("|")[-1].split()
        assert bars[0][0] == ASCII.blocks[-1]
        low = plain(loss_view(run.at(run.head), head=run.head, width=60, height=6).lines)
        assert "lr │" not in low


def test_a_part_of_the_run_and_its_signs(tmp_path: Path) -> None:
    with scalars(tmp_path / "a.gradstep", iterations=9) as trace:
        run = trace.run()
        calls = [loss[0] for loss in run.losses(run.head)]
        part = (calls[2] - 1, calls[6] + 1)
        found = loss_view(
            run.at(run.head), head=run.head, width=60, height=8, part=part, signs={calls[4]: "a"}
        )
        assert plain(found.lines).splitlines()[-1].split() == ["it", "3", "a", "it", "7"]
        assert {seq for seq in found.seqs[1] if seq} == set(calls[2:7])
        nothing = loss_view(run.at(1), head=run.head, width=60, height=8, part=(1, 2))
        assert "no loss in this part of the run" in plain(nothing.lines)


def test_the_mean_can_be_left_out(tmp_path: Path) -> None:
    with scalars(tmp_path / "a.gradstep", iterations=24) as trace:
        run = trace.run()
        moment = run.at(run.head)
        assert "mean of" in plain(loss_view(moment, head=run.head, width=90, height=8).lines)
        bare = loss_view(moment, head=run.head, width=90, height=8, smooth=False)
        assert "mean of" not in plain(bare.lines)
