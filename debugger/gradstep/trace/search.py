"""Searches a run for events: by what they are, where they come from, what they printed or made.

A search reads the file in pieces and yields between them, so that a long run neither holds up the
screen nor keeps a search from being given up.
"""

from __future__ import annotations

import re
from collections.abc import Generator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import reduce
from operator import and_
from typing import TYPE_CHECKING, Final

from gradstep.trace import line_stops, scan
from gradstep.trace.scan import Predicate

if TYPE_CHECKING:
    from gradstep.trace.reader import RunTrace

FORMS: Final = (
    "text · op:relu · node:*Backward0 · param:fc1* · module:layers.0 · source:TEXT · printed:TEXT"
    " · nan · inf · grad > 10 · value.max >= 3 · norm < 1e-6 · loss < 0.5 · lr == 0.1"
)
"""What can be searched for, for a hint."""

_STATISTICS: Final = ("norm", "min", "max", "mean", "std")
_GRADIENTS: Final = ("grad_output", "grad_input", "contribution", "grad", "after")
_TERM: Final = re.compile(
    r"(?P<what>(?:grad|value)(?:\.(?:norm|min|max|mean|std))?|norm|min|max|mean|std|loss|lr)"
    r"\s*(?P<sign><=|>=|==|!=|<|>|=)\s*(?P<number>[-+]?(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)"
    r"(?=\s|$)"
    r"|(?P<place>op|node|param|module|source|printed|kind):(?:\"(?P<quoted>[^\"]*)\"|(?P<bare>\S*))"
    r"|(?P<word>\"[^\"]+\"|\S+)"
)
_PIECE: Final = 20_000
_VERSIONS: Final = 5_000
"""Events, and versions of tensors, that are read at a time."""

Progress = tuple[float, list[int]]
"""The share that was searched, and the events found since the last time."""


class SearchError(ValueError):
    """A search that means nothing; the text is one line for the user."""


@dataclass(frozen=True, slots=True)
class ValueTerm:
    """A condition on a version of a tensor that an event made.

    `sql` is over columns of `value`; `role` is grad, value or "" for either.
    """

    sql: str
    parameters: tuple[float, ...] = ()
    role: str = ""


@dataclass(frozen=True, slots=True)
class Search:
    """Everything that must hold of an event.

    `asks_since_when`: what it looks for stays once it has come, so its first event matters most.
    """

    events: tuple[Predicate, ...]
    values: tuple[ValueTerm, ...]
    asks_since_when: bool = False


def parse(run: RunTrace, text: str) -> Search:
    """Read what a person searches for; several terms must all hold.

    Raises:
        SearchError: there is nothing to search for, or a term lacks its name.
    """
    events: list[Predicate] = []
    values: list[ValueTerm] = []
    asks_since_when = False
    for term in _TERM.finditer(text.strip()):
        if term["what"]:
            what, sign = term["what"], {"==": "=", "=": "="}.get(term["sign"], term["sign"])
            number = float(term["number"].replace("_", ""))
            if what == "loss":
                events.append(_loss(run, sign, number))
            elif what == "lr":
                events.append(_rate(run, sign, number))
            else:
                values.append(_statistic(what, sign, number))
        elif term["place"]:
            wanted = term["quoted"] if term["quoted"] is not None else term["bare"]
            if not wanted:
                raise SearchError(f"'{term['place']}:' needs a name or a text behind it")
            events.append(_place(run, term["place"], wanted))
        elif term["word"].lower() in ("nan", "inf"):
            values.append(ValueTerm(f"({term['word'].lower()} > 0)"))
            asks_since_when = True
        else:
            events.append(_anywhere(run, term["word"].strip('"')))
    if not events and not values:
        raise SearchError("write what to search the run for")
    return Search(tuple(events), tuple(values), asks_since_when)


def search(run: RunTrace, wanted: Search, end: int) -> Generator[Progress, None, None]:
    """Yield the events 1 to `end` that fulfil a search, piece by piece."""
    events = reduce(and_, wanted.events) if wanted.events else None
    if not wanted.values:
        assert events is not None
        low = 1
        while low <= end:
            high = min(low + _PIECE, end + 1)
            yield (high - 1) / end, scan.all_in(run, events, low, high)
            low = high
        return
    known: set[int] = set()
    for share, seqs in _made(run, wanted.values[0], end):
        found = set(seqs) - known
        for term in wanted.values[1:]:
            found &= set(_fulfil(run, term, sorted(found)))
        if events is not None:
            found &= _among(run, events, sorted(found))
        known |= found
        yield share, sorted(found)


def _made(run: RunTrace, term: ValueTerm, end: int) -> Generator[Progress, None, None]:
    """Yield the events that made versions for which a term holds.

    Versions are read in the order in which they were written: that needs no index.
    """
    first, last = (
        (run.database.row(f"SELECT {which}(rowid) FROM value") or (None,))[0]
        for which in ("min", "max")
    )
    if first is None:
        return
    low = first
    while low <= last:
        high = low + _VERSIONS
        rows = run.database.rows(
            "SELECT seq FROM value NOT INDEXED WHERE rowid >= ? AND rowid < ? AND run = ?"
            f" AND seq <= ? AND {term.sql} AND {_role_is(run, term.role)}",
            (low, high, run.number, end, *term.parameters),
        )
        yield min(1.0, (high - first) / (last - first + 1)), [row[0] for row in rows]
        low = high


