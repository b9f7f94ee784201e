"""`.grad` of a leaf: a contribution accumulated, or everything cleared."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final

from gradstep.trace.lineage import lineage, parts_of
from gradstep.views import numbers
from gradstep.views.cards.card import Draft, array_of, brief, chosen
from gradstep.views.formulas.call import signed
from gradstep.views.reading import one, value_of
from gradstep.views.text import line

if TYPE_CHECKING:
    from gradstep.protocol.row import EventRow
    from gradstep.trace.model import TensorRef
    from gradstep.trace.moment import Moment

MOST_CALLS: Final = 20
MOST_LOOKED_AT: Final = 500
"""Among so many contributions the one that comes next into a `.grad` is looked for."""

MOST_PARTS: Final = 4
"""So much of what a gradient is made of stands on its card; the tab Why has all of it."""


def name_of(moment: Moment, event: EventRow, param: TensorRef | None) -> str:
    """Give the parameter's name: the event's own, else the best one known."""
    if event.name:
        return event.name
    return moment.name(param.tensor) if param and param.tensor is not None else "the leaf"


def explain_accumulated(draft: Draft, event: EventRow) -> None:
    """Write the card of a contribution that was added into a leaf's `.grad`."""
    moment = draft.moment
    tensors = moment.run.tensors(event.seq)
    param, after = one(tensors, "param"), one(tensors, "after")
    contribution, before = one(tensors, "contribution"), one(tensors, "before")
    name = name_of(moment, event, param)
    draft.head("AccumulateGrad", "leaf", (f"  {name}.grad", "leaf"))
    draft.add((f"{name}.grad = {name}.grad + contribution", "backward"))
    added, total = array_of(moment, contribution), array_of(moment, after)
    old = array_of(moment, before)
    if added is None or total is None or not total.size or (before is not None and old is None):
        draft.add(
            brief(moment, before) if before else "None",
            " + ",
            brief(moment, contribution),
            " = ",
            brief(moment, after),
        )
    else:
        at = chosen(draft.element, total)
        draft.tensor, draft.shown = (after.tensor if after else None), at
        was = None if old is None else float(old[at])
        plus, now = float(added[at]), float(total[at])
        value = value_of(moment, after)
        mark = draft.check(
            (was or 0.0) + plus, now, abs(was or 0.0) + abs(plus), value.dtype if value else ""
        )
        draft.add(
            line((numbers.index(at) + " " if at else "", "accent")),
            line(numbers.number(was), " + "),
            line((signed(numbers.number(plus), plus), "backward"), " = "),
            (*line((numbers.number(now), "backward bold")), *mark),
        )
    if before is None:
        draft.say("The first contribution since .grad was None: it becomes .grad as it is.")
    elif _is_zero(moment, before):
        draft.say("It was zeroed before, so .grad is this contribution alone.")
    else:
        draft.say(
            "backward adds and never overwrites: until .grad is cleared, further calls add up."
        )
    if param is not None and param.tensor is not None:
        _history(draft, event, param.tensor)
    _readers(draft, param, name)


def _history(draft: Draft, event: EventRow, param: int) -> None:
    """Say which nodes sent the contribution, and what of the sum an update had used already."""
    moment = draft.moment
    found = lineage(moment.run.at(event.seq), param, most=MOST_CALLS)
    if found is None or not found.contributions:
        return
    parts = parts_of(moment.run, found.contributions[-1])
    if len(parts) > 1:
        sent = [f"{part.node.name} {brief(moment, part.sent)}" for part in parts[:MOST_PARTS]]
        more = f" and {len(parts) - MOST_PARTS} more" if len(parts) > MOST_PARTS else ""
        draft.add(("the contribution is the sum of ", "dim"), " + ".join(sent) + more)
    if found.stale:
        used = found.stale[-1].read_by
        step = f"step {used.step + 1} has" if used and used.kind == "updated" else "the script has"
        more = "at least " if found.has_more else ""
        amount = numbers.plural(len(found.stale), "contribution")
        draft.say(f"{more}{amount} in the sum {step} used already: y tells which.", "warning")


def _is_zero(moment: Moment, ref: TensorRef) -> bool:
    value = value_of(moment, ref)
    return value is not None and value.norm == 0 and not value.nan and not value.inf


def _readers(draft: Draft, param: TensorRef | None, name: str) -> None:
    """Say who will read the gradient: this is the only link from backward to an optimizer."""
    if param is None or param.tensor is None:
        return
    holders = [
        optimizer.name or optimizer.class_name
        for optimizer in draft.moment.optimizers()
        if any(param.tensor in group.get("params", ()) for group in optimizer.groups)
    ]
    if holders:
        draft.add(
            (f"{draft.glyphs.arrow} read by ", "dim"),
            (f"{', '.join(holders)}.step()", "step"),
            (f", which holds {name}", "dim"),
        )
    else:
        draft.add((f"{draft.glyphs.arrow} no optimizer holds {name}", "warning"))


def _would_have_added(
    draft: Draft, event: EventRow, param: TensorRef | None, before: TensorRef
) -> None:
    """Write what the next backward would have made of one element, where it is recorded already."""
    moment, old = draft.moment, array_of(draft.moment, before)
    if old is None or old.size == 0 or param is None:
        return
    at = chosen(draft.element, old)
    draft.tensor, draft.shown = before.tensor, at
    where, was = line((numbers.index(at) + " " if at else "", "accent")), float(old[at])
    head = line(numbers.number(was), " + ")
    coming = next(
        (
            row
            for row in islice(
                moment.run.events(event.seq + 1, None, kinds=("accumulated",)), MOST_LOOKED_AT
            )
            if any(r.role == "param" and r.tensor == param.tensor
                   for r in moment.run.tensors(row.seq))
        ),
        None,
    )  # fmt: skip
    if coming is not None:
        ref = one(moment.run.tensors(coming.seq), "contribution")
        brought = array_of(moment.run.at(coming.seq), ref)
        if brought is not None and brought.shape == old.shape:
            plus = float(brought[at])
            text = numbers.number(plus)
            draft.add(
                where, head, line((signed(text, plus), "backward")),
                line(" = ", (numbers.number(was + plus), "bold")), line(f" instead of {text}"),
                line((f"   event {numbers.count(coming.seq)} brings it", "dim")),
                indent=4,
            )  # fmt: skip
            return
    draft.add(where, head, line(("what the next backward brings", "dim")), indent=4)


def explain_zeroed(draft: Draft, event: EventRow) -> None:
    """Write the card of a `.grad` that was cleared."""
    moment = draft.moment
    tensors = moment.run.tensors(event.seq)
    param, before, after = (one(tensors, role) for role in ("param", "before", "after"))
    name = name_of(moment, event, param)
    into = "zeros" if after is not None else "None"
    done = " cleared" if before is not None else " was None already"
    draft.head(f"{name}.grad", "zero", (done, "zero"))
    had = brief(moment, before) if before is not None else "None"
    draft.add(("was ", "dim"), had, (f" {draft.glyphs.arrow} now ", "dim"), (into, "bold"))
    if before is None:
        draft.rows.pop()
        draft.say("There was nothing to clear: no backward has written it since it was None.")
    else:
        draft.say(
            f"Without this, the next backward would have added to {had} instead of starting anew."
        )
        _would_have_added(draft, event, param, before)
    if after is None and before is not None:
        draft.say("None (not zeros) means that an optimizer skips the parameter until then.")
