"""Turns each event of a source into rows: which tensors in which role, and what else is known."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping
from types import FrameType
from typing import TYPE_CHECKING, Any, Final

from gradstep.debuggee.facts_of_optimizers import (
    on_clipped,
    on_optimizer_created,
    on_scheduled,
    on_updated,
)
from gradstep.debuggee.failing import failing_text
from gradstep.debuggee.naming import VARIABLE
from gradstep.debuggee.node_edges import Origin, node_detail
from gradstep.trace.batch import TensorUse
from gradstep_engine import events

if TYPE_CHECKING:
    from gradstep.debuggee.recorder import Recorder

Handler = Callable[["Recorder", Any, FrameType | None], None]

_ATTRIBUTE_LIMIT: Final = 200


def on_phase_entered(
    recorder: Recorder, event: events.PhaseEntered, frame: FrameType | None
) -> None:
    """A phase begins; the forward stretch before it ends."""
    clock = recorder.clock
    if clock.ends_forward(event.phase):
        recorder.names.look(frame, recorder.next_seq, thoroughly=True)
        recorder.close_forward(frame)
    number = recorder.optimizers.number(event.optimizer)
    place = recorder.locator.place(frame)
    clock.arrive(event.phase, *place, number, recorder.optimizers.newest)
    seq = recorder.next_seq
    uses: list[TensorUse] = []
    if event.root is not None:
        uses.append(("root", *recorder.book.use(event.root, seq)))
        recorder.names.expect_variable(event.root.uid)
        recorder.names.look(frame, seq, thoroughly=True)
        recorder.subject = event.root
        if event.root._array.size == 1:
            recorder.loss = event.root._array.item()
        uses += [("root", *recorder.book.use(tensor, seq)) for tensor in event.others]
        uses += [("wanted", *recorder.book.use(tensor, seq)) for tensor in event.wanted or ()]
    if event.optimizer is not None:
        recorder.optimizers.look_for_name(event.optimizer, frame)
        if event.phase == "step":
            recorder.optimizers.record(event.optimizer, seq)
            recorder.skips.entered(weakref.ref(event.optimizer))
    enclosing = clock.enclosing
    clock.enter(event.phase, event.name, seq)
    recorder.emit(
        "phase_entered",
        frame,
        uses,
        name=event.name,
        phase=event.phase,
        enclosing=enclosing,
        detail=_phase_detail(recorder, number),
    )
    recorder.skips.at_beginning = False


def on_phase_exited(recorder: Recorder, event: events.PhaseExited, frame: FrameType | None) -> None:
    """A phase ended, with or without an error."""
    is_skipped = event.phase == "step" and recorder.skips.end(recorder)
    completed = event.error is None and not is_skipped
    stretch = recorder.clock.leave(event.phase, completed=completed)
    if event.phase == "backward":
        recorder.book.forget_passing()
    number = recorder.optimizers.number(event.optimizer)
    detail: Mapping[str, Any] = _phase_detail(recorder, number)
    if event.error is not None:
        detail = {**detail, "error": f"{type(event.error).__name__}: {event.error}"}
        failed = failing_text(event.error.__traceback__, recorder.locator)
        if failed:
            detail = {**detail, "failed": failed}
    if is_skipped:
        detail = {**detail, "skipped": True}
    recorder.emit(
        "phase_exited",
        frame,
        name=event.name,
        phase=event.phase,
        enclosing=0 if stretch is None else stretch.seq,
        detail=detail,
    )


def _phase_detail(recorder: Recorder, optimizer: int) -> Mapping[str, Any]:
    key = ("phase", optimizer)
    known = recorder.shared_detail(key)
    return known or recorder.share_detail(key, {"optimizer": optimizer or None})


def count_op(recorder: Recorder, event: events.Op, frame: FrameType | None) -> None:
    """An op, as far as phases and iterations depend on it."""
    clock = recorder.clock
    if clock.is_idle:
        # An update by hand under no_grad returns a leaf that requires grad, and is no forward.
        takes_part = event.call is not None or event.grad_fn is not None or bool(event.nodes)
        if takes_part:
            clock.arrive("forward", *recorder.locator.place(frame))
            seq = recorder.next_seq
            clock.enter("forward", "forward", seq)
            recorder.emit("phase_entered", frame, name="forward", phase="forward", enclosing=0)
    else:
        clock.passes(*recorder.locator.place(frame))


def on_op(recorder: Recorder, event: events.Op, frame: FrameType | None) -> None:
    """An op ran."""
    if recorder.clock.counts_ops:
        count_op(recorder, event, frame)
    module, calls = _call(recorder, event.call, frame)
    seq = recorder.next_seq
    book, names, outputs = recorder.book, recorder.names, event.outputs
    uses: list[TensorUse] = []
    for tensor in event.inputs:
        before = book.get(tensor.uid) if _is_among(tensor, outputs) else None
        if before is not None and before.version >= 0:
            # Changed in place: what came in is the version before.
            uses.append(("input", before.uid, before.version))
            if before.rank > VARIABLE:
                names.expect_variable(before.uid)
            continue
        entry = book.see(tensor, seq)
        uses.append(("input", entry.uid, entry.version))
        if entry.rank > VARIABLE:
            names.expect_variable(entry.uid)
            if entry.is_parameter and event.call is not None:
                names.look_in_module(event.call.module, tensor, seq)
    for tensor in outputs:
        is_new = book.get(tensor.uid) is None
        entry = book.see(tensor, seq)
        uses.append(("output", entry.uid, entry.version))
        if is_new:
            names.name_output(entry, seq, event.name, recorder.clock.iteration)
            names.expect_variable(entry.uid)
    if event.nodes:
        origin = Origin(seq)
        origin.file, origin.line = recorder.locator.place(frame)
        origin.module, origin.calls = module, calls
        for node in event.nodes:
            node.origin = origin
    recorder.subject = outputs[0] if outputs else None
    detail = _op_detail(recorder, event)
    recorder.emit("op", frame, uses, name=event.name, module=module, calls=calls, detail=detail)


def _op_detail(recorder: Recorder, event: events.Op) -> Mapping[str, Any]:
    nodes = tuple([node.name() for node in event.nodes])
    grad_fn = None if event.grad_fn is None else event.grad_fn.name()
    attributes = shown(event.attributes) if event.attributes else {}
    key = ("op", nodes, grad_fn, *attributes.items())
    known = recorder.shared_detail(key)
    if known is not None:
        return known
    detail: dict[str, Any] = {"nodes": list(nodes), "grad_fn": grad_fn}
    if attributes:
        detail["attributes"] = attributes
    return recorder.share_detail(key, detail)


def _is_among(tensor: Any, tensors: tuple[Any, ...]) -> bool:
    for one in tensors:  # noqa: SIM110 - a generator would take most of the time of this.
        if one is tensor:
            return True
    return False


def on_graph_cut(recorder: Recorder, event: events.GraphCut, frame: FrameType | None) -> None:
    """A value left the graph."""
    module, calls = _call(recorder, event.call, frame)
    seq = recorder.next_seq
    uses: list[TensorUse] = [("source", *recorder.book.use(event.source, seq))]
    recorder.subject = event.source
    if event.result is not None:
        uses.append(("result", *recorder.book.use(event.result, seq)))
        recorder.names.expect_variable(event.result.uid)
        recorder.subject = event.result
    recorder.emit("graph_cut", frame, uses, name=event.how, module=module, calls=calls)


def on_node(recorder: Recorder, event: events.NodeRan, frame: FrameType | None) -> None:
    """A backward node ran."""
    seq, book = recorder.next_seq, recorder.book
    uses: list[TensorUse] = []
    for role, gradients in (
        ("grad_output", event.grad_outputs),
        ("grad_input", event.grad_inputs),
    ):
        for tensor in gradients:
            if tensor is None:
                uses.append((role, None, 0))
            else:
                uses.append((role, *book.use_passing(tensor, seq)))
    recorder.subject = next((x for x in event.grad_inputs if x is not None), None)
    here = recorder.locator.place(frame)
    origin = event.node.origin
    place, module = here, ""
    calls: tuple[int, ...] = ()
    if isinstance(origin, Origin):
        place, module, calls = (origin.file, origin.line), origin.module, origin.calls
    recorder.last_node_place = place, module
    detail = node_detail(recorder, event.node.next_functions, origin)
    recorder.emit(
        "node",
        frame,
        uses,
        name=event.node.name(),
        module=module,
        calls=calls,
        place=place,
        call_place=here,
        op=int(origin or 0),
        detail=detail,
    )


def on_accumulated(recorder: Recorder, event: events.Accumulated, frame: FrameType | None) -> None:
    """A gradient was added into a leaf."""
    seq, book = recorder.next_seq, recorder.book
    book.make_parameter(event.leaf, seq)
    uses: list[TensorUse] = [("param", *book.use(event.leaf, seq))]
    uses.append(("contribution", *book.use_passing(event.contribution, seq)))
    if event.before is not None:
        version = event.after._version - 1
        uses.append(("before", *book.use_copy(event.before, event.after.uid, version, seq)))
    uses.append(("after", *book.use(event.after, seq, changed=True)))
    recorder.set_grad(event.leaf, event.after, seq)
    recorder.subject = event.after
    place, module = recorder.last_node_place
    if not place[1]:
        place = recorder.locator.place(frame)
    recorder.emit(
        "accumulated",
        frame,
        uses,
        name=recorder.name_of(event.leaf, frame),
        module=module,
        place=place,
        call_place=recorder.locator.place(frame),
        detail={"backward": recorder.clock.enclosing},
    )


def on_zeroed(recorder: Recorder, event: events.Zeroed, frame: FrameType | None) -> None:
    """A gradient was cleared."""
    seq, book = recorder.next_seq, recorder.book
    book.make_parameter(event.tensor, seq)
    uses: list[TensorUse] = [("param", *book.use(event.tensor, seq))]
    if event.before is not None:
        if book.get(event.before.uid) is not None:
            uses.append(("before", *book.use(event.before, seq)))
        else:
            known = recorder.grad_of(event.tensor)
            version = -1 if event.after is None else event.after._version - 1
            uses.append(("before", *book.use_copy(event.before, known, version, seq)))
    if event.after is not None:
        uses.append(("after", *book.use(event.after, seq, changed=True)))
    recorder.set_grad(event.tensor, event.after, seq)
    recorder.subject = event.tensor
    recorder.emit("zeroed", frame, uses, name=recorder.name_of(event.tensor, frame))


def on_fetched(recorder: Recorder, event: events.Fetched, frame: FrameType | None) -> None:
    """A DataLoader yielded a batch."""
    seq = recorder.next_seq
    uses: list[TensorUse] = [("output", *recorder.book.use(x, seq)) for x in event.tensors]
    for tensor in event.tensors:
        recorder.names.expect_variable(tensor.uid)
    recorder.subject = event.tensors[0] if event.tensors else None
    indices = None if event.indices is None else [int(index) for index in event.indices]
    recorder.emit("fetched", frame, uses, name="DataLoader", detail={"indices": indices})


def on_mode_changed(recorder: Recorder, event: events.ModeChanged, frame: FrameType | None) -> None:
    """train(), eval(), requires_grad_ or grad mode."""
    uses: list[TensorUse] = []
    module = ""
    if event.what == "requires_grad" and hasattr(event.subject, "uid"):
        uses.append(("param", *recorder.book.use(event.subject, recorder.next_seq)))
        if event.after and event.subject.is_leaf:
            recorder.book.make_parameter(event.subject, recorder.next_seq)
    elif event.subject is not None:
        recorder.names.look_for_modules(frame, recorder.next_seq)
        module = recorder.names.path_of(event.subject)
    detail = {"before": event.before, "after": event.after, "module": module}
    recorder.emit("mode_changed", frame, uses, name=event.what, module=module, detail=detail)


def on_written(recorder: Recorder, event: events.Written, frame: FrameType | None) -> None:
    """A parameter, buffer or gradient changed outside an optimizer."""
    seq, book = recorder.next_seq, recorder.book
    changes_grad = event.how == "grad"
    uses: list[TensorUse] = [("param", *book.use(event.tensor, seq, changed=not changes_grad))]
    if changes_grad:
        grad = event.tensor.grad
        if grad is not None:
            uses.append(("after", *book.use(grad, seq, changed=True)))
        recorder.set_grad(event.tensor, grad, seq)
    recorder.subject = event.tensor
    name = recorder.name_of(event.tensor, frame)
    recorder.emit("written", frame, uses, name=event.how, detail={"parameter": name})


def on_updating(recorder: Recorder, event: events.Updating, frame: FrameType | None) -> None:
    """A parameter is about to be changed: whether it is, the recorder's `skips` answer."""


