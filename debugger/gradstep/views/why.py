"""Where a tensor's gradient and its values came from: lines that lead to their events."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakKeyDictionary

from gradstep.trace.about import writes
from gradstep.trace.dataflow import dataflow
from gradstep.trace.lineage import Contribution, Lineage, Part, arrivals, lineage, parts_of
from gradstep.trace.reasons import why_none, why_unchanged
from gradstep.views import numbers
from gradstep.views.formulas.call import contents
from gradstep.views.glyphs import UNICODE, Glyphs
from gradstep.views.moved import distance
from gradstep.views.passing import passing
from gradstep.views.reading import norm_of, one, value_of
from gradstep.views.tensor import event_subject
from gradstep.views.text import Line, crop, crop_names, line, width_of, wrap
from gradstep.views.why_texts import Answer, answers, cut_text, place

if TYPE_CHECKING:
    from gradstep.protocol.row import EventRow
    from gradstep.trace.moment import Moment
    from gradstep.trace.reader import RunTrace

__all__ = ["WhyRow", "WhyView", "why_view"]

FIRST_WRITES: Final = 30
"""So many changes of a parameter are listed at first; more are read when asked for."""

MOST_KEPT: Final = 4096

MOST_LISTED: Final = 12
"""Of very many contributions the oldest are only counted."""

_CALM: Final = frozenset({"changed", "changed_by_hand", "no_step", "in_step"})
"""Answers to why a parameter does not change that are no trouble."""


@dataclass(frozen=True, slots=True)
class WhyRow:
    """One line. `seq` is the event it tells of, 0 for none; `asks_more` reads earlier changes."""

    line: Line
    seq: int = 0
    asks_more: bool = False


@dataclass(frozen=True, slots=True)
class WhyView:
    """What the pane shows of one tensor (None: of nothing)."""

    tensor: int | None
    rows: tuple[WhyRow, ...]

    @property
    def lines(self) -> tuple[Line, ...]:
        """The bare lines."""
        return tuple(row.line for row in self.rows)


@dataclass(slots=True)
class _Page:
    """Rows being written."""

    moment: Moment
    width: int
    glyphs: Glyphs
    rows: list[WhyRow] = field(default_factory=list)
    said: set[Answer] = field(default_factory=set)

    def title(self, *parts: str | tuple[str, str]) -> None:
        self.rows.append(WhyRow(crop_names(line(*parts), self.width)))

    def put(self, *parts: str | tuple[str, str], seq: int = 0, indent: int = 1) -> None:
        """Write a line, and at its right end the event that it leads to.

        Where room is short, what stands behind two blanks goes: the dim parts before the others.
        """
        spans = line(" " * indent, *parts)
        link = (spans[-1],) if seq else ()
        told = list(spans[: len(spans) - len(link)])
        room = self.width - width_of(link)
        extra = [span for span in told[1:] if span.text.startswith("  ")]
        dim = [span for span in extra if span.style == "dim"]
        for span in (*dim[::-1], *(span for span in extra[::-1] if span.style != "dim")):
            if width_of(tuple(told)) > room:
                told.remove(span)
        self.rows.append(WhyRow((*crop_names(tuple(told), room), *link), seq))

    def say(self, answer: Answer, indent: int = 1) -> None:
        """Write a sentence, broken between words and once; its lines lead to its event."""
        if answer in self.said:
            return
        self.said.add(answer)
        words = [line((word + " ", answer.style)) for word in answer.text.split()]
        if answer.seq:
            words.append(line((f"{self.glyphs.arrow} event {numbers.count(answer.seq)}", "accent")))
        for row in wrap([line(" " * indent), *words], self.width, indent=indent):
            self.rows.append(WhyRow(crop(row, self.width), answer.seq))


def why_view(
    moment: Moment,
    tensor: int | None = None,
    *,
    width: int = 72,
    most: int = FIRST_WRITES,
    glyphs: Glyphs = UNICODE,
) -> WhyView:
    """Tell where a tensor's gradient and values came from; None takes the event's own tensor."""
    if tensor is None:
        tensor, _ = event_subject(moment)
    page = _Page(moment, width, glyphs)
    if tensor is None or moment.value(tensor) is None:
        page.title(("no tensor", "bold"))
        page.say(Answer("Select an operation in the graph, or a parameter.", 0, "dim"), 0)
        return WhyView(tensor, tuple(page.rows))
    on_way = passing(moment, tensor)
    if on_way is not None:
        page.title((on_way.name, "backward bold"), (f"  {on_way.how}", "dim"))
        node = moment.node_of_gradient(tensor)
        if node is not None:
            text = f"A gradient on its way through backward: {node.name} of {_at(page, node)}."
            page.say(Answer(text, node.seq))
        return WhyView(tensor, tuple(page.rows))
    _origin(page, tensor)
    _gradient(page, tensor)
    if moment.is_parameter(tensor):
        _changes(page, tensor, most)
    return WhyView(tensor, tuple(page.rows))


def _at(page: _Page, row: EventRow) -> str:
    return place(page.moment, row.file, row.line)


def _origin(page: _Page, tensor: int) -> None:
    """Say how an op's result was made: for a leaf that is what its changes tell."""
    moment = page.moment
    if moment.is_leaf(tensor) or moment.is_parameter(tensor):
        return
    op = moment.op_of_result(tensor)
    if op is None:
        return
    taken = [ref.tensor for ref in moment.run.tensors(op.seq) if ref.role == "input"]
    names = ", ".join(dict.fromkeys(moment.name(one) for one in taken if one is not None))
    page.title((moment.name(tensor), "forward bold"))
    text = f"{op.name} at {_at(page, op)} made it of {names}" if names else f"made by {op.name}"
    page.say(Answer(text, op.seq))


