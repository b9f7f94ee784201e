"""Learning rates that follow a cosine."""

from __future__ import annotations

import math
from typing import Any

from gradstep_engine.optim.lr_scheduler.scheduler import LRScheduler
from gradstep_engine.optim.optimizer import Optimizer


class CosineAnnealingLR(LRScheduler):
    """lr_t = eta_min + ½ (lr₀ − eta_min) (1 + cos(π t / T_max)) (Loshchilov and Hutter, 2016).

    Each rate is computed from the one before, as PyTorch does, so that other changes are kept.
    """

    def __init__(
        self, optimizer: Optimizer, T_max: float, eta_min: float = 0.0, last_epoch: int = -1
    ) -> None:
        self.T_max = T_max
        self.eta_min = eta_min
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[Any]:
        """Return the learning rate of each group for this step."""
        self._warn_outside_step()
        if self._is_initial:
            return self._group_rates()
        t, period, low = self.last_epoch, self.T_max, self.eta_min
        if self._step_count == 1 and t > 0:
            return [
                low + (base - low) * (1 + math.cos(t * math.pi / period)) / 2
                for base in self.base_lrs
            ]
        if (t - 1 - period) % (2 * period) == 0:  # the rate before was at its lowest
            turn = (1 - math.cos(math.pi / period)) / 2
            pairs = zip(self._group_rates(), self.base_lrs, strict=True)
            return [lr + (base - low) * turn for lr, base in pairs]
        ratio = (1 + math.cos(math.pi * t / period)) / (1 + math.cos(math.pi * (t - 1) / period))
        return [ratio * (lr - low) + low for lr in self._group_rates()]

    def _get_closed_form_lr(self) -> list[Any]:
        turn = (1 + math.cos(math.pi * self.last_epoch / self.T_max)) / 2
        return [self.eta_min + (base - self.eta_min) * turn for base in self.base_lrs]


class CosineAnnealingWarmRestarts(LRScheduler):
    """lr = eta_min + ½ (lr₀ − eta_min) (1 + cos(π T_cur / T_i)); at T_cur = T_i it starts anew.

    T_i, the length of a period, is `T_0` at first and `T_mult` times as long after each restart.
    `step(epoch)` takes fractions of an epoch. Source: Loshchilov and Hutter, 2016.

    Raises:
        ValueError: a length or factor is no positive integer.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        T_0: int,
        T_mult: int = 1,
        eta_min: float = 0.0,
        last_epoch: int = -1,
    ) -> None:
        if T_0 <= 0 or not isinstance(T_0, int):
            raise ValueError(f"Expected positive integer T_0, but got {T_0}")
        if T_mult < 1 or not isinstance(T_mult, int):
            raise ValueError(f"Expected integer T_mult >= 1, but got {T_mult}")
        if not isinstance(eta_min, (float, int)):
            raise ValueError(
                f"Expected float or int eta_min, but got {eta_min} of type {type(eta_min)}"
            )
        self.T_0 = T_0
        self.T_i = T_0
        self.T_mult = T_mult
        self.eta_min = eta_min
        self.T_cur: float = last_epoch
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[Any]:
        """Return the learning rate of each group for this step."""
        self._warn_outside_step()
        turn = (1 + math.cos(math.pi * self.T_cur / self.T_i)) / 2
        return [self.eta_min + (base - self.eta_min) * turn for base in self.base_lrs]

    def step(self, epoch: float | None = None) -> None:
        """Go on to the next epoch, or to `epoch`, which may be a fraction."""
        if epoch is None and self.last_epoch >= 0:
            epoch = self.last_epoch + 1
            self.T_cur += 1
            if self.T_cur >= self.T_i:
                self.T_cur %= self.T_i
                self.T_i *= self.T_mult
        else:
            epoch = 0 if epoch is None else epoch
            if epoch < 0:
                raise ValueError(f"Expected non-negative epoch, but got {epoch}")
            self._find_period(epoch)
        self._update_lr(math.floor(epoch))

    def _find_period(self, epoch: float) -> None:
        """Set `T_cur` and `T_i` for an epoch from the start."""
        if epoch < self.T_0:
            self.T_i, self.T_cur = self.T_0, epoch
        elif self.T_mult == 1:
            self.T_cur = epoch % self.T_0
        else:
            restarts = int(math.log(epoch / self.T_0 * (self.T_mult - 1) + 1, self.T_mult))
            begun = self.T_0 * (self.T_mult**restarts - 1) / (self.T_mult - 1)
            self.T_cur = epoch - begun
            self.T_i = self.T_0 * self.T_mult**restarts
