"""Writes one run into a trace file, in batches.

Nothing that was added is visible to readers before `flush`; everything is after it. Only the
process that runs the script writes, from one thread at a time.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from gradstep.protocol.row import EventRow
from gradstep.trace.batch import Batch, Summarise, Summary, TensorUse, Texts
from gradstep.trace.connection import mark_finished, note_end, open_for_writing, seal
from gradstep.trace.descriptors import Descriptors, abandon
from gradstep.trace.detail import encode_detail
from gradstep.trace.model import OptimizerState, TensorValue

__all__ = ["TraceWriter", "mark_finished"]

CONTENT_BUDGET: Final = 512 * 1024 * 1024
"""Bytes of tensor contents that one run keeps; beyond it the oldest contents go."""

BATCH_ROWS: Final = 4096
BATCH_SECONDS: Final = 0.05
BATCH_BYTES: Final = 8 * 1024 * 1024

_TRIM_STEP: Final = 256


class TraceWriter:
    """One run being written; `run` is its number in the file.

    A file that exists and is a trace gets a further run; a new one is made otherwise.

    Raises:
        sqlite3.Error: the file cannot be written, or is something else.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        script: str = "",
        argv: Sequence[str] = (),
        cwd: str = "",
        engine: str = "builtin",
        versions: Mapping[str, str] | None = None,
        detail: str = "values",
        pid: int | None = None,
        started: float | None = None,
        parent: tuple[int, int] | None = None,
        rank: int | None = None,
        content_budget: int = CONTENT_BUDGET,
    ) -> None:
        """Open or make the file and begin a run; `parent` is (run, seq) it forked off from."""
        self.path = os.path.abspath(path)
        self._database = open_for_writing(self.path)
        self._texts = Texts(self._database)
        parent_run, parent_seq = parent or (None, None)
        cursor = self._database.execute(
            "INSERT INTO run (parent, parent_seq, rank, script, argv, cwd, engine, versions,"
            " detail, pid, started) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                parent_run,
                parent_seq,
                rank,
                script,
                json.dumps(list(argv)),
                cwd,
                engine,
                json.dumps(dict(versions or {})),
                detail,
                os.getpid() if pid is None else pid,
                time.time() if started is None else started,
            ),
        )
        assert cursor.lastrowid is not None
        self.run: int = cursor.lastrowid
        self._descriptors = Descriptors(self.path)
        self._is_lost = False
        self._budget = content_budget
        self._kept = 0
        self._trimmed_rowid = 0
        self._pending_bytes = 0
        self._closed = False
        self._last_flush = time.monotonic()
        self._batch = Batch(self.run)
        self._summarise: Summarise | None = None
        self._keeps_contents = True

    def summarise_with(self, summarise: Summarise, *, keeps_contents: bool) -> None:
        """Say who makes the statistics of what `add_contents` is given."""
        self._summarise = summarise
        self._keeps_contents = keeps_contents

    def add(self, row: EventRow, tensors: Sequence[TensorUse] = ()) -> None:
        """Add one event and the tensors it is about; may commit a full batch of earlier ones."""
        fields = (
            row.seq,
            row.kind,
            row.phase,
            row.iteration,
            row.step,
            row.name,
            row.module,
            row.calls,
            row.file,
            row.line,
            row.call_file,
            row.call_line,
            row.enclosing,
            row.op,
            row.detail,
        )
        self.add_fields(fields, tensors)

    def add_fields(self, fields: tuple[Any, ...], tensors: Sequence[TensorUse]) -> None:
        """Do what `add` does, given the fields of an `EventRow` in their order."""
        if (
            len(self._batch.events) >= BATCH_ROWS
            or self._pending_bytes >= BATCH_BYTES
            or time.monotonic() - self._last_flush >= BATCH_SECONDS
        ):
            self.flush()
        self._batch.events.append((fields, tensors))

    def add_tensor(
        self, tensor: int, seq: int, *, is_leaf: bool = False, is_parameter: bool = False
    ) -> None:
        """Add what is known of a tensor; said again, it can become a parameter but not stop."""
        self._batch.tensors.append((self.run, tensor, seq, int(is_leaf), int(is_parameter)))

    def add_name(self, tensor: int, seq: int, name: str, how: str) -> None:
        """Name a tensor; `how` is parameter, buffer, variable or op."""
        self._batch.names.append((self.run, tensor, seq, name, how))

    def add_value(self, value: TensorValue) -> None:
        """Add one version of a tensor: statistics and, where kept, contents."""
        numbers = (
            value.min,
            value.max,
            value.mean,
            value.std,
            value.norm,
            value.zeros,
            value.nan,
            value.inf,
        )
        self.add_numbers(
            value.tensor,
            value.version,
            value.seq,
            value.shape,
            value.dtype,
            value.requires_grad,
            numbers,
            value.content,
        )

    def add_numbers(
        self,
        tensor: int,
        version: int,
        seq: int,
        shape: tuple[int, ...],
        dtype: str,
        requires_grad: bool,
        statistics: Summary,
        content: bytes | None,
    ) -> None:
        """Do what `add_value` does, without a value object: this is on the debuggee's hot path.

        `statistics` is (min, max, mean, std, norm, zeros, nan, inf).
        """
        if content is not None:
            self._pending_bytes += len(content)
        sizes = ",".join(map(str, shape)) if shape else ""
        self._batch.values.append(
            (self.run, tensor, seq, version, sizes, dtype, requires_grad, *statistics, content)
        )

    def add_contents(
        self,
        tensor: int,
        version: int,
        seq: int,
        shape: tuple[int, ...],
        dtype: str,
        requires_grad: bool,
        content: bytes,
    ) -> None:
        """Add one version of a tensor; its statistics are made of `content` when that is written.

        Statistics of many small tensors at once cost a tenth of what they cost one by one.
        """
        self._pending_bytes += len(content)
        sizes = ",".join(map(str, shape)) if shape else ""
        self._batch.raw.append(
            (self.run, tensor, seq, version, sizes, dtype, requires_grad, content)
        )

    def add_grad(self, param: int, seq: int, tensor: int | None) -> None:
        """From `seq` on `param.grad` is this tensor, or None."""
        self._batch.grads.append((self.run, param, seq, tensor))

    def add_optimizer(self, optimizer: OptimizerState) -> None:
        """From `optimizer.seq` on the optimizer holds these groups."""
        groups = encode_detail({"groups": [dict(group) for group in optimizer.groups]})
        self._batch.optimizers.append(
            (
                self.run,
                optimizer.id,
                optimizer.seq,
                optimizer.class_name,
                optimizer.name,
                groups[len('{"groups":') : -1],
            )
        )

    def add_state(
        self,
        optimizer: int,
        param: int,
        seq: int,
        name: str,
        *,
        number: float | None = None,
        tensor: int | None = None,
    ) -> None:
        """From `seq` on `optimizer.state[param][name]` is this number or this tensor."""
        self._batch.states.append((self.run, optimizer, param, seq, name, number, tensor))

    def add_source(self, file: str, text: str) -> None:
        """Keep the text of a source file as it was when the run first used it; committed at once.

        A script may change or delete its own file later: the first text is what runs.
        """
        self._check()
        self._database.execute(
            "INSERT OR IGNORE INTO source VALUES (?, ?, ?)", (self.run, file, text)
        )

    @property
    def is_flush_due(self) -> bool:
        """Whether something waits that readers should be able to see by now."""
        return bool(self._batch) and time.monotonic() - self._last_flush >= BATCH_SECONDS

    def flush(self) -> None:
        """Commit everything that was added; after this a killed process loses none of it."""
        self._last_flush = time.monotonic()
        self._pending_bytes = 0
        batch = self._batch
        if not batch:
            return
        self._check()
        if batch.raw:
            assert self._summarise is not None, "add_contents needs summarise_with"
            batch.summarise(self._summarise, keeps_contents=self._keeps_contents)
        database, kept = self._database, self._kept
        database.execute("BEGIN IMMEDIATE")
        try:
            self._kept += batch.write(database, self._texts)
            self._trim(database)
            database.execute("COMMIT")
        except BaseException:
            # An interrupt may fall in here: what waits is kept and is written the next time.
            with contextlib.suppress(sqlite3.Error):
                database.execute("ROLLBACK")
            self._kept = kept
            self._texts = Texts(database)
            raise
        batch.clear()

    def finish(self, exit_status: int | None, error: Mapping[str, str] | None = None) -> None:
        """Commit and note how the run ended."""
        self.flush()
        self._check()
        note_end(self._database, self.run, exit_status, error)

    def close(self) -> None:
        """Commit and close; the write-ahead log goes if nobody else has the file open."""
        if self._closed:
            return
        self._closed = True
        try:
            self.flush()
            self._check()
        finally:
            if self._is_lost:
                abandon(self._database)
            else:
                seal(self._database)
                self._database.close()

    def __enter__(self) -> TraceWriter:
        """Return the writer itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    def _check(self) -> None:
        try:
            self._descriptors.check()
        except sqlite3.Error:
            self._is_lost = True
            raise

    def _trim(self, database: sqlite3.Connection) -> None:
        while self._kept > self._budget:
            oldest = database.execute(
                "SELECT rowid, length(content) FROM value"
                " WHERE rowid > ? AND run = ? AND content IS NOT NULL ORDER BY rowid LIMIT ?",
                (self._trimmed_rowid, self.run, _TRIM_STEP),
            ).fetchall()
            if not oldest:
                return
            for rowid, size in oldest:
                database.execute("UPDATE value SET content = NULL WHERE rowid = ?", (rowid,))
                self._trimmed_rowid = rowid
                self._kept -= size
                if self._kept <= self._budget:
                    return
