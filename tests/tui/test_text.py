"""Printed text and wrapping, without a screen."""

from __future__ import annotations

import pytest

from gradstep.tui.goto import GotoError, place_to_seq
from gradstep.tui.highlight import BLOCK, Highlighter
from gradstep.tui.widgets.talk_panes import clean, wrap
from gradstep.views.text import line, plain, width_of


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("a\nb\n", ["a", "b"]),
        ("10%\r50%\r100%\n", ["100%"]),
        ("a\r\nb", ["a", "b"]),
        ("\x1b[31mred\x1b[0m \x1b]0;title\x07x", ["red x"]),
        ("a\tb", ["a       b"]),
        ("a\ud800b", ["a\ufffdb"]),
        ("", []),
    ],
)
def test_clean(text: str, lines: list[str]) -> None:
    assert clean(text) == lines


def test_wrap_keeps_every_word() -> None:
    rows = wrap(line(("» ", "accent"), "one two three four five six seven"), 12)
    assert all(width_of(row) <= 12 for row in rows)
    assert " ".join(plain(rows).split()) == "» one two three four five six seven"


def test_wrap_cuts_what_has_no_blank() -> None:
    rows = wrap(line("x" * 50), 20)
    assert sum(plain([row]).count("x") for row in rows) == 50
    assert all(width_of(row) <= 20 for row in rows)


def test_highlighter_gives_back_the_text() -> None:
    source = "".join(f"def f{n}(x):  # {n}\n    return 'é' * {n}\n" for n in range(BLOCK))
    lines = source.split("\n")
    lazy = Highlighter(source)
    assert not lazy.is_whole
    for number in (1, BLOCK, BLOCK + 1, len(lines) - 1):
        assert plain([lazy.line(number)]) == lines[number - 1].rstrip()
    lazy.lex_all()
    assert [plain([lazy.line(n + 1)]) for n in range(len(lines))] == lines
    assert lazy.line(10**6) == ()


def test_goto_says_what_it_takes() -> None:
    with pytest.raises(GotoError, match="step 3"):
        place_to_seq("soon", None, 5)  # type: ignore[arg-type]
    with pytest.raises(GotoError, match="events 1 to 5"):
        place_to_seq("6", None, 5)  # type: ignore[arg-type]
    assert place_to_seq(" event 1,000 ", None, 2000) == 1000  # type: ignore[arg-type]
