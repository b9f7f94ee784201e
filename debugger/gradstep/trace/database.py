"""Opens a trace file for reading and turns everything that can go wrong into one line."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from gradstep.trace.columns import Columns
from gradstep.trace.errors import TraceError
from gradstep.trace.schema import APPLICATION_ID, SCHEMA_VERSION

_SIGNATURE: Final = b"SQLite format 3\x00"
# Python's sqlite3 decodes SQLite's own messages, which can quote damaged bytes.
_UNREADABLE: Final = (sqlite3.Error, UnicodeDecodeError, OverflowError)


class Database:
    """A read-only connection to a trace file; every failure is a `TraceError`."""

    def __init__(self, path: str | Path) -> None:
        """Open `path`; see `Trace.open`."""
        self.path = Path(path)
        self._copy: tempfile.TemporaryDirectory[str] | None = None
        self._texts: dict[int, str] = {}
        self._ids: dict[str, int] = {}
        self._columns: dict[str, Columns] = {}
        self._check_file()
        self._connection = self._connect()
        try:
            self._check_schema()
        except BaseException:
            self.close()
            raise

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Return all rows of a query."""
        try:
            cursor = self._connection.execute(sql, parameters)
            found = cursor.fetchall()
        except _UNREADABLE as error:
            raise self.damaged(error) from None
        self._check(sql, cursor, found)
        return found

    def row(self, sql: str, parameters: Sequence[Any] = ()) -> tuple[Any, ...] | None:
        """Return the first row of a query, or None."""
        try:
            cursor = self._connection.execute(sql, parameters)
            found: tuple[Any, ...] | None = cursor.fetchone()
        except _UNREADABLE as error:
            raise self.damaged(error) from None
        if found is not None:
            self._check(sql, cursor, (found,))
        return found

    def _check(self, sql: str, cursor: sqlite3.Cursor, found: Sequence[tuple[Any, ...]]) -> None:
        """Refuse what cannot stand in a column."""
        columns = self._columns.get(sql)
        if columns is None:
            names = [column[0] for column in cursor.description or ()]
            columns = self._columns[sql] = Columns(sql, names)
        wrong = columns.wrong(found)
        if wrong:
            raise self.damaged(wrong)

    def text(self, number: int | None) -> str:
        """Return an interned string by its number."""
        if number is None:
            return ""
        try:
            return self._texts[number]
        except KeyError:
            self._read_texts()
        try:
            return self._texts[number]
        except KeyError:
            raise self.damaged(f"string {number} is missing") from None

    def texts(self) -> Mapping[int, str]:
        """Return all interned strings by their numbers."""
        self._read_texts()
        return self._texts

    def text_id(self, text: str) -> int | None:
        """Return the number of an interned string; None when no event uses it (yet)."""
        if text not in self._ids:
            found = self.row("SELECT id FROM text WHERE value = ?", (text,))
            if found is None:
                return None
            self._ids[text] = int(found[0])
        return self._ids[text]

    def damaged(self, why: object) -> TraceError:
        """Return the error that says that this file cannot be trusted any further."""
        reason = " ".join(str(why).split())
        return TraceError(f"{self.path} is damaged and cannot be read: {reason}")

    def close(self) -> None:
        """Close the connection; closing twice is fine."""
        self._connection.close()
        if self._copy is not None:
            self._copy.cleanup()

    def _read_texts(self) -> None:
        known = max(self._texts, default=0)
        self._texts.update(self.rows("SELECT id, value FROM text WHERE id > ?", (known,)))

    def _check_file(self) -> None:
        try:
            with self.path.open("rb") as file:
                signature = file.read(len(_SIGNATURE))
        except FileNotFoundError:
            raise TraceError(f"there is no file {self.path}") from None
        except OSError as error:
            reason = error.strerror or error
            raise TraceError(f"{self.path} cannot be opened: {reason}") from None
        if signature != _SIGNATURE:
            raise TraceError(f"{self.path} is not a gradstep trace")

    def _connect(self) -> sqlite3.Connection:
        failure: Exception | None = None
        log = self.path.with_name(self.path.name + "-wal")
        ways = ["mode=ro"]
        try:
            has_log = log.stat().st_size > 0
        except OSError:
            has_log = False
        if not has_log:
            # A folder where SQLite may not put its shared index; without a log none is needed.
            ways.append("mode=ro&immutable=1")
        for way in ways:
            try:
                return _probe(self.path, way)
            except sqlite3.OperationalError as error:
                failure = error
            except _UNREADABLE as error:
                raise self.damaged(error) from None
        if has_log:
            with contextlib.suppress(*_UNREADABLE, OSError):
                return self._connect_to_copy(log)
        raise self.damaged(failure)

    def _connect_to_copy(self, log: Path) -> sqlite3.Connection:
        """Read a crashed trace in a read-only folder: its log needs a place for its index."""
        self._copy = tempfile.TemporaryDirectory(prefix="gradstep-")
        copy = Path(self._copy.name, self.path.name)
        shutil.copyfile(self.path, copy)
        shutil.copyfile(log, copy.with_name(log.name))
        return _probe(copy, "mode=ro")

    def _check_schema(self) -> None:
        application = self.row("PRAGMA application_id")
        version = self.row("PRAGMA user_version")
        if application is None or application[0] != APPLICATION_ID or version is None:
            raise TraceError(f"{self.path} is not a gradstep trace")
        if version[0] > SCHEMA_VERSION:
            raise TraceError(
                f"{self.path} was written by a newer gradstep (trace format {version[0]},"
                f" this one reads up to {SCHEMA_VERSION}); please update gradstep"
            )
        for table in ("run", "event", "event_tensor", "value", "text"):
            self.row(f"SELECT * FROM {table} LIMIT 1")


def _probe(path: Path, how: str) -> sqlite3.Connection:
    uri = f"file:{quote(str(path.absolute()))}?{how}"
    # The session and a worker of its interface may read in turn from two threads.
    connection = sqlite3.connect(uri, uri=True, timeout=10, check_same_thread=False)
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection
