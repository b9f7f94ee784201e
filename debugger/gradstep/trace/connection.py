"""The connection that writes a trace file: opened, folded into one file, and the end of a run."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import time
from collections.abc import Mapping
from pathlib import Path

from gradstep.trace.schema import APPLICATION_ID, SCHEMA_VERSION, TABLES


def open_for_writing(path: str) -> sqlite3.Connection:
    """Open a trace file, made if it does not exist; every thread may use the connection.

    Raises:
        sqlite3.Error: the file cannot be written, or is something else.
    """
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


def note_end(
    database: sqlite3.Connection,
    run: int,
    exit_status: int | None,
    error: Mapping[str, str] | None,
) -> None:
    """Note that a run ended now; what an earlier note says of the same run stays."""
    database.execute(
        "UPDATE run SET finished = ?, exit_status = ?, error = ? WHERE id = ? AND finished IS NULL",
        (time.time(), exit_status, None if error is None else json.dumps(dict(error)), run),
    )


def mark_finished(
    path: str | Path,
    run: int,
    exit_status: int | None,
    error: Mapping[str, str] | None = None,
) -> None:
    """Note how a run ended, as its parent process knows it.

    For a run that was killed or crashed this is the only word. Where the run said something itself
    the exit status given here is the true one, since Python tells no exit handler of a plain
    `raise SystemExit(3)`; the error noted there is kept.

    Raises:
        sqlite3.Error: the file cannot be written.
    """
    with contextlib.closing(open_for_writing(str(path))) as database:
        note_end(database, run, exit_status, error)
        if exit_status is not None:
            _correct_status(database, run, exit_status)
        seal(database)


def seal(database: sqlite3.Connection) -> None:
    """Fold the log into the file, and leave the file readable without one where possible."""
    # With a reader attached the log stays until that reader or a later writer lets go of it.
    with contextlib.suppress(sqlite3.OperationalError):
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        database.execute("PRAGMA busy_timeout = 0")
        database.execute("PRAGMA journal_mode = DELETE")


def _correct_status(database: sqlite3.Connection, run: int, exit_status: int) -> None:
    noted = database.execute("SELECT exit_status FROM run WHERE id = ?", (run,)).fetchone()
    if noted is None or noted[0] == exit_status:
        return
    database.execute("UPDATE run SET exit_status = ? WHERE id = ?", (exit_status, run))
    last = database.execute(
        "SELECT seq, detail FROM event WHERE run = ?"
        " AND kind = (SELECT id FROM text WHERE value = 'run_finished')",
        (run,),
    ).fetchone()
    if last is not None:
        detail = {**json.loads(last[1] or "{}"), "exit_status": exit_status}
        text = json.dumps(detail, separators=(",", ":"))
        database.execute(
            "UPDATE event SET detail = ? WHERE run = ? AND seq = ?", (text, run, last[0])
        )
