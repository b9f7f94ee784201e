"""What the next step is about to do to every parameter that an optimizer holds, worst first."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from gradstep.protocol.row import KINDS as EVENT_KINDS
from gradstep.trace.parameters import Gathered
from gradstep.updates.preview import Figures, figures
from gradstep.updates.rules import RULES, no_formula
from gradstep.views import numbers
from gradstep.views.glyphs import Glyphs
from gradstep.views.holding import held_by, optimizer_of
from gradstep.views.lineage import Lineage, lineages, stale_share
from gradstep.views.reading import one, phase_entry
from gradstep.views.stretch import events_since
from gradstep.views.text import Span
from gradstep.views.updates import Update, coming_update, rule_of

if TYPE_CHECKING:
    from gradstep.trace.model import OptimizerState
    from gradstep.trace.moment import Moment
    from gradstep.trace.reader import RunTrace

MOST_ELEMENTS: Final = 500_000
"""So many elements are worked out here for one moment; the script's process does the others."""

CALM: Final = frozenset({"phase_entered", "updated", "skipped", "line", "output"})
"""Kinds of events in a step that leave as it is what the coming updates read."""

LARGE: Final = 0.1
"""A step that changes a parameter by more than this share of it is pointed out."""

Live = Mapping[str, Mapping[str, Any]]
"""What the script's process worked out: figures by `optimizer:parameter`."""


@dataclass(frozen=True, slots=True)
class Coming:
    """The update of one parameter that is to come.

    `figures` is None where `why` says what stands in the way. `stale` is the share of the gradient
    that a step has used already, None where it is not known. `clipped` tells of clipping, "" for
    none. `done` is `updated` or `skipped` for a parameter that the running step is through with.
    """

    optimizer: OptimizerState
    param: int
    name: str
    figures: Figures | None
    why: str
    lineage: Lineage | None
    stale: float | None
    clipped: str
    done: str = ""

    @property
    def badness(self) -> tuple[bool, bool, bool, float]:
        """What the worst has the most of: done last, then NaN, stale gradients, large steps."""
        made = self.figures
        ratio = made.ratio if made is not None else None
        is_stale = self.lineage is not None and self.lineage.is_stale
        odd = made is not None and made.odd > 0
        return not self.done, odd, is_stale, ratio if ratio is not None else -1.0


def stands_before_update(moment: Moment) -> bool:
    """Tell whether a step, or the next update of one, is what comes next in the loop."""
    event = moment.event
    if event.phase == "step":
        return event.kind != "phase_exited"
    if event.phase in ("backward", "zero_grad", "forward"):
        return event.kind == "phase_exited" and event.phase == "backward"
    return event.kind in ("clipped", "scheduled", "edited", "written", "phase_exited", "line")


def coming(moment: Moment, live: Live | None = None) -> list[Coming]:
    """Give what the next step would do, the worst first: of the running step's optimizer, or all.

    `live` is used where it has a parameter; the others are worked out from recorded contents.
    """
    made = _recorded(moment.run, moment.seq, frozenset(live or ()))
    found = []
    for each in made:
        known = (live or {}).get(f"{each.optimizer.id}:{each.param}")
        if known is not None and not each.done:
            each = _with_live(each, known)
        found.append(each)
    return sorted(found, key=lambda each: each.badness, reverse=True)


def _with_live(each: Coming, known: Mapping[str, Any]) -> Coming:
    plain: dict[str, Any] = {
        name: float(value) if isinstance(value, str) else value for name, value in known.items()
    }
    return Coming(
        each.optimizer, each.param, each.name, Figures(**plain), "",
        each.lineage, each.stale, each.clipped,
    )  # fmt: skip


@lru_cache(maxsize=4)
def _recorded(run: RunTrace, seq: int, known: frozenset[str]) -> tuple[Coming, ...]:
    """Work out what is recorded; once for all panes that show a moment."""
    begun = _as_it_began(run, seq, known)
    if begun is not None:
        return begun
    optimizers = _stepping(run.at(seq))
    moment = Gathered(run.at(seq), optimizers)
    done = _done(moment)
    held = [(o, p) for o in optimizers for p in dict.fromkeys(held_by(o))]
    lines = lineages(moment, [param for _, param in held])
    left = MOST_ELEMENTS
    found = []
    for optimizer, param in held:
        made: Figures | None = None
        why = ""
        grad = moment.grad(param).tensor
        if grad is None:
            why = ".grad is None: skipped"
        elif rule_of(moment, optimizer.id, optimizer.class_name) not in RULES:
            why = no_formula(optimizer.class_name)
        elif not done.get(param) and f"{optimizer.id}:{param}" not in known:
            update = coming_update(moment, optimizer, param)
            made, why, left = _figures(update, left)
        line = lines.get(param)
        found.append(
            Coming(
                optimizer,
                param,
                moment.name(param),
                made,
                why,
                line,
                stale_share(moment, line) if line is not None else None,
                _clipped(line),
                done.get(param, ""),
            )
        )
    return tuple(found)


