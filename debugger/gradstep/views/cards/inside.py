"""What a composite op is made of, on its card and on the cards of its nodes."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING

from gradstep.views import numbers
from gradstep.views.cards.card import Draft, agrees, most
from gradstep.views.formulas import PARTS, Rule, Unknown, rule_of, work_result
from gradstep.views.formulas.call import NOT_FINITE, UNFORESEEN, Call, Place, under
from gradstep.views.formulas.inside import RECIPES, Step, Tape, fits, step_of, worked_inside
from gradstep.views.text import Line, line

if TYPE_CHECKING:
    from gradstep.protocol.row import EventRow

MOST_STEPS = 12
"""A card has room for so many steps."""

MOST_ARGUMENTS = 4
"""Among so many arguments those that require a gradient are looked for."""

MOST_BETWEEN = 40
"""So many nodes of other ops may stand between those of one."""


def is_made_of_steps(call: Call) -> bool:
    """Tell whether an op is one whose steps are known and that left several nodes, or none."""
    nodes = call.op.detail.get("nodes") or ()
    return call.op.name in RECIPES and len(nodes) != 1


def steps_of(call: Call) -> Tape:
    """Work an op out step by step.

    Raises:
        Unknown: it cannot be.
    """
    import numpy as np

    try:
        with np.errstate(all="ignore"):
            tape = worked_inside(call)
        return tape if fits(tape, call) else _with_others(tape, call)
    except UNFORESEEN:
        raise Unknown(f"an unusual call of {call.op.name}") from None


def _with_others(tape: Tape, call: Call) -> Tape:
    """Look for the arguments that began to require a gradient after they were recorded.

    The nodes tell which these are, where only one choice of arguments leaves them behind.
    """
    free = [i for i, needs in enumerate(call.needs) if not needs and "float" in call.kinds[i]]
    found: dict[tuple[tuple[str, str], ...], Tape] = {}
    for count in range(1, len(free) + 1):
        for chosen in combinations(free[:MOST_ARGUMENTS], count):
            needs = tuple(own or i in chosen for i, own in enumerate(call.needs))
            tried = worked_inside(replace(call, needs=needs))
            if fits(tried, call):
                found[tuple((s.node, s.out.name) for s in tried.steps if s.node)] = tried
    return next(iter(found.values())) if len(found) == 1 else tape


def inner_call(draft: Draft, node: EventRow, call: Call) -> tuple[Tape, Step, Rule | None, Call]:
    """Give the step that a node of a composite op belongs to, its formula, and it as a call.

    Raises:
        Unknown: it cannot be told.
    """
    tape = steps_of(call)
    step = step_of(tape, _ran(draft, node), call)
    own = step.call(call)
    part = PARTS.get((call.op.name, step.node))
    return tape, step, part or rule_of(_single(own), node.name), own


def _ran(draft: Draft, node: EventRow) -> list[str]:
    """Name the nodes of an op that have run in this backward, in order: they follow one another."""
    found: list[str] = []
    foreign = 0
    for row in draft.moment.run.events_before(node.seq + 1, ("node",)):
        foreign += row.op != node.op
        if row.enclosing != node.enclosing or foreign > MOST_BETWEEN:
            break
        if row.op == node.op:
            found.append(row.name)
    return found[::-1]


def _single(call: Call) -> EventRow:
    return replace(call.op, detail={**call.op.detail, "nodes": []})


def write_overview(draft: Draft, tape: Tape, now: Step) -> None:
    """Name the steps of an op in one sentence, the one that a node belongs to in bold."""
    parts = [line(("inside ", "dim"), (f"{tape.call.op.name}: ", "dim"))]
    for number, step in enumerate(tape.steps[-MOST_STEPS:]):
        text = f"{step.out.name} = {step.symbols}"
        style = "forward bold" if step is now else "dim"
        end = "" if number == min(len(tape.steps), MOST_STEPS) - 1 else ", "
        parts.append(line((text, style), (end, "dim")))
    draft.add(*parts)


def write_steps(draft: Draft, tape: Tape, at: Place, recorded: float, dtype: str) -> None:
    """Write the steps of an op with the numbers that make the element at `at`."""
    import numpy as np

    rows: list[tuple[Step, Place, str, float, float]] = []
    for step in tape.steps:
        place = _place(step, at)
        try:
            with np.errstate(all="ignore"):
                worked = work_result(step.call(tape.call), place)
        except (Unknown, *UNFORESEEN):
            worked = None
        value = float(step.out.array[place])
        text, scale = (worked.text, worked.scale) if worked else ("", abs(value))
        rows.append((step, place, text, value, scale))
    shown = rows[-MOST_STEPS:]
    if len(shown) < len(rows):
        draft.say(f"{numbers.plural(len(rows) - len(shown), 'step')} before these")
    names = [step.out.name + numbers.index(place) for step, place, *_ in shown]
    widest = max(map(len, names))
    wide = max(len(numbers.number(value)) for *_, value, _ in shown)
    rough = max(scale for *_, scale in rows)
    for name, (step, _, text, value, _) in zip(names, shown, strict=True):
        last = step is rows[-1][0]
        mark = _mark(draft, tape, value, recorded, rough, dtype) if last else ()
        draft.add(
            line((f"{name:<{widest}} ", "accent" if last else "dim"),
                 (numbers.number(value).rjust(wide), "forward bold" if last else "bold")),
            line(f" = {text}" if text else ""),
            mark or line(" "),
            line(("   " + step.symbols, "dim")),
            indent=4,
        )  # fmt: skip


def _mark(
    draft: Draft, tape: Tape, value: float, recorded: float, scale: float, dtype: str
) -> Line:
    if not agrees(value, recorded, scale, dtype) and not tape.call.is_finite:
        return line((f"  recorded: {numbers.number(recorded)}: {NOT_FINITE}", "dim"))
    return draft.check(value, recorded, scale, dtype)


def _place(step: Step, at: Place) -> Place:
    """Give the element of a step that the result at `at` was made from, else its largest."""
    shape = step.out.array.shape
    if len(shape) == len(at):
        place = under(at, shape)
        if all(i < size for i, size in zip(place, shape, strict=True)):
            return place
    return most(step.out.array)
