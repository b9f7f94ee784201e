"""Trigonometric and hyperbolic functions and their inverses, element by element."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradstep_engine.ops.unary import OfInput, OfOutput


class Sin(OfInput):
    """sin a.  ∂/∂a = grad · cos a."""

    op_name = "sin"
    node_name = "SinBackward0"

    def value(self, a: Any) -> Any:
        return np.sin(a)

    def slope(self, grad: Any, a: Any) -> Any:
        return grad * np.cos(a)

    def slope_of_tensors(self, grad: Any, a: Any) -> Any:
        return grad * a.cos()


class Cos(OfInput):
    """cos a.  ∂/∂a = −grad · sin a."""

    op_name = "cos"
    node_name = "CosBackward0"

    def value(self, a: Any) -> Any:
        return np.cos(a)

    def slope(self, grad: Any, a: Any) -> Any:
        return -grad * np.sin(a)

    def slope_of_tensors(self, grad: Any, a: Any) -> Any:
        return -grad * a.sin()


class Tan(OfOutput):
    """tan a.  ∂/∂a = grad · (1 + tan² a)."""

    op_name = "tan"
    node_name = "TanBackward0"

    def value(self, a: Any) -> Any:
        return np.tan(a)

    def slope(self, grad: Any, y: Any) -> Any:
        return grad * (1 + y * y)


class Asin(OfInput):
    """arcsin a.  ∂/∂a = grad / √(1 − a²)."""

    op_name = "asin"
    node_name = "AsinBackward0"

    def value(self, a: Any) -> Any:
        return np.arcsin(a)

    def slope(self, grad: Any, a: Any) -> Any:
        return grad / np.sqrt(1 - a * a)

    def slope_of_tensors(self, grad: Any, a: Any) -> Any:
        return grad / (1 - a * a).sqrt()


class Acos(OfInput):
    """arccos a.  ∂/∂a = −grad / √(1 − a²)."""

    op_name = "acos"
    node_name = "AcosBackward0"

    def value(self, a: Any) -> Any:
        return np.arccos(a)

    def slope(self, grad: Any, a: Any) -> Any:
        return -grad / np.sqrt(1 - a * a)

    def slope_of_tensors(self, grad: Any, a: Any) -> Any:
        return -grad / (1 - a * a).sqrt()


class Atan(OfInput):
    """arctan a.  ∂/∂a = grad / (1 + a²)."""

    op_name = "atan"
    node_name = "AtanBackward0"

    def value(self, a: Any) -> Any:
        return np.arctan(a)

    def slope(self, grad: Any, a: Any) -> Any:
        return grad / (1 + a * a)


class Sinh(OfInput):
    """sinh a.  ∂/∂a = grad · cosh a."""

    op_name = "sinh"
    node_name = "SinhBackward0"

    def value(self, a: Any) -> Any:
        return np.sinh(a)

    def slope(self, grad: Any, a: Any) -> Any:
        return grad * np.cosh(a)

    def slope_of_tensors(self, grad: Any, a: Any) -> Any:
        return grad * a.cosh()


class Cosh(OfInput):
    """cosh a.  ∂/∂a = grad · sinh a."""

    op_name = "cosh"
    node_name = "CoshBackward0"

    def value(self, a: Any) -> Any:
        return np.cosh(a)

    def slope(self, grad: Any, a: Any) -> Any:
        return grad * np.sinh(a)

    def slope_of_tensors(self, grad: Any, a: Any) -> Any:
        return grad * a.sinh()


class Asinh(OfInput):
    """arsinh a.  ∂/∂a = grad / √(1 + a²)."""

    op_name = "asinh"
    node_name = "AsinhBackward0"

    def value(self, a: Any) -> Any:
        return np.arcsinh(a)

    def slope(self, grad: Any, a: Any) -> Any:
        return grad / np.sqrt(1 + a * a)

    def slope_of_tensors(self, grad: Any, a: Any) -> Any:
        return grad / (1 + a * a).sqrt()


class Acosh(OfInput):
    """arcosh a.  ∂/∂a = grad / √(a² − 1)."""

    op_name = "acosh"
    node_name = "AcoshBackward0"

    def value(self, a: Any) -> Any:
        return np.arccosh(a)

    def slope(self, grad: Any, a: Any) -> Any:
        return grad / np.sqrt(a * a - 1)

    def slope_of_tensors(self, grad: Any, a: Any) -> Any:
        return grad / (a * a - 1).sqrt()


class Atanh(OfInput):
    """artanh a.  ∂/∂a = grad / (1 − a²)."""

    op_name = "atanh"
    node_name = "AtanhBackward0"

    def value(self, a: Any) -> Any:
        return np.arctanh(a)

    def slope(self, grad: Any, a: Any) -> Any:
        return grad / (1 - a * a)


class Sinc(OfInput):
    """sin(πa) / (πa), 1 at 0.  ∂/∂a = grad · (cos(πa) − sinc a) / a, 0 at 0."""

    op_name = "sinc"
    node_name = "SincBackward0"

    def value(self, a: Any) -> Any:
        return np.sinc(a)

    def slope(self, grad: Any, a: Any) -> Any:
        return np.where(a == 0, grad.dtype.type(0), grad * (np.cos(math.pi * a) - np.sinc(a)) / a)

    def slope_of_tensors(self, grad: Any, a: Any) -> Any:
        return (grad * ((math.pi * a).cos() - a.sinc()) / a).masked_fill(a == 0, 0)
