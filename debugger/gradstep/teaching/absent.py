"""What is missing, in words: a gradient that is None, a parameter that was replaced."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradstep.trace.reasons import OLD, why_none
from gradstep.views.why_texts import answers

if TYPE_CHECKING:
    from gradstep.trace.moment import Moment


def why_none_text(moment: Moment, tensor: int) -> str:
    """Say why a .grad is None, in one sentence or two; "" where it is not, or nothing tells."""
    said: list[str] = []
    for answer in answers(moment, tensor, why_none(moment, tensor)):
        said.append(answer.text)
        if not answer.text.endswith(":"):
            break  # A colon announces the next one.
    return " ".join(said)


def is_old(moment: Moment, tensor: int) -> bool:
    """Tell whether another tensor has taken the place of this one."""
    return moment.name(tensor).endswith(OLD)
