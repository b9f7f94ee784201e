"""Reads a trace file, finished or growing: runs, events, tensors, sources, output.

Read-only, no pickle: opening a stranger's file runs nothing. Every query is answered from an
index, so a run of a million events opens as fast as one of ten.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from gradstep.protocol.row import EventRow
from gradstep.trace.at_work import AtWork
from gradstep.trace.courses import Course, Courses
from gradstep.trace.database import Database
from gradstep.trace.errors import TraceError
from gradstep.trace.event_table import EventTable
from gradstep.trace.loss_table import LossFacts
from gradstep.trace.losses import Loss, Losses
from gradstep.trace.model import RunInfo, TensorRef, TensorValue
from gradstep.trace.moment import STATISTICS_COLUMNS, VALUE_COLUMNS, Moment, value_from_row

__all__ = ["RunTrace", "Trace", "TraceError"]

_OUTLINED: Final = 4096
"""Events that an outline reads at a time."""

_RUN_COLUMNS: Final = (
    "id, script, argv, cwd, engine, versions, detail, pid, started, finished, exit_status, error"
)


class Trace:
    """An open trace file."""

    def __init__(self, database: Database) -> None:
        """Read from an open database."""
        self._database = database

    @classmethod
    def open(cls, path: str | Path) -> Trace:
        """Open a trace for reading.

        Raises:
            TraceError: the file is missing, no trace of ours, too new, or damaged.
        """
        return cls(Database(path))

    @property
    def path(self) -> Path:
        """The file."""
        return self._database.path

    def runs(self) -> list[RunInfo]:
        """Return all runs in the file, oldest first."""
        rows = self._database.rows(f"SELECT {_RUN_COLUMNS} FROM run ORDER BY id")
        return [_run_info(self._database, row) for row in rows]

    def run(self, number: int | None = None) -> RunTrace:
        """Return one run, by default the latest.

        Raises:
            TraceError: there is no such run.
        """
        if number is None:
            latest = self._database.row("SELECT max(id) FROM run")
            number = latest[0] if latest else None
            if number is None:
                raise TraceError(f"{self.path} holds no run")
        run = RunTrace(self._database, number)
        _ = run.info
        return run

    def close(self) -> None:
        """Close the file; closing twice is fine."""
        self._database.close()

    def __enter__(self) -> Trace:
        """Return the trace itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()


