"""A backward node: its formula, one element worked out, and where the result goes next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gradstep.trace.model import TensorRef
from gradstep.views import numbers
from gradstep.views.cards.card import Draft, agrees, array_of, brief, chosen, least_exact
from gradstep.views.cards.inside import inner_call, is_made_of_steps, write_overview
from gradstep.views.formulas import Call, Rule, Unknown, is_inner, read_call, rule_of, takes_inner
from gradstep.views.formulas.call import (
    NOT_FINITE,
    UNFORESEEN,
    Place,
    contents,
    read_tensor,
    signed,
)
from gradstep.views.formulas.inside import Step, Value
from gradstep.views.formulas.words import words_of
from gradstep.views.reading import having, is_op_name, phase_entry
from gradstep.views.text import Line, line

if TYPE_CHECKING:
    from gradstep.protocol.row import EventRow
    from gradstep.trace.moment import Moment

MOST_INPUTS = 3
LETTERS = "abcdefgh"


def explain_node(draft: Draft, node: EventRow) -> None:
    """Write the card of a node that has run."""
    moment = draft.moment
    call = read_call(moment, node)
    op = call.op if call else None
    rule = rule_of(op, node.name)
    tape, step, why = None, None, ""
    if call is not None and is_made_of_steps(call):
        try:
            tape, step, rule, call = inner_call(draft, node, call)
        except Unknown as reason:
            why = str(reason)
    place = f"line {node.line}" if node.line else ""
    made = _of(moment, op)
    draft.head(node.name, "backward", ("  of ", "dim"), made, (f"  {place}", "dim"))
    tensors = moment.run.tensors(node.seq)
    arriving = having(tensors, "grad_output")
    draft.add(
        ("grad_out ", "dim"),
        ", ".join(brief(moment, ref) if ref.tensor is not None else "None" for ref in arriving),
        ("   arrives from the loss's side", "dim"),
    )
    if tape is not None and step is not None:
        write_overview(draft, tape, step)
    leaving = having(tensors, "grad_input")
    inputs = having(moment.run.tensors(op.seq), "input") if op else []
    within = _Within(call, rule, step, why, inputs)
    shown = 0
    for position, ref in enumerate(leaving):
        if ref.tensor is None:
            continue
        if shown == MOST_INPUTS:
            draft.say(f"and {len(leaving) - position} more inputs")
            break
        shown += 1
        _input(draft, node, within, position, ref)
    if not shown:
        draft.say("no input needs a gradient")


def _of(moment: Moment, op: EventRow | None) -> str:
    if op is None:
        return "an op that was not recorded"
    output = next((r for r in having(moment.run.tensors(op.seq), "output") if r.tensor), None)
    name = moment.name(output.tensor) if output and output.tensor is not None else ""
    call = f"{op.module}: {op.name}" if op.module else op.name
    if not name or name.startswith("tensor_"):
        return call
    if is_op_name(name, op.name):
        return f"{op.module}: {name}" if op.module else name
    return f"{name} = {call}"


@dataclass(frozen=True, slots=True)
class _Within:
    """What a node's card is written from; `why` says why a composite op was not worked out."""

    call: Call | None
    rule: Rule | None
    step: Step | None
    why: str
    inputs: list[TensorRef]


def _input(draft: Draft, node: EventRow, within: _Within, position: int, ref: TensorRef) -> None:
    moment, call, rule = draft.moment, within.call, within.rule
    source = _source(draft, node, within, position)
    name = moment.name(source.tensor) if source and source.tensor is not None else ""
    called = name
    if within.step is not None and position < len(within.step.given):
        given = within.step.given[position]
        inner = given.name if isinstance(given, Value) else ""
        called = f"{inner}, {name}" if name and inner != name else inner
    letter = LETTERS[position % len(LETTERS)]
    recorded = array_of(moment, ref)
    words = words_of(call.op if call else None)
    symbols = rule.symbols(position) if rule else f"grad_{letter} = {words or '?'}"
    # A formula may have letters of its own: grad_W of a linear layer is of the weight.
    left = symbols.partition(" ")[0]
    letter = left.removeprefix("grad_") if left.startswith("grad_") else letter
    said = called and called != letter
    draft.add((symbols, "backward"), (f"   {letter} is {called}" if said else "", "dim"))
    if recorded is None or not recorded.size:
        recorded = None
        draft.add(("result ", "dim"), brief(moment, ref), indent=4)
    else:
        at = chosen(draft.element, recorded)
        value = float(recorded[at])
        if draft.tensor is None:
            draft.tensor, draft.shown = ref.tensor, at
        draft.add(*_worked(draft, node, within, position, at, value, ref), indent=4)
    target = _following(node, position)
    added = None if recorded is None else (at, value)
    for row in _destination(draft, node, target, source, name, added):
        # The place stays in one piece, and the sum too where it has to go to a line of its own.
        draft.add(row[:1], row[1:], indent=4)


