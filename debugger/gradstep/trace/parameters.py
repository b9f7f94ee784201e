"""What many tensors are at a moment, asked together: a model may have thousands of parameters.

The same answers as `Moment` gives for one tensor at a time, with a query for some hundreds.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from gradstep.trace.model import GradState, StateValue, TensorValue
from gradstep.trace.moment import (
    STATISTICS_COLUMNS,
    VALUE_COLUMNS,
    Moment,
    best_name,
    value_from_row,
)

if TYPE_CHECKING:
    from gradstep.trace.model import OptimizerState

AT_ONCE: Final = 400
"""So many tensors are asked about in one query."""

SMALL: Final = 16_384
"""Bytes of contents that are read for many tensors at once."""


class Gathered(Moment):
    """A moment that has read at once what the parameters of some optimizers are.

    It answers what any moment does; about those parameters it need not look again. Large contents
    it reads only when it is asked for them.
    """

    def __init__(self, moment: Moment, optimizers: Sequence[OptimizerState]) -> None:
        """Read the values, gradients and states of all parameters."""
        super().__init__(moment.run, moment.seq)
        held = {
            one.id: [param for group in one.groups for param in group.get("params", ())]
            for one in optimizers
        }
        params = list(dict.fromkeys(param for some in held.values() for param in some))
        self._names = names_of(self, params)
        self._grads = grads_of(self, params)
        self._states = {
            (number, param): found
            for number, some in held.items()
            for param, found in states_of(self, number, some).items()
        }
        kept = (entry.tensor for found in self._states.values() for entry in found)
        grads = (state.tensor for state in self._grads.values())
        tensors = [tensor for tensor in (*params, *grads, *kept) if tensor is not None]
        self._values = _values(self, tensors, VALUE_COLUMNS, small=True)

    def name(self, tensor: int) -> str:
        """Return the best name known."""
        return self._names[tensor] if tensor in self._names else super().name(tensor)

    def grad(self, param: int) -> GradState:
        """Return what `.grad` of a parameter is."""
        return self._grads[param] if param in self._grads else super().grad(param)

    def value(self, tensor: int) -> TensorValue | None:
        """Return the latest recorded version of a tensor, None if there is none by now."""
        return self._values[tensor] if tensor in self._values else super().value(tensor)

    def state(self, optimizer: int, param: int) -> list[StateValue]:
        """Return `optimizer.state[param]` in order of names; empty before the first step."""
        found = self._states.get((optimizer, param))
        return found if found is not None else super().state(optimizer, param)


def names_of(moment: Moment, tensors: Collection[int]) -> dict[int, str]:
    """Return the best name known of each tensor; see `Moment.name`."""
    known: dict[int, list[tuple[str, int, str]]] = {tensor: [] for tensor in tensors}
    database, run = moment.run.database, moment.run.number
    for part, places in _parts(list(known)):
        for tensor, how, seq, name in database.rows(
            "SELECT tensor, how, seq, name FROM tensor_name"
            f" WHERE run = ? AND tensor IN ({places})",
            (run, *part),
        ):
            known[tensor].append((how, seq, name))
    found = {tensor: best_name(tensor, rows, moment.seq) for tensor, rows in known.items()}
    named = [tensor for tensor, rows in known.items() if rows and found[tensor][1] != "op"]
    leaves = _those(moment, named, "is_parameter")
    names = {tensor: name for tensor, (name, _) in found.items()}
    holders = _holders_of(moment, {names[tensor] for tensor in leaves})
    later = _those(moment, list({*holders.values()} - leaves), "is_parameter") | leaves
    for tensor in leaves:
        holder = holders.get(names[tensor])
        if holder is not None and holder > tensor and holder in later:
            names[tensor] = f"{names[tensor]} (old)"
    return names


def given_names(moment: Moment) -> dict[str, int]:
    """Return the names that the script and its models gave, each with the tensor that has it now.

    See `Moment.names_to_tensors`.
    """
    holders = _holders_of(moment, moment.run.given_names())
    database, run = moment.run.database, moment.run.number
    given = {
        (name, tensor)
        for part, places in _parts(list(dict.fromkeys(holders.values())))
        for tensor, name in database.rows(
            f"SELECT tensor, name FROM tensor_name WHERE run = ? AND tensor IN ({places})"
            " AND how <> 'op'",
            (run, *part),
        )
    }
    return {name: tensor for name, tensor in holders.items() if (name, tensor) in given}


def leaves_and_parameters(moment: Moment, tensors: Collection[int]) -> tuple[set[int], set[int]]:
    """Return which of some tensors are leaves, and which are parameters or other such leaves."""
    asked = list(tensors)
    return _those(moment, asked, "is_leaf"), _those(moment, asked, "is_parameter")


def names_as_parameters(moment: Moment, tensors: Collection[int]) -> dict[int, list[str]]:
    """Return the names under which tensors stand in modules, those first learnt first."""
    found: dict[int, list[str]] = {}
    database, run = moment.run.database, moment.run.number
    for part, places in _parts(list(tensors)):
        for tensor, name in database.rows(
            f"SELECT tensor, name FROM tensor_name WHERE run = ? AND tensor IN ({places})"
            " AND how = 'parameter' ORDER BY tensor, seq",
            (run, *part),
        ):
            found.setdefault(tensor, []).append(str(name))
    return found


def statistics_of(moment: Moment, tensors: Collection[int]) -> dict[int, TensorValue]:
    """Return the latest version of each tensor that was recorded by now, without its contents."""
    return _values(moment, tensors, STATISTICS_COLUMNS)


def grads_of(moment: Moment, params: Collection[int]) -> dict[int, GradState]:
    """Return what `.grad` of each parameter is."""
    found = dict.fromkeys(params, GradState(known=False, tensor=None, seq=0))
    database, run = moment.run.database, moment.run.number
    for part, _ in _parts(list(found)):
        asked = ",".join(["(?)"] * len(part))
        for param, seq, tensor in database.rows(
            f"WITH asked(id) AS (VALUES {asked}) SELECT param, seq, tensor FROM grad, asked"
            " WHERE run = ? AND param = asked.id AND seq = (SELECT seq FROM grad"
            " WHERE run = ? AND param = asked.id AND seq <= ? ORDER BY seq DESC LIMIT 1)",
            (*part, run, run, moment.seq),
        ):
            found[param] = GradState(known=True, tensor=tensor, seq=seq)
    return found


def states_of(
    moment: Moment, optimizer: int, params: Collection[int]
) -> dict[int, list[StateValue]]:
    """Return `optimizer.state[param]` of each parameter, in order of names."""
    found: dict[int, list[StateValue]] = {param: [] for param in params}
    database, run = moment.run.database, moment.run.number
    of = "run = ? AND optimizer = ? AND param ="
    for part, _ in _parts(list(found)):
        asked = ",".join(["(?)"] * len(part))
        # The names of each are found by seeking the next one: a state has thousands of rows.
        for param, name, number, tensor, seq in database.rows(
            "SELECT param, name, number, tensor, seq FROM optimizer_state, ("
            f"WITH RECURSIVE asked(id) AS (VALUES {asked}), named(owner, entry) AS ("
            f"SELECT id, (SELECT min(name) FROM optimizer_state WHERE {of} id) FROM asked"
            f" UNION ALL SELECT owner, (SELECT min(name) FROM optimizer_state WHERE {of} owner"
            " AND name > entry) FROM named WHERE entry IS NOT NULL)"
            " SELECT owner, entry FROM named WHERE entry IS NOT NULL)"
            f" WHERE {of} owner AND name = entry AND seq = (SELECT max(seq) FROM optimizer_state"
            f" WHERE {of} owner AND name = entry AND seq <= ?)",
            (*part, *([run, optimizer] * 4), moment.seq),
        ):
            if number is None and tensor is None:
                number = float("nan")  # SQLite keeps NaN as NULL.
            found[param].append(StateValue(name, number, tensor, seq))
    for entries in found.values():
        entries.sort(key=lambda entry: entry.name)
    return found


def first_seen(moment: Moment, tensors: Collection[int]) -> dict[int, int]:
    """Return the event that first showed each tensor."""
    found = dict.fromkeys(tensors, 0)
    database, run = moment.run.database, moment.run.number
    for part, places in _parts(list(found)):
        for tensor, seq in database.rows(
            f"SELECT id, first_seq FROM tensor WHERE run = ? AND id IN ({places})", (run, *part)
        ):
            found[tensor] = seq or 0
    return found


def _values(
    moment: Moment, tensors: Collection[int], columns: str, *, small: bool = False
) -> dict[int, TensorValue]:
    found: dict[int, TensorValue] = {}
    only = f" AND (content IS NULL OR length(content) <= {SMALL})" if small else ""
    database, run = moment.run.database, moment.run.number
    for part, _ in _parts(list(dict.fromkeys(tensors))):
        asked = ",".join(["(?)"] * len(part))
        rows = database.rows(
            f"WITH asked(id) AS (VALUES {asked}) SELECT {columns} FROM value"
            " WHERE rowid IN (SELECT (SELECT rowid FROM value WHERE run = ? AND tensor = asked.id"
            f" AND seq <= ? ORDER BY seq DESC, version DESC LIMIT 1) FROM asked){only}",
            (*part, run, moment.seq),
        )
        try:
            found.update((row[0], value_from_row(row)) for row in rows)
        except (ValueError, AttributeError, TypeError) as error:
            raise database.damaged(error) from None
    return found


def _those(moment: Moment, tensors: Sequence[int], fact: str) -> set[int]:
    """Return the tensors of which something is so that never changes."""
    database, run = moment.run.database, moment.run.number
    return {
        row[0]
        for part, places in _parts(tensors)
        for row in database.rows(
            f"SELECT id FROM tensor WHERE run = ? AND id IN ({places}) AND {fact} = 1",
            (run, *part),
        )
    }


def _holders_of(moment: Moment, names: Collection[str]) -> dict[str, int]:
    """Return the tensor that has each name now: the one that got it last."""
    database, run = moment.run.database, moment.run.number
    found: dict[str, int] = {}
    for part, _ in _parts(list(names)):
        asked = ",".join(["(?)"] * len(part))
        for name, tensor in database.rows(
            f"WITH asked(id) AS (VALUES {asked}) SELECT name, tensor FROM tensor_name, asked"
            " WHERE run = ? AND name = asked.id AND seq = (SELECT seq FROM tensor_name"
            " INDEXED BY tensor_by_name WHERE run = ? AND name = asked.id AND seq <= ?"
            " ORDER BY seq DESC LIMIT 1)",
            (*part, run, run, moment.seq),
        ):
            found[name] = max(tensor, found.get(name, tensor))
    return found


def _parts(items: Sequence[Any]) -> Iterator[tuple[Sequence[Any], str]]:
    """Yield the items in parts small enough for one query, each with its places in the SQL."""
    for start in range(0, len(items), AT_ONCE):
        part = items[start : start + AT_ONCE]
        yield part, ",".join("?" * len(part))
