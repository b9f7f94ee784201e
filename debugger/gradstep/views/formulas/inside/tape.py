"""A composite op worked out again, step by step, with the nodes that its steps leave behind.

What stands between the steps was never recorded: it is computed again from the op's own arguments.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gradstep.views.formulas.call import Array, Call, Unknown


@dataclass(frozen=True, slots=True)
class Value:
    """A value inside of an op: what it is called there, and whether a gradient goes to it."""

    name: str
    array: Array
    needs: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One step: `node` is the node that it leaves behind, "" for none.

    `op` names the op whose formula it has, with `options`; `symbols` says it in letters.
    """

    node: str
    op: str
    symbols: str
    given: tuple[Value | float, ...]
    out: Value
    options: Mapping[str, Any]

    def call(self, call: Call) -> Call:
        """Give the step as a call of its own op."""
        from dataclasses import replace

        arrays = tuple(v.array if isinstance(v, Value) else v for v in self.given)
        return replace(
            call,
            op=replace(call.op, name=self.op),
            arguments=arrays,
            names=tuple(v.name if isinstance(v, Value) else "" for v in self.given),
            out=self.out.array,
            options=self.options,
            kinds=("float64",) * len(arrays),
            needs=tuple(isinstance(v, Value) and v.needs for v in self.given),
        )


