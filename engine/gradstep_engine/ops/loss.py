"""Losses that compare a prediction with a target of the same shape, each as one node.

`reduction` is `none`, `mean` or `sum`, as in PyTorch.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from gradstep_engine.autograd.function import Op, apply
from gradstep_engine.autograd.variable import TensorBase, wrap
from gradstep_engine.dtypes import check_fits, of_numpy
from gradstep_engine.ops.activation import LogSigmoid, sigmoid
from gradstep_engine.ops.unbroadcast import unbroadcast

_TINY = float(np.float32(1e-12))  # torch keeps this constant in single precision


def reduce_loss(losses: Any, reduction: str) -> Any:
    """Return `losses` as they are, their mean or their sum (numpy scalars for the latter)."""
    if reduction == "none":
        return losses
    total = np.add.reduce(losses, axis=None)
    return total if reduction == "sum" else total / losses.dtype.type(losses.size)


class PointwiseLoss(Op):
    """A loss ℓ(input, target) for each element, then reduced.

    With reduction `mean` over n elements every derivative carries a factor 1/n. Where the shapes
    differ, both are broadcast, and gradients are summed back.
    """

    saves = (0, 1)
    promotes = True
    kernel: ClassVar[str | None] = None
    """PyTorch's name of the code, which it has for floats only; None where it has it for all."""

    def evaluate(self, x: Any, target: Any, reduction: str) -> Any:
        """Return the reduced loss: what `forward` does once it has taken its attributes."""
        self._check_floats(x)
        self.saved = x, target
        self.reduction = reduction
        return reduce_loss(self.losses(x, target), reduction)

    def _check_floats(self, x: Any) -> None:
        if self.kernel is not None and x.dtype.kind != "f":
            shown = of_numpy(x.dtype).cpu_type
            raise NotImplementedError(f"\"{self.kernel}\" not implemented for '{shown}'")

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        x, target = self.saved
        if self.reduction == "mean":
            size = x.size if x.shape == target.shape else np.broadcast(x, target).size
            grad = grad / grad.dtype.type(size)
        grad_x = self.slope(x, target, grad) if self.needs(0) else None
        grad_target = self.target_slope(x, target, grad) if self.needs(1) else None
        return (
            None if grad_x is None else unbroadcast(grad_x, x.shape),
            None if grad_target is None else unbroadcast(grad_target, target.shape),
        )

    def backward_tensors(self, grad: Any) -> Any:
        x, target = self.input(0), self.input(1)
        if self.reduction == "mean":
            grad = grad / np.broadcast(x._array, target._array).size
        grad_x = self.slope_tensors(x, target, grad) if self.needs(0) else None
        grad_target = self.target_slope_tensors(x, target, grad) if self.needs(1) else None
        return (
            None if grad_x is None else unbroadcast(grad_x, tuple(x.shape)),
            None if grad_target is None else unbroadcast(grad_target, tuple(target.shape)),
        )

    def losses(self, x: Any, target: Any) -> Any:
        """Return ℓ for each element."""
        raise NotImplementedError(f"{type(self).__qualname__} defines no losses")

    def slope(self, x: Any, target: Any, grad: Any) -> Any:
        """Return grad · ∂ℓ/∂input."""
        raise NotImplementedError(f"{type(self).__qualname__} defines no slope")

    def target_slope(self, x: Any, target: Any, grad: Any) -> Any:
        """Return grad · ∂ℓ/∂target; by default the loss depends on input − target only."""
        return -self.slope(x, target, grad)

    def slope_tensors(self, x: Any, target: Any, grad: Any) -> Any:
        """Return what `slope` returns, in operations on tensors."""
        raise NotImplementedError(f"{type(self).__qualname__} defines no slope on tensors")

    def target_slope_tensors(self, x: Any, target: Any, grad: Any) -> Any:
        """Return what `target_slope` returns, in operations on tensors."""
        return -self.slope_tensors(x, target, grad)


class MseLoss(PointwiseLoss):
    """(x − t)².  ∂/∂x = 2 (x − t) grad, ∂/∂t = −2 (x − t) grad."""

    op_name = "mse_loss"
    node_name = "MseLossBackward0"
    kernel = "mse_cpu"

    def forward(self, x: Any, target: Any, reduction: str = "mean") -> Any:
        self._check_floats(x)
        self.saved = x, target
        self.reduction = reduction
        difference = x - target
        if reduction == "none":
            return difference * difference
        flat = difference.reshape(-1)
        # A dot product with itself needs no array of squares.
        total = np.dot(flat, flat)
        return total if reduction == "sum" else total / flat.dtype.type(flat.size)

    def slope(self, x: Any, target: Any, grad: Any) -> Any:
        return (x - target) * (grad + grad)

    slope_tensors = slope


