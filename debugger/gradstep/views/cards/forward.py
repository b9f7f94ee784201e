"""A forward op that ran, and a value that left the graph."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from gradstep.views import numbers
from gradstep.views.cards.card import Draft, agrees, brief, chosen
from gradstep.views.cards.inside import is_made_of_steps, steps_of, write_steps
from gradstep.views.formulas import Unknown, read_op, rule_of, work_result
from gradstep.views.formulas.call import NOT_FINITE, UNFORESEEN, read_tensor
from gradstep.views.formulas.inside import Step, fits
from gradstep.views.formulas.words import EXCEPTIONS, words_of
from gradstep.views.reading import having, is_op_name, one
from gradstep.views.text import line

if TYPE_CHECKING:
    from gradstep.protocol.row import EventRow
    from gradstep.trace.model import TensorRef

MOST_TEXT: Final = 40
"""Longer attributes, such as the indices of a getitem, would hide the numbers."""

INTERNAL: Final = ("name", "node_name", "shown_as")
"""Attributes by which the engine tells forms of an op apart."""

_SLICE: Final = re.compile(r"slice\(([-\w]+), ([-\w]+), ([-\w]+)\)")

CUTS: Final = {
    "detach": "detach() shares the values but forgets where they came from",
    "data": ".data shares the values but forgets where they came from",
    "item": "item() makes a plain Python number",
    "tolist": "tolist() makes plain Python numbers",
    "numpy": "numpy() hands the values to numpy, which keeps no graph",
    "no_grad": "under no_grad() nothing is recorded for backward",
    "tensor": "torch.tensor() of a tensor copies the values into a new leaf",
}


def explain_op(draft: Draft, op: EventRow) -> None:
    """Write the card of a forward op: what went in, what came out, what backward will do."""
    moment, arrow = draft.moment, draft.glyphs.arrow
    tensors = moment.run.tensors(op.seq)
    outputs = [r for r in having(tensors, "output") if r.tensor is not None]
    made = moment.name(outputs[0].tensor) if outputs and outputs[0].tensor is not None else ""
    nodes = [str(node) for node in op.detail.get("nodes") or ()]
    made_by = nodes or [op.name.title().replace("_", "")]
    rules = list(dict.fromkeys(rule for node in made_by if (rule := rule_of(op, node))))
    where = "  ".join(part for part in (op.module, f"line {op.line}" if op.line else "") if part)
    draft.head(op.name, "forward", (f"  {where}", "dim"))
    parts = [rule.forward for rule in rules]
    if parts and (len(nodes) <= 1 or len(parts) == len(nodes)):
        draft.add(("  then  ".join(parts), "forward"))
    _numbers(draft, op, outputs[0] if outputs else None)
    for ref in having(tensors, "input"):
        if ref.tensor is not None:
            kind = _kind(draft, ref.tensor)
            draft.add(
                ("in   ", "dim"),
                moment.name(ref.tensor) + "  ",
                brief(moment, ref),
                (f"  {kind}", "leaf" if kind else ""),
            )
    given = [
        f"{name} {text}" if not name.startswith("input_") else f"{text} (a plain number)"
        for name, recorded in (op.detail.get("attributes") or {}).items()
        if len(text := as_written(recorded)) <= MOST_TEXT and name not in INTERNAL
    ]
    if given:
        draft.add(("with ", "dim"), "  ".join(given))
    for ref in outputs:
        assert ref.tensor is not None
        draft.add(("out  ", "dim"), (moment.name(ref.tensor) + "  ", "bold"), brief(moment, ref))
    draft.tensor = outputs[0].tensor if outputs else None
    if not nodes:
        draft.say("No input requires a gradient here, so backward will never come this way.")
        return
    steps = _steps_by_node(draft, op, nodes)
    is_opaque = len(nodes) > 1 and not steps and not any(rule_of(op, node) for node in nodes)
    if is_opaque:
        # Each has the same to say: that nothing is known of it.
        many = [line((f"{node} ", "backward")) for node in reversed(nodes)]
        draft.add((f"{arrow} remembers {len(nodes)} nodes: ", "dim"), *many)
    for number, node in () if is_opaque else reversed(list(enumerate(nodes))):
        known = rule_of(op, node)
        wanted = sum(r.tensor is not None for r in having(tensors, "input"))
        symbols = [words_of(op) or "formula not in gradstep's table"]
        if steps:
            symbols = [f"of {steps[number].out.name} = {steps[number].symbols}"]
        elif known:
            symbols = list(known.backward[:wanted])
        ends = [", "] * (len(symbols) - 1) + [""]
        said = [line((f"{symbol}{end}", "dim")) for symbol, end in zip(symbols, ends, strict=True)]
        draft.add((f"{arrow} remembers ", "dim"), (node, "backward"), "  ", *said)
    if made and not is_op_name(made, op.name):
        draft.say(f"{made}.grad_fn is {nodes[-1] if len(nodes) == 1 else op.detail['grad_fn']}")


def as_written(recorded: object) -> str:
    """Write an attribute; an index with slices as the script has it: `[:, -1]`."""
    text = str(recorded)
    if "slice(" not in text:
        return text
    text = _SLICE.sub(_colons, text).replace("Ellipsis", "...")
    return f"[{text.strip('()').rstrip(',')}]"


def _colons(found: re.Match[str]) -> str:
    start, stop, step = ("" if part == "None" else part for part in found.groups())
    return f"{start}:{stop}" + (f":{step}" if step else "")


def _steps_by_node(draft: Draft, op: EventRow, nodes: list[str]) -> list[Step]:
    """Give the steps of a composite op that left its nodes; none where they are not known."""
    call = read_op(draft.moment, op)
    if len(nodes) < 2 or not is_made_of_steps(call):
        return []
    try:
        tape = steps_of(call)
    except Unknown:
        return []
    return [step for step in tape.steps if step.node] if fits(tape, call) else []


def _numbers(draft: Draft, op: EventRow, output: TensorRef | None) -> None:
    """Work one element of the output out and compare it with what was recorded."""
    import numpy as np

    kept = read_tensor(draft.moment, output)
    recorded = kept.array
    if recorded is None or recorded.size == 0:
        return
    at = chosen(draft.element, recorded)
    draft.shown = at
    call = read_op(draft.moment, op)
    try:
        with np.errstate(all="ignore"):
            worked = work_result(call, at)
        if worked is not None:
            fine = agrees(worked.value, float(recorded[at]), worked.scale, kept.kind)
            if not fine and not call.is_finite:
                raise Unknown(NOT_FINITE)
    except Unknown as reason:
        worked, why = None, f"not worked out: {reason}"
    except UNFORESEEN:
        # Not a form of the op that the table foresees: say so, never guess.
        worked, why = None, "not worked out: an unusual call of this op"
    else:
        why = "" if worked else EXCEPTIONS.get(op.name, f"no formula for {op.name}")
    if worked is None:
        if is_made_of_steps(call):
            try:
                write_steps(draft, steps_of(call), at, float(recorded[at]), kept.kind)
                return
            except Unknown as reason:
                why = f"not worked out: {reason}"
        draft.add(
            line((numbers.index(at) + " " if at else "", "accent")),
            line((numbers.number(float(recorded[at])), "forward bold")),
            line((f"   {why}", "dim")),
            indent=4,
        )
        return
    mark = draft.check(worked.value, float(recorded[at]), worked.scale, kept.kind)
    draft.add(
        line((numbers.index(at) + " " if at else "", "accent")),
        line(worked.text),
        (*line(" = ", (numbers.number(worked.value), "forward bold")), *mark),
        indent=4,
    )


def _kind(draft: Draft, tensor: int) -> str:
    if draft.moment.is_parameter(tensor):
        return "parameter"
    return "leaf" if draft.moment.is_leaf(tensor) else ""


def explain_cut(draft: Draft, event: EventRow) -> None:
    """Write the card of a value that left the graph."""
    moment, glyphs = draft.moment, draft.glyphs
    tensors = moment.run.tensors(event.seq)
    source, result = one(tensors, "source"), one(tensors, "result")
    name = moment.name(source.tensor) if source and source.tensor is not None else "a tensor"
    draft.head(f"{glyphs.cut} {event.name}", "warning", ("  the gradient stops here", "warning"))
    draft.say(CUTS.get(event.name, "the values leave the graph") + ".")
    draft.add(("from ", "dim"), f"{name}  ", brief(moment, source))
    if result is not None and result.tensor is not None:
        draft.add(("to   ", "dim"), f"{moment.name(result.tensor)}  ", brief(moment, result))
        draft.say(
            "Whatever is computed from it, backward will not pass through to "
            f"{name} and what lies before it."
        )
        draft.tensor = result.tensor
    else:
        draft.say("Fine for printing; a loss made from it would reach no parameter.")
