"""Averages of a model's weights over training; the name is torch's."""

from __future__ import annotations

import copy
import itertools
import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from gradstep_engine.autograd.mode import no_grad
from gradstep_engine.creation import tensor
from gradstep_engine.dtypes import int64
from gradstep_engine.missing import lacking
from gradstep_engine.nn.module import Module
from gradstep_engine.optim.lr_scheduler.scheduler import LRScheduler, for_each_group
from gradstep_engine.optim.optimizer import Optimizer
from gradstep_engine.tensor import Tensor

__all__ = [
    "SWALR",
    "AveragedModel",
    "get_ema_avg_fn",
    "get_ema_multi_avg_fn",
    "get_swa_avg_fn",
    "get_swa_multi_avg_fn",
    "update_bn",
]

Average = Callable[[Tensor, Tensor, Any], Tensor]
AverageAll = Callable[[Sequence[Tensor], Sequence[Tensor], Any], None]


def get_ema_avg_fn(decay: float = 0.999) -> Average:
    """Return the exponential moving average a ← decay · a + (1 − decay) · w.

    Raises:
        ValueError: `decay` is not in [0, 1].
    """
    _check_decay(decay)

    def ema_update(ema_param: Tensor, current_param: Tensor, num_averaged: Any) -> Tensor:
        with no_grad():
            averaged: Tensor = decay * ema_param + (1 - decay) * current_param
        return averaged

    return ema_update


def get_swa_avg_fn() -> Average:
    """Return the plain average a ← a + (w − a) / (n + 1) of n + 1 models."""

    def swa_update(averaged_param: Tensor, current_param: Tensor, num_averaged: Any) -> Tensor:
        with no_grad():
            change = (current_param - averaged_param) / (num_averaged + 1)
            averaged: Tensor = averaged_param + change
        return averaged

    return swa_update


def get_ema_multi_avg_fn(decay: float = 0.999) -> AverageAll:
    """Return `get_ema_avg_fn` for all parameters at once, which it changes in place.

    Raises:
        ValueError: `decay` is not in [0, 1].
    """
    return _for_all(get_ema_avg_fn(decay))


def get_swa_multi_avg_fn() -> AverageAll:
    """Return `get_swa_avg_fn` for all parameters at once, which it changes in place."""
    return _for_all(get_swa_avg_fn())


def _for_all(average: Average) -> AverageAll:
    def update(averaged: Sequence[Tensor], current: Sequence[Tensor], num_averaged: Any) -> None:
        with no_grad():
            for ours, theirs in zip(averaged, current, strict=True):
                ours.copy_(average(ours, theirs, num_averaged))

    return update


def _check_decay(decay: float) -> None:
    if decay < 0.0 or decay > 1.0:
        raise ValueError(
            f"Invalid decay value {decay} provided. Please provide a value in [0,1] range."
        )


