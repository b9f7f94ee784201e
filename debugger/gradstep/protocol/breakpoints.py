"""Breakpoints: `WHERE [if CONDITION] [after N]`, parsed, matched against rows and counted.

The stepper and the session use the same `BreakpointTable`, so a breakpoint means the same live and
over recorded rows. Rows are fed to a table in the order in which they happened.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from fnmatch import fnmatchcase
from types import CodeType
from typing import Final

from gradstep.protocol.place import place, same_file
from gradstep.protocol.row import STEPPABLE, EventRow

PHASE_PLACES: Final = ("zero_grad", "forward", "backward", "step")
GLOB_PLACES: Final = ("op", "node", "module", "param")
LATER_PLACES: Final = ("change", "nan", "finding")
PLACES_TEXT: Final = (
    "zero_grad, forward, backward, step, iteration, exception, "
    "op:NAME, node:NAME, module:PATH, param:NAME, FILE:LINE or LINE"
)
CONDITION_NAMES: Final = (
    "iteration",
    "step",
    "phase",
    "loss",
    "value",
    "grad",
    "norm",
    "lr",
    "name",
)

_WORDS: Final = (*PHASE_PLACES, "iteration", "exception")
_ABOUT_A_PARAMETER: Final = frozenset({"accumulated", "updated", "zeroed", "written"})


class BreakpointError(ValueError):
    """A breakpoint that cannot be understood; the text is one line for the user."""


@dataclass(frozen=True, slots=True)
class Breakpoint:
    """Where to stop, on what condition, and how many times to pass first.

    `where` is one of the words of the grammar or `line`; `pattern` the glob of `op:`, `node:`,
    `module:` and `param:`; `file` is "" for a line of the script itself.
    """

    where: str
    pattern: str = ""
    file: str = ""
    line: int = 0
    condition: str = ""
    after: int = 0
    code: CodeType | None = field(default=None, compare=False, repr=False)

    @classmethod
    def parse(cls, text: str) -> Breakpoint:
        """Read a breakpoint as a person writes it.

        Raises:
            BreakpointError: with one line that says what is wrong and what is allowed.
        """
        rest, after = _split_after(text.strip())
        where, separator, condition = _partition_if(rest)
        if separator and not condition:
            raise BreakpointError(f"no condition after 'if' in {text.strip()!r}")
        if not where:
            raise BreakpointError(f"a breakpoint needs a place: {PLACES_TEXT}")
        code = _compiled(condition) if condition else None
        return replace(_parse_where(where), condition=condition, after=after, code=code)

    def __str__(self) -> str:
        """The canonical text, which parses to an equal breakpoint."""
        if self.where == "line":
            text = f"{self.file}:{self.line}" if self.file else str(self.line)
        else:
            text = f"{self.where}:{self.pattern}" if self.pattern else self.where
        if self.condition:
            text += f" if {self.condition}"
        return f"{text} after {self.after}" if self.after else text

    @property
    def arms_lines(self) -> bool:
        """Whether the script must produce `line` rows for this breakpoint to be met."""
        return self.where == "line"

    def resolved(self, script: str) -> Breakpoint:
        """The same breakpoint, with a bare line number taken as one of `script`."""
        return replace(self, file=script) if self.where == "line" and not self.file else self

    def matches(self, row: EventRow) -> bool:
        """Tell whether `row` is at this place, by the row alone: no counting, no condition.

        `iteration` and `module` match every row of theirs here; `BreakpointTable` keeps only the
        row that begins one.
        """
        match self.where:
            case "zero_grad" | "forward" | "backward" | "step":
                return row.kind == "phase_entered" and row.phase == self.where
            case "iteration":
                return row.iteration > 0
            case "exception":
                return bool(row.detail.get("error"))
            case "op" | "node":
                return row.kind == self.where and fnmatchcase(row.name, self.pattern)
            case "module":
                return row.kind == "op" and self.module_scope(row.module) is not None
            case "param":
                return row.kind in _ABOUT_A_PARAMETER and fnmatchcase(
                    parameter_name(row), self.pattern
                )
            case _:
                return row.kind == "line" and self.is_on_line(row)

    def is_on_line(self, row: EventRow) -> bool:
        """Tell whether the user's line that caused `row` is this breakpoint's."""
        file, line = place(row)
        return line == self.line and same_file(self.file, file)

    def module_scope(self, module: str) -> str | None:
        """The outermost module on the path `module` that the pattern names, None if none does."""
        parts = module.split(".") if module else []
        scopes = (".".join(parts[:count]) for count in range(1, len(parts) + 1))
        return next((scope for scope in scopes if fnmatchcase(scope, self.pattern)), None)


def parameter_name(row: EventRow) -> str:
    """The name of the parameter an event is about, "" where it has none."""
    name = row.detail.get("parameter")
    if isinstance(name, str):
        return name
    return "" if row.kind == "written" else row.name


@dataclass(slots=True)
class Entry:
    """A breakpoint in use. `hits` counts the times it was met with its condition true.

    `told` is the name that its condition lacks, once a stop has said so: a variable may well come
    to be later, and one stop for it is enough.
    """

    id: int
    breakpoint: Breakpoint
    enabled: bool = True
    hits: int = 0
    told: str = ""


@dataclass(frozen=True, slots=True)
class Hit:
    """A reason to stop: `error` says why a condition could not be evaluated, "" if it held."""

    id: int
    error: str = ""


Evaluate = Callable[[CodeType], object]


class BreakpointTable:
    """The breakpoints in use, matched against rows in the order in which they happened.

    `recorded` says that the rows come from a trace, which may lack `line` rows: then a line is met
    at the first row that it caused.
    """

    def __init__(
        self, entries: Iterable[Entry] = (), *, script: str = "", recorded: bool = False
    ) -> None:
        """Take the entries; `script` is the file that bare line numbers mean."""
        self.script = script
        self._recorded = recorded
        self._entries: dict[int, Entry] = {}
        self._previous: EventRow | None = None
        self._previous_op: EventRow | None = None
        self._iteration: int | None = None
        self._lines_met: tuple[int, set[tuple[str, int]]] = (0, set())
        self.replace(entries)

    def __iter__(self) -> Iterator[Entry]:
        """All entries, in the order in which they were given."""
        return iter(self._entries.values())

    @property
    def arms_lines(self) -> bool:
        """Whether any enabled breakpoint needs `line` rows."""
        return any(entry.enabled and entry.breakpoint.arms_lines for entry in self)

    def replace(self, entries: Iterable[Entry]) -> None:
        """Take these breakpoints; one that is known by id and text keeps its hits."""
        known = self._entries
        self._entries = {}
        for entry in entries:
            kept = replace(entry, breakpoint=entry.breakpoint.resolved(self.script))
            old = known.get(entry.id)
            if old is not None and old.breakpoint == kept.breakpoint:
                kept.hits = max(kept.hits, old.hits)
                kept.told = old.told
            self._entries[kept.id] = kept

    def reached(self, row: EventRow, evaluate: Evaluate) -> list[Hit]:
        """The breakpoints that say stop at `row`. Count hits; conditions go through `evaluate`.

        `evaluate` gets the compiled condition and returns its value; whatever it raises makes a
        stop that shows the error. It is called only where the place matches.
        """
        return [hit for entry in self.placed_at(row) if (hit := judge(entry, evaluate)) is not None]

    def placed_at(self, row: EventRow) -> list[Entry]:
        """The enabled entries whose place `row` is; to be called once for every row, in order."""
        found = [entry for entry in self if entry.enabled and self._is_at(entry.breakpoint, row)]
        self._remember(row)
        return found

    def _is_at(self, point: Breakpoint, row: EventRow) -> bool:
        match point.where:
            case "iteration":
                return row.iteration > (self._iteration or 0) and self._iteration is not None
            case "module":
                return point.matches(row) and self._begins_call(point, row)
            case "line":
                return point.matches(row) or self._begins_line(point, row)
        return point.matches(row)

    def _begins_call(self, point: Breakpoint, row: EventRow) -> bool:
        """Tell whether the matched module's call is another one than the op before lay in.

        Calls are known by number only, so the matched module's place among them is taken from its
        depth in the path.
        """
        before = self._previous_op
        scope = point.module_scope(row.module)
        if before is None or scope is None or point.module_scope(before.module) != scope:
            return True
        depth = scope.count(".") + 2
        return row.calls[:depth] != before.calls[:depth]

    def _begins_line(self, point: Breakpoint, row: EventRow) -> bool:
        if not self._recorded or row.kind not in STEPPABLE or not point.is_on_line(row):
            return False
        if place(row) in self._lines_met[1] and self._lines_met[0] == row.iteration:
            return False
        return self._previous is None or not point.is_on_line(self._previous)

    def _remember(self, row: EventRow) -> None:
        self._iteration = row.iteration
        if row.kind == "output":
            return
        self._previous = row
        if row.kind == "op":
            self._previous_op = row
        elif row.kind == "line":
            if self._lines_met[0] != row.iteration:
                self._lines_met = (row.iteration, set())
            self._lines_met[1].add(place(row))


def judge(entry: Entry, evaluate: Evaluate) -> Hit | None:
    """Decide about an entry whose place was met: evaluate its condition and count the hit."""
    code = entry.breakpoint.code
    if code is not None:
        try:
            holds = bool(evaluate(code))
        except Exception as error:
            if isinstance(error, NameError):
                if error.name and error.name == entry.told:
                    return None
                entry.told = error.name or ""
            text = f"{type(error).__name__}: {error}"
            return Hit(entry.id, f"condition '{entry.breakpoint.condition}' failed: {text}")
        if not holds:
            return None
    entry.hits += 1
    return Hit(entry.id) if entry.hits > entry.breakpoint.after else None


def from_wire(items: Iterable[Mapping[str, object]]) -> list[Entry]:
    """Entries from the `set_breakpoints` message.

    Raises:
        BreakpointError: for a text that does not parse.
    """
    entries = []
    for item in items:
        hits = item.get("hits", 0)
        entries.append(
            Entry(
                id=int(str(item["id"])),
                breakpoint=Breakpoint.parse(str(item["text"])),
                enabled=bool(item.get("enabled", True)),
                hits=hits if isinstance(hits, int) else 0,
            )
        )
    return entries


def to_wire(entries: Iterable[Entry]) -> list[dict[str, object]]:
    """What `from_wire` reads back."""
    return [
        {
            "id": entry.id,
            "text": str(entry.breakpoint),
            "enabled": entry.enabled,
            "hits": entry.hits,
        }
        for entry in entries
    ]


def _split_after(text: str) -> tuple[str, int]:
    found = re.fullmatch(r"(?:(.*\S)\s+)?after(?:\s+(\S+))?", text, re.DOTALL)
    if not found or not _could_be_count(found[2]):
        return text, 0
    if found[2] is None or not re.fullmatch(r"\d{1,9}", found[2]) or int(found[2]) == 0:
        raise BreakpointError("'after' needs the number of times to pass first, such as 'after 3'")
    return found[1] or "", int(found[2])


def _could_be_count(text: str | None) -> bool:
    """Tell a count, even a wrong one such as `after -1`, from a condition's `after ==2`."""
    return text is None or re.fullmatch(r"[-+]?\d+(\.\d*)?|[^\W\d]+", text) is not None


