"""Activation functions, element by element; those of the form x · gate are in `gated.py`."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradstep_engine.autograd.function import Op
from gradstep_engine.autograd.variable import wrap
from gradstep_engine.ops.masking import masked, masked_tensor
from gradstep_engine.ops.positive_part import positive_part
from gradstep_engine.ops.unbroadcast import unbroadcast


class Relu(Op):
    """max(0, x).  ∂/∂x = grad where the result is positive, else 0."""

    op_name = "relu"
    node_name = "ReluBackward0"
    saves_output = True

    def forward(self, x: Any) -> Any:
        if x.dtype.kind == "b":
            raise RuntimeError("Boolean inputs not supported for relu")
        result = positive_part(x)
        self.saved = (result,)
        return result

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        # A result is positive, 0, or NaN, which passes too.
        return masked(grad, self.saved[0] != 0)

    def backward_tensors(self, grad: Any) -> Any:
        assert self.saved is not None
        return masked_tensor(grad, self.saved[0] != 0)


def _floating(x: Any) -> Any:
    return x if x.dtype.kind == "f" else x.astype(np.float32)


class Tanh(Op):
    """tanh x = y.  ∂/∂x = grad · (1 − y²)."""

    op_name = "tanh"
    node_name = "TanhBackward0"
    saves_output = True
    fresh = True

    def forward(self, x: Any) -> Any:
        result = np.tanh(_floating(x))
        self.saved = (result,)
        return result

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        (y,) = self.saved
        slope = y * y
        if y.ndim == 0:
            return grad * (1 - slope)
        np.subtract(1, slope, out=slope)
        slope *= grad
        return slope

    def backward_tensors(self, grad: Any) -> Any:
        y = self.output()
        return grad * (1 - y * y)


def sigmoid(x: Any) -> Any:
    """Return 1 / (1 + e^(−x)) on arrays; an exponential that overflows gives the right 0."""
    if x.ndim == 0:
        return 1 / (1 + np.exp(-x))
    result = np.negative(x)
    np.exp(result, out=result)
    result += 1
    return np.reciprocal(result, out=result)


class Sigmoid(Op):
    """σ(x) = 1 / (1 + e^(−x)) = y.  ∂/∂x = grad · y (1 − y)."""

    op_name = "sigmoid"
    node_name = "SigmoidBackward0"
    saves_output = True
    fresh = True

    def forward(self, x: Any) -> Any:
        result = sigmoid(_floating(x))
        self.saved = (result,)
        return result

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        (y,) = self.saved
        slope = 1 - y
        slope *= y
        slope *= grad
        return slope

    def backward_tensors(self, grad: Any) -> Any:
        y = self.output()
        return grad * (y * (1 - y))


class LeakyRelu(Op):
    """x where x > 0, else slope · x.  ∂/∂x = grad where x > 0, else slope · grad."""

    op_name = "leaky_relu"
    node_name = "LeakyReluBackward0"
    saves = (0,)
    fresh = True

    def forward(self, x: Any, negative_slope: float) -> Any:
        self.saved = (x,)
        self.slope = negative_slope
        if 0 <= negative_slope <= 1:
            return np.maximum(x, x * negative_slope)
        return np.where(x > 0, x, x * negative_slope)[()]

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        return grad * self._factors(self.saved[0])

    def backward_tensors(self, grad: Any) -> Any:
        assert self.saved is not None
        return grad * wrap(self._factors(self.saved[0]))

    def _factors(self, x: Any) -> Any:
        one, slope = x.dtype.type(1), x.dtype.type(self.slope)
        return np.where(x > 0, one, slope)[()]


class RreluWithNoise(Op):
    """x where x > 0, else noise · x (Xu et al., 2015).  ∂/∂x = grad, else noise · grad."""

    op_name = "rrelu"
    node_name = "RreluWithNoiseBackward0"
    fresh = True

    def forward(self, x: Any, noise: Any) -> Any:
        factors = np.where(x > 0, x.dtype.type(1), noise)[()]
        self.saved = (factors,)
        return x * factors

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        return grad * self.saved[0]

    def backward_tensors(self, grad: Any) -> Any:
        assert self.saved is not None
        return grad * wrap(self.saved[0])


class Prelu(Op):
    """x where x > 0, else w · x, with w broadcast (He et al., 2015).

    ∂/∂x = grad where x > 0, else w · grad; ∂/∂w = x · grad where x ≤ 0, else 0, summed.
    """

    op_name = "prelu"
    node_name = "PreluKernelBackward0"
    saves = (0, 1)

    def forward(self, x: Any, weight: Any) -> Any:
        self.saved = x, weight
        return np.where(x > 0, x, x * weight)[()]

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        x, weight = self.saved
        positive = x > 0
        along_x = np.where(positive, grad, grad * weight)[()] if self.needs(0) else None
        if not self.needs(1):
            return along_x, None
        return along_x, unbroadcast(masked(grad * x, ~positive), weight.shape)

    def backward_tensors(self, grad: Any) -> Any:
        x, weight = self.input(0), self.input(1)
        positive = x._array > 0
        above, below = wrap(positive), wrap(~positive)
        along_weight = unbroadcast(grad * (x * below), tuple(weight.shape))
        return grad * (weight * below + above), along_weight


class _Exponential(Op):
    """scale · x where x > 0, else scale · α (e^(s x) − 1).

    ∂/∂x = scale · grad where x > 0, else scale · α s e^(s x) · grad.
    """

    saves = (0,)
    fresh = True

    def evaluate(self, x: Any, alpha: float, scale: float, input_scale: float) -> Any:
        """Return the function; `input_scale` is s."""
        self.saved = (x,)
        self.parameters = alpha, scale, input_scale
        negative = alpha * np.expm1(np.minimum(x, 0) * input_scale)
        return (scale * np.where(x < 0, negative, x))[()]

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        (x,) = self.saved
        alpha, scale, input_scale = self.parameters
        slope = alpha * input_scale * np.exp(np.minimum(x, 0) * input_scale)
        return (scale * grad * np.where(x > 0, np.ones_like(slope), slope))[()]

    def backward_tensors(self, grad: Any) -> Any:
        x = self.input(0)
        alpha, scale, input_scale = self.parameters
        positive = x._array > 0
        above, below = wrap(positive), wrap(~positive)
        slope = (x.masked_fill(above, 0) * input_scale).exp() * (alpha * input_scale)
        return scale * grad * (slope * below + above)


class Elu(_Exponential):
    """x where x > 0, else α (e^x − 1) (Clevert et al., 2015).  ∂/∂x = grad, else α e^x grad."""

    op_name = "elu"
    node_name = "EluBackward0"

    def forward(self, x: Any, alpha: float = 1.0) -> Any:
        return self.evaluate(x, alpha, 1.0, 1.0)


class Selu(_Exponential):
    """ELU with the constants that keep mean 0 and variance 1 (Klambauer et al., 2017)."""

    op_name = "selu"
    node_name = "EluBackward0"

    def forward(self, x: Any) -> Any:
        return self.evaluate(x, 1.6732632423543772, 1.0507009873554805, 1.0)


class Celu(_Exponential):
    """x where x > 0, else α (e^(x/α) − 1) (Barron, 2017).  ∂/∂x = grad, else e^(x/α) grad."""

    op_name = "celu"
    node_name = "CeluBackward0"

    def forward(self, x: Any, alpha: float = 1.0) -> Any:
        return self.evaluate(x, alpha, 1.0, 1.0 / alpha)


class Softplus(Op):
    """log(1 + e^(βx)) / β; x itself where βx > threshold.  ∂/∂x = grad · σ(βx)."""

    op_name = "softplus"
    node_name = "SoftplusBackward0"
    saves = (0,)
    fresh = True

    def forward(self, x: Any, beta: float = 1.0, threshold: float = 20.0) -> Any:
        self.saved = (x,)
        self.parameters = beta, threshold
        scaled = x * beta
        return np.where(scaled > threshold, x, np.logaddexp(scaled, 0) / beta).astype(x.dtype)[()]

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        beta, threshold = self.parameters
        scaled = self.saved[0] * beta
        growth = np.exp(scaled)  # not σ, which is 0 where this is still a tiny number
        return np.where(scaled > threshold, grad, grad * (growth / (growth + 1)))[()]

    def backward_tensors(self, grad: Any) -> Any:
        x = self.input(0)
        beta, threshold = self.parameters
        linear = x._array * beta > threshold
        return grad * ((x * beta).sigmoid() * wrap(~linear) + wrap(linear))


class LogSigmoid(Op):
    """log σ(x) = −log(1 + e^(−x)).  ∂/∂x = grad · σ(−x)."""

    op_name = "logsigmoid"
    node_name = "LogSigmoidBackward0"
    saves = (0,)
    fresh = True

    def forward(self, x: Any) -> Any:
        self.saved = (x,)
        return np.minimum(x, 0) - np.log1p(np.exp(-np.abs(x)))

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        (x,) = self.saved
        decay = np.exp(-np.abs(x))
        rest = decay / (decay + 1)
        return grad * np.where(x < 0, 1 - rest, rest)[()]

    def backward_tensors(self, grad: Any) -> Any:
        return grad * (-self.input(0)).sigmoid()


class _Passing(Op):
    """A function of slope 1 (or `factor`) where `passes` holds, and 0 elsewhere."""

    saves = (0,)
    factor: float | None = None

    def passes(self, x: Any) -> Any:
        """Return where the gradient passes."""
        raise NotImplementedError(f"{type(self).__qualname__} does not say where it passes")

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        result = masked(grad, self.passes(self.saved[0]))
        return result if self.factor is None else result * self.factor

    def backward_tensors(self, grad: Any) -> Any:
        assert self.saved is not None
        result = masked_tensor(grad, self.passes(self.saved[0]))
        return result if self.factor is None else result * self.factor


class Hardtanh(_Passing):
    """x cut to [low, high].  ∂/∂x = grad where low < x < high, else 0."""

    op_name = "hardtanh"
    node_name = "HardtanhBackward0"

    def forward(self, x: Any, min_val: float = -1.0, max_val: float = 1.0) -> Any:
        self.saved = (x,)
        self.bounds = min_val, max_val
        return np.minimum(np.maximum(x, min_val), max_val)

    def passes(self, x: Any) -> Any:
        low, high = self.bounds
        return (x > low) & (x < high)


class Relu6(Hardtanh):
    """x cut to [0, 6]."""

    op_name = "relu6"


class Hardsigmoid(_Passing):
    """cut(x / 6 + ½, [0, 1]).  ∂/∂x = grad / 6 where −3 < x < 3, else 0."""

    op_name = "hardsigmoid"
    node_name = "HardsigmoidBackward0"
    factor = 1 / 6

    def forward(self, x: Any) -> Any:
        self.saved = (x,)
        return np.minimum(np.maximum(x + 3, 0), 6) / 6

    def passes(self, x: Any) -> Any:
        return (x > -3) & (x < 3)


class Hardshrink(_Passing):
    """x where |x| > λ, else 0.  ∂/∂x = grad there, else 0."""

    op_name = "hardshrink"
    node_name = "HardshrinkBackward0"

    def forward(self, x: Any, lambd: float = 0.5) -> Any:
        self.saved = (x,)
        self.lambd = lambd
        return np.where(np.abs(x) <= lambd, x.dtype.type(0), x)[()]

    def passes(self, x: Any) -> Any:
        return (x > self.lambd) | (x < -self.lambd)


class Softshrink(Hardshrink):
    """x moved by λ towards 0, 0 where |x| ≤ λ.  ∂/∂x = grad where |x| > λ, else 0."""

    op_name = "softshrink"
    node_name = "SoftshrinkBackward0"

    def forward(self, x: Any, lambd: float = 0.5) -> Any:
        self.saved = (x,)
        self.lambd = lambd
        return x - np.minimum(np.maximum(x, -lambd), lambd)


class Threshold(_Passing):
    """`value` where x ≤ threshold, else x.  ∂/∂x = grad in the latter case, else 0."""

    op_name = "threshold"
    node_name = "ThresholdBackward0"

    def forward(self, x: Any, threshold: float, value: float) -> Any:
        self.saved = (x,)
        self.threshold = threshold
        return np.where(x <= threshold, x.dtype.type(value), x)[()]

    def passes(self, x: Any) -> Any:
        return np.logical_not(x <= self.threshold)
