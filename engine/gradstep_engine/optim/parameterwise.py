"""Optimizers that change every parameter by itself, from its own gradient and state."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from gradstep_engine import events
from gradstep_engine.autograd.variable import bump_all
from gradstep_engine.dtypes import get_default_dtype
from gradstep_engine.missing import missing
from gradstep_engine.optim.optimizer import Optimizer
from gradstep_engine.tensor import Tensor, wrap

BLOCK = 32_768
"""Elements that are updated at a time: few enough to stay in the processor's cache."""

_HUGE = 1e18
"""Below this a square cannot overflow, not even where the array's type is float32."""

Rule = Callable[..., Sequence[Any]]
"""`rule(w, g, *states, *numbers)` returns `(w, *states)` after one step.

It is the textbook's formula, written with Python's operators and augmented assignments (`w -= …`):
these change arrays in place, so that the result only matters where the operands are plain numbers.
It leaves `g` alone.
"""


class Parameterwise(Optimizer):
    """Calls `update` for each parameter that has a gradient, one after the other.

    The listener hears of each change right after it; copies of what was before are made only then.
    """

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add a group, such as layers that are learned from now on.

        Raises:
            TypeError: the group or its parameters are of the wrong kind.
            ValueError: a parameter is no leaf, or is in another group already.
            MissingFeatureError: the group asks for what only accelerators or autograd can do.
        """
        super().add_param_group(param_group)
        for option in ("capturable", "differentiable"):
            if param_group.get(option):
                raise missing(f"torch.optim.{type(self).__name__}({option}=True)")

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update all parameters once; returns the closure's result."""
        loss = None if closure is None else self._evaluate(closure)
        if events.listener is not None:
            self._step_observed()
            return loss
        for group in self.param_groups:
            parameters = [each for each in group["params"] if each._grad is not None]
            self.update(group, parameters)
            bump_all(parameters)
        return loss

    def update(self, group: dict[str, Any], parameters: list[Tensor]) -> None:
        """Change `parameters`, which have gradients, and their state in place.

        Every subclass defines it; `group` holds the hyper-parameters.
        """
        raise NotImplementedError(f"{type(self).__name__} defines no update")

    def _step_observed(self) -> None:
        for number, group in enumerate(self.param_groups):
            for index, parameter in enumerate(group["params"]):
                grad = parameter._grad
                if grad is None or _is_left_out(self, number, index, parameter):
                    continue
                before = wrap(np.array(parameter._array))
                state_before = copied_state(self.state.get(parameter, {}))
                self.update(group, [parameter])
                parameter._bump()
                announce_update(self, number, index, grad, before, state_before)


def apply_rule(
    rule: Rule,
    parameter: Any,
    states: Sequence[Tensor],
    numbers: tuple[Any, ...],
    weight_decay: float = 0,
    maximize: bool = False,
) -> None:
    """Change `parameter` and `states` in place by `rule`, at the speed that their size allows.

    A single element is computed with Python's numbers, several times faster than by numpy; many
    elements are taken in blocks that stay in the cache. Before, the gradient's sign is turned if
    `maximize` is set, and then `weight_decay · w` is added to it.
    """
    array, gradient = parameter._array, parameter._grad._array
    if not array.flags.writeable:
        array = parameter._writable()
    size = array.size
    # PyTorch rounds the numbers of a rule to half precision too, so that has no short way.
    if size == 1 and array.itemsize > 2 and -_HUGE < (g := gradient.item()) < _HUGE:
        try:
            w = array.item()
            if maximize:
                g = -g
            if weight_decay:
                g += weight_decay * w
            if not states:
                (w,) = rule(w, g, *numbers)
            else:
                w, *results = rule(w, g, *[each._array.item() for each in states], *numbers)
                for position, each in enumerate(states):
                    each._array.fill(results[position])
        except (ArithmeticError, ValueError):
            pass  # such as a division by zero, whose result numpy knows
        else:
            array.fill(w)
            return
    constants = _constants[array.dtype][numbers]
    if weight_decay:
        (weight_decay,) = _constants[array.dtype][(weight_decay,)]
    kept = [each._array for each in states]
    if size <= BLOCK or not all(each.flags.c_contiguous for each in (array, gradient, *kept)):
        if maximize:
            gradient = -gradient
        if weight_decay:
            gradient = gradient + weight_decay * array
        rule(array, gradient, *kept, *constants)
        return
    flat = [each.reshape(-1) for each in (array, gradient, *kept)]
    for start in range(0, size, BLOCK):
        w, g, *several = [each[start : start + BLOCK] for each in flat]
        if maximize:
            g = -g
        if weight_decay:
            g = g + weight_decay * w
        rule(w, g, *several, *constants)


