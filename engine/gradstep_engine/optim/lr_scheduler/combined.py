"""Schedulers made of schedulers: one after the other, or all at once."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

from gradstep_engine.optim.lr_scheduler.plateau import ReduceLROnPlateau
from gradstep_engine.optim.lr_scheduler.scheduler import LRScheduler, set_value, values_of
from gradstep_engine.optim.optimizer import Optimizer


class _Combined(LRScheduler):
    """What both share: parts that belong to one optimizer, and their state."""

    _schedulers: Sequence[LRScheduler]

    def _check_parts(self, optimizer: Any, schedulers: Sequence[Any]) -> None:
        """Refuse parts that do not fit together.

        Raises:
            TypeError: one is no scheduler.
            ValueError: one has another optimizer, or needs a measure for each step.
        """
        name = type(self).__name__
        for position, part in enumerate(schedulers):
            if not hasattr(part, "optimizer"):
                raise TypeError(
                    f"{name} at index {position} should have `optimizer` as its attribute."
                )
            if isinstance(part, ReduceLROnPlateau):
                raise ValueError(
                    f"{name} does not support `ReduceLROnPlateau` scheduler as it requires "
                    "additional kwargs to be specified when calling `step`, but got one at index "
                    f"{position} in the given schedulers sequence."
                )
            if optimizer != part.optimizer:
                raise ValueError(
                    f"{name} expects all schedulers to belong to the same optimizer, but got "
                    f"scheduler {type(part).__name__} at index {position} has {part.optimizer}, "
                    f"which is different from {type(optimizer).__name__}."
                )

    def state_dict(self) -> dict[str, Any]:
        """Return everything but the optimizer, with the parts' states."""
        state = super().state_dict()
        state["_schedulers"] = [part.state_dict() for part in self._schedulers]
        return state

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what `state_dict` returned."""
        own = {name: value for name, value in state_dict.items() if name != "_schedulers"}
        super().load_state_dict(own)
        for part, state in zip(self._schedulers, state_dict["_schedulers"], strict=False):
            part.load_state_dict(state)


class SequentialLR(_Combined):
    """One schedule until step `milestones[0]`, the next until `milestones[1]`, and so on.

    Raises:
        TypeError: a part is no scheduler.
        ValueError: parts have different optimizers, or the milestones do not fit their number.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        schedulers: list[LRScheduler],
        milestones: list[int],
        last_epoch: int = -1,
    ) -> None:
        if len(schedulers) < 1:
            raise ValueError(
                f"{type(self).__name__} expects at least one scheduler, but got no scheduler."
            )
        self._check_parts(optimizer, schedulers)
        if len(milestones) != len(schedulers) - 1:
            raise ValueError(
                "Sequential Schedulers expects number of schedulers provided to be one more than "
                "the number of milestone points, but got number of schedulers "
                f"{len(schedulers)} and the number of milestones to be equal to {len(milestones)}"
            )
        self._schedulers = schedulers
        self._milestones = milestones
        self.last_epoch = last_epoch + 1
        self.optimizer = optimizer
        # Each part has taken its first step already: back to the start, and only one begins.
        for group in optimizer.param_groups:
            set_value(group, "lr", group["initial_lr"])
        self.recursive_undo()
        first = schedulers[bisect_right(milestones, 0)]
        first._initial_step()
        self._last_lr = first.get_last_lr()

    def recursive_undo(self, sched: Any = None) -> None:
        """Take the first step of each part back."""
        whole = self if sched is None else sched
        if hasattr(whole, "_schedulers"):
            for part in whole._schedulers:
                self.recursive_undo(part)
        elif hasattr(whole, "last_epoch"):
            whole.last_epoch -= 1

    def step(self) -> None:  # type: ignore[override]
        """Go on to the next step of the schedule whose turn it is."""
        self.last_epoch += 1
        position = bisect_right(self._milestones, self.last_epoch)
        part = self._schedulers[position]
        if position > 0 and self._milestones[position - 1] == self.last_epoch:
            part._update_lr(0)
        else:
            part.step()
        self._last_lr = part.get_last_lr()


class ChainedScheduler(_Combined):
    """Several schedules at once: each step is a step of all, one after the other.

    Raises:
        TypeError: a part is no scheduler.
        ValueError: there are no parts, or they have different optimizers.
    """

    def __init__(
        self, schedulers: Sequence[LRScheduler], optimizer: Optimizer | None = None
    ) -> None:
        if len(schedulers) < 1:
            raise ValueError(
                f"{type(self).__name__} expects at least one scheduler to be chained, but got no "
                "scheduler."
            )
        optimizer = optimizer or schedulers[0].optimizer
        self._check_parts(optimizer, schedulers)
        self._schedulers = schedulers
        self.optimizer = optimizer
        self._last_lr = values_of(optimizer, "lr")

    def step(self) -> None:  # type: ignore[override]
        """Go on to the next step of all schedules."""
        for part in self._schedulers:
            part.step()
        self._last_lr = values_of(self.optimizer, "lr")
