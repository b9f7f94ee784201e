"""One backward node with everything its formula needs, read from a trace."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from gradstep.trace.numbers import to_numpy
from gradstep.views import numbers
from gradstep.views.reading import having, value_of

if TYPE_CHECKING:
    from gradstep.protocol.row import EventRow
    from gradstep.trace.model import TensorRef, TensorValue
    from gradstep.trace.moment import Moment

# Arrays are numpy's, loaded only when a formula is worked out.
Array = Any
Place = tuple[int, ...]


@dataclass(frozen=True)
class Call:
    """A forward op and one run of one of its backward nodes.

    `arguments` are in the order of the op's own: arrays of float64, plain numbers, or None where
    contents were not recorded. `grad_inputs[i]` belongs to `arguments[i]`, `kinds[i]` is its type,
    `needs[i]` tells whether it requires a gradient.
    """

    op: EventRow
    node: EventRow
    arguments: tuple[Array | float | None, ...]
    names: tuple[str, ...]
    out: Array | None
    grad_outputs: tuple[Array | None, ...]
    grad_inputs: tuple[TensorRef, ...]
    options: Mapping[str, Any]
    kinds: tuple[str, ...] = ()
    needs: tuple[bool, ...] = ()

    @cached_property
    def grad(self) -> Array | None:
        """The gradient that came in for the first output that has one."""
        return next((g for g in self.grad_outputs if g is not None), None)

    @property
    def is_finite(self) -> bool:
        """Tell whether no NaN and no infinity stands among the numbers that are known."""
        import numpy as np

        known = (*self.arguments, self.out, *self.grad_outputs)
        return all(bool(np.isfinite(one).all()) for one in known if one is not None)

    def array(self, position: int) -> Array:
        """Give an argument as an array.

        Raises:
            Unknown: its contents were not recorded.
        """
        import numpy as np

        if position >= len(self.arguments) or self.arguments[position] is None:
            raise Unknown("contents not recorded")
        return np.asarray(self.arguments[position], dtype=np.float64)

    def output(self) -> Array:
        """Give the op's output.

        Raises:
            Unknown: its contents were not recorded.
        """
        if self.out is None:
            raise Unknown("contents not recorded")
        return self.out

    def incoming(self) -> Array:
        """Give the gradient that came in.

        Raises:
            Unknown: its contents were not recorded.
        """
        if self.grad is None:
            raise Unknown("contents not recorded")
        return self.grad

    def at(self, position: int, place: Place) -> float:
        """Give the element of an argument that takes part at `place` of the broadcast output."""
        array = self.array(position)
        return float(array[under(place, array.shape)])

    def text(self, position: int, place: Place) -> str:
        """Write `at`, negative numbers in parentheses; a plain number as the user typed it."""
        given = self.arguments[position]
        if isinstance(given, (int, float)):
            return signed(numbers.hyper(given), given)
        value = self.at(position, place)
        return signed(numbers.number(value), value)

    def option(self, name: str, default: Any = None) -> Any:
        """Give an attribute of the op, parsed where it was recorded as text."""
        return parsed(self.options[name]) if name in self.options else default

    def integers(self) -> list[int]:
        """Give all whole-number arguments and attributes, in their order: dims, indices."""
        found: list[int] = []
        plain = [a for a in self.arguments if isinstance(a, (int, float))]
        for item in (*plain, *(parsed(value) for value in self.options.values())):
            items = item if isinstance(item, (list, tuple)) else (item,)
            found += [int(x) for x in items if isinstance(x, int) and not isinstance(x, bool)]
        return found


class Unknown(Exception):
    """A formula cannot be worked out from what was recorded."""


NOT_FINITE: Final = "NaN or infinity takes part, which the formula does not foresee"
"""Why a result that is not the recorded one is no verdict: how NaN is ordered, say."""

UNFORESEEN: Final = (IndexError, ValueError, TypeError, AttributeError, ArithmeticError)
"""What a formula raises for an op that was called in a way that it does not foresee."""


def parsed(value: Any) -> Any:
    """Read an attribute that was recorded as its repr; text that is no literal stays text."""
    if not isinstance(value, str):
        return value
    try:
        return ast.literal_eval(value)
    except (ValueError, SyntaxError):
        return value


def signed(text: str, value: float) -> str:
    """Put a negative number into parentheses, so that it can stand behind an operator."""
    return f"({text})" if value < 0 else text


def under(place: Place, shape: tuple[int, ...]) -> Place:
    """Give the place in a tensor of `shape` that broadcasts to `place` of the output."""
    tail = place[len(place) - len(shape) :]
    return tuple(0 if size == 1 else at for at, size in zip(tail, shape, strict=True))


def read_call(moment: Moment, node: EventRow) -> Call | None:
    """Read a node's call; None where the forward op is unknown."""
    if not node.op:
        return None
    return _read(moment, moment.run.event(node.op), node)


