"""The cells of the connection view: few words, and the event that each leads to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gradstep.views import numbers
from gradstep.views.glyphs import Glyphs

if TYPE_CHECKING:
    from gradstep.protocol.row import EventRow
    from gradstep.trace.moment import Moment
    from gradstep.trace.wiring import Wire, Wiring

CUT_WORDS: Final = {
    "data": ".data",
    "no_grad": "no_grad",
    "tensor": "torch.tensor",
    "no derivative": "no derivative",
}


@dataclass(frozen=True, slots=True)
class Cell:
    """What a cell says where there is room, what it says where there is little, and its event."""

    text: str
    brief: str
    style: str = ""
    seq: int = 0


def cells_of(
    moment: Moment, found: Wiring, wire: Wire, first: int, glyphs: Glyphs
) -> tuple[Cell, ...]:
    """Make the six cells of a parameter, which the event `first` first showed."""
    paths = () if "replaced" in wire.holes else wire.modules
    modules = ", ".join(path or "model" for path in paths) or glyphs.none
    return (
        Cell(wire.name, wire.name, "leaf" if wire.requires_grad else "dim", first),
        Cell(modules, modules, "" if paths else "dim", first),
        _reached(moment, wire, glyphs),
        _grad(wire, glyphs),
        _held(found, wire, glyphs),
        _change(wire, glyphs),
    )


def _reached(moment: Moment, wire: Wire, glyphs: Glyphs) -> Cell:
    if wire.way is not None:
        if not wire.way.nodes:
            return Cell(f"{glyphs.tick} reached", glyphs.tick, "success", wire.way.seq)
        amount = numbers.plural(wire.way.nodes, "node")
        return Cell(f"{glyphs.tick} {amount}", f"{glyphs.tick} {amount}", "success", wire.way.seq)
    line = moment.run.event(wire.why_seq).line if wire.why_seq else 0
    at = f" :{line}" if line else ""
    cross, none, seq = glyphs.cross, glyphs.none, wire.why_seq
    match wire.why:
        case "cut" if wire.cut is not None:
            by = CUT_WORDS.get(wire.cut.kind, wire.cut.kind)
            return Cell(f"{cross} cut by {by}{at}", f"{cross} {by}{at}", "error", seq)
        case "replaced":
            return Cell(f"{cross} replaced{at}", f"{cross} replaced{at}", "error", seq)
        case "leads_elsewhere":
            return Cell(f"{cross} used{at}, not for it", f"{cross} unused{at}", "error", seq)
        case "not_used":
            return Cell(f"{cross} not used", f"{cross} not used", "error", seq)
        case "elsewhere_so_far":
            return Cell(f"{none} used{at}, not for it", f"{none} unused{at}", "dim", seq)
        case "not_used_yet":
            return Cell(f"{none} not used so far", f"{none} not yet", "dim", seq)
        case "frozen":
            return Cell(f"{none} frozen{at}", f"{none} frozen{at}", "dim", seq)
        case "other_loss":
            return Cell(f"{none} another loss{at}", f"{none} other{at}", "dim", seq)
        case "unrecorded":
            return Cell("? not recorded", "? unknown", "dim", seq)
        case "too_long":
            return Cell("? too long a way", "? unknown", "dim", seq)
    return Cell(none, none, "dim")


def _grad(wire: Wire, glyphs: Glyphs) -> Cell:
    held = wire.holding
    if held.grad is None:
        return Cell("None", "None", "dim", held.since)
    norm = numbers.short(held.norm)
    if not held.contributions:
        if held.norm == 0:
            return Cell("cleared  0", "cleared 0", "dim", held.since)
        return Cell(f"set by hand  {norm}", f"by hand {norm}", "backward", held.since)
    latest = held.contributions[0]
    stale = held.stale
    others = [row for row in held.contributions if row not in stale]
    reader = held.reader
    if stale:
        more = "…" if held.has_more else ""
        old, new = more + spanned(stale), spanned(others)
        mark = glyphs.warning
        kind = "" if reader is not None else "fresh "
        used = f", {used_by(reader)}" if reader is not None else ""
        text = f"{mark} stale {old} + {kind}{new}{used}  {norm}"
        return Cell(text, f"{mark} stale {old} + {new} {norm}", "warning", latest.seq)
    span = spanned(others)
    if "zeros" in wire.holes or "not_finite" in wire.holes:
        what = "all zeros" if "zeros" in wire.holes else norm
        of = used_by(reader) if reader is not None else f"backward {span}"
        text, mark = f"{glyphs.warning} {what}, {of}", glyphs.warning
        return Cell(text, f"{mark} {what}", "warning", latest.seq)
    if reader is not None:
        return Cell(f"{used_by(reader)}  {norm}", f"used {norm}", "dim", latest.seq)
    return Cell(f"fresh, backward {span}  {norm}", f"fresh {norm}", "backward", latest.seq)


def used_by(reader: EventRow) -> str:
    """Say who has used a gradient."""
    return (
        f"used by {reader.name}" if reader.kind == "written" else f"used by step {reader.step + 1}"
    )


def spanned(rows: list[EventRow]) -> str:
    """Write the iterations of some contributions, the latest first: `3`, `1–3`, `1, 4`."""
    iterations = sorted({row.iteration for row in rows})
    if not iterations:
        return ""
    first, last = iterations[0], iterations[-1]
    if first == last:
        amount = f" ×{len(rows)}" if len(rows) > 1 else ""
        return f"{numbers.count(first)}{amount}"
    is_run = last - first + 1 == len(iterations)
    return f"{numbers.count(first)}{'–' if is_run else '…'}{numbers.count(last)}"


def _held(found: Wiring, wire: Wire, glyphs: Glyphs) -> Cell:
    if not wire.holders:
        if not found.optimizers:
            return Cell("no optimizer yet", glyphs.none, "dim")
        if not wire.requires_grad:
            return Cell("no optimizer", "no", "dim")
        text = f"{glyphs.warning} no optimizer"
        return Cell(text, text, "warning")
    first = wire.holders[0]
    groups = ", ".join(str(holder.group) for holder in wire.holders)
    owners = list(dict.fromkeys(holder.name for holder in wire.holders))
    if len(wire.holders) > 1:
        twice = f"{glyphs.warning} twice: {', '.join(owners)} group {groups}"
        return Cell(twice, f"{glyphs.warning} twice", "warning", first.seq)
    mark = f"{glyphs.warning} " if "replaced" in wire.holes else ""
    style = "warning" if mark else "step"
    group = f" g{first.group}" if first.groups > 1 else ""
    text = f"{mark}{first.name} group {first.group}"
    return Cell(text, f"{mark}{first.name}{group}", style, first.seq)


def _change(wire: Wire, glyphs: Glyphs) -> Cell:
    row = wire.holding.change
    seq = row.seq if row is not None else 0
    if "not_changed" in wire.holes:
        return Cell(f"{glyphs.warning} never", f"{glyphs.warning} never", "warning", seq)
    if row is None or row.name == "init":
        return Cell("init", "init", "dim", seq)
    if row.kind == "updated":
        iteration = f", iteration {numbers.count(row.iteration)}"
        step = f"step {numbers.count(row.step + 1)}"
        return Cell(f"{step}{iteration}", step, "step", row.seq)
    name = {"data": ".data", "load_state_dict": "load_state_dict"}.get(row.name, row.name)
    at = f" :{row.line}" if row.line else ""
    return Cell(f"{name}{at}", f"{name}{at}", "leaf", row.seq)
