"""For terminals that show nothing but ASCII: what is painted is put into it, cell by cell."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from gradstep.views.glyphs import ASCII, UNICODE

_SINGLE: Final = {
    **{
        ord(drawn): getattr(ASCII, name)
        for name in UNICODE.__dataclass_fields__
        if len(drawn := getattr(UNICODE, name)) == 1 and not drawn.isascii()
    },
    **dict(zip(map(ord, UNICODE.blocks), ASCII.blocks, strict=True)),
    **dict.fromkeys(map(ord, "▀▄█▌▐▎▊▉▋▍▏▕▔▁"), "#"),
    **dict.fromkeys(map(ord, "│┃║┆┊╎"), "|"),
    **dict.fromkeys(map(ord, "─━═┄┈╌"), "-"),
    **dict.fromkeys(map(ord, "▁▔"), " "),
    **dict.fromkeys(map(ord, "▎▊▌▐"), "|"),
    # Of borders: the rails, whose corners look otherwise, are drawn in ASCII to begin with.
    **dict.fromkeys(map(ord, "╭╮╰╯"), "+"),
    ord("·"): ".",
    ord("•"): "*",
    ord("…"): "~",
    ord("»"): ">",
    ord("–"): "-",
    ord("—"): "-",
    ord("−"): "-",
    ord("×"): "x",
    ord("‖"): "|",
    ord("■"): "#",
    ord("□"): "o",
    ord("↑"): "^",
    ord("↓"): "v",
    ord("←"): "<",
    ord("⇧"): "^",
}


def is_utf8(environment: Mapping[str, str] = os.environ) -> bool:
    """Tell whether the terminal takes UTF-8, as its locale says; one that says nothing does."""
    for name in ("LC_ALL", "LC_CTYPE", "LANG"):
        locale = environment.get(name)
        if locale:
            return "utf8" in locale.lower().replace("-", "")
    return True


class PlainAscii(LineFilter):
    """Replaces every character that is not ASCII by as many as it has cells."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Give the segments anew."""
        return [
            segment
            if segment.text.isascii()
            else Segment(in_ascii(segment.text), segment.style, segment.control)
            for segment in segments
        ]


def in_ascii(text: str) -> str:
    """Return a text of the same width without anything but ASCII."""
    return text if text.isascii() else "".join(map(_in_ascii, text))


@lru_cache(maxsize=4096)
def _in_ascii(character: str) -> str:
    if character.isascii():
        return character
    width = cell_len(character)
    found = _SINGLE.get(ord(character))
    if found is None:
        name = unicodedata.name(character, "")
        plain = unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode()
        found = "+" if name.startswith("BOX DRAWINGS") else plain or "?"
    return found[:1] * width
