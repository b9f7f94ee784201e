"""Activation functions, element by element, and softmax along one dimension."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradstep_engine.autograd.function import Op
from gradstep_engine.ops.erf import erf
from gradstep_engine.ops.masking import masked


class Relu(Op):
    """max(0, x).  ∂/∂x = grad where the result is positive, else 0."""

    op_name = "relu"
    node_name = "ReluBackward0"
    saves_output = True

    def forward(self, x: Any) -> Any:
        result = np.maximum(x, 0)
        self.saved = (result,)
        return result

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        return masked(grad, self.saved[0] > 0)


def _floating(x: Any) -> Any:
    return x if x.dtype.kind == "f" else x.astype(np.float32)


class Tanh(Op):
    """tanh x = y.  ∂/∂x = grad · (1 − y²)."""

    op_name = "tanh"
    node_name = "TanhBackward0"
    saves_output = True

    def forward(self, x: Any) -> Any:
        result = np.tanh(_floating(x))
        self.saved = (result,)
        return result

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        (y,) = self.saved
        return grad * (1 - y * y)


def sigmoid(x: Any) -> Any:
    """Return 1 / (1 + e^(−x)) on arrays; an exponential that overflows gives the right 0."""
    return 1 / (1 + np.exp(-x))


class Sigmoid(Op):
    """σ(x) = 1 / (1 + e^(−x)) = y.  ∂/∂x = grad · y (1 − y)."""

    op_name = "sigmoid"
    node_name = "SigmoidBackward0"
    saves_output = True

    def forward(self, x: Any) -> Any:
        result = sigmoid(_floating(x))
        self.saved = (result,)
        return result

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        (y,) = self.saved
        return grad * (y * (1 - y))


class Softmax(Op):
    """y_i = e^(x_i) / Σ_j e^(x_j) along `dim`.  ∂/∂x = y · (grad − Σ grad · y)."""

    op_name = "softmax"
    node_name = "SoftmaxBackward0"
    saves_output = True

    def forward(self, x: Any, dim: int) -> Any:
        self.dim = dim
        if x.ndim == 0:
            result = np.ones_like(x)
        else:
            result = np.exp(x - np.maximum.reduce(x, axis=dim, keepdims=True))
            result /= np.add.reduce(result, axis=dim, keepdims=True)
        self.saved = (result,)
        return result

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        (y,) = self.saved
        if y.ndim == 0:
            return grad * 0
        weighted = grad * y
        return weighted - y * np.add.reduce(weighted, axis=self.dim, keepdims=True)


class LogSoftmax(Op):
    """y_i = x_i − log Σ_j e^(x_j) along `dim`.  ∂/∂x = grad − e^y Σ grad."""

    op_name = "log_softmax"
    node_name = "LogSoftmaxBackward0"
    saves_output = True

    def forward(self, x: Any, dim: int) -> Any:
        self.dim = dim
        if x.ndim == 0:
            result = x - x
        else:
            # The largest is subtracted first, so that no exponential overflows.
            result = x - np.maximum.reduce(x, axis=dim, keepdims=True)
            result -= np.log(np.add.reduce(np.exp(result), axis=dim, keepdims=True))
        self.saved = (result,)
        return result

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        (y,) = self.saved
        if y.ndim == 0:
            return grad * 0
        return grad - np.exp(y) * np.add.reduce(grad, axis=self.dim, keepdims=True)


class LeakyRelu(Op):
    """x where x > 0, else slope · x.  ∂/∂x = grad where x > 0, else slope · grad."""

    op_name = "leaky_relu"
    node_name = "LeakyReluBackward0"
    saves = (0,)

    def forward(self, x: Any, negative_slope: float) -> Any:
        self.saved = (x,)
        self.slope = negative_slope
        return np.where(x > 0, x, x * negative_slope)[()]

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        return np.where(self.saved[0] > 0, grad, grad * self.slope)[()]


class _Exponential(Op):
    """scale · x where x > 0, else scale · α (e^(s x) − 1).

    ∂/∂x = scale · grad where x > 0, else scale · α s e^(s x) · grad.
    """

    saves = (0,)

    def evaluate(self, x: Any, alpha: float, scale: float, input_scale: float) -> Any:
        """Return the function; `input_scale` is s."""
        self.saved = (x,)
        self.parameters = alpha, scale, input_scale
        negative = alpha * np.expm1(np.minimum(x, 0) * input_scale)
        return (scale * np.where(x > 0, x, negative))[()]

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        (x,) = self.saved
        alpha, scale, input_scale = self.parameters
        slope = alpha * input_scale * np.exp(np.minimum(x, 0) * input_scale)
        return (scale * grad * np.where(x > 0, np.ones_like(slope), slope))[()]


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


class Gelu(Op):
    """x Φ(x), with Φ the normal distribution.  ∂/∂x = grad · (Φ(x) + x φ(x))."""

    op_name = "gelu"
    node_name = "GeluBackward0"
    saves = (0,)

    def forward(self, x: Any) -> Any:
        below = (erf(x * math.sqrt(0.5)) + 1) * 0.5
        self.saved = x, below
        return x * below

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        x, below = self.saved
        density = np.exp(x * x * -0.5) * (1 / math.sqrt(2 * math.pi))
        return grad * (below + x * density)


class GeluTanh(Op):
    """½ x (1 + t), t = tanh(√(2/π) (x + 0.044715 x³)).

    ∂/∂x = grad · (½ (1 + t) + ½ x (1 − t²) √(2/π) (1 + 3 · 0.044715 x²)).
    """

    op_name = "gelu"
    node_name = "GeluBackward0"
    saves = (0,)
    _factor = math.sqrt(2 / math.pi)
    _cubic = 0.044715

    def forward(self, x: Any) -> Any:
        t = np.tanh(self._factor * (x + self._cubic * (x * x * x)))
        self.saved = x, t
        return 0.5 * x * (1 + t)

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        x, t = self.saved
        inner = self._factor * (1 + 3 * self._cubic * (x * x))
        return grad * (0.5 * (1 + t) + 0.5 * x * (1 - t * t) * inner)


class Silu(Op):
    """x σ(x) with s = σ(x).  ∂/∂x = grad · s (1 + x (1 − s))."""

    op_name = "silu"
    node_name = "SiluBackward0"
    saves = (0,)

    def forward(self, x: Any) -> Any:
        s = sigmoid(x)
        self.saved = x, s
        return x * s

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        x, s = self.saved
        return grad * (s * (1 + x * (1 - s)))


class Softplus(Op):
    """log(1 + e^(βx)) / β; x itself where βx > threshold.  ∂/∂x = grad · σ(βx)."""

    op_name = "softplus"
    node_name = "SoftplusBackward0"
    saves = (0,)

    def forward(self, x: Any, beta: float = 1.0, threshold: float = 20.0) -> Any:
        self.saved = (x,)
        self.parameters = beta, threshold
        scaled = x * beta
        return np.where(scaled > threshold, x, np.logaddexp(scaled, 0) / beta).astype(x.dtype)[()]

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        beta, threshold = self.parameters
        scaled = self.saved[0] * beta
        return np.where(scaled > threshold, grad, grad * sigmoid(scaled))[()]


class LogSigmoid(Op):
    """log σ(x) = −log(1 + e^(−x)).  ∂/∂x = grad · σ(−x)."""

    op_name = "logsigmoid"
    node_name = "LogSigmoidBackward0"
    saves = (0,)

    def forward(self, x: Any) -> Any:
        self.saved = (x,)
        return np.minimum(x, 0) - np.log1p(np.exp(-np.abs(x)))

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        return grad * sigmoid(-self.saved[0])


class Hardtanh(Op):
    """x cut to [low, high].  ∂/∂x = grad where low < x < high, else 0."""

    op_name = "hardtanh"
    node_name = "HardtanhBackward0"
    saves = (0,)

    def forward(self, x: Any, min_val: float = -1.0, max_val: float = 1.0) -> Any:
        self.saved = (x,)
        self.bounds = min_val, max_val
        return np.minimum(np.maximum(x, min_val), max_val)

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        (x,) = self.saved
        low, high = self.bounds
        return masked(grad, (x > low) & (x < high))


class Relu6(Hardtanh):
    """x cut to [0, 6]."""

    op_name = "relu6"
