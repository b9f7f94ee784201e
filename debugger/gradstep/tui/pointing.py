"""What a click on a word means: a tensor, or its gradient, that has this name at the moment."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from gradstep.views.text import Line, cells

if TYPE_CHECKING:
    from gradstep.trace.moment import Moment

_NAME: Final = re.compile(r"[^\W\d]\w*(?:\.\w+)*")


def word_at(text: str, column: int) -> str:
    """Return the dotted name that lies in a column of cells, "" for none."""
    for found in _NAME.finditer(text):
        start = cells(text[: found.start()])
        if start <= column < start + cells(found[0]):
            return found[0]
    return ""


def style_at(spans: Line, column: int) -> str:
    """Return the style of what lies in a column."""
    at = 0
    for span in spans:
        at += cells(span.text)
        if column < at:
            return span.style
    return ""


def tensor_of(moment: Moment, word: str) -> tuple[int, str] | None:
    """Return the tensor that a name means, and `value` or `grad`; None if it means none.

    Of `loss.item` it is the tensor `loss`.
    """
    while word:
        name = word.removesuffix(".grad")
        tensor = moment.tensor_named(name)
        if tensor is not None:
            return tensor, "grad" if name != word else "value"
        word = word.rpartition(".")[0]
    return None
