"""Whether updates that were made are what their formula gives, for every element."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from gradstep.updates.check import Check, compare, sampled, stride
from gradstep.updates.rules import RULES, no_formula, remembers
from gradstep.views import numbers
from gradstep.views.formulas.call import contents
from gradstep.views.glyphs import Glyphs
from gradstep.views.holding import held_by, optimizer_of
from gradstep.views.reading import one
from gradstep.views.stretch import events_since
from gradstep.views.text import Line, line
from gradstep.views.updates import Update, coming_update, recorded_update, rule_of

if TYPE_CHECKING:
    from gradstep.protocol.row import EventRow
    from gradstep.trace.moment import Moment
    from gradstep.trace.reader import RunTrace

MOST_CHECKED: Final = 60
"""Of a step that changes more parameters than this, so many are checked."""

KINDS: Final = ("updated", "skipped")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of checking one parameter: `check`, or `why` there is none.

    `place` is the element that differs most.
    """

    param: int
    name: str
    rule: str
    check: Check | None
    why: str = ""
    place: tuple[int, ...] = ()
    dtype: str = ""

    @property
    def is_wrong(self) -> bool:
        """Whether something else happened than the formula says."""
        return self.check is not None and not self.check.is_fine


def verdict_on(moment: Moment, row: EventRow) -> Verdict:
    """Check the update of an `updated` event."""
    return _verdict(moment.run, row.seq)


@lru_cache(maxsize=4096)
def _verdict(run: RunTrace, seq: int) -> Verdict:
    moment, row = run.at(seq), run.event(seq)
    param = one(run.tensors(seq), "param")
    number = param.tensor if param is not None and param.tensor is not None else 0
    name = row.name or moment.name(number)
    class_name = str(row.detail.get("class", ""))
    rule = rule_of(moment, int(row.detail.get("optimizer") or 0), class_name)
    if rule not in RULES:
        return Verdict(number, name, rule, None, no_formula(class_name))
    kept = row.detail.get("check")
    value = moment.value(number)
    if kept:
        plain: dict[str, Any] = {
            key: float(v) if isinstance(v, str) else v for key, v in kept.items()
        }
        check = Check(**plain)
        place = _place(check.worst, value.shape if value else ())
        return Verdict(number, name, rule, check, "", place, value.dtype if value else "")
    update = recorded_update(moment, row)
    if update is None or update.after is None:
        return Verdict(number, name, rule, None, "contents were not recorded")
    return _compared(number, name, update, update.after)


def _compared(param: int, name: str, update: Update, after: Any) -> Verdict:
    if not update.before.shape == update.grad.shape == after.shape:
        return Verdict(param, name, update.rule, None, "its shape changed")
    size = int(update.before.size)
    state = {key: sampled(entry, size) for key, entry in update.state.items()}
    made = compare(
        RULES[update.rule],
        update.dtype,
        sampled(update.before, size),
        sampled(update.grad, size),
        update.hyper,
        state,
        sampled(after, size),
    )
    worst = made.worst * stride(size) if made.worst >= 0 else -1
    check = Check(size, made.looked, made.wrong, worst, made.expected, made.happened, made.error)
    place = _place(worst, update.before.shape)
    return Verdict(param, name, update.rule, check, "", place, update.dtype)


def _place(worst: int, shape: tuple[int, ...]) -> tuple[int, ...]:
    place: list[int] = []
    for size in reversed(shape):
        worst, at = divmod(max(worst, 0), size) if size else (0, 0)
        place.append(at)
    return tuple(reversed(place))


def verdicts_on_step(moment: Moment, exited: EventRow) -> list[Verdict]:
    """Check everything that a step did which ended at `exited`, written by hand or announced."""
    if not exited.enclosing or exited.detail.get("skipped"):
        return []
    run = moment.run
    told = [
        (row, one(tensors, "param"))
        for row, tensors in events_since(run.at(exited.seq), exited.enclosing, KINDS)
        if row.enclosing == exited.enclosing
    ]
    found = [verdict_on(moment, row) for row, _ in told[:MOST_CHECKED] if row.kind == "updated"]
    seen = {param.tensor if param is not None else None for _, param in told}
    optimizer = optimizer_of(moment, exited)
    if optimizer is None:
        return found
    begin = run.at(exited.enclosing)
    for held in held_by(optimizer)[:MOST_CHECKED]:
        if held not in seen and begin.grad(held).tensor is not None:
            found.append(_unannounced(begin, moment, optimizer, held))
    return found


def _unannounced(begin: Moment, end: Moment, optimizer: Any, param: int) -> Verdict:
    """Check a parameter that a step wrote without the engine's saying so, or left as it was."""
    rule = rule_of(begin, optimizer.id, optimizer.class_name)
    name = end.name(param)
    if rule not in RULES:
        return Verdict(param, name, rule, None, no_formula(optimizer.class_name))
    update = coming_update(begin, optimizer, param)
    after = contents(end.value(param))
    if update is None or after is None:
        return Verdict(param, name, rule, None, "contents were not recorded")
    # A state that the script keeps in its own way is not recorded: later steps depend on it.
    if remembers(rule, update.hyper) and not update.state and begin.event.step:
        return Verdict(param, name, rule, None, "its state is not recorded")
    return _compared(param, name, update, after)


def verdict_lines(verdict: Verdict, glyphs: Glyphs, *, named: bool = False) -> list[Line]:
    """Say what came of a check: one line, or two where something differs."""
    who = f"{verdict.name}: " if named else ""
    check = verdict.check
    if check is None:
        return [line((f"{who}not checked: {verdict.why}", "dim"))]
    if check.is_fine:
        return [
            line(
                (f"{glyphs.tick} ", "success"),
                who + f"matches the formula of {verdict.rule}",
                (f" ({_amount(check)}, {verdict.dtype})", "dim"),
            )
        ]
    at = numbers.index(verdict.place) or "its one element"
    return [
        line(
            (f"{glyphs.cross} ", "error"),
            (who + f"differs from the formula of {verdict.rule}", "error bold"),
            (f": {numbers.count(check.wrong)} of {_amount(check)}", "error"),
        ),
        line(
            (f"worst {at}: ", "dim"),
            ("by the formula ", "dim"),
            f"Δ {numbers.number(check.expected)}",
            (", happened ", "dim"),
            (f"Δ {numbers.number(check.happened)}", "error"),
            (f", relative error {numbers.short(check.error)}", "dim"),
        ),
    ]


def _amount(check: Check) -> str:
    if check.looked == check.elements:
        return numbers.plural(check.elements, "element")
    return f"{numbers.count(check.looked)} of {numbers.count(check.elements)} elements"


def summary_lines(verdicts: list[Verdict], glyphs: Glyphs) -> list[Line]:
    """Say what came of checking a whole step: one line where all is well."""
    wrong = [verdict for verdict in verdicts if verdict.is_wrong]
    fine = [verdict for verdict in verdicts if verdict.check is not None and not verdict.is_wrong]
    others = [verdict for verdict in verdicts if verdict.check is None]
    found: list[Line] = []
    for verdict in wrong:
        found += verdict_lines(verdict, glyphs, named=True)
    if fine:
        rule = fine[0].rule
        amount = numbers.plural(len(fine), "update")
        verb = "matches" if len(fine) == 1 else "match"
        found.append(line((f"{glyphs.tick} ", "success"), f"{amount} {verb} the formula of {rule}"))
    for why in dict.fromkeys(verdict.why for verdict in others):
        several = sum(verdict.why == why for verdict in others)
        found.append(line((f"{numbers.plural(several, 'update')} not checked: {why}", "dim")))
    return found
