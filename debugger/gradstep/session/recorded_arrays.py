"""Arithmetic on what was recorded: a fixed set of operations on arrays, by numpy.

An expression about the past may be `(w.grad * w).sum()`. Its values are copies of recorded
contents; only the operations named here exist, and none of them runs code of the script's or
writes anything.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, Final

LIMIT: Final = 1000
"""Elements that are written out."""

OPERATORS: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "add": operator.add, "sub": operator.sub, "mul": operator.mul, "truediv": operator.truediv,
    "floordiv": operator.floordiv, "mod": operator.mod, "pow": operator.pow,
    "matmul": operator.matmul, "lt": operator.lt, "le": operator.le, "gt": operator.gt,
    "ge": operator.ge, "eq": operator.eq, "ne": operator.ne,
}  # fmt: skip

ELEMENTWISE: Final = {
    **{name: name for name in ("abs", "sqrt", "exp", "log", "sign", "sin", "cos", "tanh")},
    **{name: name for name in ("isnan", "isinf", "isfinite", "square")},
    "neg": "negative",
    "flatten": "ravel",
    "detach": "asarray",
    "clone": "asarray",
}
"""What may be asked of each element, under numpy's name for it."""

REDUCTIONS: Final = {
    **{name: name for name in ("sum", "mean", "prod", "any", "all", "max", "min")},
    **{name: name for name in ("argmax", "argmin")},
    "norm": "norm",
}
"""What makes one number of many, or of those along a dimension."""


class RecordedArray:
    """The result of arithmetic on recorded values, with as much of a tensor as is named above."""

    __array_ufunc__ = None  # Keeps numpy from taking over where it stands on the left.

    def __init__(self, array: Any) -> None:
        """Hold an array; nobody writes to it."""
        import numpy

        self._array = numpy.asarray(array)

    @property
    def shape(self) -> tuple[int, ...]:
        """The sizes."""
        return self._array.shape

    @property
    def dtype(self) -> str:
        """The name of the dtype."""
        return self._array.dtype.name

    @property
    def T(self) -> RecordedArray:
        """The transpose."""
        return RecordedArray(self._array.T)

    def t(self) -> RecordedArray:
        """Return the transpose."""
        return self.T

    def item(self) -> Any:
        """Return the only element; ValueError where there are more."""
        return self._array.item()

    def tolist(self) -> Any:
        """Return the elements, nested as the shape says."""
        return self._array.tolist()

    def numel(self) -> int:
        """Return the number of elements."""
        return int(self._array.size)

    def reshape(self, *sizes: int) -> RecordedArray:
        """Return the elements in another shape."""
        return RecordedArray(self._array.reshape(*sizes))

    def __getitem__(self, index: Any) -> RecordedArray:
        """An element, a slice, or what a mask chooses."""
        return RecordedArray(self._array[bare(index)])

    def __getattr__(self, name: str) -> Any:
        """One of the operations named above; AttributeError for anything else."""
        array = self._array
        if name in ELEMENTWISE:
            return lambda: _apply(ELEMENTWISE[name], array)
        if name in REDUCTIONS:
            return lambda dim=None: _apply(REDUCTIONS[name], array, axis=dim)
        raise AttributeError(f"what is computed from recorded values has no {name}")

    def __neg__(self) -> RecordedArray:
        """All elements negated."""
        return RecordedArray(-self._array)

    def __abs__(self) -> RecordedArray:
        """All magnitudes."""
        return RecordedArray(abs(self._array))

    def __invert__(self) -> RecordedArray:
        """A mask negated."""
        return RecordedArray(~self._array)

    def __float__(self) -> float:
        """The only element."""
        return float(self.item())

    def __bool__(self) -> bool:
        """Whether the only element is not zero."""
        return bool(self.item())

    def __len__(self) -> int:
        """The first size."""
        return len(self._array)

    def __format__(self, spec: str) -> str:
        """The only element in a format."""
        return format(self.item() if spec else repr(self), spec)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        """The elements where they are few, else the shape."""
        if self._array.size <= LIMIT:
            return f"tensor({self.tolist()}, dtype={self.dtype})"
        return f"tensor of shape {self.shape}, dtype={self.dtype}"


def bare(value: Any) -> Any:
    """Return the array in a recorded value, or the value itself."""
    if isinstance(value, tuple):
        return tuple(map(bare, value))
    if isinstance(value, RecordedArray):
        return value._array
    contents = getattr(type(value), "contents", None)
    return contents(value) if contents is not None else value


def operate(name: str, left: Any, right: Any) -> RecordedArray:
    """Apply an operator of Python's to two recorded values, or one and a number."""
    import numpy

    with numpy.errstate(all="ignore"):
        return RecordedArray(OPERATORS[name](bare(left), bare(right)))


def _apply(name: str, array: Any, **settings: Any) -> RecordedArray:
    import numpy

    # As in PyTorch a logarithm of zero is -inf, without a word.
    with numpy.errstate(all="ignore"):
        if name == "norm":
            return RecordedArray(numpy.sqrt(numpy.sum(numpy.square(array), **settings)))
        return RecordedArray(getattr(numpy, name)(array, **settings))


def give_operators(kind: type, names: tuple[str, ...]) -> None:
    """Give a class these operators, and their mirrored forms."""
    for name in names:

        def forward(self: Any, other: Any, name: str = name) -> Any:
            return operate(name, self, other)

        def mirrored(self: Any, other: Any, name: str = name) -> Any:
            return operate(name, other, self)

        setattr(kind, f"__{name}__", forward)
        if name not in ("lt", "le", "gt", "ge", "eq", "ne"):
            setattr(kind, f"__r{name}__", mirrored)


give_operators(RecordedArray, tuple(OPERATORS))
