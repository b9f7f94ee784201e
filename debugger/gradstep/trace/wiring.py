"""How the parameters of a run are wired: to a loss, to their gradients and to the optimizers.

The loss and the optimizer never meet. This puts the facts that join them side by side: which
parameters a backward from the loss comes to, what their `.grad` holds, and who will read it.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from weakref import WeakKeyDictionary

from gradstep.trace.about import events_about
from gradstep.trace.dataflow import Cut, Reach, Use, dataflow
from gradstep.trace.holdings import NO_READER, Holding, holdings
from gradstep.trace.loss_roots import MOST_LOSSES, LossRoot, loss_roots
from gradstep.trace.parameters import grads_of, names_as_parameters, names_of
from gradstep.trace.reached import Way, reached_leaves
from gradstep.trace.unchanged import Unchanged

if TYPE_CHECKING:
    from gradstep.protocol.row import EventRow
    from gradstep.trace.model import OptimizerState
    from gradstep.trace.moment import Moment
    from gradstep.trace.reader import RunTrace

OLD: Final = " (old)"


@dataclass(frozen=True, slots=True)
class Holder:
    """An optimizer's group that holds a parameter, one of `groups`.

    `seq` is where the groups became as they are.
    """

    optimizer: int
    name: str
    group: int
    groups: int
    seq: int


@dataclass(frozen=True, slots=True)
class Wire:
    """One parameter.

    `way` tells that the loss reaches it. Of one that it does not reach `why` is a code: `frozen`,
    `other_loss`, `cut`, `replaced`, `leads_elsewhere`, `not_used`, `elsewhere_so_far` and
    `not_used_yet` while the iteration goes on, `unrecorded`, `too_long` or `no_loss`, with the
    event to look at and, for a cut, the place. `holes` are codes too:
    `no_optimizer`, `holds_old`, `replaced`, `not_reached`, `held_twice`, `stale`, `not_finite`,
    `zeros`, `not_changed`.
    """

    tensor: int
    name: str
    modules: tuple[str, ...]
    requires_grad: bool
    way: Way | None
    why: str
    why_seq: int
    cut: Cut | None
    holding: Holding
    holders: tuple[Holder, ...]
    holes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Wiring:
    """All parameters at a moment, as `loss` sees them; None: no loss by now."""

    loss: LossRoot | None
    losses: tuple[LossRoot, ...]
    wires: tuple[Wire, ...]
    optimizers: int

    def count(self, hole: str) -> int:
        """Count the parameters with a hole of one kind."""
        return sum(hole in wire.holes for wire in self.wires)

    @property
    def holes(self) -> int:
        """The number of holes of all parameters."""
        return sum(len(wire.holes) for wire in self.wires)


def wiring(moment: Moment, choice: int = 0) -> Wiring:
    """Put together what joins the parameters with a loss; `choice` counts back from the latest."""
    losses = loss_roots(moment)
    loss = losses[choice % len(losses)] if losses else None
    live = live_optimizers(moment)
    holders = _holders(live)
    reached = _leaves_of(moment, loss) if loss is not None else {}
    leaves = {*moment.parameters()}
    asked = {*leaves, *holders, *reached}
    names = _names(moment, asked, reached)
    modules = _modules(moment, names)
    grads = grads_of(moment, asked)
    chosen = [
        tensor
        for tensor in sorted(names)
        if tensor in holders
        or tensor in reached
        or (modules.get(tensor) and not names[tensor].endswith(OLD))
        or grads[tensor].tensor is not None
    ]
    held = holdings(moment, chosen, grads)
    missing = _Missing(moment, loss, losses)
    stepped = _stepped(moment, loss)
    unchanged = Unchanged(moment, loss.iteration if loss is not None and live == [] else 0)
    wires = []
    for tensor in chosen:
        requires_grad = _requires_grad(moment, tensor, is_leaf=tensor in leaves)
        way = reached.get(tensor)
        why, why_seq, cut = "", 0, None
        if way is None:
            why, why_seq, cut = missing.reason(
                names[tensor], held[tensor], requires_grad=requires_grad
            )
        mine = holders.get(tensor, ())
        is_late = stepped is None or any(one.optimizer in stepped for one in mine)
        if why in _SO_FAR and not (is_late or (stepped and not mine)):
            why = _SO_FAR[why]
        holes = _holes(names, tensor, requires_grad, why, mine, holders, held[tensor], bool(live))
        is_whole = requires_grad and not (_TELLS_WHY_UNCHANGED & set(holes))
        if is_whole and unchanged.is_so(held[tensor], mine, is_reached=way is not None):
            holes = (*holes, "not_changed")
        wires.append(
            Wire(
                tensor,
                names[tensor],
                modules.get(tensor, ()),
                requires_grad,
                way,
                why,
                why_seq,
                cut,
                held[tensor],
                mine,
                holes,
            )
        )
    return Wiring(loss, losses, tuple(wires), len(live))


_TELLS_WHY_UNCHANGED: Final = {"no_optimizer", "holds_old", "replaced", "not_reached"}

_SO_FAR: Final = {"not_used": "not_used_yet", "leads_elsewhere": "elsewhere_so_far"}
"""What may still change in an iteration that goes on: no hole."""


def _stepped(moment: Moment, loss: LossRoot | None) -> set[int] | None:
    """Return the optimizers that stepped since a loss; None if its iteration is over."""
    if loss is None:
        return set()
    event = moment.event
    if event.iteration > loss.iteration or event.kind == "run_finished":
        return None
    return {
        int(row.detail.get("optimizer") or 0)
        for row in moment.run.events(loss.seq, moment.seq + 1, ("phase_entered",))
        if row.phase == "step"
    }


def live_optimizers(moment: Moment) -> list[OptimizerState]:
    """Return the optimizers of a moment, without those whose place in the script another took.

    One that still clears or steps after the newer one of its name was made is in use all the same.
    """
    found = moment.optimizers()
    newer = {one.name: one.id for one in found if one.name}
    replaced = {one.id: newer[one.name] for one in found if newer.get(one.name, one.id) != one.id}
    if not replaced:
        return found
    made = {
        row.detail.get("optimizer"): row.seq
        for row in moment.run.events(1, moment.seq + 1, ("optimizer_created",))
    }
    used: dict[int, int] = {}
    since = min(made.get(number, 0) for number in replaced.values())
    for row in moment.run.events(since, moment.seq + 1, ("phase_entered",)):
        number = row.detail.get("optimizer")
        if isinstance(number, int):
            used[number] = row.seq
    return [
        one
        for one in found
        if one.id not in replaced or used.get(one.id, 0) > made.get(replaced[one.id], 0)
    ]


def _holders(optimizers: Iterable[OptimizerState]) -> dict[int, tuple[Holder, ...]]:
    found: dict[int, tuple[Holder, ...]] = {}
    for one in optimizers:
        name = one.name or one.class_name
        for index, group in enumerate(one.groups):
            for param in group.get("params", ()):
                holder = Holder(one.id, name, index, len(one.groups), one.seq)
                found[param] = (*found.get(param, ()), holder)
    return found


def _leaves_of(moment: Moment, loss: LossRoot) -> Mapping[int, Way]:
    """Return the leaves that a loss reaches; what was found of the latest losses is kept."""
    run = moment.run
    known = _ways.setdefault(run, OrderedDict())
    key = (loss.roots, loss.upto)
    found = known.pop(key, None)
    if found is None:
        found = reached_leaves(run, *key)
    if found is None:
        reach = dataflow(run).reach(*key)
        found = {leaf: Way(0, max(taken, default=0)) for leaf, taken in reach.leaves.items()}
    known[key] = found
    while len(known) > MOST_LOSSES:
        known.popitem(last=False)
    return found


_ways: WeakKeyDictionary[RunTrace, OrderedDict[tuple[tuple[Use, ...], int], Mapping[int, Way]]] = (
    WeakKeyDictionary()
)


def _names(moment: Moment, tensors: Collection[int], reached: Collection[int]) -> dict[int, str]:
    """Name tensors; of several by one name that a loss uses, none has replaced another."""
    found = dict(names_of(moment, tensors))
    sharing: dict[str, list[int]] = {}
    for tensor in sorted(reached):
        sharing.setdefault(found[tensor].removesuffix(OLD), []).append(tensor)
    for name, several in sharing.items():
        for number, tensor in enumerate(several[:-1], 1):
            which = f" {number}" if len(several) > 2 else ""
            found[tensor] = f"{name} (earlier{which})"
    return found


def _modules(moment: Moment, tensors: Collection[int]) -> dict[int, tuple[str, ...]]:
    """Return the modules that each tensor is a parameter of, "" for the model itself."""
    return {
        tensor: tuple(dict.fromkeys(name.rpartition(".")[0] for name in paths))
        for tensor, paths in names_as_parameters(moment, tensors).items()
    }


def _requires_grad(moment: Moment, tensor: int, *, is_leaf: bool) -> bool:
    switched = dataflow(moment.run).switches(tensor, moment.seq)
    return switched[-1][1] if switched else is_leaf or moment.is_parameter(tensor)


def _holes(
    names: Mapping[int, str],
    tensor: int,
    requires_grad: bool,
    why: str,
    mine: tuple[Holder, ...],
    holders: Mapping[int, tuple[Holder, ...]],
    holding: Holding,
    has_optimizer: bool,
) -> tuple[str, ...]:
    found = []
    if names[tensor].endswith(OLD):
        found.append("replaced")
    elif requires_grad and why in ("cut", "leads_elsewhere", "not_used"):
        found.append("not_reached")
    if len(mine) > 1:
        found.append("held_twice")
    by_hand = holding.change
    is_by_hand = by_hand is not None and by_hand.kind == "written" and by_hand.name not in NO_READER
    if requires_grad and not mine and has_optimizer and not is_by_hand:
        old = names[tensor] + OLD
        is_old_held = any(names.get(held) == old for held in holders)
        found.append("holds_old" if is_old_held else "no_optimizer")
    if holding.stale:
        found.append("stale")
    if holding.norm is not None and not math.isfinite(holding.norm):
        found.append("not_finite")
    elif holding.contributions and holding.norm == 0:
        found.append("zeros")
    return tuple(found)


class _Missing:
    """Says why a loss does not reach a parameter; what that costs is paid for the first one."""

    def __init__(self, moment: Moment, loss: LossRoot | None, losses: tuple[LossRoot, ...]) -> None:
        self.moment = moment
        self.loss = loss
        self.losses = losses
        self._others: dict[int, int] | None = None
        self._reach: Reach | None = None
        self._cuts: dict[int, Cut] = {}

    def reason(
        self, name: str, holding: Holding, *, requires_grad: bool
    ) -> tuple[str, int, Cut | None]:
        """Return (code, event, cut)."""
        moment, loss, tensor = self.moment, self.loss, holding.leaf
        if loss is None:
            return "no_loss", 0, None
        if name.endswith(OLD):
            new = moment.tensor_named(name.removesuffix(OLD))
            return "replaced", self._first_seq(new), None
        if not requires_grad:
            switched = dataflow(moment.run).switches(tensor, moment.seq)
            return "frozen", switched[-1][0] if switched else 0, None
        if moment.run.info.detail == "phases":
            return "unrecorded", loss.seq, None
        other = self._other_loss(tensor) or self._other_call(holding)
        if other:
            return "other_loss", other, None
        reach = self._way_back(loss)
        if not reach.is_whole:
            return "too_long", loss.seq, None
        if tensor in reach.taken:
            cut = self._cuts.get(tensor)
            if cut is not None:
                return "cut", cut.seq, cut
            return "frozen", min(reach.taken[tensor], default=0), None
        return self._use(tensor, loss)

    def _use(self, tensor: int, loss: LossRoot) -> tuple[str, int, Cut | None]:
        run = self.moment.run
        start = run.first_seq_of_iteration(loss.iteration) or 1
        used: list[EventRow] = events_about(
            run, tensor, "input", ("op",), before=loss.upto + 1, after=start - 1, most=1
        )
        return ("leads_elsewhere", used[0].seq, None) if used else ("not_used", loss.seq, None)

    def _first_seq(self, tensor: int | None) -> int:
        row = self.moment.run.database.row(
            "SELECT first_seq FROM tensor WHERE run = ? AND id = ?",
            (self.moment.run.number, tensor),
        )
        return int(row[0] or 0) if row is not None else 0

    def _other_call(self, holding: Holding) -> int:
        """Return the backward call at another line that brought what `.grad` still holds."""
        latest = next(iter(holding.contributions), None)
        seq = int(latest.detail.get("backward") or 0) if latest is not None else 0
        call = self.moment.run.event(seq) if seq else None
        is_other = call is not None and self.loss is not None and call.line != self.loss.line
        return seq if is_other else 0

    def _other_loss(self, tensor: int) -> int:
        if self._others is None:
            self._others = {}
            for other in self.losses:
                if other != self.loss:
                    for leaf in _leaves_of(self.moment, other):
                        self._others.setdefault(leaf, other.seq)
        return self._others.get(tensor, 0)

    def _way_back(self, loss: LossRoot) -> Reach:
        if self._reach is None:
            self._reach = dataflow(self.moment.run).reach(loss.roots, loss.upto)
            self._cuts = _nearest_cuts(self._reach, loss.roots)
        return self._reach


def _nearest_cuts(reach: Reach, roots: Iterable[Use]) -> dict[int, Cut]:
    """Return for each tensor behind a cut the cut nearest to the root on the way to it."""
    found: dict[int, Cut] = {}
    waiting: list[tuple[Use, Cut | None]] = [(root, None) for root in roots]
    seen = set(waiting)
    for use, cut in waiting:
        how = reach.made.get(use)
        if cut is not None and how is None:
            found.setdefault(use[0], cut)
        if how is None:
            continue
        further = [(source, cut) for source in (*how.graph, *how.plain)]
        further += [(source, cut or own) for source, own in how.cuts]
        for step in further:
            if step not in seen:
                seen.add(step)
                waiting.append(step)
    return found
