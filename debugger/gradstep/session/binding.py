"""Why a breakpoint can never be met, as far as that can be told before the script comes there."""

from __future__ import annotations

import ast
from fnmatch import fnmatchcase
from typing import Final

from gradstep.protocol.breakpoints import CONDITION_NAMES, Breakpoint, closest_text
from gradstep.session.code_lines import line_warning
from gradstep.session.recorded_names import ALLOWED
from gradstep.trace.reader import RunTrace

NO_FINDINGS: Final = "gradstep has no findings yet: nothing can meet this"
_BLIND: Final = "with --detail phases only gradients and updates are seen, no operation or node"

_CALLABLE: Final = frozenset({*ALLOWED, "math"})


def warning_of(point: Breakpoint, script: str) -> str:
    """Say what is wrong with a breakpoint by its text and the source files, "" if nothing is."""
    if point.where == "finding":
        return NO_FINDINGS
    return line_warning(point, script)


def blind_text(point: Breakpoint, detail: str) -> str:
    """Say what a run that is recorded in less detail cannot show a breakpoint, "" for nothing."""
    if detail != "phases" or point.where not in {"op", "node", "module", "nan"}:
        return ""
    if point.where == "nan":
        return f"{_BLIND}; where a NaN began may lie before"
    return _BLIND


def missing_text(point: Breakpoint, run: RunTrace) -> str:
    """Say why a recorded run holds nothing that a breakpoint could meet, "" if it may."""
    where, pattern = point.where, point.pattern
    blind = blind_text(point, run.info.detail)
    if blind:
        return blind
    if where in {"op", "node"}:
        names = _column(run, "name", where)
        if not any(fnmatchcase(name, pattern) for name in names):
            what = "operation" if where == "op" else "backward node"
            return _offering(f"no {what} '{pattern}' ran", pattern, names)
    if where == "module":
        modules = {
            ".".join(parts[:count])
            for path in _column(run, "module")
            for parts in [path.split(".")]
            for count in range(1, len(parts) + 1)
            if path
        }
        if not any(fnmatchcase(module, pattern) for module in modules):
            return _offering(f"no module '{pattern}' was called", pattern, modules)
    if where == "param":
        end = run.at(run.head)
        every = {name for name, how in _tensor_names(run) if how == "parameter"}
        every |= {end.name(tensor) for tensor in end.parameters()}
        if not any(fnmatchcase(name, pattern) for name in every):
            return _offering(f"no parameter '{pattern}'", pattern, every)
    if where == "exception" and pattern == "all":
        return "exceptions that were caught leave no event: only those that ended something do"
    return _unrecorded(point, run) if where == "change" else ""


def _unrecorded(point: Breakpoint, run: RunTrace) -> str:
    """Say which name of an expression the trace does not hold."""
    watched = point.watched
    if watched is None:
        return ""
    known = {name for name, _ in _tensor_names(run)}
    if any(name in known for name in watched.names):
        return ""
    optimizers = {state.name for state in run.at(run.head).optimizers()} if run.head else set()
    wanted = watched.code.co_names if watched.code is not None else (watched.text,)
    attributes = _attributes(watched.text)
    for name in wanted:
        if name in attributes or name in known or name in optimizers or name in CONDITION_NAMES:
            continue
        if name in _CALLABLE:
            continue
        offer = closest_text(name, [one for one in known if not one[-1:].isdigit()])
        return (
            f"'{name}' was not recorded: of the script's variables the trace has tensors and "
            f"optimizers only" + (f" ({offer})" if offer else "")
        )
    return ""


def _attributes(text: str) -> set[str]:
    try:
        tree = ast.parse(text, mode="eval")
    except SyntaxError:
        return set()
    return {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}


def _column(run: RunTrace, column: str, kind: str = "op") -> set[str]:
    """Return the different texts of a column of the events of one kind."""
    database = run.database
    number = database.text_id(kind)
    if number is None:
        return set()
    rows = database.rows(
        f"SELECT DISTINCT {column} FROM event INDEXED BY event_by_kind WHERE run = ? AND kind = ?",
        (run.number, number),
    )
    return {database.text(row[0]) for row in rows}


def _tensor_names(run: RunTrace) -> list[tuple[str, str]]:
    rows = run.database.rows(
        "SELECT DISTINCT name, how FROM tensor_name WHERE run = ?", (run.number,)
    )
    return [(str(name), str(how)) for name, how in rows]


def _offering(text: str, wanted: str, names: set[str]) -> str:
    return "; ".join(filter(None, (text, closest_text(wanted, names))))
