"""The tensor pane's heat map and histogram, its slices, comparisons, and the element followed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gradstep.trace.reader import Trace
from gradstep.views.glyphs import ASCII, UNICODE
from gradstep.views.tensor import Lens, TensorView, tensor_view
from gradstep.views.tensor_heat import BLANK, INFINITE, NAN, STEPS, heat_map, letter_of
from gradstep.views.tensor_histogram import counts_of, histogram_lines
from gradstep.views.tensor_lens import mode_chips, place_text
from gradstep.views.text import plain, width_of
from tests.views.tracing import TraceBuilder, find


def view(tmp_path: Path, array: Any, **options: Any) -> TensorView:
    b = TraceBuilder(tmp_path / "trace.gradstep")
    t = b.tensor(array, "t")
    b.event("fetched", "", [("output", t)])
    with b.done() as trace:
        return tensor_view(find(trace, "fetched"), t.id, **options)


def test_a_heat_map_in_letters_tells_sign_and_strength(tmp_path: Path) -> None:
    array = np.array([[0, 1, -4], [np.nan, np.inf, -0.01]], np.float32)
    found = view(tmp_path, array, lens=Lens(mode="heat"), width=20, height=8, glyphs=ASCII)
    assert (
        plain(found.lines)
        == """\
t  f32[2,3]
NaN 1  Inf 1  max 1…
    0 ....5555iiii
      ....5555iiii
    1 NNNNIIIIaaaa
      NNNNIIIIaaaa
      0          2