def _fulfil(run: RunTrace, term: ValueTerm, seqs: list[int]) -> list[int]:
    """Keep the events that made a version for which another term holds, too."""
    kept = []
    for seq in seqs:
        for tensor, version in {(use.tensor, use.version) for use in run.tensors(seq)}:
            found = run.database.row(
                "SELECT 1 FROM value WHERE run = ? AND tensor = ? AND seq = ? AND version = ?"
                f" AND {term.sql} AND {_role_is(run, term.role)}",
                (run.number, tensor, seq, version, *term.parameters),
            )
            if found:
                kept.append(seq)
                break
    return kept


def _role_is(run: RunTrace, role: str) -> str:
    """Return SQL that holds where a version that an event made is a gradient, or is none."""
    if not role:
        return "1"
    numbers = map(run.database.text_id, _GRADIENTS)
    known = ", ".join(str(number) for number in numbers if number is not None)
    gradient = (
        "EXISTS (SELECT 1 FROM event_tensor AS t WHERE t.run = value.run AND t.seq = value.seq"
        f" AND t.tensor = value.tensor AND t.version = value.version AND t.role IN ({known}))"
    )
    return gradient if role == "grad" else f"NOT {gradient}"


def _among(run: RunTrace, what: Predicate, seqs: list[int]) -> set[int]:
    """Keep the events that fulfil a predicate."""
    if not seqs:
        return set()
    plain = Predicate(what.sql, what.parameters)
    return set(scan.all_in(run, plain, seqs[0], seqs[-1] + 1)).intersection(seqs)


def _statistic(what: str, sign: str, number: float) -> ValueTerm:
    role, _, column = what.partition(".")
    if role in _STATISTICS:
        role, column = "", role
    return ValueTerm(f"({column or 'norm'} {sign} ?)", (number,), role)


def _loss(run: RunTrace, sign: str, number: float) -> Predicate:
    role = run.database.text_id("root")
    begun = scan.of_kind(run, "phase_entered", rare=True) & scan.text_is(run, "phase", "backward")
    return begun & Predicate(
        "((SELECT v.mean FROM event_tensor AS t CROSS JOIN value AS v WHERE t.run = event.run"
        f" AND t.seq = event.seq AND t.role = {role or 0} AND v.run = t.run"
        " AND v.tensor = t.tensor AND v.seq <= event.seq AND v.version = t.version LIMIT 1)"
        f" {sign} ?)",
        (number,),
    )


def _rate(run: RunTrace, sign: str, number: float) -> Predicate:
    rate = Predicate(f"(json_extract(detail, '$.hyper.lr') {sign} ?)", (number,))
    return scan.of_kind(run, "updated", rare=True) & rate


def _place(run: RunTrace, place: str, wanted: str) -> Predicate:
    match place:
        case "op" | "node":
            return scan.of_kind(run, place) & _like(run, "name", wanted)
        case "kind":
            return _like(run, "kind", wanted)
        case "param":
            about = scan.of_kinds(run, ("accumulated", "zeroed", "updated", "clipped", "written"))
            return about & _like(run, "name", wanted)
        case "module":
            return scan.of_kind(run, "op") & _like(run, "module", wanted)
        case "source":
            return _source(run, wanted)
    return _printed(run, wanted)


def _like(run: RunTrace, column: str, wanted: str) -> Predicate:
    """Hold where a column's text is like a glob, or contains a text without wildcards."""
    pattern = wanted.casefold()
    if not any(sign in pattern for sign in "*?["):
        pattern = f"*{pattern}*"
    return scan.text_in(run, column, lambda text: fnmatchcase(text.casefold(), pattern))


def _source(run: RunTrace, wanted: str) -> Predicate:
    found = scan.NEVER
    for file in run.sources():
        for number, line in enumerate((run.source(file) or "").splitlines(), 1):
            if wanted.casefold() in line.casefold():
                found = found | line_stops.on_line(run, file, number)
    return found if found is scan.NEVER else line_stops.has_place(run) & found


def _printed(run: RunTrace, wanted: str) -> Predicate:
    escaped = re.sub(r"([\\%_])", r"\\\1", wanted)
    text = Predicate(r"(json_extract(detail, '$.text') LIKE ? ESCAPE '\')", (f"%{escaped}%",))
    return scan.of_kind(run, "output", rare=True) & text


def _anywhere(run: RunTrace, wanted: str) -> Predicate:
    """Hold where a text occurs in an event's name, module, source line or printed output."""
    found = _like(run, "name", wanted) | _like(run, "module", wanted) | _source(run, wanted)
    found = found | _printed(run, wanted)
    return Predicate(found.sql, found.parameters)