def _gradient(page: _Page, tensor: int) -> None:
    """Write what `.grad` of a tensor contains, or why it is None."""
    moment = page.moment
    found = lineage(moment, tensor)
    name = f"{moment.name(tensor)}.grad"
    if found is None:
        page.title((name, "backward bold"), (" is None", "bold"))
        for answer in answers(moment, tensor, why_none(moment, tensor)):
            page.say(answer)
        _passed(page, tensor)
        return
    _contents(page, found, name)


def _contents(page: _Page, found: Lineage, name: str) -> None:
    moment, glyphs = page.moment, page.glyphs
    amount = len(found.contributions)
    of = numbers.plural(amount, "backward call") + (" and more" if found.has_more else "")
    page.title((name, "backward bold"), (f" holds {of}" if amount else " was set by hand", ""))
    if not amount and found.began is not None:
        page.say(Answer(f"It was assigned at {_at(page, found.began)}.", found.began.seq))
    shown = found.contributions[-MOST_LISTED:]
    hidden = amount - len(shown)
    if found.has_more or hidden:
        more = "more than " if found.has_more else ""
        page.put((f"{glyphs.ellipsis} {more}{numbers.count(hidden)} earlier", "dim"))
    norms = [norm_of(moment, one.added) or 0.0 for one in shown]
    total = sum(norms)
    for one_of, norm in zip(shown, norms, strict=True):
        share = norm / total if total and len(shown) > 1 and not hidden else None
        _contribution(page, found, one_of, norm, share)
    if found.stale:
        _stale(page, found)
    for row in found.changed[-MOST_LISTED:]:
        how = "clipped" if row.kind == "clipped" else f"changed in place by {row.name}"
        page.say(Answer(f"{how} at {_at(page, row)}", row.seq))
    _cuts(page, found)