def _partition_if(text: str) -> tuple[str, str, str]:
    if re.fullmatch(r"if(\s.*)?", text, re.DOTALL):
        return "", "if", text[2:].strip()
    found = re.search(r"\s+if(\s+|$)", text)
    if found is None:
        return text, "", ""
    return text[: found.start()], "if", text[found.end() :].strip()


def _compiled(condition: str) -> CodeType:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return compile(condition, "<condition>", "eval")
    except (SyntaxError, ValueError, MemoryError, RecursionError, OverflowError) as error:
        reason = error.msg if isinstance(error, SyntaxError) else str(error) or "too complicated"
        raise BreakpointError(
            f"the condition '{condition}' is not valid Python: {reason}"
        ) from None


def _parse_where(where: str) -> Breakpoint:
    if where in _WORDS:
        return Breakpoint(where)
    if re.fullmatch(r"\d+", where):
        return Breakpoint("line", line=_line_number(where))
    word, colon, argument = where.partition(":")
    if word in LATER_PLACES:
        raise BreakpointError(
            f"'{word}' breakpoints are not available yet; there are {PLACES_TEXT}"
        )
    if colon and word in GLOB_PLACES:
        if not argument:
            raise BreakpointError(f"'{word}:' needs a name, such as {_EXAMPLES[word]}")
        return Breakpoint(word, pattern=argument)
    file, _, line = where.rpartition(":")
    if file and re.fullmatch(r"\d+", line):
        return Breakpoint("line", file=file, line=_line_number(line))
    raise BreakpointError(_unknown(where, word, colon, argument))


def _line_number(text: str) -> int:
    if len(text) > 9 or int(text) == 0:
        raise BreakpointError(f"no line {text}: lines count from 1")
    return int(text)


def _unknown(where: str, word: str, colon: str, argument: str) -> str:
    if not colon and word in GLOB_PLACES:
        return f"'{word}' needs a name, such as {_EXAMPLES[word]}"
    if colon and word in _WORDS:
        return f"'{word}' takes no name; write just '{word}'"
    close = get_close_matches(word, (*_WORDS, *GLOB_PLACES), n=1)
    if close:
        guess = f"{close[0]}:{argument or 'NAME'}" if close[0] in GLOB_PLACES else close[0]
        return f"unknown breakpoint '{where}': did you mean '{guess}'? There are {PLACES_TEXT}"
    return f"unknown breakpoint '{where}': there are {PLACES_TEXT}"


_EXAMPLES: Final = {
    "op": "op:linear",
    "node": "node:MulBackward0",
    "module": "module:layers.0",
    "param": "param:fc1.weight",
}
