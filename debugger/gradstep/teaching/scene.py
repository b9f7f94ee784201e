"""What questions are made of: a phase that begins, its parameters, and later what it did."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from math import isfinite, prod
from typing import TYPE_CHECKING, Any

from gradstep.trace.numbers import decode
from gradstep.views.numbers import number

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gradstep.protocol.row import EventRow
    from gradstep.trace.model import OptimizerState, TensorValue
    from gradstep.trace.moment import Moment

MOST_ELEMENTS = 1_000_000
"""Of larger tensors the first element is spoken of; to look for a better one would take a while."""


@dataclass(frozen=True, slots=True)
class Element:
    """One number that a question is about: an element of a parameter, and that of its gradient."""

    tensor: int
    name: str
    position: int
    subscript: str

    @property
    def text(self) -> str:
        """`x`, or `fc1.weight[2,3]`."""
        return f"`{self.name}{self.subscript}`"

    @property
    def grad_text(self) -> str:
        """`x.grad`, or `fc1.weight.grad[2,3]`."""
        return f"`{self.name}.grad{self.subscript}`"

    def value(self, moment: Moment) -> float | None:
        """Return its value, None where the contents were not recorded."""
        return _at(moment.value(self.tensor), self.position)

    def grad(self, moment: Moment) -> float | None:
        """Return its gradient, None where there is none or it was not recorded."""
        return grad_number(moment, self.tensor, self.position)


def grad_number(moment: Moment, param: int, position: int) -> float | None:
    """Return one number of a parameter's gradient, None where there is none."""
    gradient = moment.grad(param).tensor
    return None if gradient is None else _at(moment.value(gradient), position)


def _at(value: TensorValue | None, position: int) -> float | None:
    if value is None or value.content is None:
        return None
    try:
        return float(decode(value, position + 1)[position])
    except (IndexError, ValueError):
        return None  # No element there, or a dtype without plain numbers.


@dataclass(frozen=True)
class Scene:
    """The moment at which a phase begins; nothing of the phase has happened yet."""

    moment: Moment

    @property
    def event(self) -> EventRow:
        """The beginning itself."""
        return self.moment.event

    @cached_property
    def optimizer(self) -> OptimizerState | None:
        """The optimizer whose zero_grad or step begins, None in other phases."""
        wanted = self.event.detail.get("optimizer")
        return next((one for one in self.moment.optimizers() if one.id == wanted), None)

    @cached_property
    def called(self) -> str:
        """`optimizer.step()` as the script would write it."""
        owner = self.optimizer.name if self.optimizer is not None else ""
        what = self.event.name.rpartition(".")[2]
        return f"`{owner or self.event.name.partition('.')[0]}.{what}()`"

    @cached_property
    def held(self) -> list[int]:
        """The parameters of the optimizer."""
        groups = self.optimizer.groups if self.optimizer is not None else ()
        return list(chain.from_iterable(group["params"] for group in groups))

    def hyper(self, param: int) -> Mapping[str, Any]:
        """Return the settings of the group that holds a parameter."""
        groups = self.optimizer.groups if self.optimizer is not None else ()
        return next((group for group in groups if param in group["params"]), {})

    def rate(self, param: int) -> float | None:
        """Return the learning rate of a parameter, None where that is not one number."""
        rate = self.hyper(param).get("lr")
        return rate if isinstance(rate, (int, float)) else None

    def others(self) -> list[int]:
        """Return the parameters that the optimizer does not hold."""
        held = set(self.held)
        return [one for one in self.moment.parameters() if one not in held]

    def with_grad(self, params: list[int]) -> list[int]:
        """Return those of the parameters that have a gradient."""
        return [one for one in params if self.moment.grad(one).tensor is not None]

    def without_grad(self, params: list[int]) -> list[int]:
        """Return those of the parameters whose .grad is None."""
        return [one for one in params if self.moment.grad(one).tensor is None]

    def element(self, params: list[int]) -> Element | None:
        """Choose what to speak of: the greatest gradient, or value, of the smallest parameter.

        None where no contents were recorded, or the number is not finite.
        """
        sized: list[tuple[int, int, int, TensorValue]] = []
        for param in params:
            value = self.moment.value(param)
            if value is not None and value.content:
                sized.append((prod(value.shape), len(sized), param, value))
        if not sized:
            return None
        _, _, param, value = min(sized)
        gradient = self.moment.grad(param).tensor
        seen = None if gradient is None else self.moment.value(gradient)
        position = _greatest(seen if seen is not None and seen.content else value)
        found = Element(param, self.moment.name(param), position, _subscript(value, position))
        # NaN is not even equal to itself: about such numbers there is nothing to ask.
        numbers = found.value(self.moment), found.grad(self.moment)
        return found if all(one is None or isfinite(one) for one in numbers) else None

    def valued(self, params: list[int]) -> tuple[Element, float] | None:
        """Choose an element whose value is known, with that value."""
        element = self.element(params)
        value = None if element is None else element.value(self.moment)
        return None if element is None or value is None else (element, value)

    def graded(self, params: list[int]) -> tuple[Element, float] | None:
        """Choose an element whose gradient is known, with that gradient."""
        element = self.element(params)
        grad = None if element is None else element.grad(self.moment)
        return None if element is None or grad is None else (element, grad)

    def both(self, params: list[int]) -> tuple[Element, float, float] | None:
        """Choose an element whose value and gradient are known, with both."""
        found = self.valued(params)
        grad = None if found is None else found[0].grad(self.moment)
        return None if found is None or grad is None else (*found, grad)


@dataclass(frozen=True)
class Stretch:
    """A phase that has ended: the moments of its beginning and of its end."""

    before: Moment
    after: Moment

    def events(self, *kinds: str) -> Iterator[EventRow]:
        """Return its events of these kinds."""
        return self.before.run.events(self.before.seq + 1, self.after.seq, kinds)

    @property
    def error(self) -> bool:
        """Whether it ended in an exception."""
        return bool(self.after.event.detail.get("error"))

    def accumulated(self, param: int) -> list[EventRow]:
        """Return the events at which a gradient was added to a parameter's."""
        found = []
        for event in self.events("accumulated"):
            uses = self.before.run.tensors(event.seq)
            if any(use.role == "param" and use.tensor == param for use in uses):
                found.append(event)
        return found


def said(value: float | None) -> str:
    """Write a number, as a name in backticks."""
    return f"`{number(value)}`"


def went(before: float, after: float) -> str:
    """Write a change from one number to another, so that they look as different as they are."""
    if before == after or number(before) != number(after):
        return f"{said(before)} to {said(after)}"
    return f"`{before:.7g}` to `{after:.7g}`"


def _greatest(value: TensorValue) -> int:
    count = prod(value.shape)
    if not 1 < count <= MOST_ELEMENTS:
        return 0
    try:
        numbers = decode(value)
    except ValueError:
        return 0
    return max(range(count), key=lambda one: (abs(numbers[one]), -one))


def _subscript(value: TensorValue, position: int) -> str:
    index: list[str] = []
    for size in reversed(value.shape):
        index.append(str(position % size))
        position //= size
    return f"[{','.join(reversed(index))}]" if any(size > 1 for size in value.shape) else ""
