"""Names longer than their columns: their ends are kept, and lines fit to the cell."""

from __future__ import annotations

import pytest

from gradstep.views.named import MOST_KIND, MOST_NAME, Widths, widths_for
from gradstep.views.text import cells, crop_names, line, plain, shorten_path, width_of

LONG = "encoder.layers.11.self_attention.output_projection.parametrizations.weight.original0"


@pytest.mark.parametrize("width", [8, 20, 33, len(LONG) - 1])
def test_of_a_path_the_end_is_kept(width: int) -> None:
    assert shorten_path(LONG, width) == "…" + LONG[-(width - 1) :]


def test_a_path_that_fits_is_whole_and_an_indent_stays() -> None:
    assert shorten_path(LONG, len(LONG)) == LONG
    assert shorten_path("    " + LONG, 24) == "    …" + LONG[-19:]


def test_what_is_no_path_keeps_its_beginning() -> None:
    assert shorten_path("a_name_without_any_dot", 10) == "a_name_wi…"
    # In so few cells an end would tell nothing.
    assert shorten_path(LONG, 5) == "enco…"


def test_wide_characters_count_twice() -> None:
    found = shorten_path("模型.第一層.第二層.重み", 12)
    assert found == "…第二層.重み"
    assert cells(found) == 12


@pytest.mark.parametrize("width", [40, 60, 80])
def test_a_line_gives_up_its_names_before_its_end(width: int) -> None:
    found = crop_names(
        line((LONG, "leaf bold"), ("  changes", ""), ("  → event 105", "accent")), width
    )
    assert width_of(found) == width
    assert plain([found]).endswith(".original0  changes  → event 105")


def test_a_line_of_no_names_is_cut_at_its_end() -> None:
    found = crop_names(line("no name in here at all, and so the end goes"), 20)
    assert plain([found]) == "no name in here at …"


def test_columns_are_as_wide_as_their_texts_within_bounds() -> None:
    assert widths_for([], []) == widths_for(["x"], ["f32[]"]) == Widths()
    assert widths_for(["x"], ["f32[10,3,32,32]"]).kind == 15
    assert widths_for([LONG], ["f32[1,2,3,4,5,6,7,8,9,10]"]) == Widths(MOST_NAME, MOST_KIND)
