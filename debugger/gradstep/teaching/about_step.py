"""Questions before step(): which way, how far, what is read, and what is left alone."""

from __future__ import annotations

from gradstep.teaching.absent import is_old, why_none_text
from gradstep.teaching.question import Asked, Question, Verdict, yes_or_no
from gradstep.teaching.scene import Scene, Stretch, said, went
from gradstep.views.numbers import hyper, number


def direction(scene: Scene) -> Asked | None:
    """Ask which way a parameter moves."""
    found = scene.both(scene.with_grad(scene.held))
    if found is None:
        return None
    element, value, grad = found

    def judge(stretch: Stretch) -> Verdict | None:
        after = element.value(stretch.after)
        if after is None:
            return None
        reason = f"{element.text} went from {went(value, after)}"
        if after == value:
            return Verdict(2, f"{element.text} is {said(after)} as before.")
        if (after > value) == (grad > 0):
            reason += ": along the gradient this time, for more than the gradient goes into the "
            reason += "update; the Optimizer tab has the formula."
        else:
            reason += ": against its gradient, the way in which the loss falls at first."
        return Verdict(0 if after > value else 1, reason)

    uphill = "that way the loss would rise: the gradient points uphill."
    return Asked(
        f"{element.text} is {said(value)} and {element.grad_text} is {said(grad)}. "
        f"What does {scene.called} do to {element.text}?",
        ("makes it larger", "makes it smaller", "leaves it as it is"),
        judge,
        (
            uphill if grad > 0 else "",
            uphill if grad < 0 else "",
            "the optimizer holds it, and its .grad is not None: so step() changes it.",
        ),
    )


def amount(scene: Scene) -> Asked | None:
    """Ask for the new value under plain gradient descent."""
    found = scene.both(scene.with_grad(scene.held))
    if found is None or _rule(scene) != "SGD":
        return None
    element, value, grad = found
    rate, settings = scene.rate(element.tensor), scene.hyper(element.tensor)
    if rate is None or any(settings.get(one) for one in ("momentum", "weight_decay", "maximize")):
        return None
    outcomes = (value - rate * grad, value + rate * grad, value - grad)
    choices = tuple(f"`{number(one)}`" for one in outcomes)
    if len(set(choices)) < len(choices):
        return None

    def judge(stretch: Stretch) -> Verdict | None:
        after = element.value(stretch.after)
        if after is None:
            return None
        nearest = min(range(3), key=lambda one: abs(outcomes[one] - after))
        factor = said(grad) if grad >= 0 else f"({said(grad)})"
        worked = f"{said(value)} − {hyper(rate)} · {factor} = {said(outcomes[0])}"
        if number(after) != number(outcomes[0]):
            dtype = getattr(stretch.after.value(element.tensor), "dtype", "")
            worked += f"; the numbers of {dtype} lie so far apart that it became {said(after)}"
        return Verdict(nearest, f"{element.text} − lr · {element.grad_text}: {worked}.")

    return Asked(
        f"Plain gradient descent with lr `{hyper(rate)}`. {element.text} is {said(value)}, "
        f"{element.grad_text} is {said(grad)}. What is {element.text} after {scene.called}?",
        choices,
        judge,
        (
            "",
            "that is along the gradient, where the loss rises: lr · grad is taken away, not added.",
            "that takes away the whole gradient: the learning rate makes it a part of it.",
        ),
    )


def reads(scene: Scene) -> Asked | None:
    """Ask what step works with: nobody hands it the loss."""
    params = scene.with_grad(scene.held)
    if not params:
        return None
    names = scene.moment.name

    def judge(stretch: Stretch) -> Verdict | None:
        if any(stretch.events("phase_entered", "node")):
            return None  # A closure computes a loss in there.
        read: list[int | None] = []
        for event in stretch.events("updated"):
            uses = {use.role: use.tensor for use in stretch.before.run.tensors(event.seq)}
            if uses.get("grad") is not None:
                read.append(uses.get("param"))
        if not read:
            return None
        found = ", ".join(f"`{names(one)}.grad`" for one in read[:3] if one is not None)
        more = f" and {len(read) - 3} more" if len(read) > 3 else ""
        return Verdict(
            0,
            f"it read {found}{more}, which backward() left there. The optimizer got its parameters "
            "when it was made: .grad is all that passes from the loss to it.",
        )

    return Asked(
        f"{scene.called} is about to change parameters. From what does it know which way?",
        (
            "from .grad of the parameters that it was given",
            "from the loss that was computed last",
            "from the graph of the forward pass",
        ),
        judge,
        (
            "",
            "no optimizer looks for a loss: change the number, and the step stays the same.",
            "backward() walked that graph; step() does not even look whether there is one.",
        ),
    )


def grad_afterwards(scene: Scene) -> Asked | None:
    """Ask what step leaves in .grad."""
    found = scene.graded(scene.with_grad(scene.held))
    if found is None:
        return None
    element, before = found

    def judge(stretch: Stretch) -> Verdict | None:
        if stretch.after.grad(element.tensor).tensor is None:
            return Verdict(1, f"{element.grad_text} was let go of.")
        after = element.grad(stretch.after)
        if after is None:
            return None
        if after == before:
            return Verdict(
                0,
                "step() reads gradients and leaves them there. Without zero_grad() the next "
                "backward adds to them.",
            )
        return Verdict(2, f"{element.grad_text} is {said(after)} now.")

    return Asked(
        f"{element.grad_text} is {said(before)}. What is it after {scene.called}?",
        (f"{said(before)} still", "`None`", "another number"),
        judge,
        (
            "",
            "an optimizer clears nothing by itself: that is what zero_grad() is for.",
            "only backward() computes gradients; step() does not run it.",
        ),
    )


