"""Learning rates from functions of the step's number."""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import Any

from gradstep_engine.optim.lr_scheduler.scheduler import LRScheduler
from gradstep_engine.optim.optimizer import Optimizer

Factor = Callable[[int], float]


class _Functional(LRScheduler):
    """What both share: one function, or one for each group."""

    def __init__(
        self, optimizer: Optimizer, lr_lambda: Factor | list[Factor], last_epoch: int = -1
    ) -> None:
        self.lr_lambdas: list[Factor]
        groups = len(optimizer.param_groups)
        if isinstance(lr_lambda, (list, tuple)):
            if len(lr_lambda) != groups:
                raise ValueError(f"Expected {groups} lr_lambdas, but got {len(lr_lambda)}")
            self.lr_lambdas = list(lr_lambda)
        else:
            self.lr_lambdas = [lr_lambda] * groups
        super().__init__(optimizer, last_epoch)

    def state_dict(self) -> dict[str, Any]:
        """Return everything but the optimizer; of callable objects their attributes."""
        state = super().state_dict()
        state["lr_lambdas"] = [attributes_of(each) for each in self.lr_lambdas]
        return state

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what `state_dict` returned; the functions stay."""
        for function, attributes in zip(self.lr_lambdas, state_dict["lr_lambdas"], strict=False):
            if attributes is not None:
                function.__dict__.update(attributes)
        kept = {name: value for name, value in state_dict.items() if name != "lr_lambdas"}
        super().load_state_dict(kept)


def attributes_of(function: Any) -> dict[str, Any] | None:
    """Return a copy of what a callable object holds; None for a plain function."""
    return None if isinstance(function, FunctionType) else function.__dict__.copy()


class LambdaLR(_Functional):
    """The initial lr times f(step)."""

    def get_lr(self) -> list[Any]:
        """Return the learning rate of each group for this step."""
        self._warn_outside_step()
        pairs = zip(self.base_lrs, self.lr_lambdas, strict=True)
        return [base * factor(self.last_epoch) for base, factor in pairs]


class MultiplicativeLR(_Functional):
    """lr ← lr · f(step).

    Raises:
        TypeError: f is no function.
    """

    def __init__(
        self, optimizer: Optimizer, lr_lambda: Factor | list[Factor], last_epoch: int = -1
    ) -> None:
        for each in lr_lambda if isinstance(lr_lambda, (list, tuple)) else [lr_lambda]:
            if not callable(each):
                raise TypeError(f"lr_lambda should be a function, but got {type(each).__name__}")
        super().__init__(optimizer, lr_lambda, last_epoch)

    def get_lr(self) -> list[Any]:
        """Return the learning rate of each group for this step."""
        self._warn_outside_step()
        if self._is_initial:
            return self._group_rates()
        pairs = zip(self._group_rates(), self.lr_lambdas, strict=True)
        return [lr * factor(self.last_epoch) for lr, factor in pairs]
