"""Folding a batch norm into the layer before it, for evaluation."""

from __future__ import annotations

import copy
from typing import Any

from gradstep_engine.nn.parameter import Parameter

__all__ = [
    "fuse_conv_bn_eval",
    "fuse_conv_bn_weights",
    "fuse_linear_bn_eval",
    "fuse_linear_bn_weights",
]


def fuse_conv_bn_weights(
    conv_w: Any,
    conv_b: Any,
    bn_rm: Any,
    bn_rv: Any,
    bn_eps: float,
    bn_w: Any,
    bn_b: Any,
    transpose: bool = False,
) -> tuple[Parameter, Parameter]:
    """Return weight and bias of the convolution that does what it and the norm did."""
    scale = (bn_rv + bn_eps).rsqrt() if bn_w is None else bn_w * (bn_rv + bn_eps).rsqrt()
    bias = bn_rm.new_zeros(bn_rm.shape) if conv_b is None else conv_b
    shape = [1] * conv_w.dim()
    shape[1 if transpose else 0] = -1
    shifted = (bias - bn_rm) * scale
    fused = conv_w * scale.reshape(shape), shifted if bn_b is None else shifted + bn_b
    return (
        Parameter(fused[0].detach(), conv_w.requires_grad),
        Parameter(fused[1].detach(), bias.requires_grad),
    )


def fuse_linear_bn_weights(
    linear_w: Any, linear_b: Any, bn_rm: Any, bn_rv: Any, bn_eps: float, bn_w: Any, bn_b: Any
) -> tuple[Parameter, Parameter]:
    """Return weight and bias of the linear layer that does what it and the norm did."""
    return fuse_conv_bn_weights(linear_w, linear_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b)


def fuse_conv_bn_eval(conv: Any, bn: Any, transpose: bool = False) -> Any:
    """Return a copy of `conv` that does in evaluation what `conv` and then `bn` do.

    Raises:
        AssertionError: one of them is in training mode, or the norm tracks no statistics.
    """
    return _fused(conv, bn, transpose)


def fuse_linear_bn_eval(linear: Any, bn: Any) -> Any:
    """Return a copy of `linear` that does in evaluation what `linear` and then `bn` do.

    Raises:
        AssertionError: the layers cannot be fused.
    """
    if linear.out_features != bn.num_features and bn.num_features != 1:
        raise AssertionError(
            "To fuse, linear.out_features == bn.num_features or bn.num_features == 1"
        )
    return _fused(linear, bn, False)


def _fused(layer: Any, bn: Any, transpose: bool) -> Any:
    if layer.training or bn.training:
        raise AssertionError("Fusion only for eval!")
    if bn.running_mean is None or bn.running_var is None:
        raise AssertionError("fusion requires BatchNorm to have running_mean and running_var")
    fused = copy.deepcopy(layer)
    fused.weight, fused.bias = fuse_conv_bn_weights(
        fused.weight,
        fused.bias,
        bn.running_mean,
        bn.running_var,
        bn.eps,
        bn.weight,
        bn.bias,
        transpose,
    )
    return fused
