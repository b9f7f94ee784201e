"""The timeline from near to far, and iterations that stand out."""

from __future__ import annotations

from pathlib import Path

import pytest

from gradstep.trace.passes import Passes
from gradstep.trace.reader import Trace
from gradstep.views.glyphs import ASCII
from gradstep.views.text import plain, width_of
from gradstep.views.timeline import BRIEF, EVENTS, FAR, farthest, iterations_a_column, timeline
from tests.views.conftest import scalars
from tests.views.tracing import TraceBuilder, find

PHASES = {"z": "zero_grad", "f": "forward", "b": "backward", "s": "step"}


def run_of(path: Path, *iterations: str) -> Trace:
    """A run whose iterations have these phases, by their first letters."""
    b = TraceBuilder(path)
    for b.iteration, letters in enumerate(iterations, 1):
        for letter in letters:
            b.enter(PHASES[letter], PHASES[letter])
            b.leave(PHASES[letter])
    return b.done()


def row(trace: Trace, seq: int, zoom: int = 0, width: int = 60, **options: object) -> str:
    run = trace.run()
    passes = Passes(run)
    passes.read(run.head, 10**6)
    found = timeline(
        run.at(seq),
        head=run.head,
        width=width,
        zoom=zoom,
        passes=passes,
        **options,  # type: ignore[arg-type]
    )
    assert width_of(found.line) == width
    assert len(found.seqs) == width
    return plain([found.line]) + "\n" + found.caption


def test_what_an_iteration_lacks_stands_after_its_number(tmp_path: Path) -> None:
    with run_of(tmp_path / "a.gradstep", "zfbs", "fbs", "zfbfbs", "zfb", "zfs", "f") as trace:
        head = trace.run().head
        text, caption = row(trace, head, width=90).splitlines()
        for label in ("│1 ∅", "│2⊘►", "│3«∅", "│4–∅", "│5○∅", "│6 ►"):
            assert label in text
        assert caption == f"event {head} of {head}"
        second = trace.run().first_seq_of_iteration(2)
        assert second is not None
        assert row(trace, second).splitlines()[1].startswith("it 2 without zero_grad · ")
        ascii_row = row(trace, head, width=90, glyphs=ASCII).splitlines()[0]
        assert ascii_row.isascii()
        assert "|2%>" in ascii_row


def test_the_last_iteration_of_a_running_script_may_still_get_what_it_lacks(
    tmp_path: Path,
) -> None:
    with run_of(tmp_path / "a.gradstep", "zfbs", "zfb") as trace:
        head = trace.run().head
        assert "│2–∅" in row(trace, head)
        assert "│2 ∅" in row(trace, head, live=True)


def test_phases_without_dots_number_every_fifth_iteration(tmp_path: Path) -> None:
    with run_of(tmp_path / "a.gradstep", *["zfbs"] * 5, "fbs") as trace:
        text = row(trace, 1, zoom=BRIEF, width=50).splitlines()[0]
        assert text.startswith("◆│1 ∅►◄Δ│∅►◄Δ│∅►◄Δ│∅►◄Δ│5 ∅►◄Δ│⊘►◄Δ")


def test_single_events_have_a_column_each(tmp_path: Path) -> None:
    with scalars(tmp_path / "a.gradstep") as trace:
        run = trace.run()
        found = timeline(run.at(17), head=run.head, width=30, zoom=EVENTS)
        seqs = [seq for seq in found.seqs if seq is not None]
        assert seqs == list(range(seqs[0], seqs[0] + 30))
        text = plain([found.line])
        assert text[found.seqs.index(17)] == "◆"
        entered = find(trace, "phase_entered", "backward").seq
        assert text[found.seqs.index(entered)] == "◄"
        assert text[found.seqs.index(find(trace, "accumulated", "x").seq)] == "+"


def test_from_far_a_column_is_an_iteration_or_many(tmp_path: Path) -> None:
    iterations = ["zfbs"] * 50
    iterations[20] = "fbs"
    iterations[33] = "zfbfbs"
    with run_of(tmp_path / "a.gradstep", *iterations) as trace:
        head = trace.run().head
        text, caption = row(trace, head, zoom=FAR, width=60).splitlines()
        assert text[20] == "⊘"
        assert text[33] == "«"
        assert text.rstrip() == "━" * 20 + "⊘" + "━" * 12 + "«" + "━" * 15 + "◆"
        assert caption.startswith(
            "50 iterations · 1 without zero_grad · 1 with several backward · event"
        )
        narrow, caption = row(trace, 1, zoom=farthest(50, 20), width=20).splitlines()
        assert "3 a column" in caption
        assert len(narrow.rstrip()) == 17
        assert narrow[6] == "⊘"


def test_from_far_the_cursor_stands_where_it_is(tmp_path: Path) -> None:
    with run_of(tmp_path / "a.gradstep", *["zfbs"] * 50) as trace:
        head = trace.run().head
        long = row(trace, head, zoom=FAR, width=20).splitlines()[0]
        assert long == "━" * 19 + "◆"
        middle = trace.run().first_seq_of_iteration(25)
        assert middle is not None
        assert row(trace, middle, zoom=FAR, width=20).splitlines()[0].index("◆") == 15
    with run_of(tmp_path / "b.gradstep", "zfbs", "fbs", "zfbs") as trace:
        few = row(trace, trace.run().head, zoom=FAR, width=20).splitlines()[0]
        assert few.rstrip() == "━━━━━━⊘━━━━━◆━━━━━"


def test_what_has_not_been_read_is_said(tmp_path: Path) -> None:
    with run_of(tmp_path / "a.gradstep", *["zfbs"] * 30) as trace:
        run = trace.run()
        passes = Passes(run)
        passes.read(run.head, 40)
        found = timeline(run.at(1), head=run.head, width=40, zoom=FAR, passes=passes)
        assert not found.is_whole
        assert found.caption.startswith("reading 33% · 10 iterations")


@pytest.mark.parametrize("iterations", [1, 59, 60, 61, 1000, 34_483])
def test_the_farthest_shows_all(iterations: int) -> None:
    zoom = farthest(iterations, 60)
    each = iterations_a_column(zoom, iterations, 60)
    assert -(-iterations // each) <= 60
    assert zoom == FAR or -(-iterations // iterations_a_column(zoom + 1, iterations, 60)) > 60


def test_a_dragged_cursor_leaves_the_row_as_it_is(tmp_path: Path) -> None:
    with scalars(tmp_path / "a.gradstep") as trace:
        run = trace.run()
        found = timeline(run.at(17), head=run.head, width=30)
        moved = found.with_cursor(3)
        before, after = plain([found.line]), plain([moved.line])
        assert after[3] == "◆"
        assert after[:3] == before[:3]
        assert after[4:] == before[4:].ljust(len(after[4:]))


def test_a_clear_at_the_end_counts_and_one_before_the_step_stands_out(tmp_path: Path) -> None:
    b = TraceBuilder(tmp_path / "a.gradstep")
    for b.iteration, letters in enumerate(("fbsz", "fbs", "zfbzs"), 1):
        for letter in letters:
            detail = {"optimizer": 1} if letter in "zs" else {}
            b.enter(PHASES[letter], PHASES[letter], detail=detail)
            b.leave(PHASES[letter])
    with b.done() as trace:
        run = trace.run()
        text, caption = row(trace, run.head, width=90).splitlines()
        for label in ("│1 ►", "│2 ►", "│3○∅"):
            assert label in text
        assert caption.startswith("it 3 cleared before step · ")
        far = row(trace, run.head, FAR).splitlines()[1]
        assert "3 iterations · 1 cleared before step · " in far
        assert "without" not in far
