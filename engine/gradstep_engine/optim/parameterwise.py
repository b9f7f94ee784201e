"""Optimizers that change every parameter by itself, from its own gradient and state."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from gradstep_engine import events
from gradstep_engine.optim.optimizer import Optimizer
from gradstep_engine.tensor import Tensor, wrap

BLOCK = 65_536
"""Elements that are updated at a time: few enough to stay in the processor's cache."""


class Parameterwise(Optimizer):
    """Calls `update` for each parameter that has a gradient, one after the other.

    The listener hears of each change right after it; copies of what was before are made only then.
    """

    def __init__(self, params: Any, defaults: dict[str, Any]) -> None:
        self._spare: dict[tuple[Any, int, int], list[Any]] = {}
        super().__init__(params, defaults)

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update all parameters once; returns the closure's result."""
        loss = self._evaluate(closure)
        for number, group in enumerate(self.param_groups):
            for index, parameter in enumerate(group["params"]):
                grad = parameter._grad
                if grad is None:
                    continue
                if events.listener is None:
                    self.update(parameter, grad, group)
                    parameter._bump()
                else:
                    self._observed_update(number, index, parameter, grad, group)
        return loss

    def update(self, parameter: Tensor, grad: Tensor, group: dict[str, Any]) -> None:
        """Change `parameter` and its state in place; every subclass defines it."""
        raise NotImplementedError(f"{type(self).__name__} defines no update")

    def _observed_update(
        self, number: int, index: int, parameter: Tensor, grad: Tensor, group: dict[str, Any]
    ) -> None:
        before = wrap(np.array(parameter._array))
        known = self.state.get(parameter, {})
        state_before = {
            name: wrap(np.array(value._array)) if isinstance(value, Tensor) else value
            for name, value in known.items()
        }
        self.update(parameter, grad, group)
        parameter._bump()
        for name, value in self.state.get(parameter, {}).items():
            if isinstance(value, Tensor) and name in state_before:
                # Without a new version a listener could not tell the old buffer from the new.
                value._bump()
        listener = events.listener
        if listener is not None:
            listener(
                events.Updated(
                    optimizer=self,
                    group=number,
                    index=index,
                    parameter=parameter,
                    grad=grad,
                    before=before,
                    state_before=state_before,
                    state_after=dict(self.state.get(parameter, {})),
                    hyper={name: value for name, value in group.items() if name != "params"},
                )
            )

    def blocks(self, scratch: int, *arrays: Any) -> Iterable[tuple[Any, ...]]:
        """Split arrays of one shape into aligned blocks, each with `scratch` arrays of its size.

        The blocks are views, so that writing into them changes the arrays. The scratch arrays are
        kept for the next call; what they hold at first is undefined.
        """
        first = arrays[0]
        size = first.size
        if size <= BLOCK:
            key = (first.shape, first.dtype.num, scratch)
            spare = self._spare.get(key)
            if spare is None:
                whole = self._scratch(scratch, first.dtype)
                spare = self._spare[key] = [each[:size].reshape(first.shape) for each in whole]
            return ((*arrays, *spare),)
        if not all(array.flags.c_contiguous for array in arrays):
            return ((*arrays, *(np.empty(first.shape, first.dtype) for _ in range(scratch))),)
        flat = [array.reshape(-1) for array in arrays]
        spare = self._scratch(scratch, first.dtype)
        return (
            (
                *(each[start : start + BLOCK] for each in flat),
                *(each[: min(BLOCK, size - start)] for each in spare),
            )
            for start in range(0, size, BLOCK)
        )

    def _scratch(self, count: int, dtype: Any) -> list[Any]:
        """Return `count` arrays of a block each, the same ones at every call."""
        kept: list[Any] = self._spare.setdefault(("whole", dtype.num, 0), [])
        while len(kept) < count:
            kept.append(np.empty(BLOCK, dtype))
        return kept[:count]

    def _advance(self, state: dict[str, Any]) -> float:
        """Count one more step of a parameter; returns the number of this one, from 1."""
        tensor = state["step"]
        array = tensor._writable()
        array += 1
        return float(array)


def new_step() -> Tensor:
    """Return a step counter at zero, a float32 scalar as in PyTorch."""
    return wrap(np.zeros((), dtype=np.float32))


def zeros_like(parameter: Tensor) -> Tensor:
    """Return a state tensor of zeros, of the parameter's shape and type."""
    return wrap(np.zeros(parameter._array.shape, dtype=parameter._array.dtype))


def check_range(name: str, value: Any, shown: str = "") -> None:
    """Refuse a negative hyper-parameter.

    Raises:
        ValueError: it is negative.
    """
    if not value >= 0.0:
        raise ValueError(f"Invalid {shown or name} value: {value}")


def check_learning_rate(lr: Any) -> None:
    """Refuse a negative learning rate.

    Raises:
        ValueError: it is negative.
    """
    if not lr >= 0.0:
        raise ValueError(f"Invalid learning rate: {lr}")
