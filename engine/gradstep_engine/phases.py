"""Phases of a training loop as the listener hears them: entered, and exited even by an error."""

from __future__ import annotations

from collections.abc import Iterable
from types import TracebackType
from typing import Any

import numpy as np

from gradstep_engine import events
from gradstep_engine.tensor import Tensor, wrap


class Phase:
    """Context manager that tells the listener of `PhaseEntered` and `PhaseExited`.

    `name` is what the user calls it, such as `SGD.step`. Without a listener it does nothing.
    `is_skipped` says that the listener wants it left out.
    """

    __slots__ = ("entered", "is_skipped", "kind", "name", "optimizer")

    def __init__(self, kind: str, name: str, optimizer: Any = None) -> None:
        self.kind = kind
        self.name = name
        self.optimizer = optimizer
        self.entered = False
        self.is_skipped = False

    def __enter__(self) -> Phase:
        listener = events.listener
        if listener is not None:
            self.entered = True
            answer = listener(events.PhaseEntered(self.kind, self.name, self.optimizer))
            self.is_skipped = answer == events.SKIP
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        listener = events.listener
        if listener is not None and self.entered:
            listener(events.PhaseExited(self.kind, self.name, self.optimizer, error=error))


def clear_gradients(parameters: Iterable[Tensor], set_to_none: bool) -> None:
    """Set `.grad` of each parameter that has one to None, or fill it with zeros in place."""
    for parameter in parameters:
        grad = parameter._grad
        if grad is None:
            continue
        listener = events.listener
        if set_to_none:
            parameter._grad = None
            if listener is not None:
                listener(events.Zeroed(parameter, grad, None))
            continue
        before = None if listener is None else wrap(np.array(grad._array))
        grad.grad_fn = None  # a gradient that backward recorded is cut off first, as in torch
        grad._writable()[...] = 0
        grad._bump()
        if listener is not None:
            listener(events.Zeroed(parameter, before, grad))
