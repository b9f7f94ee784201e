"""Stamps what a source tells, writes it to the trace, and lets the stepper decide about a pause.

Never breaks the script: an error of ours is told once, noted in the trace, and ends the recording.
What the user does on purpose (Ctrl-C, an exception of a signal handler) goes through.
"""

from __future__ import annotations

import os
import sqlite3
import sys
import threading
from collections.abc import Mapping, Sequence
from types import FrameType, MappingProxyType
from typing import Any, Final, Protocol

from gradstep.debuggee import adapter
from gradstep.debuggee.clock import Clock
from gradstep.debuggee.facts import HANDLERS, PHASE_DETAIL, count_op, on_updating
from gradstep.debuggee.location import Locator
from gradstep.debuggee.naming import VARIABLE, Names
from gradstep.debuggee.optimizers import OptimizerBook
from gradstep.debuggee.skipping import Skips
from gradstep.debuggee.tensors import TensorBook
from gradstep.protocol.row import EventRow
from gradstep.trace.batch import TensorUse
from gradstep.trace.detail import SharedDetail
from gradstep.trace.writer import TraceWriter
from gradstep_engine import events
from gradstep_engine.events import ModuleCall

Place = tuple[str, int]

_OUTPUT_LIMIT: Final = 8192
_NO_DETAIL: Final[Mapping[str, Any]] = MappingProxyType({})
_SHARED_DETAILS: Final = 4096
_OWN_DEPTH: Final = 64
"""Frames that the making of a row never comes near to."""


class Observer(Protocol):
    """Who is asked after each row whether the script goes on."""

    def after(self, row: EventRow, frame: FrameType | None) -> None:
        """Return when the script may go on."""


