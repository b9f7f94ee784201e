"""Learning rates, and momentum against them, that go up and down."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from gradstep_engine.optim.lr_scheduler.functions import attributes_of
from gradstep_engine.optim.lr_scheduler.scheduler import (
    LRScheduler,
    check_optimizer,
    for_each_group,
    set_value,
)
from gradstep_engine.optim.optimizer import Optimizer


class _Cyclic(LRScheduler):
    """What both share: momentum, or Adam's β₁, that is lowest where the rate is highest."""

    cycle_momentum: bool
    use_beta1: bool

    def _begin_momentum(
        self, base_momentum: Any, max_momentum: Any, last_epoch: int
    ) -> tuple[list[Any], list[Any]]:
        """Give each group the limits of its momentum, and start at the largest.

        Raises:
            ValueError: the optimizer has no momentum, or the limits do not fit the groups.
        """
        defaults, groups = self.optimizer.defaults, self.optimizer.param_groups
        if "momentum" not in defaults and "betas" not in defaults:
            raise ValueError(
                "optimizer must support momentum or beta1 with `cycle_momentum` option enabled"
            )
        self.use_beta1 = "betas" in defaults
        lows = for_each_group("base_momentum", self.optimizer, base_momentum)
        highs = for_each_group("max_momentum", self.optimizer, max_momentum)
        if last_epoch == -1:
            for group, low, high in zip(groups, lows, highs, strict=True):
                self._set_momentum(group, high)
                group["max_momentum"] = high
                group["base_momentum"] = low
        return lows, highs

    def _set_momentum(self, group: dict[str, Any], momentum: Any) -> None:
        if self.use_beta1:
            group["betas"] = (momentum, *group["betas"][1:])
        else:
            group["momentum"] = momentum


class CyclicLR(_Cyclic):
    """lr goes in straight lines from `base_lr` to `max_lr` and back, again and again.

        lr = base_lr + (max_lr − base_lr) · height · scale
        momentum = max_momentum − (max_momentum − base_momentum) · height · scale

    `height` rises from 0 to 1 in `step_size_up` steps and falls in `step_size_down`. `scale` is 1
    (`triangular`), ½^(cycle − 1) (`triangular2`), gamma^step (`exp_range`), or `scale_fn` of the
    cycle or the step (`scale_mode`). Source: Smith, 2015, and PyTorch's documentation.

    Raises:
        ValueError: the mode is unknown, or the optimizer has no momentum to go with it.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        base_lr: float | list[float],
        max_lr: float | list[float],
        step_size_up: int = 2000,
        step_size_down: int | None = None,
        mode: str = "triangular",
        gamma: float = 1.0,
        scale_fn: Callable[[float], float] | None = None,
        scale_mode: str = "cycle",
        cycle_momentum: bool = True,
        base_momentum: float | list[float] = 0.8,
        max_momentum: float | list[float] = 0.9,
        last_epoch: int = -1,
    ) -> None:
        check_optimizer(optimizer)
        self.optimizer = optimizer
        lows = for_each_group("base_lr", optimizer, base_lr)
        if last_epoch == -1:
            for group, low in zip(optimizer.param_groups, lows, strict=True):
                set_value(group, "lr", low)
        self.max_lrs = for_each_group("max_lr", optimizer, max_lr)
        up = float(step_size_up)
        self.total_size = up + (up if step_size_down is None else float(step_size_down))
        self.step_ratio = up / self.total_size
        if mode not in ("triangular", "triangular2", "exp_range") and scale_fn is None:
            raise ValueError("mode is invalid and scale_fn is None")
        self.mode = mode
        self.gamma = gamma
        self._scale_fn_custom = scale_fn
        self.scale_mode = scale_mode
        if scale_fn is None:
            self.scale_mode = "iterations" if mode == "exp_range" else "cycle"
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            self.base_momentums, self.max_momentums = self._begin_momentum(
                base_momentum, max_momentum, last_epoch
            )
        super().__init__(optimizer, last_epoch)
        self.base_lrs = lows

    def scale_fn(self, x: float) -> float:
        """Return the scale at cycle or step `x`."""
        if self._scale_fn_custom is not None:
            return self._scale_fn_custom(x)
        if self.mode == "triangular2":
            return float(1 / 2.0 ** (x - 1))
        return float(self.gamma**x) if self.mode == "exp_range" else 1.0

    def get_lr(self) -> list[Any]:
        """Return the learning rate of each group for this step; the momentum is set."""
        self._warn_outside_step()
        cycle = math.floor(1 + self.last_epoch / self.total_size)
        x = 1.0 + self.last_epoch / self.total_size - cycle
        rising = x <= self.step_ratio
        height = x / self.step_ratio if rising else (x - 1) / (self.step_ratio - 1)
        scale = self.scale_fn(cycle if self.scale_mode == "cycle" else self.last_epoch)
        if self.cycle_momentum:
            limits = zip(self.base_momentums, self.max_momentums, strict=True)
            for group, (low, high) in zip(self.optimizer.param_groups, limits, strict=True):
                self._set_momentum(group, high - (high - low) * height * scale)
        return [
            low + (high - low) * height * scale
            for low, high in zip(self.base_lrs, self.max_lrs, strict=True)
        ]

    def state_dict(self) -> dict[str, Any]:
        """Return everything but the optimizer; of a callable object its attributes."""
        state = super().state_dict()
        custom = self._scale_fn_custom
        state["_scale_fn_custom"] = None if custom is None else attributes_of(custom)
        return state

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what `state_dict` returned; the function stays."""
        attributes = state_dict.get("_scale_fn_custom")
        if attributes is not None and self._scale_fn_custom is not None:
            self._scale_fn_custom.__dict__.update(attributes)
        super().load_state_dict(
            {name: value for name, value in state_dict.items() if name != "_scale_fn_custom"}
        )


