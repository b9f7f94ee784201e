"""A condition asked at many recorded events at once, of the columns that it needs alone.

The answer is one of three: it holds, it does not, or the event's moment must be asked, as for an
expression that fails: that is told where a condition is told, in `RecordedNames`.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Iterator, Sequence
from types import CodeType
from typing import Any

from gradstep.session.recorded_names import ALLOWED
from gradstep.trace.event_columns import EventColumns
from gradstep.trace.reader import RunTrace

_CONSTANT = {**ALLOWED, "math": math}


class ConditionBatch:
    """One condition over one run."""

    def __init__(self, run: RunTrace, condition: str, code: CodeType) -> None:
        """Find out which columns the condition needs; `can_tell` is whether these are all."""
        names = {node.id for node in ast.walk(ast.parse(condition)) if isinstance(node, ast.Name)}
        self.can_tell = names <= EventColumns.NAMES | set(_CONSTANT)
        self._wanted = sorted(names & EventColumns.NAMES)
        self._code = code
        self._columns = EventColumns(run)

    def judged(self, seqs: Sequence[int]) -> Iterator[tuple[int, bool | None]]:
        """Tell of each of some events, in order, whether the condition holds; None: ask there."""
        if not self.can_tell or not seqs:
            yield from ((seq, None) for seq in seqs)
            return
        columns = [(name, self._columns.read(name, seqs)) for name in self._wanted]
        for seq in seqs:
            if all(seq in column for _, column in columns):
                yield seq, self._holds({name: column[seq] for name, column in columns})
            else:
                yield seq, None

    def _holds(self, names: dict[str, Any]) -> bool | None:
        try:
            return bool(eval(self._code, {"__builtins__": {}}, {**_CONSTANT, **names}))
        except Exception:
            # Not swallowed: whoever asks the moment gets the same error, and tells it.
            return None