i-a negative, 1-9 positive, of 4.000"""
    )


@pytest.mark.parametrize("shape", [(1000, 1000), (3, 700), (700, 3), (1, 1), (64, 40), (5, 5)])
@pytest.mark.parametrize("glyphs", [UNICODE, ASCII], ids=["unicode", "ascii"])
def test_a_heat_map_never_loses_the_largest(shape: tuple[int, int], glyphs: Any) -> None:
    array = np.full(shape, 0.1, np.float32)
    array[shape[0] * 2 // 3, shape[1] // 2] = -9.0
    found = heat_map(array, 9.0, width=46, height=12, glyphs=glyphs)
    dots = np.array(found.dots)
    assert dots.min() == -STEPS
    assert (dots[dots != -STEPS] > 0).all()
    assert dots.shape[1] <= 40
    assert found.rows <= 10
    assert len(found.row_labels) == found.rows


def test_nan_and_infinities_win_over_everything_else_in_their_place() -> None:
    array = np.ones((200, 200), np.float32)
    array[7, 7], array[100, 100], array[150, 3] = np.nan, np.inf, -np.inf
    dots = np.array(heat_map(array, 1.0, width=26, height=7).dots)
    assert (dots == NAN).sum() == 1
    assert (dots == INFINITE).sum() == 1
    assert (dots == -INFINITE).sum() == 1
    legend = plain([heat_map(array, 1.0, width=60, height=7).legend])
    assert "N NaN  ∞ Inf" in legend
    assert "max |x| of 20×4 each" in legend


def test_a_vector_is_folded_and_nothing_is_drawn_behind_its_end() -> None:
    found = heat_map(np.arange(1, 8, dtype=np.float32), 7.0, width=10, height=6)
    assert found.folded
    assert [row.count(BLANK) for row in found.dots] == [0, 0, 1, 1]
    assert found.dots[-1][-1] == BLANK
    assert [label.strip() for label in found.row_labels] == ["0", "4"]


def test_zoom_shows_a_part_around_the_cursor() -> None:
    array = np.zeros((800, 800), np.float32)
    found = heat_map(array, 1.0, width=46, height=12, zoom=3, cursor=(400, 790))
    assert (found.top, found.left, found.high, found.wide) == (350, 700, 100, 100)
    assert found.cursor == (5, 36)
    assert letter_of(1, UNICODE) == "1"
    assert letter_of(-STEPS, UNICODE) == "i"


def test_the_histogram_counts_what_it_cannot_draw() -> None:
    array = np.array([0, 0, 1, 2, 3, -1, np.nan, np.inf, -np.inf], np.float32)
    lines = histogram_lines(array, 40, 7, UNICODE)
    assert plain(lines[:1]) == "NaN 1  +∞ 1  -∞ 1  negative 1  zero 2"
    assert all(width_of(one) <= 40 for one in lines)
    assert len(lines) == 7
    assert plain(lines[-1:]).split() == ["-1.000", "0", "3.000"]
    ascii_lines = plain(histogram_lines(array, 40, 7, ASCII))
    assert ascii_lines.isascii()


def test_the_histogram_counts_like_numpy() -> None:
    values = np.random.default_rng(3).standard_normal(5000).astype(np.float32)
    found = counts_of(values, 20)
    assert found is not None
    counts, low, high = found
    assert counts.sum() == 5000
    expected, _ = np.histogram(values.astype(float), bins=20, range=(low, high))
    assert np.abs(counts - expected).max() <= 1
    huge = counts_of(np.array([-3e38, 0, 3e38], np.float32), 4)
    assert huge is not None
    assert huge[0].tolist() == [1, 0, 1, 1]
    assert counts_of(np.ones(5), 4) is None


def test_slices_go_through_the_leading_dimensions(tmp_path: Path) -> None:
    array = np.arange(2 * 3 * 2 * 2, dtype=np.int64).reshape(2, 3, 2, 2)
    lens = Lens().sliced(1, array.shape).next_axis(array.shape).sliced(-1, array.shape)
    assert lens.leading == (1, 2)
    assert place_text(lens, array.shape) == "[1, <2>, :, :]"
    assert place_text(Lens(leading=(2,)), (3, 4, 5)) == "[2, :, :]"
    assert place_text(lens, (4, 5)) == ""
    found = view(tmp_path, array, lens=lens)
    assert [[cell.text.strip() for cell in row] for row in found.cells] == [
        ["20", "21"],
        ["22", "23"],
    ]
    assert plain([found.more]) == "… [1, 2, :, :] of 2×3"
    assert found.index_at(1, 0) == (1, 2, 1, 0)


def compared(tmp_path: Path, first: Any, second: Any) -> Trace:
    """A parameter with two versions, and two gradients with a clearing between."""
    b = TraceBuilder(tmp_path / "trace.gradstep")
    w = b.tensor(np.asarray(first, np.float32), "w", parameter=True)
    old = b.tensor(np.asarray(first, np.float32) * 10)
    b.enter("backward", "backward")
    b.accumulate("w", w, old, None, old)
    b.leave("backward")
    b.enter("zero_grad", "SGD.zero_grad")
    b.zero("w", w, old)
    b.leave("SGD.zero_grad")
    new = b.tensor(np.asarray(second, np.float32) * 10)
    b.enter("backward", "backward")
    b.accumulate("w", w, new, None, new)
    b.leave("backward")
    b.write(w, second)
    b.event("written", "w", [("param", w)])
    return b.done()


def test_before_and_change_of_a_value(tmp_path: Path) -> None:
    with compared(tmp_path, [[1.0, 2.0]], [[1.0, 2.5]]) as trace:
        moment = find(trace, "written")
        w = moment.tensor_named("w")
        before = plain(tensor_view(moment, w, lens=Lens(compare="before")).lines)
        assert before.startswith("w before  f32[1,2]")
        assert "1.0000   2.0000" in before
        change = tensor_view(moment, w, lens=Lens(compare="change"))
        assert plain([change.header]).startswith("w Δ from event 2  f32[1,2]")
        assert [cell.text.strip() for cell in change.cells[0]] == ["·", "0.5000"]
        assert "zeros 50.0%" in plain([change.stats])
        first = find(trace, "accumulated")
        for compare in ("before", "change"):
            shown = tensor_view(first, w, lens=Lens(compare=compare))
            assert plain([shown.header]).startswith("w now  f32[1,2]")
            assert [cell.text.strip() for cell in shown.cells[0]] == ["1.0000", "2.0000"]
            said = "There is no version before this one. Shown is what it is now."
            assert said in plain(shown.lines)


def test_before_and_change_of_a_gradient_look_through_a_clearing(tmp_path: Path) -> None:
    with compared(tmp_path, [[1.0, 2.0]], [[1.0, 2.5]]) as trace:
        moment = find(trace, "written")
        w = moment.tensor_named("w")
        change = tensor_view(moment, w, what="grad", lens=Lens(compare="change"))
        assert [cell.text.strip() for cell in change.cells[0]] == ["·", "5.0000"]
        cleared = find(trace, "zeroed")
        before = tensor_view(cleared, w, what="grad", lens=Lens(compare="before"))
        assert [cell.text.strip() for cell in before.cells[0]] == ["10.000", "20.000"]
        none = plain(tensor_view(cleared, w, what="grad", lens=Lens(compare="change")).lines)
        assert "None" in none


def test_a_change_of_shape_is_said(tmp_path: Path) -> None:
    with compared(tmp_path, [1.0, 2.0], [1.0, 2.0, 3.0]) as trace:
        moment = find(trace, "written")
        lens = Lens(compare="change")
        text = plain(tensor_view(moment, moment.tensor_named("w"), lens=lens).lines)
        assert "The shape was [2] and is [3]: nothing to subtract." in text


def test_an_element_is_followed_through_its_versions(tmp_path: Path) -> None:
    with compared(tmp_path, [[1.0, 2.0]], [[1.0, 2.5]]) as trace:
        moment = find(trace, "written")
        w = moment.tensor_named("w")
        assert w is not None
        found = tensor_view(moment, w, lens=Lens(followed=(w, (0, 1))))
        value, grad = plain(found.elements).splitlines()
        assert value.startswith("w[0,1] 2.5000  Δ +0.5000  ▁█")
        assert value.endswith("2 versions")
        assert grad.strip().startswith(".grad 25.0000  Δ +5.000")
        cleared = tensor_view(find(trace, "zeroed"), w, lens=Lens(followed=(w, (0, 0))))
        assert ".grad None" in plain(cleared.elements)
        # It stays in sight when another tensor is shown, and where it does not exist yet.
        other = tensor_view(moment, before_all(trace), lens=Lens(followed=(w, (0, 1))))
        assert plain(other.elements).startswith("w[0,1] 2.5000")
        first = tensor_view(trace.run().at(1), w, lens=Lens(followed=(w, (0, 1))))
        assert "does not exist yet" in plain(first.elements)


def before_all(trace: Trace) -> int | None:
    """The gradient that came first."""
    return find(trace, "accumulated").grad(1).tensor


def test_a_loss_is_followed_by_its_name(tmp_path: Path) -> None:
    b = TraceBuilder(tmp_path / "trace.gradstep")
    for number in (3.0, 2.0, 1.0):
        loss = b.tensor(np.float32(number), "loss")
        b.event("fetched", "", [("output", loss)])
    with b.done() as trace:
        found = tensor_view(
            find(trace, "fetched", nth=3), loss.id, lens=Lens(followed=(loss.id, ()))
        )
        assert plain(found.elements).startswith("loss 1.0000  Δ -1.000  █▅▁  3 versions")


def test_modes_are_named_where_there_is_room() -> None:
    assert plain([mode_chips("heat", 62, UNICODE)]) == "# values [▦ heat] ∿ hist"
    assert plain([mode_chips("values", 40, UNICODE)]) == "[#] ▦ ∿"
    assert plain([mode_chips("histogram", 40, ASCII)]) == "values heat [hist]"


def test_the_element_under_the_cursor_is_told_in_full(tmp_path: Path) -> None:
    found = view(tmp_path, np.array([[0.1, 2.0]], np.float32), lens=Lens(cursor=(0, 0)))
    assert plain([found.tail]) == "[0,0] 0.1"
