"""The one table of glyphs: each one cell wide, none that a terminal may draw as an emoji.

`ASCII` is for terminals and fonts that have nothing else (`--ascii`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Glyphs:
    """Every symbol that a view draws, by meaning."""

    # phases
    zero_grad: str = "∅"
    forward: str = "►"
    backward: str = "◄"
    step: str = "Δ"
    other: str = "·"
    small: str = "•"
    # states of an op
    pending: str = "○"
    current: str = "◉"
    done: str = "●"
    tick: str = "✓"
    cross: str = "✗"
    none: str = "–"
    cut: str = "⊘"
    unrecorded: str = "◦"
    # rails
    rail: str = "│"
    across: str = "─"
    crossing: str = "┼"
    fork: str = "├"
    join: str = "┴"
    branch: str = "┬"
    end_up: str = "╯"
    end_down: str = "╮"
    tee_left: str = "┤"
    rail_cut: str = "┆"
    across_cut: str = "┄"
    # marks
    cursor: str = "◆"
    breakpoint: str = "●"
    conditional: str = "◆"
    disabled: str = "○"
    here: str = "►"
    warning: str = "▲"
    arrow: str = "→"
    line: str = "━"
    dotted: str = "┄"
    selected: str = "▌"
    down: str = "▼"
    up: str = "▲"
    folded: str = "▸"
    unfolded: str = "▾"
    # numbers
    times: str = "·"
    minus: str = "−"
    elementwise: str = "⊙"
    ellipsis: str = "…"
    theta: str = "θ"
    plus_minus: str = "±"
    square_root: str = "√"
    unequal: str = "≠"
    power_two: str = "²"
    blocks: str = "▁▂▃▄▅▆▇█"
    bar: str = "━"
    nan: str = "NaN"
    infinity: str = "∞"
    doubled: str = "«"
    heat: str = "▦"
    wave: str = "∿"


UNICODE: Final = Glyphs()

ASCII: Final = Glyphs(
    zero_grad="0",
    forward=">",
    backward="<",
    step="D",
    other=".",
    small="-",
    pending="o",
    current="@",
    done="*",
    tick="v",
    cross="x",
    none="-",
    cut="%",
    unrecorded=".",
    rail="|",
    across="-",
    crossing="+",
    fork="|",
    join="+",
    branch="+",
    end_up="'",
    end_down=".",
    tee_left="|",
    rail_cut=":",
    across_cut=".",
    cursor="#",
    breakpoint="*",
    conditional="#",
    disabled="o",
    here=">",
    warning="!",
    arrow=">",
    line="=",
    dotted=".",
    selected="|",
    down="v",
    up="^",
    folded=">",
    unfolded="v",
    times="*",
    minus="-",
    elementwise="*",
    ellipsis="~",
    theta="p",
    plus_minus="~",
    square_root="r",
    unequal="/",
    power_two="2",
    blocks="_.,-=+*#",
    bar="=",
    nan="NaN",
    infinity="I",
    doubled="&",
    heat="%",
    wave="~",
)

PHASE_STYLES: Final = {
    "zero_grad": "zero",
    "forward": "forward",
    "backward": "backward",
    "step": "step",
    "other": "dim",
}


def phase_glyph(glyphs: Glyphs, phase: str) -> str:
    """Give the glyph of a phase of the training loop."""
    return {
        "zero_grad": glyphs.zero_grad,
        "forward": glyphs.forward,
        "backward": glyphs.backward,
        "step": glyphs.step,
    }.get(phase, glyphs.other)
