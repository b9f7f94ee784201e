"""What waits to be written: rows of every table, put into the file in one transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from gradstep.trace.detail import encode_detail

TensorUse = tuple[str, int | None, int]
"""(role, tensor id or None, version)."""

Summary = tuple[Any, ...]
"""(min, max, mean, std, norm, zeros, nan, inf)."""

Summarise = Callable[[Sequence[tuple[str, bytes]]], Sequence[Summary]]
"""Makes the statistics of contents, each given with its dtype."""

_TENSOR: Final = (
    "INSERT INTO tensor VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE"
    " SET is_parameter = max(is_parameter, excluded.is_parameter)"
)


class Texts(dict[str, int]):
    """The numbers of interned strings; one that is missing is added to the file."""

    def __init__(self, database: sqlite3.Connection) -> None:
        """Begin with what the file has."""
        super().__init__(database.execute("SELECT value, id FROM text").fetchall())
        self._database = database

    def __missing__(self, text: str) -> int:
        """Add a string."""
        # Another rank may have added it meanwhile: ask rather than assume.
        self._database.execute("INSERT OR IGNORE INTO text (value) VALUES (?)", (text,))
        found = self._database.execute("SELECT id FROM text WHERE value = ?", (text,))
        number = self[text] = int(found.fetchone()[0])
        return number


class Batch:
    """Rows of one run that nobody can read yet.

    The lists are for the writer to append to. `raw` are values whose statistics are still to be
    made from their contents, many at once.
    """

    def __init__(self, run: int) -> None:
        """Collect for a run; nothing waits."""
        self.run = run
        self.events: list[tuple[tuple[Any, ...], Sequence[TensorUse]]] = []
        self.tensors: list[tuple[Any, ...]] = []
        self.names: list[tuple[Any, ...]] = []
        self.values: list[tuple[Any, ...]] = []
        self.raw: list[tuple[Any, ...]] = []
        self.grads: list[tuple[Any, ...]] = []
        self.optimizers: list[tuple[Any, ...]] = []
        self.states: list[tuple[Any, ...]] = []
        self._lists: tuple[list[Any], ...] = (
            self.events,
            self.tensors,
            self.names,
            self.values,
            self.raw,
            self.grads,
            self.optimizers,
            self.states,
        )

    def __bool__(self) -> bool:
        """Whether anything waits."""
        return any(self._lists)

    def clear(self) -> None:
        """Forget what waits: it was written."""
        for rows in self._lists:
            rows.clear()

    def summarise(self, summarise: Summarise, *, keeps_contents: bool) -> None:
        """Turn what is raw into values."""
        if not self.raw:
            return
        found = summarise([(row[5], row[7]) for row in self.raw])
        for row, summary in zip(self.raw, found, strict=True):
            self.values.append((*row[:7], *summary, row[7] if keeps_contents else None))
        self.raw.clear()

    def write(self, database: sqlite3.Connection, texts: Texts) -> int:
        """Insert everything, within the caller's transaction; return the bytes of contents."""
        self._write_events(database, texts)
        database.executemany(_TENSOR, self.tensors)
        _insert(database, "tensor_name", 5, self.names)
        _insert(database, "value", 16, self.values)
        _insert(database, "grad", 4, self.grads)
        _insert(database, "optimizer", 6, self.optimizers)
        _insert(database, "optimizer_state", 7, self.states)
        return sum(len(value[-1]) for value in self.values if value[-1] is not None)

    def _write_events(self, database: sqlite3.Connection, texts: Texts) -> None:
        run = self.run
        rows = []
        uses = []
        for fields, tensors in self.events:
            (seq, kind, phase, iteration, step, name, module, calls, file, line) = fields[:10]
            (call_file, call_line, enclosing, op, detail) = fields[10:]
            rows.append(
                (
                    run,
                    seq,
                    texts[kind],
                    texts[phase],
                    iteration,
                    step,
                    texts[name],
                    texts[module],
                    ",".join(map(str, calls)) if calls else None,
                    texts[file],
                    line,
                    texts[call_file],
                    call_line,
                    enclosing,
                    op,
                    encode_detail(detail) if detail else None,
                )
            )
            for position, (role, tensor, version) in enumerate(tensors):
                uses.append((run, seq, position, texts[role], tensor, version))
        _insert(database, "event", 16, rows)
        _insert(database, "event_tensor", 6, uses)


def _insert(
    database: sqlite3.Connection, table: str, columns: int, rows: Iterable[tuple[Any, ...]]
) -> None:
    marks = ", ".join("?" * columns)
    database.executemany(f"INSERT OR REPLACE INTO {table} VALUES ({marks})", rows)
