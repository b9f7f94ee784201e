"""However a trace is damaged, what is not refused in one line can be looked at.

`GRADSTEP_FUZZ=1000 pytest tests/views/test_damaged_traces.py` tries as many mutations.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gradstep.export import json_lines
from gradstep.session import Session
from gradstep.teaching import Lesson
from gradstep.teaching.view import lesson_view
from gradstep.trace.errors import TraceError
from gradstep.trace.reader import RunTrace
from gradstep.views.explain import explain
from gradstep.views.glyphs import UNICODE
from gradstep.views.optimizer import optimizer_view
from gradstep.views.phases import phase_strip
from gradstep.views.source import source_view
from gradstep.views.timeline import timeline
from gradstep.views.title import title_line
from tests.scenario_recordings import RecordScenario
from tests.views.every_look import looks

MUTATIONS = int(os.environ.get("GRADSTEP_FUZZ", "120"))
MEMORY = 4 << 30
TAKEN = 8
"""So many of the looks with settings are taken at each event of a damaged trace."""

ODD = (
    *(None, -1, 0, 2**62, -(2**62), 1e308, float("nan"), "", "x", "3,x", "-1,2", "nan"),
    *("9999999,9999999", b"\xff\x00", b"", "[]", "{}", '{"params": 3}', '[{"params":["a"]}]', "[1"),
)


@pytest.fixture(scope="module")
def whole(record_scenario: RecordScenario) -> Path:
    return record_scenario("two_scalars").trace


@pytest.fixture
def limited_memory() -> Iterator[None]:
    """A shape of 10^14 elements must be refused, not allocated."""
    if sys.platform != "linux":
        yield
        return
    import resource

    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, before)


def overwrite(data: bytes, rng: random.Random) -> bytes:
    """Flip bits, put noise in, cut off the end, or take a piece out."""
    mutated = bytearray(data)
    place = rng.randrange(len(data))
    match rng.randrange(4):
        case 0:
            for _ in range(rng.randrange(1, 9)):
                mutated[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        case 1:
            noise = rng.randbytes(rng.randrange(1, 600))
            mutated[place : place + len(noise)] = noise
        case 2:
            del mutated[place:]
        case _:
            del mutated[place : place + rng.randrange(1, 5000)]
    return bytes(mutated)


def change_a_cell(path: Path, rng: random.Random) -> str:
    """Put something odd into a cell or a whole column, or take a row out; say where."""
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA synchronous = OFF")
        tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        table = rng.choice(tables)[0]
        columns = database.execute(f"PRAGMA table_info({table})").fetchall()
        column, value = rng.choice(columns)[1], rng.choice(ODD)
        count = database.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
        if not count:
            return f"{table} is empty"
        keys = [one[1] for one in columns if one[5]] or ["rowid"]
        row = database.execute(
            f"SELECT {', '.join(keys)} FROM {table} LIMIT 1 OFFSET ?", (rng.randrange(count),)
        ).fetchone()
        here = " AND ".join(f"{key} IS ?" for key in keys)
        with contextlib.suppress(sqlite3.Error):  # the table itself refuses it
            match rng.randrange(10):
                case 0:
                    database.execute(f"DELETE FROM {table} WHERE {here}", row)
                case 1:
                    database.execute(f"UPDATE {table} SET {column} = ?", (value,))
                case _:
                    database.execute(f"UPDATE {table} SET {column} = ? WHERE {here}", (value, *row))
            database.commit()
        return f"{table}.{column} = {value!r}"


def look_at_everything(path: Path, rng: random.Random | None = None) -> int:
    """Open a trace and show every pane at five of its events; count what was refused in words.

    With `rng` a few of the looks that have settings are taken, else all of them.
    """
    refused = 0
    session = Session.open(path)
    try:
        head = session.head
        for seq in {1, head // 3, head // 2, head - 1, head} - {0}:
            moment = session.run.at(seq)
            further = list(looks(moment, head))
            if rng is not None:
                further = rng.sample(further, TAKEN)
            for show in (
                lambda: title_line(moment, state="recorded", width=118),  # noqa: B023
                lambda: phase_strip(moment, width=118),  # noqa: B023
                lambda: timeline(moment, head=head, width=118),  # noqa: B023
                lambda: source_view(moment),  # noqa: B023
                lambda: explain(moment),  # noqa: B023
                lambda: optimizer_view(moment),  # noqa: B023
                *further,
            ):
                try:
                    show()
                except TraceError:
                    refused += 1
        for _ in json_lines(session.run, values=True):
            pass
        take_a_lesson(session.run)
    except TraceError:
        refused += 1
    finally:
        session.trace.close()
    return refused


def take_a_lesson(run: RunTrace) -> None:
    """Answer each question that comes up, and have it judged."""
    lesson = Lesson()
    for event in run.events(1, None, {"phase_entered", "phase_exited"}):
        lesson.look(run.at(event.seq))
        lesson_view(lesson, 58, UNICODE, "T")
        lesson.answer(0)


@pytest.mark.usefixtures("limited_memory")
@pytest.mark.parametrize("how", ["bytes", "cells"])
def test_a_damaged_trace_is_refused_in_words_or_shown(
    how: str, whole: Path, tmp_path: Path
) -> None:
    damaged = tmp_path / "damaged.gradstep"
    refused = 0
    for seed in range(MUTATIONS // 2):
        rng = random.Random(seed)
        shutil.copyfile(whole, damaged)
        what = "bytes"
        if how == "bytes":
            damaged.write_bytes(overwrite(whole.read_bytes(), rng))
        else:
            what = change_a_cell(damaged, rng)
        try:
            refused += look_at_everything(damaged, rng) > 0
        except TraceError:
            refused += 1
        except Exception as error:
            error.add_note(f"mutation {seed}: {what}")
            raise
    assert 0 < refused < MUTATIONS // 2
    assert look_at_everything(whole) == 0
