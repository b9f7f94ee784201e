"""Learning rates that follow a cosine."""

from __future__ import annotations

import math

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

    def get_lr(self) -> list[float]:
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
