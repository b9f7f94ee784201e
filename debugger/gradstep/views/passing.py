"""Gradients on their way through backward: which node they belong to, what they are called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradstep.views.reading import having, one

if TYPE_CHECKING:
    from gradstep.protocol.row import EventRow
    from gradstep.trace.model import TensorRef
    from gradstep.trace.moment import Moment


def passing_name(moment: Moment, tensor: int) -> str:
    """Name a gradient by the node that gave or took it; "" for any other tensor.

    The node under the cursor comes first: one gradient is what a node gives and the next one takes.
    """
    if moment.event.kind == "node":
        found = _role_in(moment, moment.event, tensor)
        if found:
            return found
    if not moment.name(tensor).startswith("tensor_"):
        return ""
    node = moment.node_of_gradient(tensor)
    return _role_in(moment, node, tensor) if node is not None else ""


def _role_in(moment: Moment, node: EventRow, tensor: int) -> str:
    tensors = moment.run.tensors(node.seq)
    for place, ref in enumerate(having(tensors, "grad_input")):
        if ref.tensor == tensor:
            return f"grad_input {place} of {node.name}"
    about = one(tensors, "grad_output")
    return f"grad_output of {node.name}" if about and about.tensor == tensor else ""


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
