"""Which parameters a question had better be about: those that the last forward pass used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradstep.teaching.absent import is_old

if TYPE_CHECKING:
    from gradstep.teaching.scene import Scene


def in_use(scene: Scene) -> list[int]:
    """Return the parameters that the last forward pass took.

    Where it took none, or there was none, return all that were not replaced.
    """
    moment = scene.moment
    params = moment.parameters()
    used: set[int | None] = set()
    for event in moment.run.events(last_forward(scene), moment.seq, {"op"}):
        used.update(use.tensor for use in moment.run.tensors(event.seq) if use.role == "input")
    current = [one for one in params if not is_old(moment, one)]
    return [one for one in current if one in used] or current


def last_forward(scene: Scene) -> int:
    """Return the event at which the forward pass before the scene began, the scene's for none."""
    moment = scene.moment
    for event in moment.run.events_before(moment.seq, {"phase_entered"}):
        if event.phase == "forward":
            return event.seq
    return moment.seq
