"""Why a `.grad` is None, and why a parameter does not change: answers with events to go to.

Each answer is a fact of the recorded rows. What was not recorded is an answer too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gradstep.trace.about import events_about, first_event_about
from gradstep.trace.dataflow import Cut, Reach, dataflow

if TYPE_CHECKING:
    from gradstep.protocol.row import EventRow
    from gradstep.trace.model import OptimizerState
    from gradstep.trace.moment import Moment

MOST_CALLS: Final = 3
"""So many backward calls that brought nothing are explained, the latest."""

OLD: Final = " (old)"

_VAGUE: Final = frozenset({"not_used", "leads_elsewhere"})
"""What is true of most backward calls and most tensors."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One answer. `code` is stable; docs/provenance.md lists them all.

    `seq` is the event to look at, 0 for none, `call` the backward call or optimizer step that the
    answer is about, 0 for none, `tensor` another tensor that matters, `cuts` where values left the
    graph, `text` a name.
    """

    code: str
    seq: int = 0
    call: int = 0
    tensor: int | None = None
    cuts: tuple[Cut, ...] = ()
    text: str = ""


def why_none(moment: Moment, tensor: int) -> tuple[Reason, ...]:
    """Say why `.grad` of a tensor is None at a moment; empty if it is not None."""
    run = moment.run
    state = moment.grad(tensor)
    if state.tensor is not None:
        return ()
    flow = dataflow(run)
    if not moment.is_leaf(tensor) and not moment.is_parameter(tensor):
        op = moment.op_of_result(tensor)
        return (Reason("not_a_leaf", op.seq if op else 0),)
    switched = flow.switches(tensor, moment.seq)
    if switched and not switched[-1][1]:
        return (Reason("frozen", switched[-1][0]),)
    if not moment.is_parameter(tensor):
        value = moment.value(tensor)
        if value is not None and not value.requires_grad and not switched:
            return (Reason("requires_no_grad", value.seq, text=value.dtype),)
    found: list[Reason] = []
    replaced = _replaced(moment, tensor)
    if replaced is not None:
        found.append(replaced)
    cleared = state.seq if state.known and _clears(run.event(state.seq)) else 0
    # A backward from before the tensor was there says nothing of it.
    calls = _calls(moment, after=max(cleared, _first_seq(moment, tensor)))
    missed = [reason for call in calls for reason in _missed(moment, call, tensor)]
    telling = [reason for reason in missed if reason.code not in _VAGUE]
    if missed:
        return (*found, *(telling or missed[-1:]))
    if cleared:
        found.append(Reason("cleared", cleared))
    else:
        found.append(Reason("no_backward"))
    found += _outlook(moment, tensor, cleared)
    return tuple(found)


def why_unchanged(moment: Moment, param: int) -> tuple[Reason, ...]:
    """Say why the latest step left a parameter as it was; (`changed`,) if it did change it."""
    run = moment.run
    holders = [one for one in moment.optimizers() if _holds(one, param)]
    last = next(iter(events_about(run, param, "param", ("updated",), before=moment.seq + 1)), None)
    by_hand = next(
        (
            row
            for row in events_about(run, param, "param", ("written",), before=moment.seq + 1)
            if row.name not in ("init", "grad", "load_state_dict")
        ),
        None,
    )
    found: list[Reason] = []
    replaced = _replaced(moment, param)
    if replaced is not None:
        found.append(replaced)
    if not holders:
        if by_hand is not None and (last is None or by_hand.seq > last.seq):
            return (*found, Reason("changed_by_hand", by_hand.seq))
        found.append(_without_holder(moment, param))
        return tuple(found)
    step = _latest_step(moment, holders)
    if step is None:
        return (*found, Reason("no_step", holders[-1].seq, text=_name(holders[-1])))
    if last is not None and last.enclosing == step.seq:
        return (*found, _what_update_did(moment, last))
    switched = dataflow(run).switches(param, step.seq)
    if switched and not switched[-1][1]:
        return (*found, Reason("frozen", switched[-1][0]))
    if moment.seq == step.seq or _goes_on(moment, step):
        return (*found, Reason("in_step", step.seq))
    return (*found, Reason("skipped", step.seq, call=step.seq), *why_none(run.at(step.seq), param))


def _clears(row: EventRow) -> bool:
    return row.kind == "zeroed" or (row.kind == "written" and row.name == "grad")


def _replaced(moment: Moment, tensor: int) -> Reason | None:
    """Tell of the tensor that has taken this one's name."""
    name = moment.name(tensor)
    if not name.endswith(OLD):
        return None
    new = moment.tensor_named(name.removesuffix(OLD))
    assert new is not None, "the name is old because another tensor has it"
    text = ", ".join(_name(one) for one in moment.optimizers() if _holds(one, tensor))
    return Reason("replaced", _first_seq(moment, new), tensor=new, text=text)


