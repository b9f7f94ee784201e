"""Learning rates that fall when a measure stops getting better."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any, cast

from gradstep_engine.emission import quiet
from gradstep_engine.optim.lr_scheduler.scheduler import (
    EPOCH_WARNING,
    LRScheduler,
    announce,
    check_optimizer,
    rates,
    set_value,
)
from gradstep_engine.optim.optimizer import Optimizer
from gradstep_engine.phases import Phase


class ReduceLROnPlateau(LRScheduler):
    """lr ← max(factor · lr, min_lr) after `patience` steps without a better measure.

    Better means below (`min`) or above (`max`) the best so far by `threshold`, relative (`rel`)
    or absolute (`abs`). After a reduction, `cooldown` steps do not count.

    Raises:
        ValueError: the factor is not below 1, or a mode is unknown.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        mode: str = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: str = "rel",
        cooldown: int = 0,
        min_lr: float | Sequence[float] = 0,
        eps: float = 1e-8,
    ) -> None:
        if factor >= 1.0:
            raise ValueError("Factor should be < 1.0.")
        check_optimizer(optimizer)
        if mode not in ("min", "max"):
            raise ValueError("mode " + mode + " is unknown!")
        if threshold_mode not in ("rel", "abs"):
            raise ValueError("threshold mode " + threshold_mode + " is unknown!")
        groups = len(optimizer.param_groups)
        self.default_min_lr: float | None = None
        if isinstance(min_lr, (list, tuple)):
            if len(min_lr) != groups:
                raise ValueError(f"expected {groups} min_lrs, got {len(min_lr)}")
            self.min_lrs = list(min_lr)
        else:
            self.default_min_lr = single = cast("float", min_lr)
            self.min_lrs = [single] * groups
        self.optimizer = optimizer
        self.factor = factor
        self.patience = patience
        self.cooldown = cooldown
        self.mode = mode
        self.mode_worse = math.inf if mode == "min" else -math.inf
        self.threshold = threshold
        self.threshold_mode = threshold_mode
        self.eps = eps
        self.last_epoch = 0
        self._reset()
        self._last_lr = self._group_rates()

    def _reset(self) -> None:
        """Forget what was measured."""
        self.best = self.mode_worse
        self.cooldown_counter = 0
        self.num_bad_epochs = 0

    def step(self, metrics: Any, epoch: int | None = None) -> None:  # type: ignore[override]
        """Take in the measure of this step and lower the rates if it is time."""
        with quiet():
            current = float(metrics)
        if epoch is not None:
            warnings.warn(EPOCH_WARNING, stacklevel=2)
        with Phase("other", f"{type(self).__name__}.step", self.optimizer):
            before = rates(self.optimizer)
            self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
            if self._is_better(current, self.best):
                self.best = current
                self.num_bad_epochs = 0
            else:
                self.num_bad_epochs += 1
            if self.in_cooldown:
                self.cooldown_counter -= 1
                self.num_bad_epochs = 0
            if self.num_bad_epochs > self.patience:
                self._reduce()
                self.cooldown_counter = self.cooldown
                self.num_bad_epochs = 0
            self._last_lr = self._group_rates()
            announce(self, before)

    @property
    def in_cooldown(self) -> bool:
        """Whether steps do not count yet after a reduction."""
        return self.cooldown_counter > 0

    def _is_better(self, a: float, best: float) -> bool:
        """Return whether `a` beats `best` by the threshold."""
        sign = -1 if self.mode == "min" else 1
        if self.threshold_mode == "rel":
            return sign * a > sign * (best * (1 + sign * self.threshold))
        return sign * a > sign * (best + sign * self.threshold)

    def _reduce(self) -> None:
        groups = self.optimizer.param_groups
        if len(groups) != len(self.min_lrs):
            if self.default_min_lr is None:
                raise RuntimeError(
                    f"The number of param groups in the `optimizer` ({len(groups)}) differs from "
                    f"when `ReduceLROnPlateau` was initialized ({len(self.min_lrs)}), usually due "
                    "to a new param group being added to the optimizer. Please modify the "
                    "`min_lrs` field to match the length of the `optimizer` param groups."
                )
            self.min_lrs = [self.default_min_lr] * len(groups)
        for group, lowest in zip(groups, self.min_lrs, strict=True):
            old = float(group["lr"])
            new = max(old * self.factor, lowest)
            if old - new > self.eps:
                set_value(group, "lr", new)
