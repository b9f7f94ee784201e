"""Activation functions as layers."""

from __future__ import annotations

from gradstep_engine.nn import functional
from gradstep_engine.nn.module import Module
from gradstep_engine.tensor import Tensor


class _Inplace(Module):
    """An activation that can write its result into its input."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def extra_repr(self) -> str:
        """Return whether it works in place."""
        return "inplace=True" if self.inplace else ""


class ReLU(_Inplace):
    """max(0, x)."""

    def forward(self, input: Tensor) -> Tensor:
        """Return max(0, input)."""
        return functional.relu(input, self.inplace)


class ReLU6(_Inplace):
    """x cut to [0, 6]."""

    def forward(self, input: Tensor) -> Tensor:
        """Return the input cut to [0, 6]."""
        return functional.relu6(input, self.inplace)


class SELU(_Inplace):
    """The self-normalising ELU."""

    def forward(self, input: Tensor) -> Tensor:
        """Return SELU of the input."""
        return functional.selu(input, self.inplace)


class SiLU(_Inplace):
    """x σ(x)."""

    def forward(self, input: Tensor) -> Tensor:
        """Return input · σ(input)."""
        return functional.silu(input, self.inplace)


class Tanh(Module):
    """tanh x."""

    def forward(self, input: Tensor) -> Tensor:
        """Return tanh of the input."""
        return functional.tanh(input)


class Sigmoid(Module):
    """1 / (1 + e^(−x))."""

    def forward(self, input: Tensor) -> Tensor:
        """Return σ of the input."""
        return functional.sigmoid(input)


class LogSigmoid(Module):
    """log σ(x)."""

    def forward(self, input: Tensor) -> Tensor:
        """Return log σ of the input."""
        return functional.logsigmoid(input)


class Softsign(Module):
    """x / (1 + |x|)."""

    def forward(self, input: Tensor) -> Tensor:
        """Return input / (1 + |input|)."""
        return functional.softsign(input)


class Tanhshrink(Module):
    """x − tanh x."""

    def forward(self, input: Tensor) -> Tensor:
        """Return input − tanh(input)."""
        return functional.tanhshrink(input)


class LeakyReLU(Module):
    """x where x > 0, else negative_slope · x."""

    def __init__(self, negative_slope: float = 0.01, inplace: bool = False) -> None:
        super().__init__()
        self.negative_slope = negative_slope
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """Return the input with its negative part scaled."""
        return functional.leaky_relu(input, self.negative_slope, self.inplace)

    def extra_repr(self) -> str:
        """Return the slope."""
        return f"negative_slope={self.negative_slope}" + (", inplace=True" * self.inplace)


class ELU(Module):
    """x where x > 0, else alpha (e^x − 1)."""

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__()
        self.alpha = alpha
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """Return ELU of the input."""
        return functional.elu(input, self.alpha, self.inplace)

    def extra_repr(self) -> str:
        """Return alpha."""
        return f"alpha={self.alpha}" + (", inplace=True" * self.inplace)


class CELU(ELU):
    """x where x > 0, else alpha (e^(x / alpha) − 1)."""

    def forward(self, input: Tensor) -> Tensor:
        """Return CELU of the input."""
        return functional.celu(input, self.alpha, self.inplace)


class GELU(Module):
    """x Φ(x), with Φ the normal distribution."""

    def __init__(self, approximate: str = "none") -> None:
        super().__init__()
        self.approximate = approximate

    def forward(self, input: Tensor) -> Tensor:
        """Return GELU of the input."""
        return functional.gelu(input, self.approximate)

    def extra_repr(self) -> str:
        """Return the approximation."""
        return f"approximate={self.approximate!r}"


class Softplus(Module):
    """log(1 + e^(beta x)) / beta."""

    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None:
        super().__init__()
        self.beta = beta
        self.threshold = threshold

    def forward(self, input: Tensor) -> Tensor:
        """Return softplus of the input."""
        return functional.softplus(input, self.beta, self.threshold)

    def extra_repr(self) -> str:
        """Return the constants."""
        return f"beta={self.beta}, threshold={self.threshold}"


class Hardtanh(Module):
    """x cut to [min_val, max_val]."""

    def __init__(self, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> None:
        super().__init__()
        self.min_val = min_val
        self.max_val = max_val
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """Return the input cut to the interval."""
        return functional.hardtanh(input, self.min_val, self.max_val, self.inplace)

    def extra_repr(self) -> str:
        """Return the interval."""
        text = f"min_val={self.min_val}, max_val={self.max_val}"
        return text + (", inplace=True" * self.inplace)


class Softmax(Module):
    """e^x / Σ e^x along `dim`."""

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        """Return softmax of the input."""
        return functional.softmax(input, self.dim)

    def extra_repr(self) -> str:
        """Return the dimension."""
        return f"dim={self.dim}"


class LogSoftmax(Module):
    """x − log Σ e^x along `dim`."""

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        """Return log-softmax of the input."""
        return functional.log_softmax(input, self.dim)

    def extra_repr(self) -> str:
        """Return the dimension."""
        return f"dim={self.dim}"