def _first_seq(moment: Moment, tensor: int) -> int:
    row = moment.run.database.row(
        "SELECT first_seq FROM tensor WHERE run = ? AND id = ?", (moment.run.number, tensor)
    )
    return int(row[0]) if row is not None else 0


def _calls(moment: Moment, after: int) -> list[EventRow]:
    """Return the latest backward calls after an event, those of one iteration, oldest first."""
    found: list[EventRow] = []
    for row in moment.run.events_before(moment.seq + 1, ("phase_entered",)):
        if row.seq <= after or (found and row.iteration != found[0].iteration):
            break
        if row.phase == "backward":
            found.append(row)
            if len(found) == MOST_CALLS:
                break
    return found[::-1]


def _outlook(moment: Moment, tensor: int, cleared: int) -> list[Reason]:
    """Say what is to be expected where no backward has run since `.grad` was cleared."""
    run = moment.run
    found = []
    coming = first_event_about(run, tensor, "param", ("accumulated",), after=moment.seq)
    if coming is not None:
        number = int(coming.detail.get("backward") or 0)
        found.append(Reason("coming", coming.seq, call=number, tensor=_root(moment, number)))
    if found or not cleared:
        return found
    rows = events_about(run, tensor, "param", ("accumulated",), before=cleared, most=1)
    latest = _calls(run.at(cleared), after=0)
    if rows and latest and rows[0].iteration >= latest[-1].iteration - 1:
        number = int(rows[0].detail.get("backward") or 0)
        return [Reason("came_before", rows[0].seq, call=number, tensor=_root(moment, number))]
    for call in latest:
        found += _missed(run.at(cleared), call, tensor)
    return found


def _missed(moment: Moment, call: EventRow, tensor: int) -> list[Reason]:
    """Say why a backward call has not brought a leaf a gradient."""
    run = moment.run
    refs = run.tensors(call.seq)
    roots = [(ref.tensor, ref.version) for ref in refs if ref.role == "root" and ref.tensor]
    root = roots[0][0] if roots else None

    def reason(code: str, seq: int = 0, **more: object) -> list[Reason]:
        return [Reason(code, seq or call.seq, call.seq, tensor=root, **more)]  # type: ignore[arg-type]

    wanted = [ref.tensor for ref in refs if ref.role == "wanted"]
    if call.name == "grad":
        return reason("returned") if tensor in wanted else []
    ended = next(
        (
            row
            for row in run.events(call.seq + 1, moment.seq + 1, ("phase_exited",))
            if row.enclosing == call.seq
        ),
        None,
    )
    if ended is not None and ended.detail.get("error"):
        return reason("failed", ended.seq, text=str(ended.detail["error"]))
    if wanted and tensor not in wanted:
        return reason("not_wanted")
    if run.info.detail == "phases":
        return reason("unrecorded")
    reach = dataflow(run).reach(roots, call.seq)
    if tensor in reach.leaves:
        return reason("on_its_way" if ended is None else "sent_none", max(reach.leaves[tensor]))
    if not reach.is_whole:
        return reason("too_long")
    if tensor in reach.taken:
        return _not_differentiated(moment, call, tensor, reach, root)
    return _elsewhere(moment, call, tensor, root)


