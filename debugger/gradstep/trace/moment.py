"""The trace as of one event: every question that a pane asks about a moment in time."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cached_property
from math import prod
from typing import TYPE_CHECKING, Any, Final

from gradstep.protocol.row import EventRow
from gradstep.trace.model import GradState, OptimizerState, StateValue, TensorRef, TensorValue
from gradstep.trace.numbers import is_dtype, size_of

if TYPE_CHECKING:
    from gradstep.trace.reader import RunTrace

VALUE_COLUMNS: Final = (
    "tensor, version, seq, shape, dtype, requires_grad, min, max, mean, std, norm,"
    " zeros, nan, inf, content"
)
STATISTICS_COLUMNS: Final = VALUE_COLUMNS.replace(", content", ", NULL")
"""The same without contents: of a large tensor these are nearly all there is to read."""

_NAME_ORDER: Final = {"parameter": 0, "buffer": 1, "variable": 2, "op": 3}


class Moment:
    """What was so when the event `seq` of `run` had happened.

    Names are the one exception: a name learnt later in the run is already used, because a tensor
    is often named after the event that made it.
    """

    def __init__(self, run: RunTrace, seq: int) -> None:
        """Stand at the event `seq` of `run`."""
        self.run = run
        self.seq = seq
        self._database = run.database

    @cached_property
    def event(self) -> EventRow:
        """The event itself."""
        return self.run.event(self.seq)

    @cached_property
    def tensors(self) -> tuple[TensorRef, ...]:
        """The tensors that the event is about."""
        return self.run.tensors(self.seq)

    def node_of_gradient(self, tensor: int) -> EventRow | None:
        """Return the latest node by now that gave, else took, a tensor as a gradient."""
        given = self._latest_in_role(tensor, "grad_input")
        return given if given is not None else self._latest_in_role(tensor, "grad_output")

    def op_of_result(self, tensor: int) -> EventRow | None:
        """Return the latest op by now that made a tensor."""
        return self._latest_in_role(tensor, "output")

    def _latest_in_role(self, tensor: int, role: str) -> EventRow | None:
        row = self._database.row(
            "SELECT seq FROM event_tensor INDEXED BY event_of_tensor"
            " WHERE run = ? AND tensor = ? AND seq <= ? AND role = ? ORDER BY seq DESC LIMIT 1",
            (self.run.number, tensor, self.seq, self._database.text_id(role)),
        )
        return None if row is None else self.run.event(row[0])

    def value(self, tensor: int) -> TensorValue | None:
        """Return the latest recorded version of a tensor, None if there is none by now."""
        return self.run.value(tensor, self.seq)

    def statistics(self, tensor: int, version: int | None = None) -> TensorValue | None:
        """Return what `value` or `version` does, without contents: `content` is None."""
        return self.run.value(tensor, self.seq, version, contents=False)

    def version(self, tensor: int, version: int) -> TensorValue | None:
        """Return one version of a tensor as recorded by now."""
        return self.run.value(tensor, self.seq, version)

    def name(self, tensor: int) -> str:
        """Return the best name known: parameter or buffer, else variable, else op and number.

        A leaf whose name another leaf has by now is called `NAME (old)`.
        """
        rows = self._database.rows(
            "SELECT how, seq, name FROM tensor_name WHERE run = ? AND tensor = ?",
            (self.run.number, tensor),
        )
        name, how = best_name(tensor, rows, self.seq)
        return f"{name} (old)" if how != "op" and self._was_replaced(tensor, name) else name

    def _was_replaced(self, tensor: int, name: str) -> bool:
        """Return whether a leaf that requires grad gave its name to another one."""
        if not self.is_parameter(tensor):
            return False
        holder = self.tensor_named(name)
        return holder is not None and holder > tensor and self.is_parameter(holder)

    def tensor_named(self, name: str) -> int | None:
        """Return the tensor that has this name now: the one that got it last."""
        row = self._database.row(
            "SELECT tensor FROM tensor_name WHERE run = ? AND name = ? AND seq <= ?"
            " ORDER BY seq DESC LIMIT 1",
            (self.run.number, name, self.seq),
        )
        return None if row is None else int(row[0])

    def names_to_tensors(self, *, of_ops: bool = True) -> dict[str, int]:
        """Return all names in use by now, each with the tensor that got it last.

        Without `of_ops` the names are only those that the script or its models gave.
        """
        if of_ops:
            rows = self._database.rows(
                "SELECT name, tensor, max(seq) FROM tensor_name INDEXED BY tensor_by_name"
                " WHERE run = ? AND seq <= ? GROUP BY name",
                (self.run.number, self.seq),
            )
            return {row[0]: row[1] for row in rows}
        found: dict[str, int] = {}
        for name in self.run.given_names():
            tensor = self.tensor_named(name)
            if tensor is not None and not self._is_of_op(tensor, name):
                found[name] = tensor
        return found

    def _is_of_op(self, tensor: int, name: str) -> bool:
        """Return whether a tensor has a name only because of the op that made it."""
        return not self._database.row(
            "SELECT 1 FROM tensor_name WHERE run = ? AND tensor = ? AND name = ? AND how <> 'op'",
            (self.run.number, tensor, name),
        )

    def is_parameter(self, tensor: int) -> bool:
        """Return whether a tensor is a parameter or another leaf that requires grad."""
        return bool(self._tensor_fact("is_parameter", tensor))

    def is_leaf(self, tensor: int) -> bool:
        """Return whether a tensor is a leaf of the graph."""
        return bool(self._tensor_fact("is_leaf", tensor))

    def parameters(self) -> list[int]:
        """Return the leaves that require grad and were seen by now, in order of creation."""
        rows = self._database.rows(
            "SELECT id FROM tensor INDEXED BY parameter WHERE run = ? AND is_parameter = 1"
            " AND first_seq <= ? ORDER BY id",
            (self.run.number, self.seq),
        )
        return [row[0] for row in rows]

    def grad(self, param: int) -> GradState:
        """Return what `.grad` of a parameter is."""
        row = self._database.row(
            "SELECT tensor, seq FROM grad WHERE run = ? AND param = ? AND seq <= ?"
            " ORDER BY seq DESC LIMIT 1",
            (self.run.number, param, self.seq),
        )
        if row is None:
            return GradState(known=False, tensor=None, seq=0)
        return GradState(known=True, tensor=row[0], seq=row[1])

    def optimizers(self) -> list[OptimizerState]:
        """Return the optimizers made by now, each with its groups as they are now."""
        found: list[OptimizerState] = []
        number = -1
        while row := self._database.row(
            "SELECT id FROM optimizer WHERE run = ? AND id > ? ORDER BY id LIMIT 1",
            (self.run.number, number),
        ):
            number = row[0]
            state = self.optimizer(number)
            if state is not None:
                found.append(state)
        return found

    def optimizer(self, number: int) -> OptimizerState | None:
        """Return one optimizer with its groups as they are now, None if there is none yet."""
        row = self._database.row(
            "SELECT class, name, seq, groups FROM optimizer"
            " WHERE run = ? AND id = ? AND seq <= ? ORDER BY seq DESC LIMIT 1",
            (self.run.number, number, self.seq),
        )
        if row is None:
            return None
        try:
            groups = tuple(json.loads(row[3]))
            if not all(is_group(group) for group in groups):
                raise ValueError(f"optimizer {number} has a group that is none")
        except (ValueError, TypeError) as error:
            raise self._database.damaged(error) from None
        return OptimizerState(number, row[0], row[1], row[2], groups)

    def state(self, optimizer: int, param: int) -> list[StateValue]:
        """Return `optimizer.state[param]` in order of names; empty before the first step."""
        found: list[StateValue] = []
        name = ""
        while row := self._database.row(
            "SELECT name FROM optimizer_state WHERE run = ? AND optimizer = ? AND param = ?"
            " AND name > ? ORDER BY name LIMIT 1",
            (self.run.number, optimizer, param, name),
        ):
            name = row[0]
            latest = self._database.row(
                "SELECT number, tensor, seq FROM optimizer_state WHERE run = ? AND optimizer = ?"
                " AND param = ? AND name = ? AND seq <= ? ORDER BY seq DESC LIMIT 1",
                (self.run.number, optimizer, param, name, self.seq),
            )
            if latest is not None:
                number, tensor, seq = latest
                if number is None and tensor is None:
                    number = float("nan")  # SQLite keeps NaN as NULL.
                found.append(StateValue(name, number, tensor, seq))
        return found

    def iteration_bounds(self, number: int) -> tuple[int, int] | None:
        """Return the first and last event of an iteration in the run so far, or None."""
        return self.run.iteration_bounds(number)

    def _tensor_fact(self, column: str, tensor: int) -> Any:
        row = self._database.row(
            f"SELECT {column} FROM tensor WHERE run = ? AND id = ?", (self.run.number, tensor)
        )
        return None if row is None else row[0]


def best_name(tensor: int, names: Sequence[tuple[str, int, str]], seq: int) -> tuple[str, str]:
    """Choose of a tensor's names, rows (how, seq, name), the one to call it by, and its kind.

    A tensor without a name is called by its number, as an op's result would be.
    """
    if not names:
        return f"tensor_{tensor}", "op"
    how, _, name = names[0]
    if len(names) > 1:
        # Of several names of one kind: the latest by now, else the first one to come.
        how, _, name = min(
            names, key=lambda row: (_NAME_ORDER.get(row[0], 9), row[1] > seq, abs(row[1] - seq))
        )
    return str(name), str(how)


def is_group(item: Any) -> bool:
    """Tell whether a JSON value is an optimizer's group: settings, and `params` by number."""
    params = item.get("params") if isinstance(item, dict) else None
    return isinstance(params, list) and all(isinstance(param, int) for param in params)


def value_from_row(row: tuple[Any, ...]) -> TensorValue:
    """Make a `TensorValue` of a row of `VALUE_COLUMNS`."""
    shape = tuple(map(int, row[3].split(","))) if row[3] else ()
    if min(shape, default=0) < 0 or not is_dtype(row[4]):
        raise ValueError(f"tensor {row[0]} has a shape or dtype that is none")
    if row[14] is not None and len(row[14]) != prod(shape) * size_of(row[4]):
        raise ValueError(f"the contents of tensor {row[0]} do not fit its shape")
    return TensorValue(
        tensor=row[0],
        version=row[1],
        seq=row[2],
        shape=shape,
        dtype=row[4],
        requires_grad=bool(row[5]),
        min=row[6],
        max=row[7],
        mean=row[8],
        std=row[9],
        norm=row[10],
        zeros=row[11],
        nan=row[12],
        inf=row[13],
        content=row[14],
    )
