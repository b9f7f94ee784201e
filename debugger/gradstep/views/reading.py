"""Short questions that several views ask a moment of a trace."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradstep.protocol.row import EventRow
    from gradstep.trace.model import TensorRef, TensorValue
    from gradstep.trace.moment import Moment

Refs = Sequence["TensorRef"]


def refs(moment: Moment, seq: int) -> tuple[TensorRef, ...]:
    """Give the tensors of an event in their roles."""
    return moment.run.tensors(seq)


def having(tensors: Iterable[TensorRef], role: str) -> list[TensorRef]:
    """Keep the tensors of one role, the empty places too."""
    return [ref for ref in tensors if ref.role == role]


def one(tensors: Iterable[TensorRef], role: str) -> TensorRef | None:
    """Give the first tensor of a role that is not an empty place."""
    return next((r for r in tensors if r.role == role and r.tensor is not None), None)


def value_of(moment: Moment, ref: TensorRef | None) -> TensorValue | None:
    """Give what was recorded of exactly the version that an event saw."""
    if ref is None or ref.tensor is None:
        return None
    return moment.version(ref.tensor, ref.version)


def norm_of(moment: Moment, ref: TensorRef | None) -> float | None:
    """Give the Euclidean norm of the version that an event saw; NaN if it holds NaN or Inf."""
    value = value_of(moment, ref)
    if value is None:
        return None
    if value.nan or value.inf:
        return float("nan")
    return value.norm


def iteration_span(moment: Moment, iteration: int) -> tuple[int, int]:
    """Give the events [start, stop) recorded of an iteration, those after the moment included."""
    run = moment.run
    start = run.first_seq_of_iteration(iteration)
    if start is None:
        return (0, 0)
    stop = run.first_seq_of_iteration(iteration + 1)
    return (start, stop if stop is not None else run.head + 1)


def phase_entry(moment: Moment, event: EventRow) -> EventRow | None:
    """Give the phase_entered row of the phase that an event lies in, None outside of phases."""
    if event.kind == "phase_entered":
        return event
    return moment.run.event(event.enclosing) if event.enclosing else None


def is_op_name(name: str, op: str) -> bool:
    """Tell a name like `relu_3`, made from the op, from one that stands in the script."""
    return bool(re.fullmatch(rf"(?:{re.escape(op)}|tensor)_\d+", name))


def result_name(moment: Moment, tensor: int | None, op: str) -> str:
    """Give the one name of an op's result: the script's, else that of the op and its number."""
    name = moment.name(tensor) if tensor is not None else ""
    return op if not name or re.fullmatch(r"tensor_\d+", name) else name


def counts(moment: Moment, start: int, stop: int) -> dict[tuple[str, str], int]:
    """Count the events [start, stop) by (kind, phase)."""
    return moment.run.counts(start, stop) if 0 < start < stop else {}
