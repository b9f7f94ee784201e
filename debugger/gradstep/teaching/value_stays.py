"""The question whether a phase changes a parameter: all but step() leave values alone."""

from __future__ import annotations

from gradstep.teaching.question import Asked, yes_or_no
from gradstep.teaching.scene import Scene, Stretch, said, went


def value_stays(scene: Scene, params: list[int], what: str, because: str) -> Asked | None:
    """Ask whether `what` changes one of the parameters; `because` says why it does not."""
    found = scene.valued(params)
    if found is None:
        return None
    element, before = found

    def judge(stretch: Stretch) -> tuple[bool, str] | None:
        after = element.value(stretch.after)
        if after is None:
            return None
        if after == before:
            return False, f"{element.text} is {said(after)} as before: {because}."
        return True, f"{element.text} went from {went(before, after)}."

    return yes_or_no(
        f"{element.text} is {said(before)}. Does {what} change {element.text} itself?", judge
    )