class SmoothL1Loss(PointwiseLoss):
    """With d = x − t: ½ d² / β where |d| < β, else |d| − ½ β.  ∂/∂x = cut(d / β, ±1) grad."""

    op_name = "smooth_l1_loss"
    node_name = "SmoothL1LossBackward0"
    kernel = "smooth_l1_cpu"

    def forward(self, x: Any, target: Any, reduction: str = "mean", beta: float = 1.0) -> Any:
        self.beta = beta
        return self.evaluate(x, target, reduction)

    def losses(self, x: Any, target: Any) -> Any:
        d = np.abs(x - target)
        if self.beta == 0:
            return d
        return np.where(d < self.beta, d * d * (0.5 / self.beta), d - 0.5 * self.beta)[()]

    def slope(self, x: Any, target: Any, grad: Any) -> Any:
        d = x - target
        if self.beta == 0:
            return np.sign(d) * grad
        return np.minimum(np.maximum(d * (1 / self.beta), -1), 1) * grad

    def slope_tensors(self, x: Any, target: Any, grad: Any) -> Any:
        d = x - target
        if self.beta == 0:
            return wrap(np.sign(d._array)) * grad
        return (d * (1 / self.beta)).clamp(-1, 1) * grad


class HuberLoss(PointwiseLoss):
    """With d = x − t: ½ d² where |d| ≤ δ, else δ (|d| − ½ δ).  ∂/∂x = cut(d, ±δ) grad."""

    op_name = "huber_loss"
    node_name = "HuberLossBackward0"
    kernel = "huber_cpu"

    def check_types(self, operands: list[Any]) -> None:
        check_fits(operands[0].dtype, operands[1].dtype)

    def backward(self, grad: Any) -> Any:
        casts = None if self.extras is None else self.extras.casts
        if casts:
            own, other = [of_numpy(cast or grad.dtype).cpu_type for cast in casts]
            raise RuntimeError(f"Found dtype {other} but expected {own}")
        return super().backward(grad)

    def forward(self, x: Any, target: Any, reduction: str = "mean", delta: float = 1.0) -> Any:
        self.delta = delta
        return self.evaluate(x, target, reduction)

    def losses(self, x: Any, target: Any) -> Any:
        d = np.abs(x - target)
        return np.where(d <= self.delta, d * d * 0.5, (d - 0.5 * self.delta) * self.delta)[()]

    def slope(self, x: Any, target: Any, grad: Any) -> Any:
        return np.minimum(np.maximum(x - target, -self.delta), self.delta) * grad

    def slope_tensors(self, x: Any, target: Any, grad: Any) -> Any:
        return (x - target).clamp(-self.delta, self.delta) * grad


class WeightedLoss(PointwiseLoss):
    """A pointwise loss with an optional factor for each element, broadcast to the input."""

    promotes = False  # the factors may be absent
    weight: Any = None

    def backward(self, grad: Any) -> Any:
        grads = super().backward(grad)
        return grads if self.weight is None else (*grads, None)

    def backward_tensors(self, grad: Any) -> Any:
        grads = super().backward_tensors(grad)
        return (*grads, None, None)[: len(self.edges)]

    def weighted(self, values: Any) -> Any:
        """Return `values`, an array or a tensor, times the weight, if there is one."""
        if self.weight is None:
            return values
        return values * (wrap(self.weight) if isinstance(values, TensorBase) else self.weight)


class BinaryCrossEntropy(WeightedLoss):
    """−w (t log x + (1 − t) log(1 − x)), logs not below −100.

    ∂/∂x = w (x − t) / max(x (1 − x), 1e-12) grad,
    ∂/∂t = w (log(1 − x) − log x) grad.
    """

    op_name = "binary_cross_entropy"
    node_name = "BinaryCrossEntropyBackward0"
    kernel = "binary_cross_entropy"

    def forward(self, x: Any, target: Any, weight: Any = None, reduction: str = "mean") -> Any:
        self.weight = weight
        return self.evaluate(x, target, reduction)

    def losses(self, x: Any, target: Any) -> Any:
        # Written so that the untouched probability stays exact where t is 0 or 1.
        log_x, log_rest = self._logs(x)
        return self.weighted((target - 1) * log_rest - target * log_x)

    def slope(self, x: Any, target: Any, grad: Any) -> Any:
        return self.weighted((x - target) / np.maximum(x * (1 - x), _TINY) * grad)

    def target_slope(self, x: Any, target: Any, grad: Any) -> Any:
        return self.weighted((np.log1p(-x) - np.log(x)) * grad)

    def slope_tensors(self, x: Any, target: Any, grad: Any) -> Any:
        return self.weighted((x - target) / (x * (1 - x)).clamp(min=_TINY) * grad)

    def target_slope_tensors(self, x: Any, target: Any, grad: Any) -> Any:
        return self.weighted(((-x).log1p() - x.log()) * grad)

    @staticmethod
    def _logs(x: Any) -> tuple[Any, Any]:
        return np.maximum(np.log(x), -100), np.maximum(np.log1p(-x), -100)


