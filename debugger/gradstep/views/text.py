"""Styled text: lines of spans, measured in terminal cells. Styles are names, never colours."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

STYLES: Final = (
    "dim",
    "faint",
    "bold",
    "italic",
    "forward",
    "backward",
    "step",
    "zero",
    "leaf",
    "warning",
    "error",
    "success",
    "accent",
    "selected",
    "chip",
    "lane0",
    "lane1",
    "lane2",
    "lane3",
    "lane4",
    "lane5",
)
"""All style names; a span may carry several, separated by a space. `chip` means inverse video."""


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of text in one style."""

    text: str
    style: str = ""


Line = tuple[Span, ...]

ELLIPSIS: Final = "…"
LEAST_PATH: Final = 8
"""In less cells the end of a path tells nothing either."""
LEAST_NAME: Final = 16
"""So many cells of a name are left where a whole line must become shorter."""


def line(*parts: str | Span | tuple[str, str]) -> Line:
    """Make a line of plain strings, spans and (text, style) pairs, without the empty ones."""
    spans = (
        part if isinstance(part, Span) else Span(part) if isinstance(part, str) else Span(*part)
        for part in parts
    )
    return tuple(span for span in spans if span.text)


_CONTROLS: Final[dict[int, int | str]] = {
    **{code: 0x2400 + code for code in range(0x20)},
    ord("\t"): " ",
    0x7F: 0x2421,
    **dict.fromkeys(range(0x80, 0xA0), "\ufffd"),
    # These turn the direction of what follows, or break the line.
    **dict.fromkeys((0x200E, 0x200F, *range(0x2028, 0x202F), *range(0x2066, 0x206A)), "\ufffd"),
    **dict.fromkeys(range(0xD800, 0xE000), "\ufffd"),
}


def visible(text: str) -> str:
    """Put a sign in the place of each character that would command the terminal, a cell for one.

    A name is the script's own, and a trace may be a stranger's.
    """
    return text if text.isprintable() else text.translate(_CONTROLS)


def cells(text: str) -> int:
    """Count the terminal cells that `text` takes; wide characters take two, combining ones none."""
    if text.isascii():
        return len(text)
    return _cells(text)


@lru_cache(maxsize=4096)
def _cells(text: str) -> int:
    return sum(_cell(character) for character in text)


