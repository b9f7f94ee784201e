"""Negative log likelihood of class indices: the second half of cross-entropy."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from gradstep_engine.autograd.function import Op
from gradstep_engine.ops.masking import weighted_tensor


@lru_cache(maxsize=16)
def _count(size: int) -> Any:
    return np.arange(size)


class NllLoss(Op):
    """−w_t · x[n, t_n] for every sample n; `mean` divides by Σ w_t of the samples that count.

    ∂/∂x[n, c] = −w_c grad (divided likewise) where c = t_n, else 0. Samples whose target is
    `ignore_index` give 0 and no gradient.

    Shapes: x (C), (N, C) or (N, C, d1, ...); target the same without C.
    """

    op_name = "nll_loss"
    node_name = "NllLossBackward0"
    saves = (1,)

    def forward(
        self,
        x: Any,
        target: Any,
        weight: Any = None,
        reduction: str = "mean",
        ignore_index: int = -100,
    ) -> Any:
        if x.ndim > 2:
            self.node_name = "NllLoss2DBackward0"
        rows = _class_last(x)
        flat = target.reshape(-1)
        classes = rows.shape[1]
        index, kept = flat, None
        if 0 <= ignore_index < classes or not self._fit(flat, classes):
            kept = flat != ignore_index
            self._check(flat[kept], classes)
            index = np.where(kept, flat, 0)
        weights: Any = None
        if weight is not None:
            weights = weight[index]
        if kept is not None and not kept.all():
            weights = (1 if weights is None else weights) * kept.astype(x.dtype)
        self.saved = index, weights
        self.shape = x.shape
        self.reduction = reduction
        losses = rows[_count(len(index)), index]
        np.negative(losses, out=losses)
        if weights is not None:
            losses *= weights
        if reduction == "none":
            return losses.reshape(target.shape)[()]
        total = np.add.reduce(losses)
        self.divisor = self._divisor(x.dtype, weights, len(index))
        if reduction == "sum":
            return total
        return total / self.divisor

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        index, weights = self.saved
        if self.reduction == "mean":
            grad = grad / self.divisor
        values: Any = -np.reshape(grad, -1)
        if weights is not None:
            # A sample that does not count gets 0 even where the mean is 0/0.
            values = np.where(weights == 0, values.dtype.type(0), values * weights)
        shape = self.shape
        classes = shape[1] if len(shape) > 1 else shape[0]
        rows = np.zeros((len(index), classes), dtype=grad.dtype)
        rows[_count(len(index)), index] = values
        grads = (_class_second(rows, shape), None)
        return grads if len(self.edges) == 2 else (*grads, None)

    def backward_tensors(self, grad: Any) -> Any:
        # The loss is linear in x: what comes back for a gradient of ones is a constant factor.
        factors = self.backward(np.ones_like(grad._array))[0]
        if self.reduction == "none":
            grad = grad.unsqueeze(1 if len(self.shape) > 1 else 0)
        return (weighted_tensor(grad, factors), None, None)[: len(self.edges)]

    @staticmethod
    def _divisor(dtype: Any, weights: Any, count: int) -> Any:
        return dtype.type(count) if weights is None else np.add.reduce(weights)

    @staticmethod
    def _fit(target: Any, classes: int) -> bool:
        """Return whether all targets are classes, as they mostly are."""
        if not len(target):
            return True
        return bool(np.minimum.reduce(target) >= 0 and np.maximum.reduce(target) < classes)

    @staticmethod
    def _check(target: Any, classes: int) -> None:
        wrong = target[(target < 0) | (target >= classes)]
        if wrong.size:
            raise IndexError(f"Target {int(wrong[0])} is out of bounds.")


def _class_last(x: Any) -> Any:
    """Return `x` as (samples, classes)."""
    if x.ndim <= 2:
        return x.reshape(-1, x.shape[-1])
    return np.moveaxis(x, 1, -1).reshape(-1, x.shape[1])


def _class_second(rows: Any, shape: tuple[int, ...]) -> Any:
    """Undo `_class_last`."""
    if len(shape) <= 2:
        return rows.reshape(shape)
    return np.moveaxis(rows.reshape(shape[0], *shape[2:], shape[1]), -1, 1)