def _contribution(
    page: _Page, found: Lineage, one_of: Contribution, norm: float, share: float | None
) -> None:
    moment, glyphs = page.moment, page.glyphs
    call = one_of.backward
    is_stale = one_of in found.stale
    mark = glyphs.warning if is_stale else glyphs.backward
    root = moment.name(one_of.root) if one_of.root is not None else "backward"
    at = _at(page, call) if call is not None else ""
    part = "" if share is None else f"  {100 * share:.0f}%"
    iteration = one_of.event.iteration
    style = "warning" if is_stale else "backward"
    page.put(
        (f"{mark} {root}.backward()", style),
        f" {at}",
        (f"  iteration {iteration}", "dim"),
        f"  |·| {numbers.short(norm)}{part}",
        (f"  {glyphs.arrow} event {numbers.count(one_of.event.seq)}", "accent"),
        seq=one_of.event.seq,
    )
    if one_of.read_by is not None:
        used = f"already used by step {one_of.read_by.step + 1}"
        if one_of.read_by.kind == "written":
            used = f"already used by {one_of.read_by.name}"
        text = f"{used} at {_at(page, one_of.read_by)}"
        page.say(Answer(text, one_of.read_by.seq, "warning" if is_stale else "dim"), 3)
    parts = parts_of(moment.run, one_of)
    if len(parts) > 1 or (parts and len(found.contributions) <= 3):
        _parts(page, parts)


def _parts(page: _Page, parts: tuple[Part, ...]) -> None:
    """Write what each node sent: a tensor that several operations took gets several."""
    moment = page.moment
    norms = [norm_of(moment, part.sent) or 0.0 for part in parts]
    total = sum(norms)
    for part, norm in list(zip(parts, norms, strict=True))[:MOST_LISTED]:
        share = f"  {100 * norm / total:.0f}%" if total and len(parts) > 1 else ""
        page.put(
            (part.node.name, "backward"),
            f" {_at(page, part.node)}",
            f"  |·| {numbers.short(norm)}{share}",
            (f"  {page.glyphs.arrow} event {numbers.count(part.node.seq)}", "accent"),
            seq=part.node.seq,
            indent=3,
        )
    hidden = len(parts) - MOST_LISTED
    if hidden > 0:
        page.put((f"{page.glyphs.ellipsis} {numbers.plural(hidden, 'more node')}", "dim"), indent=3)


def _stale(page: _Page, found: Lineage) -> None:
    """Say that old contributions are mixed with new ones, and how far they point apart."""
    stale, fresh = len(found.stale), len(found.fresh)
    text = (
        f"{numbers.plural(stale, 'contribution')} that an update had used already"
        f" {'is' if stale == 1 else 'are'} still in the sum with {fresh} newer:"
        " no zero_grad() came between."
    )
    page.say(Answer(text, 0, "warning"))
    cosine = stale_cosine(page.moment, found)
    if cosine is not None:
        page.put(("cosine of old and new part ", "dim"), (f"{cosine:+.3f}", "bold"))
    elif page.moment.run.info.detail != "values":
        page.put(("the cosine needs contents: --detail values", "dim"))


def stale_cosine(moment: Moment, found: Lineage) -> float | None:
    """Return the cosine between the used and the fresh part, None where contents are missing.

    The old part is `.grad` as the first fresh contribution found it.
    """
    fresh = found.fresh
    if not fresh or any(row.seq > fresh[0].event.seq for row in found.changed):
        return None
    old = contents(value_of(moment, one(moment.run.tensors(fresh[0].event.seq), "before")))
    new: Any = None
    for one_of in fresh:
        added = contents(value_of(moment, one_of.added))
        if added is None:
            return None
        new = added if new is None else new + added
    if old is None or new is None:
        return None
    flat_old, flat_new = old.reshape(-1).astype(float), new.reshape(-1).astype(float)
    size = float((flat_old @ flat_old) ** 0.5 * (flat_new @ flat_new) ** 0.5)
    return float(flat_old @ flat_new) / size if size else None