@lru_cache(maxsize=4096)
def _cell(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def width_of(spans: Line) -> int:
    """Count the cells of a line."""
    total = 0
    for span in spans:
        text = span.text
        total += len(text) if text.isascii() else _cells(text)
    return total


def shorten(text: str, width: int) -> str:
    """Cut `text` to at most `width` cells, ending in an ellipsis where something was cut."""
    if cells(text) <= width:
        return text
    if width <= 0:
        return ""
    kept, used = [], 0
    for character in text:
        used += _cell(character)
        if used > width - 1:
            break
        kept.append(character)
    return "".join(kept) + ELLIPSIS


def shorten_path(text: str, width: int) -> str:
    """Cut a dotted name to at most `width` cells: `encoder.layers.0.weight` to `e.l.0.weight`.

    Its first parts become a letter each, as many as need be, so that names of one module stay apart
    and so do those of one kind; what is too long still loses its beginning. Blanks before it stay.
    """
    blank = text[: len(text) - len(text.lstrip())]
    room = width - len(blank)
    if cells(text) <= width or "." not in text or room < LEAST_PATH:
        return shorten(text, width)
    parts = text[len(blank) :].split(".")
    for place, part in enumerate(parts[:-1]):
        if cells(".".join(parts)) <= room:
            break
        parts[place] = part if part.isdecimal() else part[:1]
    return blank + _ending(".".join(parts), room)


def _ending(text: str, width: int) -> str:
    """Cut a text to at most `width` cells at its beginning."""
    if cells(text) <= width:
        return text
    kept, used = "", 1
    for character in reversed(text):
        used += _cell(character)
        if used > width:
            break
        kept = character + kept
    return ELLIPSIS + kept


def fit(text: str, width: int, *, right: bool = False) -> str:
    """Make `text` exactly `width` cells: cut, or padded (left of it if `right`)."""
    text = shorten(text, width)
    blank = " " * (width - cells(text))
    return blank + text if right else text + blank


def crop(spans: Line, width: int) -> Line:
    """Cut a line to at most `width` cells, ending in an ellipsis where something was cut."""
    if width_of(spans) <= width:
        return spans
    kept: list[Span] = []
    left = width
    for span in spans:
        size = cells(span.text)
        if size < left:
            kept.append(span)
            left -= size
            continue
        # Something follows or sticks out, so the last free cell is the ellipsis.
        kept.append(Span(shorten(span.text + " ", left), span.style))
        break
    return tuple(span for span in kept if span.text)


def crop_names(spans: Line, width: int) -> Line:
    """Cut a line to at most `width` cells: its dotted names, the longest first, then its end."""
    over = width_of(spans) - width
    found = list(spans)
    for place in sorted(range(len(found)), key=lambda place: -cells(found[place].text)):
        text = found[place].text
        less = min(over, cells(text) - LEAST_NAME)
        if less > 0 and "." in text and " " not in text.strip():
            found[place] = Span(shorten_path(text, cells(text) - less), found[place].style)
            over -= cells(text) - cells(found[place].text)
    return crop(tuple(found), width)


def whole_parts(spans: Line, width: int) -> Line:
    """Keep the parts of a line, set apart by blank spans, that fit as a whole, in their order."""
    parts: list[list[Span]] = [[]]
    for span in spans:
        if span.text.isspace():
            parts.append([])
        else:
            parts[-1].append(span)
    found: Line = ()
    for part in parts:
        gap = (Span("  "),) if found else ()
        if part and width_of((*found, *gap, *part)) <= width:
            found = (*found, *gap, *part)
    return found


def pad(spans: Line, width: int) -> Line:
    """Make a line exactly `width` cells."""
    spans = crop(spans, width)
    missing = width - width_of(spans)
    return (*spans, Span(" " * missing)) if missing else spans


def justify(left: Line, right: Line, width: int) -> Line:
    """Put `right` at the right edge; `left` is what is cut if both do not fit."""
    right = crop(right, width)
    room = width - width_of(right)
    if right:
        left = pad(crop(left, max(0, room - 1)), room)
    return (*left, *right) if right else pad(left, width)


def restyle(spans: Line, style: str) -> Line:
    """Add a style to every span of a line."""
    return tuple(Span(span.text, f"{span.style} {style}".strip()) for span in spans)


def wrap(parts: Sequence[Line], width: int, *, indent: int = 2) -> tuple[Line, ...]:
    """Set parts one after another, on a new indented line where one does not fit any more.

    Blanks at the end of a line do not count, those at the beginning of a new one go.
    """
    lines: list[Line] = []
    current: Line = ()
    for part in parts:
        size = cells("".join(span.text for span in part).rstrip())
        if current and size and width_of(current) + size > width:
            lines.append(_unended(current))
            first, *rest = part
            part = (Span(first.text.lstrip(), first.style), *rest)
            current = (Span(" " * indent),)
        current = (*current, *part)
    if current:
        lines.append(_unended(current))
    return tuple(lines)


def wrapped(text: str, width: int) -> tuple[Line, ...]:
    """Set a sentence on dim lines, broken between words."""
    return wrap([line((word + " ", "dim")) for word in text.split()], width, indent=0)


def _unended(spans: Line) -> Line:
    """Take the blanks off the end of a line."""
    *before, last = spans
    text = last.text.rstrip()
    return (*before, Span(text, last.style)) if text else tuple(before)


def plain(lines: Iterable[Line]) -> str:
    """Give the bare text of lines, trailing blanks removed."""
    return "\n".join(visible("".join(span.text for span in spans)).rstrip() for spans in lines)