def _as_it_began(run: RunTrace, seq: int, known: frozenset[str]) -> tuple[Coming, ...] | None:
    """Give what the running step had before it when it began, less what it is through with.

    None where something else has changed since what an update reads, or where no step runs.
    """
    moment = run.at(seq)
    entry = phase_entry(moment, moment.event)
    if entry is None or entry.phase != "step" or entry.seq == seq:
        return None
    if any(row.kind not in CALM for row, _ in events_since(moment, entry.seq, EVENT_KINDS)):
        return None
    done = _done(moment)
    return tuple(
        replace(each, figures=None, why="", done=done[each.param]) if each.param in done else each
        for each in _recorded(run, entry.seq, known)
    )


def _figures(update: Update | None, left: int) -> tuple[Figures | None, str, int]:
    if update is None:
        return None, "contents not recorded", left
    size = int(update.before.size)
    if size > left:
        return None, "too large to work out here", left
    if update.before.shape != update.grad.shape:
        return None, "the gradient has another shape", left
    rule = RULES[update.rule]
    return figures(rule, update.before, update.grad, update.hyper, update.state), "", left - size


def _stepping(moment: Moment) -> list[OptimizerState]:
    """Give the optimizer whose step runs, else all."""
    entry = phase_entry(moment, moment.event)
    if entry is not None and entry.phase == "step":
        optimizer = optimizer_of(moment, entry)
        return [] if optimizer is None else [optimizer]
    return moment.optimizers()


def _done(moment: Moment) -> dict[int, str]:
    """Give the parameters that the running step is through with, and how."""
    entry = phase_entry(moment, moment.event)
    if entry is None or entry.phase != "step":
        return {}
    found: dict[int, str] = {}
    for row, tensors in events_since(moment, entry.seq, ("updated", "skipped")):
        param = one(tensors, "param")
        if param is not None and param.tensor is not None:
            found[param.tensor] = row.kind
    return found


def _clipped(lineage: Lineage | None) -> str:
    row = lineage.clipped if lineage is not None else None
    if row is None:
        return ""
    limit = _number(row.detail.get("limit"))
    norm = row.detail.get("norm")
    if row.name != "norm" or norm is None:
        return f"clipped by {row.name} to {numbers.short(limit)}"
    total = _number(norm)
    if total <= limit:
        return f"clip at {numbers.short(limit)} left it (norm {numbers.short(total)})"
    return f"clipped by norm {numbers.short(total)} to {numbers.short(limit)}"


def _number(value: Any) -> float:
    return float(value) if isinstance(value, (int, float, str)) else float("nan")


def total_descent(items: list[Coming]) -> float | None:
    """Add the predicted changes of the loss; None where one is not known, NaN for NaN."""
    known = [each for each in items if not each.done and each.why != ".grad is None: skipped"]
    if not known or any(each.figures is None for each in known):
        return None
    made = [each.figures for each in known if each.figures is not None]
    return math.nan if any(one.odd for one in made) else sum(one.descent for one in made)


def percent(share: float) -> str:
    """Write a share: `0.3%`, `12%`, `6000%`."""
    value = 100 * share
    if value != value:
        return "NaN"
    if value == 0:
        return "0%"
    if value < 0.01:
        return f"{value:.0e}%".replace("e-0", "e-")
    return f"{value:.2g}%" if value < 10 else f"{value:.0f}%"


def stale_text(each: Coming) -> str:
    """Say how much of the gradient has been used before, "" for nothing of it."""
    lineage = each.lineage
    if lineage is None or not lineage.is_stale:
        return ""
    if not lineage.fresh:
        return "stale: all used before"
    share = "" if each.stale is None else f"{percent(each.stale)} "
    total = lineage.used + lineage.fresh
    return f"stale {share}({lineage.used} of {total} used before)"


def marks(each: Coming, glyphs: Glyphs) -> list[Span]:
    """Say in words what is remarkable about an update to come."""
    found: list[Span] = []
    made = each.figures
    if made is not None and made.odd:
        found.append(Span(f"{glyphs.warning} {numbers.count(made.odd)} NaN or inf", "error"))
    stale = stale_text(each)
    if stale:
        found.append(Span(f"{glyphs.warning} {stale}", "warning"))
    if made is not None and made.ratio is not None and made.ratio > LARGE:
        found.append(Span(f"{glyphs.warning} large", "warning"))
    if each.clipped:
        found.append(Span(each.clipped, "dim"))
    return found