class RunTrace:
    """One run of a trace, possibly still growing."""

    def __init__(self, database: Database, number: int) -> None:
        """Read the run `number` of an open database."""
        self.database = database
        self.number = number
        self._events = EventTable(database, number)
        self._losses = Losses(self)
        self._courses = Courses(self)
        self.loss_facts = LossFacts(self)
        self.at_work = AtWork(self)
        self._given_names: tuple[int, list[str]] = (0, [])

    @property
    def info(self) -> RunInfo:
        """What is known of the run, read afresh."""
        row = self.database.row(f"SELECT {_RUN_COLUMNS} FROM run WHERE id = ?", (self.number,))
        if row is None:
            raise TraceError(f"{self.database.path} holds no run {self.number}")
        return _run_info(self.database, row)

    @property
    def head(self) -> int:
        """The last committed seq, read afresh; 0 before the first event."""
        row = self.database.row("SELECT max(seq) FROM event WHERE run = ?", (self.number,))
        return row[0] or 0 if row else 0

    def at(self, seq: int) -> Moment:
        """Return the trace as of one event."""
        return Moment(self, seq)

    def event(self, seq: int) -> EventRow:
        """Return one event.

        Raises:
            TraceError: there is no such event.
        """
        event = self._events.row(seq)
        if event is None:
            raise TraceError(f"run {self.number} has no event {seq}")
        return event

    def events(
        self, start: int, stop: int | None = None, kinds: Collection[str] | None = None
    ) -> Iterator[EventRow]:
        """Yield events of `start` <= seq < `stop` in order, of the given kinds only."""
        end = self.head + 1 if stop is None else stop
        return self._events.ahead(start, end, kinds)

    def events_before(self, seq: int, kinds: Collection[str] | None = None) -> Iterator[EventRow]:
        """Yield events before `seq`, latest first, of the given kinds only."""
        return self._events.back(seq, kinds)

    def outline(self) -> Iterator[tuple[int, str, str, str, str]]:
        """Yield (seq, kind, phase, name, module) of every event: enough to tell events apart."""
        text, seq = self.database.text, 0
        while rows := self.database.rows(
            "SELECT seq, kind, phase, name, module FROM event WHERE run = ? AND seq > ?"
            f" ORDER BY seq LIMIT {_OUTLINED}",
            (self.number, seq),
        ):
            for seq, kind, phase, name, module in rows:
                yield seq, text(kind), text(phase), text(name), text(module)

    def iterations(self) -> int:
        """Return the number of the last iteration so far; 0 before the first."""
        row = self.database.row("SELECT max(iteration) FROM event WHERE run = ?", (self.number,))
        return row[0] or 0 if row else 0

    def first_seq_of_iteration(self, number: int) -> int | None:
        """Return the first event of an iteration, None if there is no such iteration."""
        row = self.database.row(
            "SELECT min(seq) FROM event WHERE run = ? AND iteration = ?", (self.number, number)
        )
        return row[0] if row else None

    def iteration_bounds(self, number: int) -> tuple[int, int] | None:
        """Return the first and the last event of an iteration, None if there is none."""
        first = self.first_seq_of_iteration(number)
        if first is None:
            return None
        row = self.database.row(
            "SELECT max(seq) FROM event WHERE run = ? AND iteration = ?", (self.number, number)
        )
        return first, row[0] if row else first

    def seq_of_step(self, number: int) -> int | None:
        """Return the `phase_exited` with which the optimizer step of this number was done."""
        if number < 1:
            return None
        # The counter never falls, so its first row with this value is found by halving.
        return self._first(lambda step: step >= number, "step")

    def given_names(self) -> list[str]:
        """Return the names that the script and its models gave to tensors in the run so far."""
        head = self.head
        if self._given_names[0] != head:
            # The index holds `how` as well, being a part of the key: the table is not touched.
            rows = self.database.rows(
                "SELECT DISTINCT name FROM tensor_name INDEXED BY tensor_by_name"
                " WHERE run = ? AND how <> 'op'",
                (self.number,),
            )
            self._given_names = (head, [row[0] for row in rows])
        return self._given_names[1]

    def next_value(self, tensor: int, after: int) -> int | None:
        """Return the first event after `after` that made a version of a tensor."""
        row = self.database.row(
            "SELECT min(seq) FROM value WHERE run = ? AND tensor = ? AND seq > ?",
            (self.number, tensor, after),
        )
        return row[0] if row else None

    def next_grad(self, param: int, after: int) -> int | None:
        """Return the first event after `after` that made `.grad` of a parameter another tensor."""
        row = self.database.row(
            "SELECT min(seq) FROM grad WHERE run = ? AND param = ? AND seq > ?",
            (self.number, param, after),
        )
        return row[0] if row else None

    def tensors(self, seq: int) -> tuple[TensorRef, ...]:
        """Return the tensors that an event is about, in their order."""
        return self.tensors_between(seq, seq + 1).get(seq, ())

    def tensors_between(self, start: int, stop: int) -> dict[int, tuple[TensorRef, ...]]:
        """Return the tensors of all events of `start` <= seq < `stop` that have any."""
        return self._tensors("seq >= ? AND seq < ?", (start, stop))

    def tensors_of(self, seqs: Sequence[int]) -> dict[int, tuple[TensorRef, ...]]:
        """Return the tensors of each of some events that have any, at most some hundreds."""
        return self._tensors(f"seq IN ({','.join('?' * len(seqs))})", seqs)

    def _tensors(self, which: str, asked: Sequence[int]) -> dict[int, tuple[TensorRef, ...]]:
        found: dict[int, list[TensorRef]] = {}
        text, last, references = self.database.text, 0, list[TensorRef]()
        for seq, role, tensor, version in self.database.rows(
            "SELECT seq, role, tensor, version FROM event_tensor"
            f" WHERE run = ? AND {which} ORDER BY seq, position",
            (self.number, *asked),
        ):
            if seq != last:
                last, references = seq, []
                found[seq] = references
            references.append(TensorRef(text(role), tensor, version))
        return {seq: tuple(references) for seq, references in found.items()}

    def counts(self, start: int, stop: int) -> dict[tuple[str, str], int]:
        """Count the events of `start` <= seq < `stop` by (kind, phase)."""
        text = self.database.text
        return {
            (text(kind), text(phase)): number
            for kind, phase, number in self.database.rows(
                "SELECT kind, phase, count(*) FROM event"
                " WHERE run = ? AND seq >= ? AND seq < ? GROUP BY kind, phase",
                (self.number, start, stop),
            )
        }

    def source(self, file: str) -> str | None:
        """Return the recorded text of a source file."""
        row = self.database.row(
            "SELECT text FROM source WHERE run = ? AND file = ?", (self.number, file)
        )
        return row[0] if row else None

    def sources(self) -> list[str]:
        """Return the recorded source files."""
        rows = self.database.rows(
            "SELECT file FROM source WHERE run = ? ORDER BY file", (self.number,)
        )
        return [row[0] for row in rows]

    def output_before(self, stop: int, count: int) -> list[tuple[int, str]]:
        """Return the last `count` pieces that the script printed before `stop`, latest first."""
        kind = self.database.text_id("output")
        rows = self.database.rows(
            "SELECT seq, detail FROM event INDEXED BY event_by_kind"
            " WHERE run = ? AND kind = ? AND seq < ? ORDER BY seq DESC LIMIT ?",
            (self.number, kind, stop, count),
        )
        try:
            # One text for all: a parser that is called once is ten times as fast.
            details = json.loads(f"[{','.join(row[1] or '{}' for row in rows)}]")
            return [
                (row[0], str(detail.get("text", "")))
                for row, detail in zip(rows, details, strict=True)
            ]
        except (ValueError, AttributeError, TypeError) as error:
            raise self.database.damaged(error) from None

    def output(self, upto: int) -> list[tuple[int, str, str]]:
        """Return what the script printed up to an event: (seq, stream, text)."""
        return [
            (event.seq, event.name, str(event.detail.get("text", "")))
            for event in self.events(1, upto + 1, {"output"})
        ]

    def losses(self, upto: int, latest: int | None = None) -> list[Loss]:
        """Return (seq, iteration, tensor, value) of every scalar that backward() began from.

        With `latest`, of the last so many by `upto` only: a long run has many.
        """
        return self._losses.all(upto) if latest is None else self._losses.latest(upto, latest)

    def course(self, upto: int) -> tuple[Loss, Loss, int] | None:
        """Return the first and the last loss and the number of backward() calls, None for none."""
        first, last = self._losses.first(upto), self._losses.latest(upto, 1)
        return (first, last[0], self._losses.calls(upto)) if first and last else None

    def loss_of(self, seq: int, iteration: int) -> Loss | None:
        """Return the loss that the call of backward() at `seq` began from, None if no scalar."""
        return self._losses.of_call(seq, iteration)

    def loss_courses(self, upto: int, since: int = 1) -> tuple[Course, ...]:
        """Return the losses by the line that called backward(); of long courses a sample."""
        return self._courses.upto(upto, since=since)

    def value(
        self, tensor: int, upto: int, version: int | None = None, *, contents: bool = True
    ) -> TensorValue | None:
        """Return what was recorded of a tensor at or before `upto`: the latest or one version.

        Without `contents` only its shape and statistics are read.
        """
        columns = VALUE_COLUMNS if contents else STATISTICS_COLUMNS
        which = "" if version is None else "AND version = ?"
        row = self.database.row(
            f"SELECT {columns} FROM value WHERE run = ? AND tensor = ? AND seq <= ? {which}"
            " ORDER BY seq DESC, version DESC LIMIT 1",
            (self.number, tensor, upto, *(() if version is None else (version,))),
        )
        try:
            return None if row is None else value_from_row(row)
        except (ValueError, AttributeError, TypeError) as error:
            raise self.database.damaged(error) from None

    def _first(self, holds: Callable[[int], bool], column: str) -> int | None:
        low, high = 1, self.head
        found = None
        while low <= high:
            middle = (low + high) // 2
            row = self.database.row(
                f"SELECT {column} FROM event WHERE run = ? AND seq = ?", (self.number, middle)
            )
            if row is None:
                raise self.database.damaged(f"event {middle} is missing")
            if holds(row[0]):
                found, high = middle, middle - 1
            else:
                low = middle + 1
        return found


def _run_info(database: Database, row: tuple[Any, ...]) -> RunInfo:
    try:
        return RunInfo(
            id=row[0],
            script=row[1],
            argv=tuple(json.loads(row[2])),
            cwd=row[3],
            engine=row[4],
            versions=json.loads(row[5]),
            detail=row[6],
            pid=row[7],
            started=row[8],
            finished=row[9],
            exit_status=row[10],
            error=json.loads(row[11]) if row[11] else None,
        )
    except (ValueError, TypeError) as error:
        raise database.damaged(error) from None
