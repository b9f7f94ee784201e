"""The end of a phase: what it did, what it left out, and why."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from gradstep.trace.loss_roots import loss_roots
from gradstep.trace.model import TensorRef
from gradstep.trace.parameters import grads_of
from gradstep.trace.reached import reached_leaves
from gradstep.views import numbers
from gradstep.views.cards.card import Draft, brief
from gradstep.views.happened import summary_lines, verdicts_on_step
from gradstep.views.holding import held_by, optimizer_of, replaced, unread_leaves
from gradstep.views.moved import distance
from gradstep.views.optimizer_trend import MOST_ELEMENTS
from gradstep.views.reading import norm_of, one, value_of
from gradstep.views.stretch import events_since
from gradstep.views.text import Line, line

if TYPE_CHECKING:
    from collections.abc import Collection

    from gradstep.protocol.row import EventRow
    from gradstep.trace.model import OptimizerState
    from gradstep.trace.moment import Moment

MOST_SHOWN: Final = 6
MOST_RESULTS: Final = 3
MOST_NAMED: Final = 8
"""Leaves that a coming backward would reach are named up to so many."""

KINDS: Final = {
    "zero_grad": ("zeroed", "gradient cleared", "gradients cleared"),
    "forward": ("op", "op ran", "ops ran"),
    "backward": ("accumulated", "leaf got a contribution", "leaves got contributions"),
    "step": ("updated", "parameter changed", "parameters changed"),
}


def explain_exit(draft: Draft, event: EventRow) -> None:
    """Write the card of a phase that ended."""
    moment, glyphs = draft.moment, draft.glyphs
    style = {"zero_grad": "zero"}.get(event.phase, event.phase if event.phase != "other" else "")
    error = event.detail.get("error")
    if error:
        failed = f"  {glyphs.cross} failed"
        draft.head(f"{event.name or event.phase}", "error", (failed, "error bold"))
        draft.say(str(error), "error")
    else:
        draft.head(f"{event.name or event.phase}", style, ("  done", "dim"))
    if event.phase not in KINDS or not event.enclosing:
        return
    kind, single, several = KINDS[event.phase]
    told = [
        (row, tensors)
        for row, tensors in events_since(moment, event.enclosing, (kind,))
        if row.enclosing == event.enclosing or event.phase == "forward"
    ]
    rows = [row for row, _ in told]
    before = " before that" if error else ""
    if event.detail.get("skipped"):
        draft.add(("skipped by the user: nothing was changed", "warning"))
        return
    if event.phase == "zero_grad" and not rows and not error:
        draft.add("nothing to clear", (": every .grad was None already", "dim"))
    else:
        amount = f"{numbers.count(len(rows))} {single if len(rows) == 1 else several}{before}"
        draft.add(amount, (_what_that_means(draft, event, len(rows)), "dim"))
    if event.phase == "forward":
        _results(draft, event, rows)
        return
    touched = _touched(draft, told)
    if event.phase == "step":
        for row in summary_lines(verdicts_on_step(moment, event), glyphs):
            draft.add(*((span.text, span.style) for span in row))
        _left_out(draft, event, touched, failed=bool(error))


def _what_that_means(draft: Draft, event: EventRow, amount: int) -> str:
    """Say in a few words where what was done comes from, or goes to; "" for nothing to say."""
    if not amount or event.detail.get("error"):
        return ""
    owner = "its" if amount == 1 else "their"
    match event.phase:
        case "zero_grad":
            return "; values stay as they are"
        case "backward":
            return f", added into {owner} .grad"
        case "step" if not _has_closure(draft, event):
            return f" by {owner} .grad; step() sees no loss"
    return ""


def _has_closure(draft: Draft, event: EventRow) -> bool:
    """Tell whether a step called the script's own code, which computed a loss."""
    inside = draft.moment.run.events(event.enclosing + 1, event.seq, kinds=("phase_entered",))
    return next(iter(inside), None) is not None


def _results(draft: Draft, event: EventRow, ops: list[EventRow]) -> None:
    """Write the numbers that a forward came to, or what its last op made."""
    run = draft.moment.run
    losses = [root for root in loss_roots(run.at(event.seq)) if root.is_coming]
    begun = [root for root in losses if root.seq >= event.enclosing][:MOST_RESULTS]
    uses = [root.roots[0] for root in reversed(begun)]
    last = one(run.tensors(ops[-1].seq), "output") if ops else None
    if not uses and last is not None and last.tensor is not None:
        uses = [(last.tensor, last.version)]
    for use in uses:
        _result(draft, event, use, is_loss=bool(begun))


