"""Questions before the forward pass: what it computes, and what it leaves alone."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Final

from gradstep.teaching.question import Asked, Question, Verdict, yes_or_no
from gradstep.teaching.scene import Scene, Stretch, said, went
from gradstep.teaching.used import in_use
from gradstep.teaching.value_stays import value_stays

if TYPE_CHECKING:
    from gradstep.protocol.row import EventRow

LATEST: Final = 8
"""Of so many losses the last one of this line is looked for."""


def gradients_stay(scene: Scene) -> Asked | None:
    """Ask whether a forward pass changes any gradient."""
    params = scene.moment.parameters()
    if not params:
        return None

    def judge(stretch: Stretch) -> tuple[bool, str]:
        changed = [
            param
            for param in params
            if stretch.after.grad(param).tensor != scene.moment.grad(param).tensor
        ]
        if not changed:
            return False, (
                "a forward pass computes results and notes down the graph: how each one was made. "
                "Gradients come when backward() walks that graph."
            )
        return True, f"`{stretch.after.name(changed[0])}.grad` is another one now."

    return yes_or_no(
        "The forward pass is about to run. Does it change the .grad of any parameter?", judge
    )


def parameters_stay(scene: Scene) -> Asked | None:
    """Ask whether a forward pass changes a parameter."""
    because = "the forward pass reads parameters"
    return value_stays(scene, in_use(scene), "the forward pass", because)


def _last_loss(scene: Scene) -> tuple[EventRow, float] | None:
    """Return the op and the value of the last loss that was computed from the line of this pass.

    None if there is none, or no step since: then the parameters are as they were.
    """
    moment, here = scene.moment, scene.event
    for seq, _, tensor, value in reversed(moment.run.losses(moment.seq, LATEST)):
        made = moment.op_of_result(tensor)
        if made is None or not made.enclosing:
            continue
        began = moment.run.event(made.enclosing)
        if (began.file, began.line) == (here.file, here.line):
            return (made, value) if moment.run.event(seq).step < here.step else None
    return None


def loss_goes(scene: Scene) -> Asked | None:
    """Ask which way the loss goes since the last step."""
    found = _last_loss(scene)
    if found is None:
        return None
    made, before = found
    if not isfinite(before):
        return None  # NaN is neither smaller nor larger.

    def judge(stretch: Stretch) -> Verdict | None:
        after = None
        for event in stretch.events("op"):
            if (event.name, event.file, event.line) != (made.name, made.file, made.line):
                continue
            for use in stretch.before.run.tensors(event.seq):
                value = None if use.tensor is None else stretch.after.value(use.tensor)
                if use.role == "output" and value is not None and value.mean is not None:
                    after = value.mean
        if after is None:
            return None
        right = (after > before) + 2 * (after == before)
        if right == 2:
            return Verdict(
                2,
                f"it is {said(after)} again: no step() changed what it depends on. The key k "
                "shows who holds which parameter.",
            )
        reason = f"it went from {went(before, after)}."
        if right == 1:
            reason += " A step follows the slope where it stands: too long a step, other data, or "
            reason += "another parameter in its place, and the loss rises all the same."
        return Verdict(right, reason)

    return Asked(
        f"The last loss was {said(before)}, and a step() has run since. "
        "What will the loss of this forward pass be?",
        ("smaller", "larger", "the same"),
        judge,
    )


QUESTIONS = (
    Question("forward.gradients", "forward", gradients_stay),
    Question("forward.loss", "forward", loss_goes),
    Question("forward.values", "forward", parameters_stay),
)