class OneCycleLR(_Cyclic):
    """lr rises from max_lr / div_factor to `max_lr`, then falls far below where it began.

    It rises for `pct_start` of all steps, along a cosine or a line, and falls to
    max_lr / div_factor / final_div_factor; with `three_phase` it falls to the start in as many
    steps as it rose, and only then further. The momentum goes the other way. Source: Smith and
    Topin, 2017, and PyTorch's documentation.

    Raises:
        ValueError: the number of steps or another argument is out of range.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: float | list[float],
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: str = "cos",
        cycle_momentum: bool = True,
        base_momentum: float | list[float] = 0.85,
        max_momentum: float | list[float] = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
        last_epoch: int = -1,
    ) -> None:
        check_optimizer(optimizer)
        self.optimizer = optimizer
        self.total_steps = _number_of_steps(total_steps, epochs, steps_per_epoch)
        if pct_start < 0 or pct_start > 1 or not isinstance(pct_start, float):
            raise ValueError(f"Expected float between 0 and 1 pct_start, but got {pct_start}")
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(
                f"anneal_strategy must be one of 'cos' or 'linear', instead got {anneal_strategy}"
            )
        up = float(pct_start * self.total_steps) - 1
        rise = _phase(up, "initial_lr", "max_lr", "max_momentum", "base_momentum")
        last = self.total_steps - 1
        if three_phase:
            middle = float(2 * pct_start * self.total_steps) - 2
            fall = _phase(middle, "max_lr", "initial_lr", "base_momentum", "max_momentum")
            rest = _phase(last, "initial_lr", "min_lr", "max_momentum", "max_momentum")
            self._schedule_phases = [rise, fall, rest]
        else:
            fall = _phase(last, "max_lr", "min_lr", "base_momentum", "max_momentum")
            self._schedule_phases = [rise, fall]
        self._anneal_func_type = anneal_strategy
        highs = for_each_group("max_lr", optimizer, max_lr)
        if last_epoch == -1:
            for group, high in zip(optimizer.param_groups, highs, strict=True):
                group["initial_lr"] = high / div_factor
                group["max_lr"] = high
                group["min_lr"] = group["initial_lr"] / final_div_factor
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            self._begin_momentum(base_momentum, max_momentum, last_epoch)
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[Any]:
        """Return the learning rate of each group for this step; the momentum is set.

        Raises:
            ValueError: the schedule is over.
        """
        self._warn_outside_step()
        step = self.last_epoch
        if step > self.total_steps:
            raise ValueError(
                f"Tried to step {step} times. The specified number of total steps is "
                f"{self.total_steps}"
            )
        start = 0.0
        for phase in self._schedule_phases[:-1]:
            if step <= phase["end_step"]:
                break
            start = phase["end_step"]
        else:
            phase = self._schedule_phases[-1]
        part = (step - start) / (phase["end_step"] - start)
        rates = []
        for group in self.optimizer.param_groups:
            rates.append(self._between(group[phase["start_lr"]], group[phase["end_lr"]], part))
            if self.cycle_momentum:
                limits = group[phase["start_momentum"]], group[phase["end_momentum"]]
                self._set_momentum(group, self._between(*limits, part))
        return rates

    def _between(self, start: Any, end: Any, part: float) -> Any:
        if self._anneal_func_type == "linear":
            return (end - start) * part + start
        return end + (start - end) / 2.0 * (math.cos(math.pi * part) + 1)


def _number_of_steps(total: Any, epochs: Any, each: Any) -> int:
    if total is not None:
        if total <= 0 or not isinstance(total, int):
            raise ValueError(f"Expected positive integer total_steps, but got {total}")
        return int(total)
    if epochs is None or each is None:
        raise ValueError("You must define either total_steps OR (epochs AND steps_per_epoch)")
    if not isinstance(epochs, int) or epochs <= 0:
        raise ValueError(f"Expected positive integer epochs, but got {epochs}")
    if not isinstance(each, int) or each <= 0:
        raise ValueError(f"Expected positive integer steps_per_epoch, but got {each}")
    return int(epochs * each)


def _phase(end: float, lr: str, end_lr: str, momentum: str, end_momentum: str) -> dict[str, Any]:
    """Return a phase by the names that PyTorch saves in its state."""
    return {
        "end_step": end,
        "start_lr": lr,
        "end_lr": end_lr,
        "start_momentum": momentum,
        "end_momentum": end_momentum,
    }