def read_op(moment: Moment, op: EventRow) -> Call:
    """Read an op's own call, of which no backward node is looked at."""
    return _read(moment, op, op)


def _read(moment: Moment, op: EventRow, node: EventRow) -> Call:
    tensors = moment.run.tensors(op.seq)
    mine = moment.run.tensors(node.seq)
    options = dict(op.detail.get("attributes") or {})
    inputs = iter(having(tensors, "input"))
    arguments: list[Array | float | None] = []
    names: list[str] = []
    kinds: list[str] = []
    needs: list[bool] = []
    ref = next(inputs, None)
    while ref is not None or f"input_{len(arguments)}" in options:
        key = f"input_{len(arguments)}"
        if key in options:
            given = parsed(options.pop(key))
            arguments.append(given if isinstance(given, (int, float)) else None)
            names.append("")
            kinds.append("")
            needs.append(False)
            continue
        assert ref is not None
        kept = read_tensor(moment, ref)
        arguments.append(kept.array)
        kinds.append(kept.kind)
        needs.append(kept.needs)
        names.append(moment.name(ref.tensor) if ref.tensor is not None else "")
        ref = next(inputs, None)
    outputs = having(tensors, "output")
    return Call(
        op=op,
        node=node,
        arguments=tuple(arguments),
        names=tuple(names),
        out=read_tensor(moment, outputs[0]).array if outputs else None,
        grad_outputs=tuple(read_tensor(moment, r).array for r in having(mine, "grad_output")),
        grad_inputs=tuple(having(mine, "grad_input")),
        options=options,
        kinds=tuple(kinds),
        needs=tuple(needs),
    )


MOST_KEPT: Final = 4_000_000
"""So many elements, in all, of tensors read lately are kept: 32 MB."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A version of a tensor as formulas want it."""

    array: Array | None
    kind: str
    needs: bool


class _Lately:
    """What was read of a trace lately: several lines of a card look at the same tensors."""

    def __init__(self) -> None:
        self.kept: dict[tuple[int, int, int], tuple[object, Kept]] = {}
        self.elements = 0

    def read(self, moment: Moment, ref: TensorRef) -> Kept:
        assert ref.tensor is not None
        key = (id(moment.run), ref.tensor, ref.version)
        found = self.kept.get(key)
        if found is not None and found[0] is moment.run:
            return found[1]
        value = value_of(moment, ref)
        if value is None:
            return Kept(None, "", False)
        made = Kept(contents(value), value.dtype, bool(value.requires_grad))
        if made.array is not None and made.array.size <= MOST_KEPT:
            made.array.flags.writeable = False
            if self.elements + made.array.size > MOST_KEPT:
                self.kept.clear()
                self.elements = 0
            self.kept[key] = (moment.run, made)
            self.elements += made.array.size
        return made


_LATELY: Final = _Lately()


def read_tensor(moment: Moment, ref: TensorRef | None) -> Kept:
    """Give what an event saw of a tensor; an array of None where contents were not recorded."""
    if ref is None or ref.tensor is None:
        return Kept(None, "", False)
    return _LATELY.read(moment, ref)


def contents(value: TensorValue | None) -> Array | None:
    """Give recorded contents as float64, None where there are none."""
    if value is None or value.content is None:
        return None
    try:
        return to_numpy(value).astype("float64")
    except ValueError:
        return None