def _not_differentiated(
    moment: Moment, call: EventRow, tensor: int, reach: Reach, root: int | None
) -> list[Reason]:
    cuts = reach.cuts_before(tensor)
    if cuts:
        return [Reason("cut", cuts[0].seq, call.seq, root, cuts)]
    at = min(reach.taken[tensor], default=call.seq)
    switched = dataflow(moment.run).switches(tensor, at)
    return [Reason("was_frozen", switched[-1][0] if switched else at, call.seq, root)]


def _elsewhere(moment: Moment, call: EventRow, tensor: int, root: int | None) -> list[Reason]:
    """A leaf that the root does not depend on: say where it was used, if anywhere."""
    run = moment.run
    start = run.first_seq_of_iteration(call.iteration) or 1
    other = _other_call(moment, call, tensor)
    if other is not None:
        return [Reason("other_loss", other.seq, call.seq, _root(moment, other.seq))]
    used = events_about(
        run, tensor, "input", ("op",), before=moment.seq + 1, after=start - 1, most=1
    )
    if not used:
        ever = events_about(run, tensor, "input", ("op",), before=moment.seq + 1, most=1)
        return [Reason("not_used", ever[0].seq if ever else 0, call.seq, root)]
    return [Reason("leads_elsewhere", used[0].seq, call.seq, root)]


def _other_call(moment: Moment, call: EventRow, tensor: int) -> EventRow | None:
    """Return the backward call nearest in time that did bring a leaf a gradient."""
    run = moment.run
    kinds = ("accumulated",)
    rows = events_about(run, tensor, "param", kinds, before=moment.seq + 1, most=1)
    after = first_event_about(run, tensor, "param", kinds, after=moment.seq)
    for row in (after, *rows):
        number = int(row.detail.get("backward") or 0) if row is not None else 0
        if number and row is not None and abs(row.iteration - call.iteration) <= 1:
            return run.event(number)
    return None


def _root(moment: Moment, call: int) -> int | None:
    refs = moment.run.tensors(call) if call else ()
    return next((ref.tensor for ref in refs if ref.role == "root"), None)


def _holds(optimizer: OptimizerState, tensor: int) -> bool:
    return any(tensor in group.get("params", ()) for group in optimizer.groups)


def _name(optimizer: OptimizerState) -> str:
    return optimizer.name or optimizer.class_name


def _without_holder(moment: Moment, param: int) -> Reason:
    """No optimizer holds a parameter: perhaps one holds the tensor that had its name before."""
    name = moment.name(param)
    for optimizer in moment.optimizers():
        for group in optimizer.groups:
            for held in group.get("params", ()):
                if moment.name(held) == name + OLD:
                    return Reason("holds_old", optimizer.seq, tensor=held, text=_name(optimizer))
    return Reason("no_optimizer")


def _latest_step(moment: Moment, holders: list[OptimizerState]) -> EventRow | None:
    numbers = {one.id for one in holders}
    for row in moment.run.events_before(moment.seq + 1, ("phase_entered",)):
        if row.phase == "step" and row.detail.get("optimizer") in numbers:
            return row
    return None


def _goes_on(moment: Moment, entry: EventRow) -> bool:
    rows = moment.run.events(entry.seq + 1, moment.seq + 1, ("phase_exited",))
    return not any(row.enclosing == entry.seq for row in rows)


def _what_update_did(moment: Moment, update: EventRow) -> Reason:
    refs = {ref.role: ref for ref in moment.run.tensors(update.seq)}
    values = {
        role: moment.version(ref.tensor, ref.version)
        for role, ref in refs.items()
        if role in ("param", "before", "grad") and ref.tensor is not None
    }
    after, before, grad = (values.get(role) for role in ("param", "before", "grad"))
    if after is None or before is None:
        return Reason("changed", update.seq)
    if after.content is not None and before.content is not None:
        same = after.content == before.content
    else:
        same = (after.min, after.max, after.mean, after.norm) == (
            before.min, before.max, before.mean, before.norm
        )  # fmt: skip
    if not same:
        return Reason("changed", update.seq)
    if update.detail.get("hyper", {}).get("lr") == 0:
        return Reason("lr_zero", update.seq)
    if grad is not None and grad.norm == 0 and not grad.nan and not grad.inf:
        return Reason("grad_zero", update.seq)
    return Reason("too_small", update.seq, text=after.dtype)
