"""Title, phase strip, timeline, source; numbers, glyphs and lines of text."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from gradstep.trace.reader import Trace
from gradstep.views import numbers
from gradstep.views.glyphs import ASCII, UNICODE
from gradstep.views.phases import phase_strip
from gradstep.views.source import caption, source_view
from gradstep.views.text import cells, crop, justify, line, plain, whole_parts, width_of, wrap
from gradstep.views.timeline import timeline
from gradstep.views.title import title_line
from tests.views.conftest import scalars
from tests.views.tracing import at, find


def test_title(trace: Trace) -> None:
    moment = find(trace, "phase_exited", "SGD.step", nth=2)
    assert plain([title_line(moment, state="paused", width=80)]) == (
        " gradstep   train.py:8  it 2  step 2  loss 0.9920 ▼  |g| 3.073         ■ PAUSED"
    )
    narrow = plain([title_line(moment, state="past", width=50)])
    assert narrow == " gradstep   train.py:8  it 2               ◄ PAST"
    for width in range(30, 130):
        assert width_of(title_line(moment, state="running", width=width, note="x")) == width


def test_phase_strip(trace: Trace) -> None:
    strip = phase_strip(find(trace, "node", "MulBackward0"), width=100)
    assert plain([strip.strip]) == (
        " ∅ zero_grad 2 params ✓ ──► ► forward 4 ops ✓ ──►  ◄ backward  3/4 nodes"
        " ──► Δ step SGD · 2 params"
    )
    narrow = phase_strip(find(trace, "node", "MulBackward0"), width=60)
    assert plain([narrow.strip]) == " ∅ zero 2 ✓ ─ ► fwd 4 ✓ ─  ◄ backward  3/4 nodes ─ Δ step"


def test_progress_only_grows_within_an_iteration(trace: Trace) -> None:
    run = trace.run()
    first, last = run.iteration_bounds(2) or (0, 0)
    places = [
        plain([phase_strip(run.at(seq), width=80).progress]).find("◆")
        for seq in range(first, last + 1)
    ]
    assert places == sorted(places)
    assert len(set(places)) > 8


def test_timeline(trace: Trace) -> None:
    found = timeline(find(trace, "node", "MulBackward0"), head=trace.run().head, width=60)
    assert plain([found.line]) == "••│1 ∅•••►•••••◄•••◆•••Δ•••│2 ∅•••►•••••◄•••••••Δ•••••"
    assert found.caption == "event 17 of 48"
    assert found.seqs[19] == 17
    assert len(found.seqs) == 60


def test_the_timeline_reads_a_window_only(tmp_path: Path) -> None:
    with scalars(tmp_path / "long.gradstep", iterations=40) as trace:
        run = trace.run()
        for seq in range(1, run.head + 1, 7):
            found = timeline(run.at(seq), head=run.head, width=40)
            assert width_of(found.line) == 40
            assert "◆" in plain([found.line])
            at_cursor = found.seqs[plain([found.line]).index("◆")]
            assert at_cursor is not None
            assert at_cursor <= seq


def test_live_edge_is_dotted(trace: Trace) -> None:
    head = trace.run().head
    found = timeline(at(trace, head), head=head, width=70, live=True)
    assert plain([found.line]).endswith("◆" + "┄" * 16)
    assert found.caption == "live · event 48 of 48"


def test_source_lines_carry_the_values_of_the_iteration(trace: Trace) -> None:
    moment = find(trace, "phase_exited", "SGD.step")
    view = source_view(moment, marks={7: "breakpoint", 8: "conditional"})
    shown = {found.number: plain([found.inline]) for found in view.lines if found.inline}
    assert shown == {
        5: "∅ 2 grads ✓",
        6: "z 11.0000",
        7: "◄ 4 nodes ✓  x.grad 6.0000  y.grad 12.0000",
        8: "Δ 2 params ✓",
    }
    assert view.current == 8
    assert plain([view.lines[6].gutter, view.lines[7].gutter]) == "● 7\n◆ 8 ►"
    assert caption({7: "breakpoint", 8: "conditional"}) == "● 1  ◆ 1 conditional"


def test_values_after_the_cursor_are_not_shown(trace: Trace) -> None:
    view = source_view(find(trace, "op", "mul", nth=2))
    assert plain([view.lines[5].inline]) == "mul_31 0.4800"
    assert view.lines[6].inline == ()


def test_a_source_that_is_not_there(trace: Trace) -> None:
    assert plain(source_view(at(trace, 1), "gone.py").note).startswith("no source recorded")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (6.0, "6.0000"),
        (0.4, "0.4000"),
        (-0.0, "0.0000"),
        (1.2e-5, "1.2e-05"),
        (0.0123, "0.0123"),
        (123456.75, "123456.7500"),
        (2.5e9, "2.5e+09"),
        (float("nan"), "NaN"),
        (float("-inf"), "-inf"),
        (3, "3"),
        (True, "True"),
        (None, "None"),
    ],
)
def test_numbers(value: float | None, text: str) -> None:
    assert numbers.number(value) == text


def test_short_numbers_fit_a_column() -> None:
    shown = [numbers.short(v) for v in (0.0744, 12.3, 1.2e-5, 98765.0, 1.0, -0.25, 0.0)]
    assert shown == ["0.0744", "12.30", "1.2e-5", "9.9e4", "1.000", "-0.2500", "0"]


def test_every_glyph_is_one_cell_and_no_emoji() -> None:
    emoji = {0x25AA, 0x25AB, 0x25B6, 0x25C0, 0x2714, 0x2716, 0x26A0, 0x23F8, 0x2702}
    for table in (UNICODE, ASCII):
        for entry in fields(table):
            value = getattr(table, entry.name)
            assert cells(value) == len(value), entry.name
            assert not emoji & {ord(c) for c in value}, entry.name
            if entry.name not in ("blocks", "nan"):
                assert len(value) == 1, entry.name
    assert all(getattr(ASCII, entry.name).isascii() for entry in fields(ASCII))
    assert len(ASCII.blocks) == len(UNICODE.blocks)


def test_lines_are_cropped_by_cells() -> None:
    assert plain([crop(line("abc", ("def", "bold")), 5)]) == "abcd…"
    assert plain([crop(line("模型", "x"), 4)]) == "模…"
    assert width_of(justify(line("a long left part"), line("right"), 12)) == 12
    assert plain(wrap([line("aa "), line("bb "), line("cc")], 6)) == "aa bb\n  cc"


def test_parts_are_kept_as_a_whole() -> None:
    parts = line("a.grad ", "6.0000", "  ", "b.grad 12.0000", "  ", "c 1")
    assert plain([whole_parts(parts, 40)]) == "a.grad 6.0000  b.grad 12.0000  c 1"
    assert plain([whole_parts(parts, 20)]) == "a.grad 6.0000  c 1"
    assert whole_parts(parts, 2) == ()
