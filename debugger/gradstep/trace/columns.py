"""What may stand in the columns of a query, as the tables declare it.

SQLite takes anything in any column. A damaged file can hold a text where the number of an event
belongs, so what is read is checked before anybody computes with it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Any, Final

from gradstep.trace.schema import TABLES

_NONE: Final = type(None)
_MANY: Final = 16
"""From so many rows on it is faster to look through them column by column."""
_PYTHON_TYPES: Final[dict[str, frozenset[type]]] = {
    "INTEGER": frozenset({int, _NONE}),
    "REAL": frozenset({float, int, _NONE}),
    "TEXT": frozenset({str, _NONE}),
    "BLOB": frozenset({bytes, _NONE}),
}


class Columns:
    """The columns of a query on one table."""

    def __init__(self, sql: str, names: Sequence[str]) -> None:
        """Take a query and the names of the columns of its answer."""
        table = re.search(r"\bFROM\s+(\w+)", sql)
        declared = _declared().get(table[1], {}) if table else {}
        self._allowed = [declared.get(_bare(name)) for name in names]
        self._fine: set[tuple[type, ...]] = set()

    def wrong(self, rows: Sequence[tuple[Any, ...]]) -> str:
        """Return what is wrong with a row that cannot be so, "" if there is none."""
        if len(rows) >= _MANY:
            return self._wrong_in_columns(rows)
        fine = self._fine
        for row in rows:
            # A table has few patterns of types: each is looked into once.
            types = tuple(map(type, row))
            if types not in fine:
                for one, allowed in zip(types, self._allowed, strict=True):
                    if allowed is not None and one not in allowed:
                        return f"a {one.__name__} stands where none can"
                fine.add(types)
        return ""

    def _wrong_in_columns(self, rows: Sequence[tuple[Any, ...]]) -> str:
        for column, allowed in zip(zip(*rows, strict=True), self._allowed, strict=True):
            if allowed is not None and (odd := set(map(type, column)) - allowed):
                return f"a {min(one.__name__ for one in odd)} stands where none can"
        return ""


def _bare(name: str) -> str:
    """The column that `max(seq)` is about."""
    inside = re.fullmatch(r"(?:max|min)\((\w+)\)", name)
    return inside[1] if inside else name


_REQUIRED: Final = frozenset({"iteration", "step", "kind", "phase", "enclosing", "line", "class"})
"""What no row goes without."""


@cache
def _declared() -> dict[str, dict[str, frozenset[type]]]:
    """The columns of every table with the types that they may hold."""
    text = re.sub(r"--.*", "", TABLES)
    tables = re.findall(r"CREATE TABLE (\w+) \((.*?)\n?\)(?: WITHOUT ROWID)?;", text, re.DOTALL)
    return {
        table: {
            name: _PYTHON_TYPES[kind] - ({_NONE} if name in _REQUIRED else set())
            for name, kind in re.findall(r"(\w+) (INTEGER|REAL|TEXT|BLOB)", body)
        }
        for table, body in tables
    }