class _Constants(dict[tuple[Any, ...], tuple[Any, ...]]):
    """Floats as 0-d arrays of one type: numpy computes with these twice as fast.

    Other members of a tuple, such as switches, stay what they are.
    """

    def __init__(self, dtype: Any) -> None:
        self.dtype = dtype
        self.single: dict[float, Any] = {}

    def __missing__(self, numbers: tuple[Any, ...]) -> tuple[Any, ...]:
        if len(self) > 100:  # rates that change with every step
            self.clear()
            self.single.clear()
        constants = self[numbers] = tuple(
            self._constant(each) if type(each) is float else each for each in numbers
        )
        return constants

    def _constant(self, number: float) -> Any:
        constant = self.single.get(number)
        if constant is None:
            constant = self.single[number] = np.array(number, dtype=self.dtype)
        return constant


class _ByType(dict[Any, _Constants]):
    def __missing__(self, dtype: Any) -> _Constants:
        constants = self[dtype] = _Constants(dtype)
        return constants


_constants = _ByType()


def root(x: Any) -> Any:
    """Return √x of a number or an array."""
    return math.sqrt(x) if type(x) is float else np.sqrt(x)


def larger(a: Any, b: Any) -> Any:
    """Return the larger of two numbers; of two arrays element by element, in the place of `a`."""
    return np.maximum(a, b, out=a if isinstance(a, np.ndarray) else None)


def _is_left_out(optimizer: Optimizer, number: int, index: int, parameter: Tensor) -> bool:
    """Ask the listener whether it wants a parameter left as it is."""
    listener = events.listener
    if listener is None:
        return False
    return listener(events.Updating(optimizer, number, index, parameter)) == events.SKIP


def copied_state(state: Mapping[str, Any]) -> dict[str, Any]:
    """Return the state of a parameter with copies of its tensors, for the listener."""
    return {
        name: wrap(np.array(value._array)) if isinstance(value, Tensor) else value
        for name, value in state.items()
    }


def announce_update(
    optimizer: Optimizer,
    number: int,
    index: int,
    grad: Tensor,
    before: Tensor,
    state_before: Mapping[str, Any],
) -> None:
    """Tell the listener that a parameter, the `index`-th of group `number`, has changed."""
    group = optimizer.param_groups[number]
    parameter = group["params"][index]
    state = optimizer.state.get(parameter, {})
    for name, value in state.items():
        if isinstance(value, Tensor) and name in state_before:
            # Without a new version a listener could not tell the old buffer from the new.
            value._bump()
    listener = events.listener
    if listener is not None:
        listener(
            events.Updated(
                optimizer=optimizer,
                group=number,
                index=index,
                parameter=parameter,
                grad=grad,
                before=before,
                state_before=state_before,
                state_after=dict(state),
                hyper={
                    name: number_of(value) if isinstance(value, Tensor) else value
                    for name, value in group.items()
                    if name != "params"
                },
            )
        )


def advance(state: dict[str, Any]) -> int:
    """Count one more step of a parameter; returns the number of this one, from 1."""
    array = state["step"]._array
    step = int(array.item()) + 1
    array[()] = step
    return step


def new_step() -> Tensor:
    """Return a step counter at zero: a float32 scalar, or float64 if that is the default type."""
    wide = get_default_dtype().numpy == np.float64
    return wrap(np.zeros((), dtype=np.float64 if wide else np.float32))


def zeros_like(parameter: Tensor) -> Tensor:
    """Return a state tensor of zeros, of the parameter's shape and type."""
    return wrap(np.zeros(parameter._array.shape, dtype=parameter._array.dtype))


def number_of(value: Any) -> float:
    """Return a hyper-parameter, which may be a tensor, as a number."""
    return float(value._array.item()) if isinstance(value, Tensor) else float(value)


def check_range(name: str, value: Any, shown: str = "") -> None:
    """Refuse a negative hyper-parameter.

    Raises:
        ValueError: it is negative.
    """
    if not number_of(value) >= 0.0:
        raise ValueError(f"Invalid {shown or name} value: {value}")


def check_learning_rate(lr: Any) -> None:
    """Refuse a negative learning rate, or several.

    Raises:
        ValueError: it is negative, or a tensor of more than one element.
    """
    if isinstance(lr, Tensor) and lr._array.size != 1:
        raise ValueError("Tensor lr must be 1-element")
    if not number_of(lr) >= 0.0:
        raise ValueError(f"Invalid learning rate: {lr}")


def check_betas(betas: Sequence[Any]) -> None:
    """Refuse rates of averaging that are not in [0, 1).

    Raises:
        ValueError: one is not.
    """
    for position, beta in enumerate(betas[:2]):
        if not 0.0 <= number_of(beta) < 1.0:
            raise ValueError(f"Invalid beta parameter at index {position}: {beta}")


def check_fused(fused: Any, foreach: Any, differentiable: Any) -> None:
    """Refuse ways to compute that exclude each other; here all of them give the same.

    Raises:
        RuntimeError: they do.
    """
    if fused and differentiable:
        raise RuntimeError("`fused` does not support `differentiable`")
    if fused and foreach:
        raise RuntimeError("`fused` and `foreach` cannot be `True` together.")
