"""One breakpoint: what it says, and which rows are at its place."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from types import CodeType
from typing import TYPE_CHECKING, Final

from gradstep.protocol.place import place, same_file
from gradstep.protocol.row import EventRow

if TYPE_CHECKING:
    from gradstep.protocol.breakpoints.watched import Watched

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

_ABOUT_A_PARAMETER: Final = frozenset({"accumulated", "updated", "zeroed", "written"})


class BreakpointError(ValueError):
    """A breakpoint that cannot be understood; the text is one line for the user."""


@dataclass(frozen=True, slots=True)
class Breakpoint:
    """Where to stop, on what condition, and how many times to pass first.

    `where` is one of the words of the grammar or `line`; `pattern` is what follows its colon: a
    glob, the expression of `change:`, `all` of `exception:`, the code of `finding:`. `file` is ""
    for a line of the script itself. `log` is what a logpoint writes instead of stopping, "" for a
    breakpoint that stops; `message` is its code.
    """

    where: str
    pattern: str = ""
    file: str = ""
    line: int = 0
    condition: str = ""
    after: int = 0
    log: str = ""
    code: CodeType | None = field(default=None, compare=False, repr=False)
    message: CodeType | None = field(default=None, compare=False, repr=False)
    watched: Watched | None = field(default=None, compare=False, repr=False)

    @classmethod
    def parse(cls, text: str) -> Breakpoint:
        """Read a breakpoint as a person writes it.

        Raises:
            BreakpointError: with one line that says what is wrong and what is allowed.
        """
        from gradstep.protocol.breakpoints.grammar import parse

        return parse(text)

    def __str__(self) -> str:
        """The canonical text, which parses to an equal breakpoint."""
        text = self.place_text
        if self.condition:
            text += f" if {self.condition}"
        if self.after:
            text += f" after {self.after}"
        return f"{text} log {self.log}" if self.log else text

    @property
    def place_text(self) -> str:
        """WHERE alone."""
        if self.where == "line":
            return f"{self.file}:{self.line}" if self.file else str(self.line)
        return f"{self.where}:{self.pattern}" if self.pattern else self.where

    @property
    def arms_lines(self) -> bool:
        """Whether the script must produce `line` rows for this breakpoint to be met."""
        return self.where == "line"

    @property
    def arms_raises(self) -> bool:
        """Whether every exception that is raised must be looked at, caught or not."""
        return self.where == "exception" and self.pattern == "all"

    def resolved(self, script: str) -> Breakpoint:
        """The same breakpoint, with a bare line number taken as one of `script`."""
        return replace(self, file=script) if self.where == "line" and not self.file else self

    def matches(self, row: EventRow) -> bool:
        """Tell whether `row` is at this place, by the row alone: no counting, no condition.

        `iteration` and `module` match every row of theirs here; `BreakpointTable` keeps only the
        row that begins one. What takes more than the row (`change`, `nan`) matches none.
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
            case "line":
                return row.kind == "line" and self.is_on_line(row)
        return False

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