@dataclass(slots=True)
class Tape:
    """The steps of one composite op, in the order in which they ran."""

    call: Call
    steps: list[Step] = field(default_factory=list)

    def leaf(self, position: int, name: str) -> Value:
        """Take an argument of the op."""
        needs = self.call.needs[position] if position < len(self.call.needs) else False
        return Value(name, self.call.array(position), needs)

    def has(self, position: int) -> bool:
        """Tell whether there is an argument at a position."""
        given = self.call.arguments
        return position < len(given) and given[position] is not None

    def step(
        self,
        name: str,
        node: str,
        op: str,
        symbols: str,
        array: Any,
        *given: Value | float,
        **options: Any,
    ) -> Value:
        """Note a step and give its result."""
        import numpy as np

        needs = any(isinstance(each, Value) and each.needs for each in given)
        out = Value(name, np.asarray(array, float), needs)
        self.steps.append(Step(node if needs else "", op, symbols, given, out, options))
        return out

    # The steps that composite ops are made of.

    def add(self, name: str, a: Value, b: Value | float) -> Value:
        """Add two values, or a number."""
        return self.step(name, "Add", "add", f"{a.name} + {_n(b)}", a.array + _a(b), a, b)

    def sub(self, name: str, a: Value, b: Value | float) -> Value:
        """Subtract."""
        return self.step(name, "Sub", "sub", f"{a.name} − {_n(b)}", a.array - _a(b), a, b)

    def rsub(self, name: str, number: float, a: Value) -> Value:
        """Subtract from a number."""
        return self.step(
            name, "Rsub", "rsub", f"{number:g} − {a.name}", number - a.array, number, a
        )

    def mul(self, name: str, a: Value, b: Value | float) -> Value:
        """Multiply."""
        return self.step(name, "Mul", "mul", f"{a.name}·{_n(b)}", a.array * _a(b), a, b)

    def div(self, name: str, a: Value, b: Value | float) -> Value:
        """Divide."""
        import numpy as np

        with np.errstate(all="ignore"):
            return self.step(name, "Div", "div", f"{a.name} / {_n(b)}", a.array / _a(b), a, b)

    def unary(self, name: str, op: str, node: str, symbols: str, array: Any, a: Value) -> Value:
        """Apply a function of one value."""
        return self.step(name, node, op, symbols, array, a)

    def neg(self, name: str, a: Value) -> Value:
        """Turn the sign."""
        return self.unary(name, "neg", "Neg", f"−{a.name}", -a.array, a)

    def abs(self, name: str, a: Value) -> Value:
        """Take the magnitude."""
        return self.unary(name, "abs", "Abs", f"|{a.name}|", abs(a.array), a)

    def exp(self, name: str, a: Value) -> Value:
        """Raise e to it."""
        import numpy as np

        return self.unary(name, "exp", "Exp", f"e^{a.name}", np.exp(a.array), a)

    def log(self, name: str, a: Value) -> Value:
        """Take the logarithm."""
        import numpy as np

        with np.errstate(all="ignore"):
            return self.unary(name, "log", "Log", f"ln {a.name}", np.log(a.array), a)

    def clone(self, name: str, a: Value, least: float) -> Value:
        """Copy, not below a limit: as in torch the limit is no part of the graph."""
        import numpy as np

        return self.unary(name, "clone", "Clone", a.name, np.maximum(a.array, least), a)

    def clamp_min(self, name: str, a: Value, least: float) -> Value:
        """Keep it from falling below a limit."""
        import numpy as np

        symbols, array = f"max({a.name}, {least:g})", np.maximum(a.array, least)
        return self.step(name, "Clamp", "clamp", symbols, array, a, min=least)

    def sum(self, name: str, a: Value, dim: int | None = None) -> Value:
        """Sum all, or along a dimension."""
        along = {} if dim is None else {"dim": (dim % a.array.ndim,)}
        return self.step(name, "Sum", "sum", f"Σ {a.name}", a.array.sum(axis=dim), a, **along)

    def mean(self, name: str, a: Value) -> Value:
        """Average all."""
        return self.step(name, "Mean", "mean", f"mean of {a.name}", a.array.mean(), a)

    def norm(self, name: str, a: Value, power: float, dim: int, *, keepdim: bool) -> Value:
        """Take the norm along a dimension."""
        axis = dim % a.array.ndim
        array = (abs(a.array) ** power).sum(axis=axis, keepdims=keepdim) ** (1 / power)
        return self.step(
            name, "LinalgVectorNorm", "norm", f"‖{a.name}‖", array, a, p=power, dim=(axis,)
        )

    def masked(self, name: str, a: Value, mask: Array, fill: float = 0.0) -> Value:
        """Put a number where a mask holds."""
        import numpy as np

        array = np.where(mask, fill, a.array)
        chooses = Value("mask", np.asarray(mask, float))
        symbols = f"{a.name}, {fill:g} where masked"
        return self.step(name, "MaskedFill", "masked_fill", symbols, array, a, chooses, fill)

    def mm(self, name: str, a: Value, b: Value, node: str = "Mm") -> Value:
        """Multiply matrices."""
        return self.step(name, node, "mm", f"{a.name} @ {b.name}", a.array @ b.array, a, b)

    def shaped(self, name: str, a: Value, shape: tuple[int, ...], node: str = "View") -> Value:
        """See it in another shape."""
        return self.step(
            name, node, "view", f"{a.name} in another shape", a.array.reshape(shape), a
        )

    def turned(self, name: str, a: Value, order: tuple[int, ...], node: str = "Permute") -> Value:
        """Put its dimensions into another order."""
        return self.step(
            name, node, "permute", f"{a.name} turned", a.array.transpose(order), a, dims=order
        )

    def picked(self, name: str, a: Value, key: Any, node: str) -> Value:
        """Take a part by an index."""
        index = repr(key)
        return self.step(
            name, node, "getitem", f"{a.name}[{_key(key)}]", a.array[key], a, index=index
        )

    def gathered(self, name: str, a: Value, index: Array, dim: int) -> Value:
        """Take the elements that an index names along a dimension."""
        import numpy as np

        axis = dim % a.array.ndim
        array = np.take_along_axis(a.array, index, axis)
        chooses = Value("index", index.astype(float))
        return self.step(
            name, "Gather", "gather", f"{a.name} at index", array, a, chooses, dim=axis
        )

    def reduced(self, losses: Value) -> Value:
        """Put losses together as the op was told to."""
        reduction = str(self.call.option("reduction", "mean"))
        if reduction == "none":
            return losses
        return self.sum("out", losses) if reduction == "sum" else self.mean("out", losses)

    def option(self, name: str, default: float) -> float:
        """Give a number that the op was called with.

        Raises:
            Unknown: it is no number.
        """
        found = self.call.option(name, default)
        if not isinstance(found, (int, float)):
            raise Unknown(f"{name} is not a number")
        return float(found)


def _n(value: Value | float) -> str:
    return value.name if isinstance(value, Value) else f"{value:g}"


def _a(value: Value | float) -> Any:
    return value.array if isinstance(value, Value) else value


def _key(key: Any) -> str:
    parts = key if isinstance(key, tuple) else (key,)
    return ",".join(
        (f"{'' if k.start is None else k.start}:{'' if k.stop is None else k.stop}")
        if isinstance(k, slice) else str(k) for k in parts
    )  # fmt: skip
