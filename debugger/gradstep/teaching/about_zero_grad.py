"""Questions before zero_grad(): what is cleared, and what is not."""

from __future__ import annotations

from gradstep.teaching.question import Asked, Question, Verdict, yes_or_no
from gradstep.teaching.scene import Scene, Stretch, grad_number, said
from gradstep.teaching.value_stays import value_stays


def grad_afterwards(scene: Scene) -> Asked | None:
    """Ask what .grad is after it was cleared."""
    found = scene.graded(scene.with_grad(scene.held))
    if found is None:
        return None
    element, before = found

    def judge(stretch: Stretch) -> Verdict:
        after = stretch.after.grad(element.tensor).tensor
        if after is None:
            return Verdict(
                0,
                "zero_grad() lets go of the tensor: set_to_none=True is its default. "
                "The next backward makes a new one.",
            )
        if grad_number(stretch.after, element.tensor, element.position) == 0:
            return Verdict(1, "with set_to_none=False the tensor stays and is filled with zeros.")
        return Verdict(2, f"{element.grad_text} is still {said(before)}: it was not cleared.")

    return Asked(
        f"{element.grad_text} is {said(before)}, and {scene.called} is about to run. "
        f"What is {element.grad_text} afterwards?",
        ("`None`", "`0`", f"{said(before)} still"),
        judge,
        (
            "this call was told to keep the tensors: set_to_none=False.",
            "zeros it would leave with set_to_none=False. To the next backward that is the same; "
            "but step() passes over a None, and not over a 0.",
            "that is what happens where zero_grad() is left out: the next backward adds to it.",
        ),
    )


def nothing_to_clear(scene: Scene) -> Asked | None:
    """Ask what zero_grad does where no gradient is."""
    if not scene.held or scene.with_grad(scene.held):
        return None

    def judge(stretch: Stretch) -> Verdict:
        if stretch.error:
            return Verdict(2, "it raised an error, which the console shows.")
        if any(stretch.after.grad(one).tensor is not None for one in scene.held):
            return Verdict(1, "there are gradients now that were not there before.")
        return Verdict(0, "no backward has written a gradient yet: every .grad is None already.")

    return Asked(
        f"No parameter of this optimizer has a gradient yet. What does {scene.called} do?",
        ("nothing: there is nothing to clear", "makes every .grad a 0", "raises an error"),
        judge,
        ("", "where no tensor is, none is made.", "clearing what is clear is allowed."),
    )


def values_stay(scene: Scene) -> Asked | None:
    """Ask whether zero_grad changes the parameters themselves."""
    because = "gradients are cleared here, parameters change in step()"
    return value_stays(scene, scene.held, scene.called, because)


def others_keep_theirs(scene: Scene) -> Asked | None:
    """Ask whether the gradients of parameters that it does not hold are cleared."""
    found = scene.graded(scene.with_grad(scene.others()))
    if found is None or not scene.held:
        return None
    element, before = found

    def judge(stretch: Stretch) -> tuple[bool, str]:
        after = stretch.after.grad(element.tensor).tensor
        kept = after is not None and (
            grad_number(stretch.after, element.tensor, element.position) == before
        )
        if kept:
            return False, "an optimizer knows the parameters that it was given, and no others."
        return True, f"{element.grad_text} is not {said(before)} any more."

    return yes_or_no(
        f"{element.grad_text} is {said(before)}, but this optimizer was not given "
        f"`{element.name}`. Does {scene.called} clear {element.grad_text}?",
        judge,
    )


def memory_stays(scene: Scene) -> Asked | None:
    """Ask whether zero_grad makes the optimizer forget its running means."""
    optimizer = scene.optimizer
    for param in scene.held:
        state = scene.moment.state(optimizer.id, param) if optimizer is not None else []
        kept = next((one for one in state if one.tensor is not None), None)
        if kept is None or optimizer is None:
            continue
        before = _state_norm(scene, kept.tensor)
        if not before:
            continue
        name, number = scene.moment.name(param), optimizer.id

        def judge(
            stretch: Stretch,
            param: int = param,
            wanted: str = kept.name,
            before: float = before,
            number: int = number,
        ) -> tuple[bool, str] | None:
            state = stretch.after.state(number, param)
            found = next((one.tensor for one in state if one.name == wanted), None)
            value = None if found is None else stretch.after.value(found)
            if value is None or value.norm is None:
                return None
            if value.norm == before:
                return False, f"`{wanted}` belongs to the optimizer's state, not to .grad."
            return True, f"the norm of `{wanted}` is {said(value.norm)} now."

        return yes_or_no(
            f"The optimizer remembers past gradients of `{name}`: its `{kept.name}` has norm "
            f"{said(before)}. Does {scene.called} clear that too?",
            judge,
        )
    return None


def _state_norm(scene: Scene, tensor: int | None) -> float | None:
    value = None if tensor is None else scene.moment.value(tensor)
    return None if value is None else value.norm


QUESTIONS = (
    Question("zero_grad.grad", "zero_grad", grad_afterwards),
    Question("zero_grad.nothing", "zero_grad", nothing_to_clear),
    Question("zero_grad.others", "zero_grad", others_keep_theirs),
    Question("zero_grad.memory", "zero_grad", memory_stays),
    Question("zero_grad.values", "zero_grad", values_stay),
)
