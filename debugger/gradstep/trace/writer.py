"""Writes one run into a trace file, in batches.

Nothing that was added is visible to readers before `flush`; everything is after it. Only the
process that runs the script writes, from one thread at a time.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import sqlite3
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from gradstep.protocol.row import EventRow
from gradstep.trace.model import OptimizerState, TensorValue
from gradstep.trace.schema import APPLICATION_ID, SCHEMA_VERSION, TABLES

CONTENT_BUDGET: Final = 512 * 1024 * 1024
"""Bytes of tensor contents that one run keeps; beyond it the oldest contents go."""

BATCH_ROWS: Final = 4096
BATCH_SECONDS: Final = 0.05
BATCH_BYTES: Final = 8 * 1024 * 1024

TensorUse = tuple[str, int | None, int]
"""(role, tensor id or None, version)."""

_TRIM_STEP: Final = 256
_encode: Final = json.JSONEncoder(allow_nan=False, separators=(",", ":")).encode


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
        self._database = _open_for_writing(self.path)
        self._text: dict[str, int] = dict(
            self._database.execute("SELECT value, id FROM text").fetchall()
        )
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
        self._budget = content_budget
        self._kept = 0
        self._trimmed_rowid = 0
        self._pending_bytes = 0
        self._closed = False
        self._last_flush = time.monotonic()
        self._events: list[tuple[EventRow, Sequence[TensorUse]]] = []
        self._tensors: list[tuple[Any, ...]] = []
        self._names: list[tuple[Any, ...]] = []
        self._values: list[tuple[Any, ...]] = []
        self._grads: list[tuple[Any, ...]] = []
        self._optimizers: list[tuple[Any, ...]] = []
        self._states: list[tuple[Any, ...]] = []
        self._waiting: tuple[list[Any], ...] = (
            self._events,
            self._tensors,
            self._names,
            self._values,
            self._grads,
            self._optimizers,
            self._states,
        )

    def add(self, row: EventRow, tensors: Sequence[TensorUse] = ()) -> None:
        """Add one event and the tensors it is about; may commit a full batch of earlier ones."""
        if (
            len(self._events) >= BATCH_ROWS
            or self._pending_bytes >= BATCH_BYTES
            or time.monotonic() - self._last_flush >= BATCH_SECONDS
        ):
            self.flush()
        self._events.append((row, tensors))

    def add_tensor(
        self, tensor: int, seq: int, *, is_leaf: bool = False, is_parameter: bool = False
    ) -> None:
        """Add what is known of a tensor; said again, it can become a parameter but not stop."""
        self._tensors.append((self.run, tensor, seq, int(is_leaf), int(is_parameter)))

    def add_name(self, tensor: int, seq: int, name: str, how: str) -> None:
        """Name a tensor; `how` is parameter, buffer, variable or op."""
        self._names.append((self.run, tensor, seq, name, how))

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
        statistics: tuple[Any, ...],
        content: bytes | None,
    ) -> None:
        """Do what `add_value` does, without a value object: this is on the debuggee's hot path.

        `statistics` is (min, max, mean, std, norm, zeros, nan, inf).
        """
        if content is not None:
            self._pending_bytes += len(content)
        sizes = ",".join(map(str, shape)) if shape else ""
        self._values.append(
            (self.run, tensor, seq, version, sizes, dtype, requires_grad, *statistics, content)
        )

    def add_grad(self, param: int, seq: int, tensor: int | None) -> None:
        """From `seq` on `param.grad` is this tensor, or None."""
        self._grads.append((self.run, param, seq, tensor))

    def add_optimizer(self, optimizer: OptimizerState) -> None:
        """From `optimizer.seq` on the optimizer holds these groups."""
        groups = encode_detail({"groups": [dict(group) for group in optimizer.groups]})
        self._optimizers.append(
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
        self._states.append((self.run, optimizer, param, seq, name, number, tensor))

    def add_source(self, file: str, text: str) -> None:
        """Keep the text of a source file as it was when the run used it; committed at once."""
        self._database.execute(
            "INSERT OR REPLACE INTO source VALUES (?, ?, ?)", (self.run, file, text)
        )

    @property
    def is_flush_due(self) -> bool:
        """Whether something waits that readers should be able to see by now."""
        return bool(self._events) and time.monotonic() - self._last_flush >= BATCH_SECONDS

    def flush(self) -> None:
        """Commit everything that was added; after this a killed process loses none of it."""
        self._last_flush = time.monotonic()
        self._pending_bytes = 0
        waiting = self._waiting
        if not any(waiting):
            return
        database = self._database
        database.execute("BEGIN IMMEDIATE")
        try:
            self._write_pending(database)
            self._trim(database)
            database.execute("COMMIT")
        except BaseException:
            # An interrupt may fall in here: what waits is kept and is written the next time.
            with contextlib.suppress(sqlite3.Error):
                database.execute("ROLLBACK")
            self._text = dict(database.execute("SELECT value, id FROM text").fetchall())
            raise
        for rows in waiting:
            rows.clear()

    def finish(self, exit_status: int | None, error: Mapping[str, str] | None = None) -> None:
        """Commit and note how the run ended."""
        self.flush()
        _note_end(self._database, self.run, exit_status, error)

    def close(self) -> None:
        """Commit and close; the write-ahead log goes if nobody else has the file open."""
        if self._closed:
            return
        self._closed = True
        try:
            self.flush()
        finally:
            _seal(self._database)
            self._database.close()

    def __enter__(self) -> TraceWriter:
        """Return the writer itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    def _write_pending(self, database: sqlite3.Connection) -> None:
        event_rows: list[tuple[Any, ...]] = []
        tensor_rows: list[tuple[Any, ...]] = []
        intern = self._intern
        run = self.run
        for row, tensors in self._events:
            event_rows.append(
                (
                    run,
                    row.seq,
                    intern(row.kind),
                    intern(row.phase),
                    row.iteration,
                    row.step,
                    intern(row.name),
                    intern(row.module),
                    ",".join(map(str, row.calls)) if row.calls else None,
                    intern(row.file),
                    row.line,
                    intern(row.call_file),
                    row.call_line,
                    row.enclosing,
                    row.op,
                    encode_detail(row.detail) if row.detail else None,
                )
            )
            for position, (role, tensor, version) in enumerate(tensors):
                tensor_rows.append((run, row.seq, position, intern(role), tensor, version))
        _insert(database, "event", 16, event_rows)
        _insert(database, "event_tensor", 6, tensor_rows)
        database.executemany(
            "INSERT INTO tensor VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE"
            " SET is_parameter = max(is_parameter, excluded.is_parameter)",
            self._tensors,
        )
        _insert(database, "tensor_name", 5, self._names)
        _insert(database, "value", 16, self._values)
        self._kept += sum(len(value[-1]) for value in self._values if value[-1] is not None)
        _insert(database, "grad", 4, self._grads)
        _insert(database, "optimizer", 6, self._optimizers)
        _insert(database, "optimizer_state", 7, self._states)

    def _intern(self, text: str) -> int:
        number = self._text.get(text)
        if number is None:
            # Another rank may have added it meanwhile: ask rather than assume.
            self._database.execute("INSERT OR IGNORE INTO text (value) VALUES (?)", (text,))
            found = self._database.execute("SELECT id FROM text WHERE value = ?", (text,))
            number = int(found.fetchone()[0])
            self._text[text] = number
        return number

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