def _result(draft: Draft, event: EventRow, use: tuple[int, int], *, is_loss: bool) -> None:
    """Write what a forward came to, and the leaves that a backward from it would reach."""
    moment, run = draft.moment, draft.moment.run
    draft.tensor, version = use
    name = moment.name(draft.tensor)
    made = brief(moment, TensorRef("output", *use))
    draft.add(("result ", "dim"), (f"{name} ", "forward bold"), made)
    value = moment.version(draft.tensor, version)
    if value is not None and not value.requires_grad:
        draft.say("It is not on the graph: a backward from it would reach nothing.", "warning")
        return
    reached = reached_leaves(run, [use], event.seq)
    if reached is None:
        return
    if not reached:
        draft.say("A backward from it would reach no leaf.", "warning")
        return
    amount = len(reached)
    rest = amount - MOST_NAMED
    shown = [f"{moment.name(leaf)}, " for leaf in sorted(reached)[:MOST_NAMED]]
    shown[-1] = shown[-1][:-2]
    more = f" and {numbers.count(rest)} more" if rest > 0 else ""
    by = f"{name}.backward()" if is_loss else "a backward from it"
    leaves = "1 leaf" if amount == 1 else f"{numbers.count(amount)} leaves"
    draft.add(
        (f"{draft.glyphs.arrow} {by} would reach {leaves}: ", "dim"),
        *((text, "leaf") for text in shown),
        (more, "dim"),
    )


def _touched(draft: Draft, told: list[tuple[EventRow, tuple[TensorRef, ...]]]) -> set[int]:
    """Write a line per parameter that the phase touched, in the order of parameters()."""
    moment = draft.moment
    found: list[tuple[int, EventRow, tuple[TensorRef, ...]]] = []
    for row, tensors in told:
        param = one(tensors, "param")
        found.append((param.tensor if param and param.tensor is not None else 0, row, tensors))
    found.sort(key=lambda entry: (entry[0], entry[1].seq))
    for tensor, row, tensors in found[:MOST_SHOWN]:
        updated = row.kind == "updated"
        before, after = one(tensors, "before"), one(tensors, "param" if updated else "after")
        name = row.name or (moment.name(tensor) if tensor else "")
        draft.add(
            line((f"{name}{'' if updated else '.grad'}  ", "leaf")),
            line(brief(moment, before) if before else "None", f" {draft.glyphs.arrow} "),
            *_came_to(draft, before, after, is_update=updated),
        )
    if len(found) > MOST_SHOWN:
        draft.say(f"and {len(found) - MOST_SHOWN} more")
    return {tensor for tensor, _, _ in found}


def _came_to(
    draft: Draft, before: TensorRef | None, after: TensorRef | None, *, is_update: bool
) -> list[Line]:
    """Write what a parameter or gradient came to.

    Of an update of many elements the norm tells little: it may be the same up to four figures. So
    that says how far it went.
    """
    moment = draft.moment
    value = value_of(moment, after)
    size = math.prod(value.shape) if value is not None else 0
    if not is_update or size < 2:
        return [line((brief(moment, after) if after else "None", "bold"))]
    moved = distance(moment, before, after) if size <= MOST_ELEMENTS else None
    far = () if moved is None else line(f"  |{draft.glyphs.step}| ", (numbers.short(moved), "bold"))
    return [line((numbers.short(norm_of(moment, after)), "bold")), *([far] if far else [])]


def _left_out(draft: Draft, event: EventRow, changed: Collection[int], *, failed: bool) -> None:
    """Write which parameters of the optimizer a step did not change, and why."""
    moment = draft.moment
    optimizer = optimizer_of(moment, event)
    if optimizer is None:
        return
    held = held_by(optimizer)
    others = [param for param in held if param not in changed]
    left = skipped_in(moment, event)
    for param in others[:MOST_SHOWN]:
        why = "not changed" if moment.grad(param).tensor is not None else ".grad is None, skipped"
        if param in left:
            why = "skipped by the user"
        draft.add((f"{moment.name(param)}: ", "leaf"), (why, "warning"))
    if len(others) > MOST_SHOWN:
        draft.say(f"and {len(others) - MOST_SHOWN} more that were not changed")
    if not changed and not failed:
        if not held:
            draft.say("Nothing changed: the optimizer holds no parameter.", "warning")
        elif all(grad.tensor is None for grad in grads_of(moment, held).values()):
            draft.say(
                "Nothing changed: step() only reads .grad, and that is None for everything that "
                "the optimizer holds.",
                "warning",
            )
    write_unread(draft, optimizer)


def skipped_in(moment: Moment, event: EventRow) -> set[int | None]:
    """Give the parameters that the user had left out of the step that ended."""
    told = events_since(moment, event.enclosing, ("skipped",))
    found = (one(tensors, "param") for _, tensors in told)
    return {ref.tensor for ref in found if ref is not None}


def write_unread(draft: Draft, optimizer: OptimizerState) -> None:
    """Name the leaves that got a gradient which no optimizer will ever read."""
    moment, glyphs = draft.moment, draft.glyphs
    leaves = unread_leaves(moment)
    for leaf in leaves[:MOST_SHOWN]:
        name = moment.name(leaf)
        draft.add(
            (f"{glyphs.warning} {name} got a gradient, ", "warning"),
            ("but no optimizer holds it", "warning bold"),
        )
        old = replaced(moment, leaf, optimizer)
        if old is not None:
            draft.say(
                f"The optimizer holds {moment.name(old)}: the tensor that {name} was before it "
                "was replaced. No backward reaches that any more."
            )
    if len(leaves) > MOST_SHOWN:
        draft.say(f"and {numbers.plural(len(leaves) - MOST_SHOWN, 'more leaf')} without optimizer")