class Recorder:
    """The listener: one per process, for one run."""

    def __init__(self, writer: TraceWriter, locator: Locator, *, detail: str) -> None:
        """Write to `writer`; `detail` is phases, events or values."""
        self.writer = writer
        self.locator = locator
        self.detail = detail
        self.clock = Clock()
        self.book = TensorBook(writer, keeps_contents=detail == "values")
        self.names = Names(self.book, locator)
        self.optimizers = OptimizerBook(writer, self.book)
        self.observer: Observer | None = None
        self.skips = Skips()
        self.seq = 0
        self.is_recording = True
        self.subject: Any = None
        """The live tensor that the event in hand is about, for conditions."""
        self.uses: Sequence[TensorUse] = ()
        """The tensors of the row in hand."""
        self.loss: Any = None
        """The number that the last backward() began from."""
        self.trouble: str = ""
        self.handlers = PHASE_DETAIL if detail == "phases" else HANDLERS
        self.lock = threading.RLock()
        self.is_busy = False
        self._pid = os.getpid()
        self._printed: dict[str, str] = {}
        self.last_node_place: tuple[Place, str] = (("", 0), "")
        """Where the op lay whose node ran last: what it passes on arrives at a leaf next."""
        self._grads: dict[int, int | None] = {}
        self._details: dict[tuple[Any, ...], SharedDetail] = {}
        self._call: tuple[ModuleCall, str, tuple[int, ...]] | None = None

    @property
    def next_seq(self) -> int:
        """The seq of the row that is being made."""
        return self.seq + 1

    def listen(self, event: Any) -> str | None:
        """Take one event from a source, on the thread where it happens.

        Returns `SKIP` where the user wants a step or a parameter's update left out.
        """
        handler = self.handlers.get(type(event))
        if handler is None or (handler is count_op and not self.clock.counts_ops):
            return None
        with self.lock:
            # Our own evaluation runs ops too; these are no part of the run.
            if self.is_busy or not self.is_recording:
                return None
            self.is_busy = True
            try:
                frame = self.locator.user_frame(sys._getframe(1))
                if self._printed:
                    self.write_output()
                self.names.look(frame, self.seq + 1)
                handler(self, event, frame)
                if self.skips.is_wanted:
                    return self.skips.answer(self, event, frame)
            except Exception as error:
                self._take(error)
            finally:
                self.subject = None
                self.is_busy = False
        return None

    def watch_updates(self, *, on: bool) -> None:
        """Be told before a parameter is changed, or no longer: it costs, and is seldom wanted."""
        table = PHASE_DETAIL if self.detail == "phases" else HANDLERS
        self.handlers = {**table, events.Updating: on_updating} if on else table

    def note_line(self, frame: FrameType) -> None:
        """Record that a line of the user's is about to run."""
        with self.lock:
            if self.is_busy or not self.is_recording:
                return
            self.is_busy = True
            try:
                self.write_output()
                self.names.look(frame, self.next_seq)
                self.emit("line", frame, name=frame.f_code.co_name)
            except Exception as error:
                self._take(error)
            finally:
                self.is_busy = False

    def note_output(self, stream: str, text: str) -> None:
        """Keep what the script printed until the line is full or something else happens."""
        if not self.is_recording or not text or os.getpid() != self._pid:
            return
        with self.lock:
            if self.is_busy:
                return
            self.is_busy = True
            try:
                if self._printed and stream not in self._printed:
                    self.write_output()
                whole = self._printed.get(stream, "") + text
                self._printed[stream] = whole
                if whole.endswith("\n") or len(whole) > _OUTPUT_LIMIT:
                    self.write_output()
            except Exception as error:
                self._take(error)
            finally:
                self.is_busy = False

    def write_output(self) -> None:
        """Record what was printed and not recorded yet."""
        while self._printed:
            stream, text = self._printed.popitem()
            frame = self.locator.user_frame(sys._getframe(1))
            self.emit("output", frame, name=stream, detail={"text": text})

    def emit(
        self,
        kind: str,
        frame: FrameType | None,
        uses: Sequence[TensorUse] = (),
        *,
        name: str = "",
        module: str = "",
        calls: tuple[int, ...] = (),
        place: Place | None = None,
        call_place: Place = ("", 0),
        phase: str | None = None,
        enclosing: int | None = None,
        op: int = 0,
        detail: Mapping[str, Any] | None = None,
    ) -> None:
        """Write one row, stamped with place and counters, and pause there if that is wanted."""
        clock = self.clock
        file, line = self.locator.place(frame) if place is None else place
        seq = self.seq + 1
        fields = (
            seq,
            kind,
            clock.phase if phase is None else phase,
            clock.iteration,
            clock.step,
            name,
            module,
            calls,
            file,
            line,
            call_place[0],
            call_place[1],
            clock.enclosing if enclosing is None else enclosing,
            op,
            detail or _NO_DETAIL,
        )
        # In this order an interrupt in between makes a row anew instead of leaving a gap.
        self.writer.add_fields(fields, uses)
        self.seq = seq
        if self.observer is not None:
            self.uses = uses
            self.observer.after(EventRow(*fields), frame)

    def shared_detail(self, key: tuple[Any, ...]) -> SharedDetail | None:
        """Return the detail that was shared under `key`."""
        return self._details.get(key)

    def share_detail(self, key: tuple[Any, ...], detail: Mapping[str, Any]) -> SharedDetail:
        """Keep a detail that later events may have as well: an op's is the same each round."""
        if len(self._details) >= _SHARED_DETAILS:
            self._details.clear()
        shared = self._details[key] = SharedDetail(detail)
        return shared

    def flush(self) -> None:
        """Commit everything, including a line that is printed in part; called before a pause."""
        self.writer.flush()

    def flush_if_due(self) -> None:
        """Commit from another thread what has waited long enough, unless an event is at work."""
        if not self.writer.is_flush_due or not self.lock.acquire(blocking=False):
            return
        try:
            if self.is_recording and not self.is_busy:
                self.writer.flush()
        except Exception as error:
            self._take(error)
        finally:
            self.lock.release()

    def begin(self, name: str, detail: Mapping[str, Any]) -> None:
        """Write the row `run_started`."""
        self.emit("run_started", None, name=name, place=(self.locator.script, 0), detail=detail)
        self.writer.flush()

    def end(self, exit_status: int | None, error: Mapping[str, str] | None) -> None:
        """Write what is left and the row `run_finished`, and close the trace."""
        self.observer = None
        with self.lock:
            if not self.is_recording:
                return
            self.is_busy = True
            try:
                self.write_output()
                forward = self.clock.open_forward()
                if forward is not None:
                    self.close_forward(None)
                detail = {"exit_status": exit_status, "error": error}
                place = (error.get("file", ""), int(error.get("line", 0))) if error else ("", 0)
                self.emit("run_finished", None, name="run", place=place, detail=detail)
                self.writer.finish(exit_status, error)
            except Exception as failure:
                self._take(failure)
            finally:
                self.is_recording = False
                self._close()

    def _close(self) -> None:
        try:
            self.writer.close()
        except Exception as failure:
            if not self.trouble:
                self._take(failure)

    def set_grad(self, leaf: Any, grad: Any | None, seq: int) -> None:
        """Note what `.grad` of a leaf is from now on."""
        uid = None if grad is None else grad.uid
        if leaf.uid not in self._grads or self._grads[leaf.uid] != uid:
            self.writer.add_grad(leaf.uid, seq, uid)
            self._grads[leaf.uid] = uid

    def grad_of(self, leaf: Any) -> int | None:
        """Return the tensor that `.grad` of a leaf was when last heard of."""
        return self._grads.get(leaf.uid)

    def grad_of_id(self, leaf: int) -> int | None:
        """Return the tensor that `.grad` of the leaf of this id was when last heard of."""
        return self._grads.get(leaf)

    def name_of(self, tensor: Any, frame: FrameType | None) -> str:
        """Return a tensor's name, "" if it has none by now but that of an op."""
        entry = self.book.entry(tensor, self.next_seq)
        if entry.rank > VARIABLE:
            self.names.expect_variable(tensor.uid)
            self.names.look(frame, self.next_seq, thoroughly=True)
        return entry.name if entry.rank <= VARIABLE else ""

    def expect_name(self, tensor: Any) -> None:
        """Look out for the variable of a tensor that has no better name yet."""
        if self.book.entry(tensor, self.next_seq).rank > VARIABLE:
            self.names.expect_variable(tensor.uid)

    def place_of_call(
        self, call: ModuleCall, frame: FrameType | None
    ) -> tuple[str, tuple[int, ...]]:
        """Return the path of the innermost running module and the numbers of all calls."""
        if self._call is None or self._call[0] is not call:
            self._call = (call, *self.names.place_of_call(call, frame, self.next_seq))
        return self._call[1:]

    def condition_names(self, row: EventRow) -> dict[str, Any]:
        """Return what a breakpoint's condition may use beside the script's own names."""
        value = self.subject
        grad = getattr(value, "grad", None) if value is not None and value.is_leaf else None
        norm = row.detail.get("norm")
        if norm is None and value is not None:
            norm = adapter.statistics(value).norm
        known = {
            "iteration": row.iteration,
            "step": row.step,
            "phase": row.phase,
            "name": row.name,
            "loss": self.loss,
            "value": value,
            "grad": grad,
            "norm": norm,
            "lr": self.optimizers.learning_rate(row.detail),
        }
        # What is not known at this event does not hide a variable of the same name.
        return {name: item for name, item in known.items() if item is not None}

    def close_forward(self, frame: FrameType | None) -> None:
        """Write the end of the forward stretch that runs."""
        stretch = self.clock.leave("forward", completed=True)
        if stretch is not None:
            self.emit("phase_exited", frame, name="forward", phase="forward", enclosing=stretch.seq)

    def abandon(self) -> None:
        """Stop recording in a forked child: the trace belongs to its parent."""
        self.is_recording = False
        self.observer = None
        self.lock = threading.RLock()

    def _take(self, error: Exception) -> None:
        """Let an exception of the user's through; end the recording for one of ours."""
        traceback = error.__traceback__
        while traceback is not None:
            if self.locator.file_of(traceback.tb_frame.f_code):
                raise error
            traceback = traceback.tb_next
        if isinstance(error, RecursionError) and _is_shallow(error):
            # The script stands at Python's limit: what it calls next would fail like this.
            raise error
        self.is_recording = False
        what = f"{type(error).__name__}: {error}"
        if isinstance(error, (sqlite3.Error, OSError)):
            what = f"the trace cannot be written ({error}); what was committed before is kept"
        self.trouble = f"recording stopped: {what}"
        print(f"gradstep: {' '.join(self.trouble.split())}", file=sys.__stderr__, flush=True)
        note = {"type": "RecordingStopped", "message": self.trouble, "traceback": ""}
        try:
            self.writer.finish(None, note)
        except Exception as failure:
            # Nothing can be written any more, and that has just been said.
            self.trouble += f" ({failure})"


def _is_shallow(error: BaseException) -> bool:
    """Tell whether few frames of ours used up the stack: then the script's had nearly done so."""
    depth, trace = 0, error.__traceback__
    while trace is not None:
        depth, trace = depth + 1, trace.tb_next
    return depth < _OWN_DEPTH