def mark_finished(
    path: str | Path,
    run: int,
    exit_status: int | None,
    error: Mapping[str, str] | None = None,
) -> None:
    """Note how a run ended, as its parent process knows it.

    For a run that was killed or crashed this is the only word; where the run said something
    itself, the exit status given here is the true one and the error noted there is kept.

    Raises:
        sqlite3.Error: the file cannot be written.
    """
    with contextlib.closing(_open_for_writing(str(path))) as database:
        _note_end(database, run, exit_status, error)
        _seal(database)


def encode_detail(detail: Mapping[str, Any]) -> str:
    """Encode a detail as JSON; NaN and infinities become the strings nan, inf and -inf."""
    try:
        return _encode(detail)
    except (ValueError, TypeError):
        return _encode(jsonable(detail))


def jsonable(item: Any) -> Any:
    """Return `item` with everything that JSON lacks replaced: non-finite floats, odd objects."""
    if isinstance(item, float):
        if math.isfinite(item):
            return float(item)
        return "nan" if math.isnan(item) else ("inf" if item > 0 else "-inf")
    if item is None or isinstance(item, (str, int)):
        return item
    if isinstance(item, Mapping):
        return {str(key): jsonable(value) for key, value in item.items()}
    if isinstance(item, (list, tuple)):
        return [jsonable(value) for value in item]
    return repr(item)


def _open_for_writing(path: str) -> sqlite3.Connection:
    database = sqlite3.connect(path, isolation_level=None, timeout=10, check_same_thread=False)
    try:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")
        found = database.execute("PRAGMA application_id").fetchone()[0]
        if found == APPLICATION_ID:
            return database
        if database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            raise sqlite3.DatabaseError(f"{path} is a database of another program")
        database.executescript(
            f"BEGIN EXCLUSIVE; {TABLES} PRAGMA application_id = {APPLICATION_ID};"
            f" PRAGMA user_version = {SCHEMA_VERSION}; COMMIT"
        )
    except BaseException:
        database.close()
        raise
    return database


def _note_end(
    database: sqlite3.Connection,
    run: int,
    exit_status: int | None,
    error: Mapping[str, str] | None,
) -> None:
    database.execute(
        "UPDATE run SET finished = ?, exit_status = ?, error = ? WHERE id = ? AND finished IS NULL",
        (time.time(), exit_status, None if error is None else json.dumps(dict(error)), run),
    )


def _seal(database: sqlite3.Connection) -> None:
    """Fold the log into the file, and leave the file readable without one where possible."""
    # With a reader attached the log stays until that reader or a later writer lets go of it.
    with contextlib.suppress(sqlite3.OperationalError):
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        database.execute("PRAGMA busy_timeout = 0")
        database.execute("PRAGMA journal_mode = DELETE")


def _insert(
    database: sqlite3.Connection, table: str, columns: int, rows: Iterable[tuple[Any, ...]]
) -> None:
    marks = ", ".join("?" * columns)
    database.executemany(f"INSERT OR REPLACE INTO {table} VALUES ({marks})", rows)
