"""A tensor and an optimizer as a recording answers for them."""

from __future__ import annotations

import math
from typing import Any, Final

from gradstep.session.recorded_arrays import (
    ELEMENTWISE,
    OPERATORS,
    REDUCTIONS,
    RecordedArray,
    give_operators,
    operate,
)
from gradstep.trace.model import OptimizerState, TensorValue
from gradstep.trace.moment import Moment
from gradstep.trace.numbers import decode, to_numpy

ANSWERED: Final = frozenset({*ELEMENTWISE, *REDUCTIONS, "T", "t", "reshape"})
"""What is computed from recorded contents, besides what statistics answer."""


class NotRecorded(Exception):
    """Something that the trace does not hold."""


class NameNotRecorded(NotRecorded, NameError):
    """A name that stands for nothing recorded."""


class RecordedTensor:
    """A tensor as recorded, with as much of a tensor's interface as its statistics can answer."""

    def __init__(self, moment: Moment, value: TensorValue, name: str) -> None:
        """Wrap one recorded version, as of `moment`."""
        self.shape = value.shape
        self.dtype = value.dtype
        self.requires_grad = value.requires_grad
        self._moment = moment
        self._value = value
        self._name = name

    @property
    def recorded(self) -> TensorValue:
        """The version itself."""
        return self._value

    @property
    def grad(self) -> RecordedTensor | None:
        """What a leaf had gathered at the moment."""
        moment, tensor = self._moment, self._value.tensor
        state = moment.grad(tensor)
        if not state.known:
            leaf = "" if moment.is_leaf(tensor) else ": only leaves keep a gradient"
            raise NotRecorded(f"{self._name}.grad is not recorded at event {moment.seq}{leaf}")
        if state.tensor is None:
            return None
        value = moment.value(state.tensor)
        if value is None:
            raise NotRecorded(f"the value of {self._name}.grad was not recorded")
        return RecordedTensor(moment, value, f"{self._name}.grad")

    def __getattr__(self, attribute: str) -> Any:
        """Whatever else a tensor has."""
        if attribute.startswith("_"):
            raise AttributeError(attribute)
        if attribute in ANSWERED:
            return getattr(self._computed(), attribute)
        raise NotRecorded(f"{self._name}.{attribute} cannot be answered from the recording")

    def contents(self) -> Any:
        """Return the elements as an array that nobody writes to."""
        if self._value.content is None:
            raise NotRecorded(f"the elements of {self._name} were not recorded")
        return to_numpy(self._value)

    def _computed(self) -> RecordedArray:
        return RecordedArray(self.contents())

    def __getitem__(self, index: Any) -> RecordedArray:
        """An element, a slice, or what a mask chooses."""
        return self._computed()[index]

    def __neg__(self) -> RecordedArray:
        """All elements negated."""
        return -self._computed()

    def __len__(self) -> int:
        """The first size."""
        if not self.shape:
            raise TypeError("a tensor without dimensions has no length")
        return self.shape[0]

    def item(self) -> float:
        """Return the only element."""
        value = self._value
        if math.prod(value.shape) != 1:
            raise NotRecorded(f"{self._name} has shape {value.shape}, not one element")
        if value.content is not None:
            return float(decode(value, 1)[0])
        return self._number(value.mean, "value")

    def norm(self, dim: int | None = None) -> Any:
        """Return the Euclidean norm."""
        if dim is not None:
            return self._computed().norm(dim)
        return self.euclidean()

    def euclidean(self) -> float:
        """Return the Euclidean norm of all elements, as it was recorded."""
        return self._number(self._value.norm, "norm")

    def mean(self, dim: int | None = None) -> Any:
        """Return the mean."""
        if dim is not None:
            return self._computed().mean(dim)
        return self._number(self._value.mean, "mean")

    def std(self) -> float:
        """Return the population standard deviation."""
        return self._number(self._value.std, "standard deviation")

    def min(self, dim: int | None = None) -> Any:
        """Return the smallest element."""
        if dim is not None:
            return self._computed().min(dim)
        return self._number(self._value.min, "minimum")

    def max(self, dim: int | None = None) -> Any:
        """Return the largest element."""
        if dim is not None:
            return self._computed().max(dim)
        return self._number(self._value.max, "maximum")

    def numel(self) -> int:
        """Return the number of elements."""
        return math.prod(self._value.shape)

    def tolist(self) -> Any:
        """Return the elements, nested as the shape says."""
        if self._value.content is None:
            raise NotRecorded(f"the elements of {self._name} were not recorded")
        return _nested(list(decode(self._value)), self._value.shape)

    def __float__(self) -> float:
        """The only element."""
        return self.item()

    def __bool__(self) -> bool:
        """Whether the only element is not zero."""
        return bool(self.item())

    def __format__(self, spec: str) -> str:
        """The only element in a format, as of a tensor."""
        return format(self.item() if spec else repr(self), spec)

    def __abs__(self) -> Any:
        """Magnitudes: of the only element, a number."""
        return abs(self.item()) if self.numel() == 1 else abs(self._computed())

    def abs(self) -> Any:
        """Return the magnitudes."""
        return self._computed().abs()

    def __lt__(self, other: Any) -> Any:
        """Compare: of the only element, a truth value."""
        return self._compared("lt", other)

    def __le__(self, other: Any) -> Any:
        """Compare: of the only element, a truth value."""
        return self._compared("le", other)

    def __gt__(self, other: Any) -> Any:
        """Compare: of the only element, a truth value."""
        return self._compared("gt", other)

    def __ge__(self, other: Any) -> Any:
        """Compare: of the only element, a truth value."""
        return self._compared("ge", other)

    def __eq__(self, other: object) -> Any:
        """Compare: of the only element, a truth value."""
        if not isinstance(other, (int, float, RecordedTensor, RecordedArray)):
            return False
        return self._compared("eq", other)

    def _compared(self, name: str, other: Any) -> Any:
        if self.numel() == 1 and not hasattr(other, "shape"):
            return OPERATORS[name](self.item(), float(other))
        if self.numel() == 1 and math.prod(other.shape) == 1:
            return OPERATORS[name](self.item(), float(other))
        return operate(name, self, other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        """The elements where they are recorded and few, else the shape."""
        value = self._value
        if value.content is None and self.numel() == 1 and value.mean is not None:
            return f"tensor({value.mean}, dtype={value.dtype})"
        if value.content is not None and self.numel() <= 1000:
            return f"tensor({self.tolist()}, dtype={value.dtype})"
        return f"tensor of shape {value.shape}, dtype={value.dtype}"

    @staticmethod
    def _number(number: float | None, what: str) -> float:
        if number is None:
            raise NotRecorded(f"the {what} was not recorded")
        return number


give_operators(RecordedTensor, ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul"))


class RecordedOptimizer:
    """An optimizer as recorded: its groups without their tensors."""

    def __init__(self, state: OptimizerState) -> None:
        """Show one recorded state."""
        self._state = state
        self.param_groups = [
            {key: value for key, value in group.items() if key != "params"}
            for group in state.groups
        ]

    def __getattr__(self, attribute: str) -> Any:
        """Whatever else an optimizer has."""
        if attribute.startswith("_"):
            raise AttributeError(attribute)
        raise NotRecorded(f"{self._state.name}.{attribute} cannot be answered from the recording")

    def __repr__(self) -> str:
        """The class and its settings."""
        return f"{self._state.class_name}({self.param_groups})"


def _nested(flat: list[Any], shape: tuple[int, ...]) -> Any:
    if not shape:
        return flat[0]
    if len(shape) == 1:
        return flat
    size = math.prod(shape[1:])
    return [
        _nested(flat[start : start + size], shape[1:]) for start in range(0, shape[0] * size, size)
    ]
