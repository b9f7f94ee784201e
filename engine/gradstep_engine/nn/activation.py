"""Activation functions as layers."""

from __future__ import annotations

from typing import Any

from gradstep_engine.nn import functional
from gradstep_engine.nn.init import constant_
from gradstep_engine.nn.module import Module
from gradstep_engine.nn.parameter import Parameter
from gradstep_engine.nn.storage import empty_parameter
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


class Softmin(Softmax):
    """e^(−x) / Σ e^(−x) along `dim`."""

    def forward(self, input: Tensor) -> Tensor:
        """Return softmin of the input."""
        return functional.softmin(input, self.dim)


class Softmax2d(Module):
    """Softmax over the channels of (N, C, H, W) or (C, H, W)."""

    def forward(self, input: Tensor) -> Tensor:
        """Return softmax over the third dimension from the end.

        Raises:
            ValueError: the input has neither 3 nor 4 dimensions.
        """
        if input.dim() not in (3, 4):
            raise ValueError(
                f"Softmax2d: expected input to be 3D or 4D, got {input.dim()}D instead"
            )
        return functional.softmax(input, -3)


class Mish(_Inplace):
    """x · tanh(softplus(x))."""

    def forward(self, input: Tensor) -> Tensor:
        """Return Mish of the input."""
        return functional.mish(input, self.inplace)


class Hardswish(Module):
    """x · relu6(x + 3) / 6."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """Return hardswish of the input."""
        return functional.hardswish(input, self.inplace)


class Hardsigmoid(Hardswish):
    """relu6(x + 3) / 6."""

    def forward(self, input: Tensor) -> Tensor:
        """Return hardsigmoid of the input."""
        return functional.hardsigmoid(input, self.inplace)


class Hardshrink(Module):
    """x where |x| > lambd, else 0."""

    def __init__(self, lambd: float = 0.5) -> None:
        super().__init__()
        self.lambd = lambd

    def forward(self, input: Tensor) -> Tensor:
        """Return hardshrink of the input."""
        return functional.hardshrink(input, self.lambd)

    def extra_repr(self) -> str:
        """Return the threshold."""
        return f"{self.lambd}"


class Softshrink(Hardshrink):
    """x moved by lambd towards 0, 0 where |x| ≤ lambd."""

    def forward(self, input: Tensor) -> Tensor:
        """Return softshrink of the input."""
        return functional.softshrink(input, self.lambd)


class Threshold(Module):
    """x where x > threshold, else `value`."""

    def __init__(self, threshold: float, value: float, inplace: bool = False) -> None:
        super().__init__()
        self.threshold = threshold
        self.value = value
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """Return the input where it exceeds the threshold, else `value`."""
        return functional.threshold(input, self.threshold, self.value, self.inplace)

    def extra_repr(self) -> str:
        """Return threshold and value."""
        return f"threshold={self.threshold}, value={self.value}" + (", inplace=True" * self.inplace)


class PReLU(Module):
    """x where x > 0, else weight · x, with learned weights: one, or one for each channel."""

    weight: Parameter

    def __init__(
        self, num_parameters: int = 1, init: float = 0.25, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__()
        self.num_parameters = num_parameters
        self.init = init
        self.weight = empty_parameter((num_parameters,), device, dtype)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set all weights to `init`."""
        constant_(self.weight, self.init)

    def forward(self, input: Tensor) -> Tensor:
        """Return the input with its negative part scaled."""
        return functional.prelu(input, self.weight)

    def extra_repr(self) -> str:
        """Return the number of weights."""
        return f"num_parameters={self.num_parameters}"


class RReLU(Module):
    """x where x > 0, else x times a slope drawn from [lower, upper] in training."""

    def __init__(self, lower: float = 1 / 8, upper: float = 1 / 3, inplace: bool = False) -> None:
        super().__init__()
        self.lower = lower
        self.upper = upper
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """Return the input with its negative part scaled, by the mean slope out of training."""
        return functional.rrelu(input, self.lower, self.upper, self.training, self.inplace)

    def extra_repr(self) -> str:
        """Return the interval of slopes."""
        return f"lower={self.lower}, upper={self.upper}" + (", inplace=True" * self.inplace)


class GLU(Module):
    """a · σ(b), with a and b the halves of the input along `dim`."""

    def __init__(self, dim: int = -1) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        """Return the gated first half."""
        return functional.glu(input, self.dim)

    def extra_repr(self) -> str:
        """Return the dimension."""
        return f"dim={self.dim}"
