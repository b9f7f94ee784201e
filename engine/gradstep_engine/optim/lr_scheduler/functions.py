"""Learning rates from functions of the step's number."""

from __future__ import annotations

from collections.abc import Callable
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
        """Return everything but the optimizer and the functions."""
        state = super().state_dict()
        state["lr_lambdas"] = [None] * len(self.lr_lambdas)
        return state

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what `state_dict` returned; the functions stay."""
        kept = {name: value for name, value in state_dict.items() if name != "lr_lambdas"}
        super().load_state_dict(kept)


class LambdaLR(_Functional):
    """The initial lr times f(step)."""

    def get_lr(self) -> list[float]:
        """Return the learning rate of each group for this step."""
        self._warn_outside_step()
        pairs = zip(self.base_lrs, self.lr_lambdas, strict=True)
        return [base * factor(self.last_epoch) for base, factor in pairs]


class MultiplicativeLR(_Functional):
    """lr ← lr · f(step)."""

    def get_lr(self) -> list[float]:
        """Return the learning rate of each group for this step."""
        self._warn_outside_step()
        if self._is_initial:
            return self._group_rates()
        pairs = zip(self._group_rates(), self.lr_lambdas, strict=True)
        return [lr * factor(self.last_epoch) for lr, factor in pairs]
