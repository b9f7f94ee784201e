"""The base class of schedulers."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from gradstep_engine import events
from gradstep_engine.emission import quiet
from gradstep_engine.optim.optimizer import Optimizer
from gradstep_engine.phases import Phase
from gradstep_engine.tensor import Tensor, wrap

_PAGE = "https://pytorch.org/docs/stable/optim.html#how-to-adjust-learning-rate"
_ORDER = (
    "Detected call of `lr_scheduler.step()` before `optimizer.step()`. In PyTorch 1.1.0 and later, "
    "you should call them in the opposite order: `optimizer.step()` before `lr_scheduler.step()`.  "
    "Failure to do this will result in PyTorch skipping the first value of the learning rate "
    f"schedule. See more details at {_PAGE}"
)
_OVERRIDDEN = (
    "Seems like `optimizer.step()` has been overridden after learning rate scheduler "
    "initialization. Please, make sure to call `optimizer.step()` before `lr_scheduler.step()`. "
    f"See more details at {_PAGE}"
)
EPOCH_WARNING = (
    "The epoch parameter in `scheduler.step()` was not necessary and is being deprecated where "
    "possible. Please use `scheduler.step()` to step the scheduler. During the deprecation, if "
    "epoch is different from None, the closed form is used instead of the new chainable form, "
    "where available."
)


class LRScheduler:
    """Sets the learning rate of each group from its last one; a subclass defines `get_lr`.

    Making a scheduler takes its first step, number 0. A subclass may define
    `_get_closed_form_lr`, which knows the rates of `last_epoch` without those before.

    Raises:
        TypeError: `optimizer` is no optimizer.
        KeyError: a resumed schedule finds no `initial_lr` in the groups.
    """

    optimizer: Optimizer
    last_epoch: int
    _get_lr_called_within_step: bool = False
    _is_initial: bool = False

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        check_optimizer(optimizer)
        self.optimizer = optimizer
        for position, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", _detached(group["lr"]))
            elif "initial_lr" not in group:
                raise KeyError(
                    f"param 'initial_lr' is not specified in param_groups[{position}] when "
                    "resuming scheduler with last_epoch >= 0.\n"
                    "This typically happens when:\n"
                    "1. You're trying to resume training from a checkpoint but haven't properly "
                    "loaded the optimizer state\n"
                    "2. You're using last_epoch >= 0 for a fresh training run (not recommended)"
                )
        self.base_lrs = values_of(optimizer, "initial_lr")
        self.last_epoch = last_epoch
        if optimizer._scheduled_step is None:  # only steps from now on count for the warning
            optimizer._scheduled_step = (optimizer.__dict__.get("step"),)
            optimizer._opt_called = False
        self._initial_step()

    def _initial_step(self) -> None:
        self._step_count = 0
        self._is_initial = True
        try:
            self.step()
        finally:
            self._is_initial = False

    def get_lr(self) -> list[Any]:
        """Return the learning rate of each group for step `last_epoch`."""
        raise NotImplementedError

    def get_last_lr(self) -> list[Any]:
        """Return the learning rates that were set last."""
        return self._last_lr

    def step(self, epoch: int | None = None) -> None:
        """Go on to the next step, or to step `epoch`, and set the learning rates."""
        if self._step_count == 1:
            optimizer = self.optimizer
            if optimizer._scheduled_step != (optimizer.__dict__.get("step"),):
                warnings.warn(_OVERRIDDEN, stacklevel=2)
            elif not optimizer._opt_called:
                warnings.warn(_ORDER, stacklevel=2)
        self._step_count += 1
        if epoch is not None:
            warnings.warn(EPOCH_WARNING, stacklevel=2)
        self._update_lr(epoch)

    def _update_lr(self, epoch: int | None = None) -> None:
        """Set the rates of the next step, or of `epoch`, and tell the listener."""
        if self._is_initial:
            self._set_rates(epoch)
            return
        with Phase("other", f"{type(self).__name__}.step", self.optimizer):
            self._set_rates(epoch)

    def _set_rates(self, epoch: int | None) -> None:
        before = rates(self.optimizer)
        with quiet():
            self._get_lr_called_within_step = True
            try:
                values = self._next_rates(epoch)
            finally:
                self._get_lr_called_within_step = False
            for group, value in zip(self.optimizer.param_groups, values, strict=True):
                set_value(group, "lr", value)
            self._last_lr = values_of(self.optimizer, "lr")
        announce(self, before, self._is_initial)

    def _next_rates(self, epoch: int | None) -> list[Any]:
        if epoch is None:
            self.last_epoch += 1
            return self.get_lr()
        self.last_epoch = epoch
        closed: Any = getattr(self, "_get_closed_form_lr", self.get_lr)
        values: list[Any] = closed()
        return values

    def _group_rates(self) -> list[Any]:
        return values_of(self.optimizer, "lr")

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


def check_optimizer(optimizer: Any) -> None:
    """Refuse what is no optimizer.

    Raises:
        TypeError: it is none.
    """
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"{type(optimizer).__name__} is not an Optimizer")


def _detached(value: Any) -> Any:
    return wrap(np.array(value._array)) if isinstance(value, Tensor) else value


def values_of(optimizer: Optimizer, key: str) -> list[Any]:
    """Return a hyper-parameter of each group; of one that is a tensor, a copy."""
    return [_detached(group[key]) for group in optimizer.param_groups]


def set_value(group: dict[str, Any], key: str, value: Any) -> None:
    """Set a hyper-parameter of a group; one that is a tensor is written into."""
    present = group[key]
    if isinstance(present, Tensor):
        present._writable().fill(value._array.item() if isinstance(value, Tensor) else value)
        present._bump()
    else:
        group[key] = value


def for_each_group(name: str, optimizer: Optimizer, value: Any) -> list[Any]:
    """Return one value for each group from a list of them, or from one for all.

    Raises:
        ValueError: the list has another length than the optimizer has groups.
    """
    count = len(optimizer.param_groups)
    if not isinstance(value, (list, tuple)):
        return [_detached(value) for _ in range(count)]
    if len(value) != count:
        raise ValueError(
            f"{name} must have the same length as optimizer.param_groups. {name} has "
            f"{len(value)} values, param_groups has {count}."
        )
    return [_detached(each) for each in value]


def rates(optimizer: Optimizer) -> Sequence[dict[str, Any]]:
    """Return what schedulers change in each group, for the listener; nothing if there is none."""
    if events.listener is None:
        return ()
    return tuple(_changeable(group) for group in optimizer.param_groups)


def _changeable(group: dict[str, Any]) -> dict[str, Any]:
    lr = group["lr"]
    found = {"lr": float(lr._array.item()) if isinstance(lr, Tensor) else lr}
    if "max_momentum" in group:  # its momentum goes through cycles
        if "betas" in group:
            found["betas"] = group["betas"]
        elif "momentum" in group:
            found["momentum"] = group["momentum"]
    return found


def announce(scheduler: Any, before: Sequence[dict[str, Any]], initial: bool = False) -> None:
    """Tell the listener which rates `scheduler` has set."""
    listener = events.listener
    if listener is not None:
        optimizer = scheduler.optimizer
        listener(events.Scheduled(scheduler, optimizer, before, rates(optimizer), initial))
