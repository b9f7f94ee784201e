"""Convolution, transposed convolution and the weight's gradient: each derivative of one is another.

All three are bilinear in their two operands; x (N, C, *size), weight (O, C / groups, *kernel),
y (N, O, *out) for one, two or three axes.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gradstep_engine.autograd.function import Op, apply
from gradstep_engine.ops.correlation import Correlation, Sizes, Steps, correlation_of
from gradstep_engine.ops.linear import needed_by_product


class Convolution(Op):
    """y[n, o] = b_o + Σ_c W[o, c] ⋆ x[n, c].

    ∂/∂x = grad spread by W, ∂/∂W = windows of x times grad, ∂/∂b = Σ grad.
    """

    op_name = "conv2d"
    node_name = "ConvolutionBackward0"
    saves: tuple[int, ...] = (0, 1)
    fresh = True

    def forward(
        self,
        x: Any,
        weight: Any,
        bias: Any = None,
        *,
        stride: Sizes,
        padding: Sizes,
        dilation: Sizes,
        groups: int = 1,
    ) -> Any:
        self.shown_as = f"conv{len(stride)}d"
        steps = Steps(stride, padding, dilation, groups)
        self.correlation = correlation_of(x.shape, weight.shape, steps)
        result, kept = self.correlation.correlate(x, weight, bias)
        if self.edges:
            self.saves = needed_by_product(self)
            self.saved = x, weight, kept if self.needs(1) else None
        return result

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        _, weight, kept = self.saved
        along_x = self.correlation.spread(grad, weight) if self.needs(0) else None
        along_weight = self.correlation.weight_gradient(grad, kept) if self.needs(1) else None
        if len(self.edges) == 2:
            return along_x, along_weight
        return along_x, along_weight, _over_places(grad) if self.needs(2) else None

    def backward_tensors(self, grad: Any) -> Any:
        along_x = along_weight = along_bias = None
        if self.needs(0):
            along_x = apply(
                TransposedConvolution, grad, self.input(1), correlation=self.correlation
            )
        if self.needs(1):
            along_weight = apply(
                ConvolutionWeight, self.input(0), grad, correlation=self.correlation
            )
        if len(self.edges) == 3 and self.needs(2):
            along_bias = grad.sum(_places(grad))
        return (along_x, along_weight, along_bias)[: len(self.edges)]


class TransposedConvolution(Op):
    """x = every element of y times the kernel, added up where a convolution would read it.

    ∂/∂y = the convolution of grad, ∂/∂W = windows of grad times y, ∂/∂b = Σ grad.
    """

    op_name = "conv_transpose2d"
    node_name = "ConvolutionBackward0"
    saves: tuple[int, ...] = (0, 1)
    fresh = True

    def forward(self, y: Any, weight: Any, bias: Any = None, *, correlation: Correlation) -> Any:
        self.shown_as = f"conv_transpose{correlation.axes}d"
        self.correlation = correlation
        self.saved = y, weight
        self.saves = needed_by_product(self)
        result = correlation.spread(y, weight)
        if bias is not None:
            result += bias.reshape(-1, *(1,) * correlation.axes)
        return result

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        y, weight = self.saved
        along_y = along_weight = None
        kept: Any = None
        if self.needs(0):
            along_y, kept = self.correlation.correlate(grad, weight)
        if self.needs(1):
            kept = self.correlation.keep(grad) if kept is None else kept
            along_weight = self.correlation.weight_gradient(y, kept)
        if len(self.edges) == 2:
            return along_y, along_weight
        return along_y, along_weight, _over_places(grad) if self.needs(2) else None

    def backward_tensors(self, grad: Any) -> Any:
        along_y = along_weight = along_bias = None
        steps = self.correlation.steps
        if self.needs(0):
            along_y = apply(
                Convolution,
                grad,
                self.input(1),
                stride=steps.stride,
                padding=steps.padding,
                dilation=steps.dilation,
                groups=steps.groups,
            )
        if self.needs(1):
            along_weight = apply(
                ConvolutionWeight, grad, self.input(0), correlation=self.correlation
            )
        if len(self.edges) == 3 and self.needs(2):
            along_bias = grad.sum(_places(grad))
        return (along_y, along_weight, along_bias)[: len(self.edges)]


class ConvolutionWeight(Op):
    """W = windows of x times y, a convolution's derivative by its weight.

    ∂/∂x = y spread by grad, ∂/∂y = the convolution of x with grad.
    """

    op_name = "convolution_backward"
    node_name = "ConvolutionBackwardBackward0"
    saves: tuple[int, ...] = (0, 1)
    fresh = True

    def forward(self, x: Any, y: Any, *, correlation: Correlation) -> Any:
        self.correlation = correlation
        self.saved = x, y
        self.saves = needed_by_product(self)
        return correlation.weight_gradient(y, correlation.keep(x))

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        x, y = self.saved
        along_x = self.correlation.spread(y, grad) if self.needs(0) else None
        return along_x, self.correlation.correlate(x, grad)[0] if self.needs(1) else None

    def backward_tensors(self, grad: Any) -> Any:
        along_x = along_y = None
        steps = self.correlation.steps
        if self.needs(0):
            along_x = apply(
                TransposedConvolution, self.input(1), grad, correlation=self.correlation
            )
        if self.needs(1):
            along_y = apply(
                Convolution,
                self.input(0),
                grad,
                stride=steps.stride,
                padding=steps.padding,
                dilation=steps.dilation,
                groups=steps.groups,
            )
        return along_x, along_y


def _places(grad: Any) -> tuple[int, ...]:
    """Return the axes of everything but the channels."""
    return (0, *range(2, grad.ndim))


def _over_places(grad: Any) -> Any:
    """Return the sum over everything but the channels: the gradient of the bias."""
    rows = grad.reshape(*grad.shape[:2], -1)
    return np.add.reduce(np.add.reduce(rows, axis=2), axis=0)
