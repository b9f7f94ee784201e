"""The sentences that answer why a `.grad` is None and why a parameter does not change."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gradstep.views import numbers

if TYPE_CHECKING:
    from gradstep.protocol.row import EventRow
    from gradstep.trace.dataflow import Cut
    from gradstep.trace.moment import Moment
    from gradstep.trace.reasons import Reason

CUTS: Final = {
    "detach": "detach()",
    "data": ".data",
    "item": "item(), a plain number,",
    "tolist": "tolist(), plain numbers,",
    "numpy": "numpy()",
    "no_grad": "no_grad()",
    "tensor": "torch.tensor() of a tensor, a copy,",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """A sentence, and the event where one sees what it says (0: none)."""

    text: str
    seq: int = 0
    style: str = ""


def place(moment: Moment, file: str, line: int) -> str:
    """Say a place in the source: the line, with its file unless that is the script."""
    if not line:
        return "an unknown line"
    script = os.path.basename(moment.run.info.script)
    name = os.path.basename(file)
    return f"line {line}" if not name or name == script else f"{name}:{line}"


def line_of(moment: Moment, seq: int) -> str:
    """Say the line of an event."""
    row = moment.run.event(seq)
    return place(moment, row.file, row.line)


def answers(moment: Moment, tensor: int, reasons: tuple[Reason, ...]) -> list[Answer]:
    """Put reasons into sentences, in their order."""
    found: list[Answer] = []
    for reason in reasons:
        write = _WRITERS.get(reason.code)
        if write is not None:
            found += write(_Told(moment, moment.name(tensor), reason))
    return found


def cut_text(moment: Moment, cut: Cut) -> str:
    """Say where and how a value left the graph, and into which tensor."""
    source, result = moment.name(cut.source), moment.name(cut.result)
    at = place(moment, cut.file, cut.line)
    way = f"({source} to {result})" if source != result else f"({source})"
    if cut.kind == "no derivative":
        name = moment.run.event(cut.seq).name
        return f"{name} at {at} has no derivative {way}"
    return f"{CUTS.get(cut.kind, cut.kind)} at {at} cuts the graph {way}"


@dataclass(frozen=True, slots=True)
class _Told:
    """A reason with what its sentence is made of."""

    moment: Moment
    name: str
    reason: Reason

    @property
    def at(self) -> str:
        return line_of(self.moment, self.reason.seq) if self.reason.seq else "an unknown line"

    @property
    def call(self) -> str:
        """The backward call: `loss.backward() at line 26`."""
        seq = self.reason.call
        return f"{self._root_of(seq)}.backward() at {line_of(self.moment, seq)}"

    @property
    def root(self) -> str:
        return self._root_of(self.reason.call)

    def _root_of(self, call: int) -> str:
        refs = self.moment.run.tensors(call) if call else ()
        found = next((ref.tensor for ref in refs if ref.role == "root"), None)
        return "the loss" if found is None else self.moment.name(found)

    def other(self, call: int) -> str:
        return f"{self._root_of(call)}.backward() at {line_of(self.moment, call)}"

    def say(self, text: str, seq: int | None = None, style: str = "") -> list[Answer]:
        return [Answer(text, self.reason.seq if seq is None else seq, style)]


Writer = Callable[[_Told], list[Answer]]


def _cleared(told: _Told) -> list[Answer]:
    row = told.moment.run.event(told.reason.seq)
    if row.kind == "written":
        return told.say(f"It was set to None by hand at {told.at}.")
    entry = told.moment.run.event(row.enclosing) if row.enclosing else None
    by = f"{entry.name}()" if entry is not None and entry.phase == "zero_grad" else "the script"
    return told.say(f"{by} cleared it at {told.at}; no backward has reached it since.")


def _replaced(told: _Told) -> list[Answer]:
    name = told.name.removesuffix(" (old)")
    text = (
        f"This is an old tensor: {told.at} uses another one by the name {name}, and nothing new"
        " is computed from this."
    )
    if told.reason.text:
        text += f" {told.reason.text} still holds the old one."
    return told.say(text, style="warning")


def _no_grad_wanted(told: _Told) -> list[Answer]:
    if not told.reason.text.startswith(("float", "bfloat", "complex")):
        text = f"It holds {told.reason.text}; only floating point tensors can require a gradient."
        return told.say(text)
    return told.say(f"It was made without requires_grad=True (first seen at {told.at}).")


def _failed(told: _Told) -> list[Answer]:
    return told.say(f"{told.call} ended with an error: {told.reason.text}", style="error")


def _cut(told: _Told) -> list[Answer]:
    found = told.say(
        f"{told.root} was computed from it, but no gradient of {told.call} can come back:",
        told.reason.call,
        "warning",
    )
    for cut in told.reason.cuts[:MOST_CUTS]:
        found.append(Answer(cut_text(told.moment, cut), cut.seq, "warning"))
    hidden = len(told.reason.cuts) - MOST_CUTS
    if hidden > 0:
        found.append(Answer(f"and {numbers.plural(hidden, 'more place')}"))
    return found


def _not_used(told: _Told) -> list[Answer]:
    text = f"{told.root} does not depend on it: no operation of this iteration took it"
    if not told.reason.seq:
        return told.say(f"{text}, nor any before.", told.reason.call, "warning")
    return told.say(f"{text}; the last one that did was at {told.at}.", style="warning")


def _came_before(told: _Told) -> list[Answer]:
    row: EventRow = told.moment.run.event(told.reason.seq)
    return told.say(f"In iteration {row.iteration} it got one from {told.call}.")


MOST_CUTS: Final = 4

_WRITERS: Final[Mapping[str, Writer]] = {
    "not_a_leaf": lambda t: t.say(
        f"It is no leaf: {t.at} computed it. Backward passes through and keeps nothing here."
        " (retain_grad() would keep it; that is not recorded.)"
    ),
    "frozen": lambda t: t.say(f"requires_grad was switched off at {t.at}.", style="warning"),
    "requires_no_grad": _no_grad_wanted,
    "replaced": _replaced,
    "cleared": _cleared,
    "no_backward": lambda t: t.say("No backward has run yet."),
    "coming": lambda t: t.say(f"{t.call} will bring it a gradient."),
    "came_before": _came_before,
    "returned": lambda t: t.say(
        f"autograd.grad() at {line_of(t.moment, t.reason.call)} returns gradients; it changes no"
        " .grad."
    ),
    "failed": _failed,
    "not_wanted": lambda t: t.say(
        f"{t.call} was called with inputs=… and this tensor is not among them.", style="warning"
    ),
    "unrecorded": lambda t: t.say(
        "The operations were not recorded (--detail phases), so it is not known whether"
        f" {t.root} depends on it."
    ),
    "on_its_way": lambda t: t.say(f"{t.call} is under way and has not come here yet."),
    "sent_none": lambda t: t.say(
        f"It lies on the graph of {t.root}, taken at {t.at}, but its node sent no gradient in"
        f" {t.call}."
    ),
    "too_long": lambda t: t.say(
        f"{t.root} depends on more than is followed back here, so the reason is not known."
    ),
    "cut": _cut,
    "was_frozen": lambda t: t.say(
        f"It did not require a gradient when {t.root} was computed ({t.at}).", style="warning"
    ),
    "not_used": _not_used,
    "other_loss": lambda t: t.say(
        f"{t.root}, of {t.call}, does not depend on it. It lies on the graph of"
        f" {t.other(t.reason.seq)}.",
    ),
    "leads_elsewhere": lambda t: t.say(
        f"{t.at} used it, but {t.root}, of {t.call}, does not depend on what came of that.",
        style="warning",
    ),
    "no_optimizer": lambda t: t.say(
        "No optimizer holds it, so no step() changes it.", style="warning"
    ),
    "holds_old": lambda t: t.say(
        f"{t.reason.text}, made at {t.at}, holds the old tensor of this name: its step()"
        " changes that one.",
        style="warning",
    ),
    "no_step": lambda t: t.say(f"{t.reason.text} holds it; no step() has run yet.", 0),
    "in_step": lambda t: t.say(f"step() at {t.at} is under way and has not changed it yet."),
    "skipped": lambda t: t.say(
        f"step() at {t.at} passed over it: its .grad was None then.", style="warning"
    ),
    "lr_zero": lambda t: t.say(f"step() at {t.at} used lr = 0.", style="warning"),
    "grad_zero": lambda t: t.say(
        f"step() at {t.at} used a gradient that is 0 in every element.", style="warning"
    ),
    "too_small": lambda t: t.say(
        f"step() at {t.at} changed no element: what it adds is lost in {t.reason.text}.",
        style="warning",
    ),
    "changed": lambda t: t.say(f"The last step() changed it, at {t.at}."),
    "changed_by_hand": lambda t: t.say(f"The script changed it by hand at {t.at}."),
}
"""One per code of `trace.reasons`; tests hold the two together."""
