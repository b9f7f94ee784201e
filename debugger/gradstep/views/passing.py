"""Gradients on their way through backward: which node they belong to, what they are called."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gradstep.views.reading import having, one

if TYPE_CHECKING:
    from gradstep.protocol.row import EventRow
    from gradstep.trace.model import TensorRef
    from gradstep.trace.moment import Moment


@dataclass(frozen=True, slots=True)
class Passing:
    """A gradient on its way: which tensor it is the gradient of, and the node that has it.

    `how` says whether the node gave it (`from MulBackward0`) or took it (`into MulBackward0`).
    """

    name: str
    how: str


def passing(moment: Moment, tensor: int) -> Passing | None:
    """Say what a gradient is the gradient of; None for any other tensor.

    The node under the cursor comes first: one gradient is what a node gives and the next one takes.
    """
    if moment.event.kind == "node":
        found = _role_in(moment, moment.event, tensor)
        if found is not None:
            return found
    if not moment.name(tensor).startswith("tensor_"):
        return None
    node = moment.node_of_gradient(tensor)
    return _role_in(moment, node, tensor) if node is not None else None


def _role_in(moment: Moment, node: EventRow, tensor: int) -> Passing | None:
    tensors = moment.run.tensors(node.seq)
    op = moment.run.event(node.op) if node.op else None
    for place, ref in enumerate(having(tensors, "grad_input")):
        if ref.tensor == tensor:
            of = _name(moment, op, taken_at(moment, op, place))
            return Passing(f"gradient of {of or f'input {place}'}", f"from {node.name}")
    about = one(tensors, "grad_output")
    if about is None or about.tensor != tensor:
        return None
    of = ""
    if op is not None and len(op.detail.get("nodes") or ()) < 2:
        of = _name(moment, op, one(moment.run.tensors(op.seq), "output"))
    return Passing(f"gradient of {of or 'an inner value'}", f"into {node.name}")


def _name(moment: Moment, op: EventRow | None, ref: TensorRef | None) -> str:
    if ref is not None and ref.tensor is not None:
        return moment.name(ref.tensor)
    return f"a value inside {op.name}" if op and len(op.detail.get("nodes") or ()) > 1 else ""


def taken_at(moment: Moment, op: EventRow | None, place: int) -> TensorRef | None:
    """Give the tensor that an op took at a place; plain numbers hold places too.

    None for a number, and for an op of several nodes, whose nodes may take what lies in between.
    """
    if op is None or len(op.detail.get("nodes") or ()) > 1:
        return None
    attributes = op.detail.get("attributes") or {}
    if f"input_{place}" in attributes:
        return None
    inputs = having(moment.run.tensors(op.seq), "input")
    at = place - sum(f"input_{before}" in attributes for before in range(place))
    return inputs[at] if 0 <= at < len(inputs) else None


def passed_gradient(moment: Moment, tensor: int) -> TensorRef | None:
    """Give the gradient that arrived for the result of an op in the latest backward by now."""
    if moment.is_parameter(tensor) or moment.is_leaf(tensor):
        # No op made it; and looking for one would go through all that the run did with it.
        return None
    op = moment.op_of_result(tensor)
    if op is None or not op.detail.get("nodes"):
        return None
    found: EventRow | None = None
    for row in moment.run.events(op.seq + 1, moment.seq + 1, kinds=("node",)):
        # Of several nodes of one op the first one takes what arrives for the result.
        if row.op == op.seq and (found is None or row.enclosing != found.enclosing):
            found = row
    return one(moment.run.tensors(found.seq), "grad_output") if found is not None else None
