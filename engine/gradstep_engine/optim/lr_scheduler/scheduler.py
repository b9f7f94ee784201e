"""The base class of schedulers."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

from gradstep_engine import events
from gradstep_engine.missing import missing
from gradstep_engine.optim.optimizer import Optimizer
from gradstep_engine.phases import Phase

_ORDER = (
    "Detected call of `lr_scheduler.step()` before `optimizer.step()`. In PyTorch 1.1.0 and later, "
    "you should call them in the opposite order: `optimizer.step()` before `lr_scheduler.step()`.  "
    "Failure to do this will result in PyTorch skipping the first value of the learning rate "
    "schedule. See more details at "
    "https://pytorch.org/docs/stable/optim.html#how-to-adjust-learning-rate"
)


class LRScheduler:
    """Sets the learning rate of each group from its last one; a subclass defines `get_lr`.

    Making a scheduler takes its first step, number 0.

    Raises:
        TypeError: `optimizer` is no optimizer.
        KeyError: a resumed schedule finds no `initial_lr` in the groups.
    """

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        if not isinstance(optimizer, Optimizer):
            raise TypeError(f"{type(optimizer).__name__} is not an Optimizer")
        self.optimizer = optimizer
        for position, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", group["lr"])
            elif "initial_lr" not in group:
                raise KeyError(
                    f"param 'initial_lr' is not specified in param_groups[{position}] when "
                    "resuming scheduler with last_epoch >= 0."
                )
        self.base_lrs = [group["initial_lr"] for group in optimizer.param_groups]
        self.last_epoch = last_epoch
        if not optimizer._scheduled_step:  # only steps from now on count for the warning
            optimizer._scheduled_step = True
            optimizer._opt_called = False
        self._step_count = 0
        self._is_initial = True
        self._get_lr_called_within_step = False
        self._last_lr: list[float] = []
        self._set_rates()
        self._is_initial = False

    def get_lr(self) -> list[float]:
        """Return the learning rate of each group for step `last_epoch`."""
        raise NotImplementedError

    def get_last_lr(self) -> list[float]:
        """Return the learning rates that were set last."""
        return self._last_lr

    def step(self, epoch: int | None = None) -> None:
        """Go on to the next step and set the learning rates."""
        if epoch is not None:
            raise missing("lr_scheduler.step(epoch), deprecated in PyTorch")
        if self._step_count == 1 and not self.optimizer._opt_called:
            warnings.warn(_ORDER, stacklevel=2)
        with Phase("other", f"{type(self).__name__}.step", self.optimizer):
            self._set_rates()

    def _set_rates(self) -> None:
        before = rates(self.optimizer)
        self._step_count += 1
        self.last_epoch += 1
        self._get_lr_called_within_step = True
        try:
            values = self.get_lr()
        finally:
            self._get_lr_called_within_step = False
        for group, value in zip(self.optimizer.param_groups, values, strict=False):
            group["lr"] = value
        self._last_lr = [group["lr"] for group in self.optimizer.param_groups]
        announce(self, before, self._is_initial)

    def _group_rates(self) -> list[float]:
        return [group["lr"] for group in self.optimizer.param_groups]

    def _warn_outside_step(self) -> None:
        if not self._get_lr_called_within_step:
            warnings.warn(
                "To get the last learning rate computed by the scheduler, please use "
                "`get_last_lr()`.",
                stacklevel=3,
            )

    def state_dict(self) -> dict[str, Any]:
        """Return everything but the optimizer."""
        return {name: value for name, value in self.__dict__.items() if name != "optimizer"}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what `state_dict` returned."""
        self.__dict__.update(state_dict)


def rates(optimizer: Optimizer) -> Sequence[dict[str, Any]]:
    """Return the learning rate of each group, as the listener gets it; nothing if there is none."""
    if events.listener is None:
        return ()
    return tuple({"lr": group["lr"]} for group in optimizer.param_groups)


def announce(scheduler: Any, before: Sequence[dict[str, Any]], initial: bool = False) -> None:
    """Tell the listener which rates `scheduler` has set."""
    listener = events.listener
    if listener is not None:
        optimizer = scheduler.optimizer
        listener(events.Scheduled(scheduler, optimizer, before, rates(optimizer), initial))