def shown(attributes: Mapping[str, Any]) -> dict[str, str]:
    """Return the texts of an op's attributes, cut to a readable length."""
    return {name: _shown(value) for name, value in attributes.items()}


def _shown(value: Any) -> str:
    try:
        text = repr(value)
    except Exception as error:
        # A class of the user's may have a repr that fails.
        text = f"<{type(value).__name__} whose repr raised {type(error).__name__}>"
    return text if len(text) <= _ATTRIBUTE_LIMIT else text[: _ATTRIBUTE_LIMIT - 1] + "…"


def _call(
    recorder: Recorder, call: events.ModuleCall | None, frame: FrameType | None
) -> tuple[str, tuple[int, ...]]:
    if call is None:
        return "", ()
    return recorder.place_of_call(call, frame)


HANDLERS: Final[dict[type, Handler]] = {
    events.PhaseEntered: on_phase_entered,
    events.PhaseExited: on_phase_exited,
    events.Op: on_op,
    events.GraphCut: on_graph_cut,
    events.NodeRan: on_node,
    events.Accumulated: on_accumulated,
    events.Zeroed: on_zeroed,
    events.OptimizerCreated: on_optimizer_created,
    events.Updated: on_updated,
    events.Scheduled: on_scheduled,
    events.Clipped: on_clipped,
    events.Fetched: on_fetched,
    events.ModeChanged: on_mode_changed,
    events.Written: on_written,
}

PHASE_DETAIL: Final[dict[type, Handler]] = {
    **{
        kind: HANDLERS[kind]
        for kind in (
            events.PhaseEntered,
            events.PhaseExited,
            events.Accumulated,
            events.Zeroed,
            events.OptimizerCreated,
            events.Updated,
            events.Scheduled,
            events.Clipped,
        )
    },
    events.Op: count_op,
}