def _cuts(page: _Page, found: Lineage) -> None:
    """Name the places that keep a further contribution of the same calls from arriving."""
    moment = page.moment
    seen: set[tuple[str, int, str]] = set()
    for one_of in found.contributions[-3:]:
        call = one_of.backward
        if call is None or call.name == "grad":
            continue
        refs = moment.run.tensors(call.seq)
        roots = [(r.tensor, r.version) for r in refs if r.role == "root" and r.tensor is not None]
        for cut in dataflow(moment.run).reach(roots, call.seq).crossed(found.tensor):
            key = (cut.file, cut.line, cut.kind)
            if key in seen:
                continue
            seen.add(key)
            root = moment.name(roots[0][0])
            text = f"Another way from here to {root} brings nothing: {cut_text(moment, cut)}."
            page.say(Answer(f"{page.glyphs.cut} {text}", cut.seq, "warning"))


def _passed(page: _Page, tensor: int) -> None:
    """Write the gradient that went through an op's result, and where it came from."""
    moment = page.moment
    op = None if moment.is_leaf(tensor) else moment.op_of_result(tensor)
    if op is None:
        return
    arrived, parts = arrivals(moment, op)
    if arrived is None:
        return
    norm = norm_of(moment, arrived)
    page.title(("gradient that passed ", "backward"), f"|·| {numbers.short(norm)}")
    _parts(page, parts)


def _changes(page: _Page, tensor: int, most: int) -> None:
    """Write why a parameter does not change, and what has changed it so far."""
    moment = page.moment
    name = moment.name(tensor)
    reasons = why_unchanged(moment, tensor)
    calm = _CALM if moment.optimizers() else {*_CALM, "no_optimizer"}
    changes = any(reason.code in ("changed", "changed_by_hand") for reason in reasons)
    if not changes and any(reason.code not in calm for reason in reasons):
        page.title((name, "leaf bold"), (" does not change", "bold"))
        for answer in answers(moment, tensor, reasons):
            page.say(answer)
    rows = writes(moment.run, tensor, before=moment.seq + 1, most=most + 1)
    page.title((name, "leaf bold"), (" was changed by" if rows else " was never changed", ""))
    known = _changes_set.setdefault(moment.run, {})
    if len(known) > MOST_KEPT:
        known.clear()
    for row in rows[:most]:
        # A change is as it was whenever one looks at it, and its norm is costly.
        key = (row.seq, page.width, page.glyphs)
        if key not in known:
            _write(page, row)
            known[key] = page.rows[-1]
        else:
            page.rows.append(known[key])
    if len(rows) > most:
        text = line((f" {page.glyphs.ellipsis} Enter lists earlier changes", "dim"))
        page.rows.append(WhyRow(text, 0, asks_more=True))


_changes_set: WeakKeyDictionary[RunTrace, dict[tuple[int, int, Glyphs], WhyRow]] = (
    WeakKeyDictionary()
)


def _write(page: _Page, row: EventRow) -> None:
    moment = page.moment
    link = (f"  {page.glyphs.arrow} event {numbers.count(row.seq)}", "accent")
    if row.kind == "written":
        how = {"init": "its initial values", "data": "a write through .data"}.get(
            row.name, row.name
        )
        page.put((how, "bold"), f" {_at(page, row)}", link, seq=row.seq)
        return
    tensors = moment.run.tensors(row.seq)
    before, after, grad = (one(tensors, role) for role in ("before", "param", "grad"))
    moved = distance(moment, before, after)
    size = norm_of(moment, before)
    figures = [f"|Δ| {numbers.short(moved)}" if moved is not None else "|Δ| not recorded"]
    if moved is not None and size:
        figures.append(f"|Δ|/|w| {numbers.short(moved / size)}")
    figures.append(f"|grad| {numbers.short(norm_of(moment, grad))}")
    page.put(
        (f"{page.glyphs.step} step {row.step + 1}", "step"),
        (f" {row.detail.get('class', '')}", "dim"),
        *(f"  {figure}" for figure in figures),
        link,
        seq=row.seq,
    )
