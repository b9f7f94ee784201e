"""Rows for what optimizers and schedulers do."""

from __future__ import annotations

from collections.abc import Mapping
from types import FrameType
from typing import TYPE_CHECKING, Any

from gradstep.debuggee.optimizers import hyperparameters, rule_of
from gradstep.debuggee.previewing import check_of
from gradstep.trace.batch import TensorUse
from gradstep.trace.detail import jsonable
from gradstep_engine import events

if TYPE_CHECKING:
    from gradstep.debuggee.recorder import Recorder


def on_optimizer_created(
    recorder: Recorder, event: events.OptimizerCreated, frame: FrameType | None
) -> None:
    """An optimizer was made: from here on its parameters have values and names."""
    seq, book = recorder.next_seq, recorder.book
    recorder.names.look_for_modules(frame, seq)
    uses: list[TensorUse] = []
    for group in event.optimizer.param_groups:
        for param in group["params"]:
            book.make_parameter(param, seq)
            uses.append(("param", *book.use(param, seq)))
            recorder.expect_name(param)
            if param.grad is not None:
                book.use(param.grad, seq)
            recorder.set_grad(param, param.grad, seq)
    recorder.names.look(frame, seq, thoroughly=True)
    recorder.optimizers.record(event.optimizer, seq)
    number = recorder.optimizers.number(event.optimizer)
    name = type(event.optimizer).__name__
    detail = {"optimizer": number, "rule": rule_of(event.optimizer)}
    recorder.emit("optimizer_created", frame, uses, name=name, detail=detail)


def on_updated(recorder: Recorder, event: events.Updated, frame: FrameType | None) -> None:
    """An optimizer changed one parameter."""
    seq, book = recorder.next_seq, recorder.book
    number = recorder.optimizers.number(event.optimizer)
    parameter = event.parameter
    book.make_parameter(parameter, seq)
    before = book.use_copy(event.before, parameter.uid, parameter._version - 1, seq)
    uses: list[TensorUse] = [
        ("param", *book.use(parameter, seq, changed=True)),
        ("before", *before),
        ("grad", *book.use(event.grad, seq)),
    ]
    state: dict[str, Any] = {}
    state_before: dict[str, Any] = {}
    for name, value in event.state_after.items():
        was = event.state_before.get(name)
        if not _is_tensor(value):
            if isinstance(value, (int, float)):
                state[name] = value
                recorder.writer.add_state(number, parameter.uid, seq, name, number=value)
            if isinstance(was, (int, float)):
                state_before[name] = was
        elif value._array.size == 1 and name == "step":
            # Some optimizers keep their counter in a tensor; it is a number to people.
            state[name] = value._array.item()
            recorder.writer.add_state(number, parameter.uid, seq, name, number=state[name])
            if was is not None:
                state_before[name] = was._array.item() if _is_tensor(was) else was
        else:
            if _is_tensor(was):
                old = book.use_copy(was, value.uid, value._version - 1, seq)
                uses.append((f"state_before:{name}", *old))
            uses.append((f"state:{name}", *book.use(value, seq, changed=True)))
            recorder.writer.add_state(number, parameter.uid, seq, name, tensor=value.uid)
    recorder.subject = parameter
    detail = {
        "optimizer": number,
        "class": type(event.optimizer).__name__,
        "group": event.group,
        "index": event.index,
        "hyper": hyperparameters(event.hyper),
        "state": state,
        "state_before": state_before,
    }
    check = check_of(recorder, event)
    if check is not None:
        detail["check"] = check
    name = recorder.name_of(parameter, frame)
    recorder.emit("updated", frame, uses, name=name, detail=detail)


def on_scheduled(recorder: Recorder, event: events.Scheduled, frame: FrameType | None) -> None:
    """A scheduler changed hyper-parameters."""
    recorder.optimizers.record(event.optimizer, recorder.next_seq)
    recorder.emit(
        "scheduled",
        frame,
        name=type(event.scheduler).__name__,
        detail={
            "optimizer": recorder.optimizers.number(event.optimizer),
            "before": _groups(event.before),
            "after": _groups(event.after),
            "initial": event.initial,
        },
    )


def on_clipped(recorder: Recorder, event: events.Clipped, frame: FrameType | None) -> None:
    """Gradients were clipped: the parameters' `.grad` hold new numbers."""
    seq, book = recorder.next_seq, recorder.book
    uses: list[TensorUse] = []
    for parameter in event.parameters:
        uses.append(("param", *book.use(parameter, seq)))
        if parameter.grad is not None:
            uses.append(("after", *book.use(parameter.grad, seq, changed=True)))
            recorder.set_grad(parameter, parameter.grad, seq)
    norm = None if event.norm is None else float(event.norm)
    detail = {"norm": jsonable(norm), "limit": jsonable(float(event.limit))}
    recorder.emit("clipped", frame, uses, name=event.how, detail=detail)


def _groups(groups: Any) -> list[Mapping[str, Any]]:
    return [hyperparameters(group) for group in groups]


def _is_tensor(value: Any) -> bool:
    return hasattr(value, "_array")