def _source(draft: Draft, node: EventRow, within: _Within, position: int) -> TensorRef | None:
    """Find the op's input that gradient `position` is of: plain numbers hold places too."""
    call = within.call
    leaves = node.detail.get("leaves") or ()
    if position < len(leaves) and leaves[position]:
        return TensorRef("input", int(leaves[position]))
    if call is None or within.step is not None:
        return None
    if is_inner(call.op) or takes_inner(call.op, call.node):
        return None
    before = sum(1 for name in call.names[:position] if name == "")
    at = position - before
    return within.inputs[at] if 0 <= at < len(within.inputs) else None


def _worked(
    draft: Draft,
    node: EventRow,
    within: _Within,
    position: int,
    at: tuple[int, ...],
    value: float,
    ref: TensorRef,
) -> list[Line]:
    import numpy as np

    call, rule = within.call, within.rule
    where = line((numbers.index(at) + " " if at else "", "accent"))
    result = line((numbers.number(value), "backward bold"))
    if rule is None or call is None:
        why = "its forward op is unknown"
        if call:
            why = within.why or f"no formula for {node.name}"
        return [where, result, line((f"   {why}: recorded numbers only", "dim"))]
    try:
        with np.errstate(all="ignore"):
            worked = rule.work(call, position, at)
        kinds = [read_tensor(draft.moment, ref).kind, *_kinds(draft.moment, call)]
        kind = least_exact(kinds)
        if not agrees(worked.value, value, worked.scale, kind) and not call.is_finite:
            raise Unknown(NOT_FINITE)
    except Unknown as reason:
        return [where, result, line((f"   not worked out: {reason}", "dim"))]
    except UNFORESEEN:
        # The op was called in a way that the formula does not foresee: say so, never guess.
        return [where, result, line(("   not worked out: an unusual call of this op", "dim"))]
    mark = draft.check(worked.value, value, worked.scale, kind)
    total = line((numbers.number(worked.value), "backward bold"))
    if worked.text == numbers.number(worked.value):
        return [where, (*total, *mark)]
    return [where, line(worked.text), (*line(" = "), *total, *mark)]


def _kinds(moment: Moment, call: Call) -> list[str]:
    """Give the types that an op computed with: the least exact one decides about rounding."""
    refs = moment.run.tensors(call.op.seq)
    return [kind for ref in refs if (kind := read_tensor(moment, ref).kind)]


def _following(node: EventRow, position: int) -> str:
    following = node.detail.get("next") or ()
    return str(following[position] or "") if position < len(following) else ""


def _destination(
    draft: Draft,
    node: EventRow,
    target: str,
    source: TensorRef | None,
    name: str,
    added: tuple[Place, float] | None,
) -> list[Line]:
    moment, arrow = draft.moment, draft.glyphs.arrow
    leaf = source is not None and source.tensor is not None and moment.is_leaf(source.tensor)
    if target.endswith("AccumulateGrad") or (not target and leaf):
        return [_accumulation(draft, node, source, name, added)]
    if not target:
        return []
    of = f" of {name}" if name else ""
    return [line((f"{arrow} ", "dim"), target, (of, "dim"))]


def _accumulation(
    draft: Draft,
    node: EventRow,
    source: TensorRef | None,
    name: str,
    added: tuple[Place, float] | None,
) -> Line:
    """Say into which `.grad` a gradient goes, with the sum that this makes of one element."""
    moment, arrow = draft.moment, draft.glyphs.arrow
    if source is None or source.tensor is None:
        return line((f"{arrow} accumulates into its leaf's .grad", "leaf"))
    entry = phase_entry(moment, node)
    if entry is not None and entry.name == "grad":
        # autograd.grad hands gradients to whoever called it: no .grad changes.
        return line((f"{arrow} goes to autograd.grad: {name}.grad stays as it is", "leaf"))
    into = f"{arrow} accumulates into {name}.grad"
    for row in moment.run.events(node.seq + 1, moment.seq + 1, kinds=("accumulated",)):
        tensors = moment.run.tensors(row.seq)
        if any(ref.role == "param" and ref.tensor == source.tensor for ref in tensors):
            return line((into, "leaf"), (f"  done, event {numbers.count(row.seq)}", "dim"))
    held = moment.grad(source.tensor).tensor
    if added is None:
        return line((into, "leaf"))
    at, plus = added
    text = signed(numbers.number(plus), plus)
    if held is None:
        return line((into + ": ", "leaf"), f"None + {text}")
    old = contents(moment.value(held))
    if old is None or old.ndim != len(at):
        return line((into, "leaf"))
    was = float(old[at])
    total = numbers.number(was + plus)
    return line((into + ": ", "leaf"), f"{numbers.number(was)} + {text} = ", (total, "bold"))
