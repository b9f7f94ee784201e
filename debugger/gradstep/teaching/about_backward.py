"""Questions before backward(): where gradients go, and what is added to what."""

from __future__ import annotations

from gradstep.teaching.absent import why_none_text
from gradstep.teaching.question import Asked, Question, Verdict, yes_or_no
from gradstep.teaching.scene import Scene, Stretch, said
from gradstep.teaching.used import in_use, last_forward
from gradstep.teaching.value_stays import value_stays


def accumulates(scene: Scene) -> Asked | None:
    """Ask what becomes of a gradient that is there already."""
    found = scene.graded(scene.with_grad(in_use(scene)))
    if found is None:
        return None
    element, before = found

    def judge(stretch: Stretch) -> Verdict | None:
        after = element.grad(stretch.after)
        if not stretch.accumulated(element.tensor):
            return Verdict(
                2,
                f"`{element.name}` is not in the graph of this loss: backward reaches only what "
                "the loss was computed from.",
            )
        if after is None:
            return None
        added = after - before
        if added == after:
            return Verdict(0, f"{element.grad_text} is {said(after)}, and nothing of the old one.")
        return Verdict(
            1,
            f"{said(before)} + {said(added)} = {said(after)}: backward adds to what is there. "
            "Only zero_grad() clears it.",
        )

    return Asked(
        f"{element.grad_text} is {said(before)} from an earlier backward. This one finds a new "
        f"gradient for `{element.name}`. What is {element.grad_text} afterwards?",
        ("the new gradient", f"{said(before)} + the new gradient", f"{said(before)} still"),
        judge,
        ("it would be, had zero_grad() run before.", "", "backward() writes into .grad each time."),
    )


def first_node(scene: Scene) -> Asked | None:
    """Ask at which end of the graph backward begins."""
    moment = scene.moment
    root = next((use.tensor for use in moment.tensors if use.role == "root"), None)
    last = None if root is None else moment.op_of_result(root)
    ops = [
        event
        for event in moment.run.events(last_forward(scene), moment.seq, {"op"})
        if event.detail.get("grad_fn")
    ]
    if last is None or not ops or ops[0].detail["grad_fn"] == last.detail.get("grad_fn"):
        return None
    first, wanted = str(ops[0].detail["grad_fn"]), str(last.detail.get("grad_fn"))

    def judge(stretch: Stretch) -> Verdict | None:
        node = next(stretch.events("node"), None)
        if node is None or node.name not in (first, wanted):
            return None
        if node.name == wanted:
            return Verdict(
                0,
                "backward walks from the loss to the leaves: the operation that ran last is the "
                "first to be differentiated, and each node hands its gradient on.",
            )
        return Verdict(1, f"`{first}` came first.")

    return Asked(
        "Each operation of the forward pass left a node in the graph, which can differentiate it. "
        "At which node does backward() begin?",
        (
            f"`{wanted}`, of the last operation",
            f"`{first}`, of the first operation",
            "all at the same time",
        ),
        judge,
        (
            "",
            "forward runs in that order. Backward needs to know first how the loss depends on the "
            "last result.",
            "a node needs what the one behind it hands on.",
        ),
    )


def is_filled(scene: Scene) -> Asked | None:
    """Ask whether a parameter without a gradient gets one."""
    element = scene.element(scene.without_grad(scene.moment.parameters()))
    if element is None:
        return None

    def judge(stretch: Stretch) -> tuple[bool, str]:
        if stretch.accumulated(element.tensor):
            found = element.grad(stretch.after)
            what = "" if found is None else f": {element.grad_text} is {said(found)}"
            return True, (
                f"the loss was computed from `{element.name}`, which is a leaf of its graph: a "
                f"tensor that nothing computed. There gradients are kept{what}."
            )
        return False, why_none_text(stretch.after, element.tensor) or (
            f"no way leads from this loss to `{element.name}`."
        )

    return yes_or_no(
        f"`{element.name}.grad` is `None`. Does this backward() put a gradient there?", judge
    )


def of_the_result(scene: Scene) -> Asked | None:
    """Ask whether the loss itself, or another result, gets a .grad."""
    moment = scene.moment
    root = next((use.tensor for use in moment.tensors if use.role == "root"), None)
    made = None if root is None else moment.op_of_result(root)
    if root is None or made is None or moment.grad(root).tensor is not None:
        return None
    name = moment.name(root)

    def judge(stretch: Stretch) -> Verdict:
        if stretch.after.grad(root).tensor is None:
            return Verdict(
                0,
                f"line {made.line} computed `{name}`, so it is no leaf: backward() hands the "
                "gradient on through it and keeps it only in leaves, the tensors that nothing "
                "computed. retain_grad() would keep it here as well.",
            )
        return Verdict(1, "it asked for it, with retain_grad().")

    return Asked(
        f"backward() begins at `{name}`, the result of line {made.line}. What is the .grad of "
        "that result afterwards?",
        ("`None`", "`1`, where backward starts", f"the value of `{name}`"),
        judge,
        (
            "",
            "backward() does start with 1 there, and does not store it.",
            "a .grad never holds a value: it says how the loss changes with it.",
        ),
    )


def sign(scene: Scene) -> Asked | None:
    """Ask for the sign of a gradient, by what it means."""
    found = scene.valued(scene.without_grad(in_use(scene)))
    if found is None:
        return None
    element, value = found

    def judge(stretch: Stretch) -> Verdict | None:
        if not stretch.accumulated(element.tensor):
            why = why_none_text(stretch.after, element.tensor)
            return Verdict(2, f"no gradient arrives at `{element.name}`. {why}".rstrip())
        found = element.grad(stretch.after)
        if found is None:
            return None
        way = "rises" if found > 0 else "falls"
        if found == 0:
            return Verdict(2, "the loss does not change when it changes a little.")
        return Verdict(
            0 if found > 0 else 1,
            f"{element.grad_text} is {said(found)}: let {element.text} grow by a tiny amount, and "
            f"the loss {way} by {said(abs(found))} times that amount.",
        )

    return Asked(
        f"{element.text} is {said(value)}. Imagine it a little larger: would the loss rise or "
        f"fall? And so, what is {element.grad_text} after backward()?",
        ("positive: the loss would rise", "negative: the loss would fall", "0, or none at all"),
        judge,
    )


def values_stay(scene: Scene) -> Asked | None:
    """Ask whether backward changes parameters."""
    because = "backward writes gradients, and step() uses them"
    return value_stays(scene, in_use(scene), "backward()", because)


QUESTIONS = (
    Question("backward.accumulates", "backward", accumulates),
    Question("backward.sign", "backward", sign),
    Question("backward.first", "backward", first_node),
    Question("backward.result", "backward", of_the_result),
    Question("backward.filled", "backward", is_filled),
    Question("backward.values", "backward", values_stay),
)