class BinaryCrossEntropyWithLogits(WeightedLoss):
    """w ((1 − t) x + (1 + (p − 1) t) log(1 + e^(−x))), with p the weight of positives.

    With s = σ(x): ∂/∂x = w ((p t + 1 − t) s − p t) grad,
    ∂/∂t = w (−x + (p − 1) log(1 + e^(−x))) grad.
    """

    op_name = "binary_cross_entropy_with_logits"
    node_name = "BinaryCrossEntropyWithLogitsBackward0"
    kernel = "log_sigmoid_cpu"

    def forward(
        self,
        x: Any,
        target: Any,
        weight: Any = None,
        pos_weight: Any = None,
        reduction: str = "mean",
    ) -> Any:
        self.weight, self.pos_weight = weight, pos_weight
        return self.evaluate(x, target, reduction)

    def backward(self, grad: Any) -> Any:
        return (*super().backward(grad)[:2], None, None)[: len(self.edges)]

    def losses(self, x: Any, target: Any) -> Any:
        log_term = self._log_term(x)
        if self.pos_weight is not None:
            log_term = log_term * ((self.pos_weight - 1) * target + 1)
        return self.weighted((1 - target) * x + log_term)

    def slope(self, x: Any, target: Any, grad: Any) -> Any:
        if self.pos_weight is None:
            return self.weighted((sigmoid(x) - target) * grad)
        positive = self.pos_weight * target
        return self.weighted(((positive + 1 - target) * sigmoid(x) - positive) * grad)

    def target_slope(self, x: Any, target: Any, grad: Any) -> Any:
        slope = -x
        if self.pos_weight is not None:
            slope = slope + (self.pos_weight - 1) * self._log_term(x)
        return self.weighted(slope * grad)

    def slope_tensors(self, x: Any, target: Any, grad: Any) -> Any:
        if self.pos_weight is None:
            return self.weighted((x.sigmoid() - target) * grad)
        positive = target * wrap(self.pos_weight)
        return self.weighted(((positive + 1 - target) * x.sigmoid() - positive) * grad)

    def target_slope_tensors(self, x: Any, target: Any, grad: Any) -> Any:
        slope = -x
        if self.pos_weight is not None:
            slope = slope - wrap(self.pos_weight - 1) * apply(LogSigmoid, x)
        return self.weighted(slope * grad)

    @staticmethod
    def _log_term(x: Any) -> Any:
        return np.log1p(np.exp(-np.abs(x))) + np.maximum(-x, 0)


class KlDiv(PointwiseLoss):
    """t (log t − x), x being log-probabilities; 0 where t is 0.

    ∂/∂x = −t grad, ∂/∂t = (log t + t / t − x) grad. With `log_target`, t stands for e^t.
    """

    op_name = "kl_div"
    node_name = "KlDivBackward0"

    def forward(
        self, x: Any, target: Any, reduction: str = "mean", log_target: bool = False
    ) -> Any:
        self.log_target = log_target
        return self.evaluate(x, target, reduction)

    def losses(self, x: Any, target: Any) -> Any:
        if self.log_target:
            return np.exp(target) * (target - x)
        return np.where(target == 0, target * 0, target * np.log(target)) - target * x

    def slope(self, x: Any, target: Any, grad: Any) -> Any:
        return -(np.exp(target) if self.log_target else target) * grad

    def target_slope(self, x: Any, target: Any, grad: Any) -> Any:
        if self.log_target:
            growth = np.exp(target)
            return grad * growth * (target - x) + grad * growth
        # NaN where t is 0, as in torch: its t log t has no slope there.
        log_slope = np.where(target == 0, grad.dtype.type(0), grad * np.log(target))
        return log_slope + grad * target / target - grad * x

    def slope_tensors(self, x: Any, target: Any, grad: Any) -> Any:
        return -(target.exp() if self.log_target else target) * grad

    def target_slope_tensors(self, x: Any, target: Any, grad: Any) -> Any:
        if self.log_target:
            growth = target.exp()
            return grad * growth * (target - x) + grad * growth
        log_slope = (grad * target.log()).masked_fill(target == 0, 0)
        return log_slope + grad * target / target - grad * x
