"""Names longer than their columns: they stay apart, and lines fit to the cell."""

from __future__ import annotations

import pytest

from gradstep.views.named import MOST_KIND, MOST_NAME, Widths, widths_for
from gradstep.views.text import cells, crop_names, line, plain, shorten_path, width_of

LONG = "encoder.layers.11.self_attention.output_projection.parametrizations.weight.original0"


@pytest.mark.parametrize(
    ("width", "shown"),
    [
        (len(LONG), LONG),
        (79, "e.layers.11.self_attention.output_projection.parametrizations.weight.original0"),
        (50, "e.l.11.s.o.parametrizations.weight.original0"),
        (30, "e.l.11.s.o.p.weight.original0"),
        (24, "e.l.11.s.o.p.w.original0"),
        (12, "…w.original0"),
    ],
)
def test_of_a_path_the_first_parts_become_letters(width: int, shown: str) -> None:
    assert shorten_path(LONG, width) == shown


def test_names_that_differ_in_a_number_or_at_the_end_stay_apart() -> None:
    names = [
        f"encoder.layers.{layer}.self_attn.{name}"
        for layer in range(3)
        for name in ("in_proj_weight", "in_proj_bias")
    ]
    assert len({shorten_path(name, 24) for name in names}) == 6


def test_an_indent_stays() -> None:
    assert shorten_path("    " + LONG, 34) == "    e.l.11.s.o.p.weight.original0"


def test_what_is_no_path_keeps_its_beginning() -> None:
    assert shorten_path("a_name_without_any_dot", 10) == "a_name_wi…"
    # In so few cells an end would tell nothing.
    assert shorten_path(LONG, 5) == "enco…"


def test_wide_characters_count_twice() -> None:
    assert cells("模.第.第二層.重み") == 17
    assert shorten_path("模型.第一層.第二層.重み", 17) == "模.第.第二層.重み"
    assert shorten_path("模型.第一層.第二層.重み", 16) == "模.第.第.重み"


@pytest.mark.parametrize("width", [40, 60, 80])
def test_a_line_gives_up_its_names_before_its_end(width: int) -> None:
    found = crop_names(
        line((LONG, "leaf bold"), ("  changes", ""), ("  → event 105", "accent")), width
    )
    assert width_of(found) <= width
    assert plain([found]).endswith(".original0  changes  → event 105")


def test_a_line_of_no_names_is_cut_at_its_end() -> None:
    found = crop_names(line("no name in here at all, and so the end goes"), 20)
    assert plain([found]) == "no name in here at …"


def test_columns_are_as_wide_as_their_texts_within_bounds() -> None:
    assert widths_for([], []) == widths_for(["x"], ["f32[]"]) == Widths()
    assert widths_for(["x"], ["f32[10,3,32,32]"]).kind == 15
    assert widths_for([LONG], ["f32[1,2,3,4,5,6,7,8,9,10]"]) == Widths(MOST_NAME, MOST_KIND)
