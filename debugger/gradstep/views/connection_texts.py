"""The sentences of the connection view: what a cell says, and what all holes come to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gradstep.trace.reasons import why_none, why_unchanged
from gradstep.views import numbers
from gradstep.views.connection_cells import spanned, used_by
from gradstep.views.why_texts import answers, cut_text, line_of

if TYPE_CHECKING:
    from gradstep.trace.moment import Moment
    from gradstep.trace.wiring import Wire, Wiring

HOLES: Final = {
    "no_optimizer": ("is in no optimizer", "are in no optimizer"),
    "holds_old": (
        "is in no optimizer: an old tensor of its name is held instead",
        "are in no optimizer: old tensors of their names are held instead",
    ),
    "replaced": (
        "is an old tensor that nothing uses any more",
        "are old tensors that nothing uses any more",
    ),
    "not_reached": ("is not reached by the loss", "are not reached by the loss"),
    "held_twice": ("is held twice", "are held twice"),
    "stale": (
        "has a .grad that an earlier step has used already",
        "have a .grad that an earlier step has used already",
    ),
    "not_finite": ("has a .grad that is not finite", "have a .grad that is not finite"),
    "zeros": ("has a .grad of nothing but zeros", "have a .grad of nothing but zeros"),
    "not_changed": ("has never changed", "have never changed"),
}


def hole_words(found: Wiring) -> str:
    """Say how many holes there are, and of what kinds."""
    if not found.wires:
        return "No parameter by now: none was used, and no optimizer holds one."
    if not found.holes:
        amount = numbers.plural(len(found.wires), "parameter")
        return f"No hole among {amount}."
    parts: list[str] = []
    for hole, (single, several) in HOLES.items():
        count = found.count(hole)
        if count:
            who = "1 parameter" if count == 1 else f"{numbers.count(count)} parameters"
            parts.append(
                f"{who if not parts else numbers.count(count)} {single if count == 1 else several}"
            )
    return f"{numbers.plural(found.holes, 'hole')}: {'; '.join(parts)}."


def told(moment: Moment, found: Wiring, wire: Wire, column: int) -> str:
    """Say in a sentence what one cell says."""
    return (_name, _name, _reached, _grad, _held, _change)[column](moment, found, wire)


def _name(moment: Moment, found: Wiring, wire: Wire) -> str:
    if wire.modules:
        of = ", ".join(path or "the model" for path in wire.modules)
        was = "was" if "replaced" in wire.holes else "is"
        what = f"{was} a parameter of {of}"
    else:
        what = "is a leaf of no module"
    value = moment.value(wire.tensor)
    size = f", {numbers.dtype(value.dtype)}{numbers.shape(value.shape)}" if value else ""
    grad = "" if wire.requires_grad else "; it requires no gradient"
    return f"{what}{size}{grad}."


def _root(moment: Moment, found: Wiring) -> str:
    return moment.name(found.loss.tensor) if found.loss is not None else "the loss"


def _reached(moment: Moment, found: Wiring, wire: Wire) -> str:
    root = _root(moment, found)
    if wire.way is not None:
        at = line_of(moment, wire.way.seq) if wire.way.seq else "an unknown line"
        nodes = wire.way.nodes
        way = f" passes {numbers.plural(nodes, 'node')} and" if nodes else ""
        return f"is used at {at} on the way to {root}: backward{way} comes to it."
    at = line_of(moment, wire.why_seq) if wire.why_seq else "an unknown line"
    match wire.why:
        case "cut" if wire.cut is not None:
            return (
                f"has a part in {root}, but no gradient comes back: {cut_text(moment, wire.cut)}."
            )
        case "replaced":
            name = wire.name.removesuffix(" (old)")
            return f"is an old tensor: {at} uses another one by the name {name}."
        case "leads_elsewhere" | "elsewhere_so_far":
            return f"is used at {at}, but {root} does not depend on what came of that."
        case "not_used":
            return f"is taken by no operation of this iteration, so {root} does not depend on it."
        case "not_used_yet":
            return (
                "has not been taken by an operation of this iteration so far;"
                f" {root} was made without it."
            )
        case "frozen":
            return f"requires no gradient ({at}), so backward leaves it alone."
        case "other_loss" if moment.run.event(wire.why_seq).kind == "op":
            of = f"what {at} computed, which no backward() has begun from yet"
            return f"is not reached by {root}, but by {of}."
        case "other_loss":
            return f"is reached by another loss, whose backward() is at {at}; not by {root}."
        case "unrecorded":
            return "may be reached or not: operations were not recorded (--detail phases)."
        case "too_long":
            return "may be reached or not: the loss depends on more than is followed back."
    return "waits for a loss: no backward() has run, and no forward has ended in one number."


def _grad(moment: Moment, found: Wiring, wire: Wire) -> str:
    held = wire.holding
    if held.grad is None:
        said = answers(moment, wire.tensor, why_none(moment, wire.tensor))
        return ".grad is None. " + " ".join(one.text for one in said)
    norm = "all zeros" if "zeros" in wire.holes else f"|·| {numbers.short(held.norm)}"
    if not held.contributions:
        if held.norm == 0:
            return f".grad holds zeros since it was cleared at {line_of(moment, held.since)}."
        return f".grad ({norm}) was set by hand."
    calls = numbers.plural(len(held.contributions), "backward call")
    calls += " and more" if held.has_more else ""
    iterations = {row.iteration for row in held.contributions}
    noun = "iteration" if len(iterations) == 1 else "iterations"
    text = f".grad ({norm}) holds {calls}, of {noun} {spanned(held.contributions)}"
    stale = len(held.stale)
    if stale:
        return (
            f"{text}. {numbers.count(stale)} of them an earlier step has used already: no"
            " zero_grad() came between, so the next step uses them again."
        )
    reader = held.reader
    if reader is not None:
        return f"{text}, {used_by(reader)} at {line_of(moment, reader.seq)}."
    return f"{text}. No step has used it yet."


def _held(moment: Moment, found: Wiring, wire: Wire) -> str:
    if not wire.holders:
        if not found.optimizers:
            return "is in no optimizer: none was made by now."
        if "holds_old" in wire.holes:
            return (
                "is in no optimizer: one holds the tensor that had this name before, and changes"
                " that. Make the optimizer after the parameter is replaced."
            )
        more = " It requires no gradient." if not wire.requires_grad else ""
        return f"is in no optimizer, so no step() changes it.{more}"
    names = [f"{one.name}, group {one.group}" for one in wire.holders]
    if len(names) > 1:
        return f"is held {len(names)} times ({'; '.join(names)}): each changes it."
    if "replaced" in wire.holes:
        return f"is held by {names[0]}, which goes on with this old tensor."
    return f"is held by {names[0]}: its step() reads .grad, and nothing else of backward."


def _change(moment: Moment, found: Wiring, wire: Wire) -> str:
    row = wire.holding.change
    if row is None or row.name == "init":
        made = "has the values that it was made with"
        if "not_changed" not in wire.holes:
            return f"{made}."
        if not wire.holders:
            return (
                f"{made}: backward() came to it in more than one iteration, but there is no"
                " optimizer, and no line of the script writes into it. (w = w - lr * g makes a new"
                " tensor; w -= lr * g under no_grad() writes.)"
            )
        said = answers(moment, wire.tensor, why_unchanged(moment, wire.tensor))
        return f"{made}. " + " ".join(one.text for one in said)
    at = line_of(moment, row.seq)
    if row.kind == "updated":
        return f"was last changed by step {numbers.count(row.step + 1)}, at {at}."
    return f"was last changed by {row.name} at {at}, not by an optimizer."