def without_gradient(scene: Scene) -> Asked | None:
    """Ask what step does with a parameter whose .grad is None."""
    found = scene.valued(scene.without_grad(scene.held))
    if found is None:
        return None
    element, before = found

    def judge(stretch: Stretch) -> Verdict | None:
        if stretch.error:
            return Verdict(2, "it raised an error, which the console shows.")
        after = element.value(stretch.after)
        if after is None:
            return None
        if after == before:
            return Verdict(
                0,
                "a parameter whose .grad is None is passed over, without a word. "
                f"{why_none_text(stretch.after, element.tensor)}".rstrip(),
            )
        return Verdict(1, f"{element.text} went from {went(before, after)}.")

    return Asked(
        f"`{element.name}.grad` is `None`, and the optimizer holds `{element.name}`. "
        f"What does {scene.called} do with it?",
        ("pass it over", "change it all the same", "raise an error"),
        judge,
        ("", "without a gradient there is no direction to go.", "None is no error here."),
    )


def not_held(scene: Scene) -> Asked | None:
    """Ask whether step changes a parameter that the optimizer was not given."""
    found = scene.both(scene.with_grad(scene.others()))
    if found is None or not scene.held:
        return None
    element, value, grad = found

    def judge(stretch: Stretch) -> tuple[bool, str] | None:
        after = element.value(stretch.after)
        if after is None:
            return None
        if after == value:
            old = next((one for one in scene.held if is_old(scene.moment, one)), None)
            more = ""
            if old is not None:
                name = scene.moment.name(old)
                more = f" `{name}` is the tensor of that name when the optimizer was made."
            return False, (
                f"it holds {held_names(scene)}. step() goes through those, and neither looks at "
                f"the model nor at the loss.{more}"
            )
        return True, f"{element.text} went from {went(value, after)}."

    return yes_or_no(
        f"{element.grad_text} is {said(grad)}, but this optimizer was not given "
        f"`{element.name}`. Does {scene.called} change `{element.name}`?",
        judge,
    )


def momentum(scene: Scene) -> Asked | None:
    """Ask how far momentum carries, compared with the gradient alone."""
    found = scene.both(_with_state(scene, "momentum_buffer"))
    if found is None or _rule(scene) != "SGD":
        return None
    element, value, grad = found
    rate = scene.rate(element.tensor)
    if not grad or rate is None:
        return None
    alone = rate * abs(grad)

    def judge(stretch: Stretch) -> Verdict | None:
        after = element.value(stretch.after)
        if after is None:
            return None
        went = abs(after - value)
        close = abs(went - alone) <= 1e-3 * alone
        right = 2 if close else 0 if went > alone else 1
        return Verdict(
            right,
            f"it went {said(went)}, lr · |grad| is {said(alone)}: what the optimizer remembers of "
            "earlier gradients is in the update too.",
        )

    return Asked(
        f"SGD with momentum has a `momentum_buffer` for `{element.name}` from earlier steps. "
        f"lr · |grad| is {said(alone)} for {element.text}. How far does this step move it?",
        ("farther than that", "less far", "just as far"),
        judge,
    )


def adaptive_first(scene: Scene) -> Asked | None:
    """Ask how far Adam's first step goes."""
    name, optimizer = _rule(scene), scene.optimizer
    found = scene.both(scene.with_grad(scene.held))
    if name not in ("Adam", "AdamW", "NAdam", "Adamax") or found is None:
        return None
    element, value, grad = found
    if optimizer is None or scene.moment.state(optimizer.id, element.tensor):
        return None  # Not the first step.
    rate = scene.rate(element.tensor)
    if not grad or rate is None:
        return None
    outcomes = (rate, rate * abs(grad), abs(grad))
    choices = (
        f"`{hyper(rate)}`, the lr",
        f"{said(rate * abs(grad))}, lr · |grad|",
        f"{said(abs(grad))}, |grad|",
    )
    if abs(abs(grad) - 1) < 0.2:
        return None  # The first two choices would be the same.

    def judge(stretch: Stretch) -> Verdict | None:
        after = element.value(stretch.after)
        if after is None:
            return None
        went = abs(after - value)
        nearest = min(range(3), key=lambda one: abs(outcomes[one] - went))
        return Verdict(
            nearest,
            f"it went {said(went)}. {name} divides the mean of the gradients by the root of the "
            "mean of their squares: at the first step that is 1 or −1, whatever the gradient's "
            "size.",
        )

    return Asked(
        f"This is the first step of {name}, lr `{hyper(rate)}`. {element.grad_text} is "
        f"{said(grad)}. About how far does {element.text} move?",
        choices,
        judge,
    )


def held_names(scene: Scene) -> str:
    """Name the parameters that the optimizer holds, the first few."""
    names = [f"`{scene.moment.name(one)}`" for one in scene.held]
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _rule(scene: Scene) -> str:
    """Return the class of the optimizer, which says by what rule it updates."""
    return scene.event.name.partition(".")[0]


def _with_state(scene: Scene, wanted: str) -> list[int]:
    """Return the parameters with a gradient for which the optimizer keeps such a tensor."""
    optimizer = scene.optimizer
    if optimizer is None:
        return []
    return [
        param
        for param in scene.with_grad(scene.held)
        for state in scene.moment.state(optimizer.id, param)
        if state.name == wanted and state.tensor is not None
    ]


QUESTIONS = (
    Question("step.first", "step", adaptive_first),
    Question("step.none", "step", without_gradient),
    Question("step.not_held", "step", not_held),
    Question("step.direction", "step", direction),
    Question("step.reads", "step", reads),
    Question("step.amount", "step", amount),
    Question("step.momentum", "step", momentum),
    Question("step.grad", "step", grad_afterwards),
)