class AveragedModel(Module):
    """A copy of a model whose parameters are averages of the model's over its updates.

    `avg_fn` makes an average of two tensors, `multi_avg_fn` averages lists in place; without both
    all updates count the same (Izmailov et al., 2018). Buffers are copied, or with `use_buffers`
    averaged as well.

    Raises:
        AssertionError: both functions are given.
    """

    n_averaged: Tensor

    def __init__(
        self,
        model: Module,
        device: Any = None,
        avg_fn: Average | None = None,
        multi_avg_fn: AverageAll | None = None,
        use_buffers: bool = False,
    ) -> None:
        super().__init__()
        if avg_fn is not None and multi_avg_fn is not None:
            raise AssertionError("Only one of avg_fn and multi_avg_fn should be provided")
        self.module = copy.deepcopy(model)
        if device is not None:
            self.module = self.module.to(device)
        self.register_buffer("n_averaged", tensor(0, dtype=int64, device=device))
        self.avg_fn = avg_fn
        self.multi_avg_fn = multi_avg_fn
        self.use_buffers = use_buffers

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Return what the averaged copy computes."""
        return self.module(*args, **kwargs)

    def update_parameters(self, model: Module) -> None:
        """Take the parameters of `model` into the average; the first time, copy them."""
        averaged = [each.detach() for each in self._averaged(self.module)]
        current = [each.detach() for each in self._averaged(model)]
        if self.n_averaged == 0:
            for ours, theirs in zip(averaged, current, strict=False):
                ours.copy_(theirs)
        elif self.multi_avg_fn is not None:
            _by_type(self.multi_avg_fn, averaged, current, self.n_averaged)
        else:
            average = self.avg_fn or get_swa_avg_fn()
            for ours, theirs in zip(averaged, current, strict=False):
                ours.copy_(average(ours, theirs, self.n_averaged))
        if not self.use_buffers:
            for ours, theirs in zip(self.module.buffers(), model.buffers(), strict=True):
                ours.detach().copy_(theirs.detach())
        self.n_averaged += 1

    def _averaged(self, module: Module) -> Iterable[Tensor]:
        if self.use_buffers:
            return itertools.chain(module.parameters(), module.buffers())
        return module.parameters()


def _by_type(
    average_all: AverageAll, averaged: list[Tensor], current: list[Tensor], count: Any
) -> None:
    """Call `average_all` once for each type of elements, as torch does."""
    groups: dict[Any, tuple[list[Tensor], list[Tensor]]] = {}
    for ours, theirs in zip(averaged, current, strict=True):
        group = groups.setdefault(ours.dtype, ([], []))
        group[0].append(ours)
        group[1].append(theirs)
    for ours_all, theirs_all in groups.values():
        average_all(ours_all, theirs_all, count)


def update_bn(loader: Iterable[Any], model: Module, device: Any = None) -> None:
    """Measure the running statistics of all batch norms anew, on the batches of `loader`."""
    from gradstep_engine.nn.normalization import _BatchNorm

    norms = [each for each in model.modules() if isinstance(each, _BatchNorm)]
    if not norms:
        return
    momenta = [norm.momentum for norm in norms]
    was_training = model.training
    model.train()
    with no_grad():
        for norm in norms:
            norm.reset_running_stats()
            norm.momentum = None  # the average over all batches
        for batch in loader:
            inputs = batch[0] if isinstance(batch, (list, tuple)) else batch
            model(inputs if device is None else inputs.to(device))
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
    model.train(was_training)


class SWALR(LRScheduler):
    """lr goes from what it is to `swa_lr` in `anneal_epochs` steps and stays there.

    Raises:
        ValueError: the strategy is unknown, or the number of steps is no natural number.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        swa_lr: float | list[float],
        anneal_epochs: int = 10,
        anneal_strategy: str = "cos",
        last_epoch: int = -1,
    ) -> None:
        targets = for_each_group("swa_lr", optimizer, swa_lr)
        for group, target in zip(optimizer.param_groups, targets, strict=True):
            group["swa_lr"] = target
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(
                f"anneal_strategy must be one of 'cos' or 'linear', instead got {anneal_strategy}"
            )
        self._anneal_strategy = anneal_strategy
        given: Any = anneal_epochs
        if not isinstance(given, int) or given < 0:
            raise ValueError(f"anneal_epochs must be equal or greater than 0, got {anneal_epochs}")
        self.anneal_epochs = anneal_epochs
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[Any]:
        """Return the learning rate of each group for this step."""
        self._warn_outside_step()
        step = self._step_count - 1
        if self.anneal_epochs == 0:
            step = max(1, step)
        share_before, share = self._share(step - 1), self._share(step)
        rates = []
        for group in self.optimizer.param_groups:
            lr, target = group["lr"], group["swa_lr"]
            # Where it would have begun for the rate to be what it is now.
            start = target
            if share_before != 1:
                start = (lr - share_before * target) / (1 - share_before)
            rates.append(target * share + start * (1 - share))
        return rates

    def _share(self, step: int) -> float:
        """Return how much of the way to `swa_lr` is done at `step`."""
        part = max(0.0, min(1.0, step / max(1, self.anneal_epochs)))
        return part if self._anneal_strategy == "linear" else (1 - math.cos(math.pi * part)) / 2


__getattr__ = lacking("torch.optim.swa_utils")
