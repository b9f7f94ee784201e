"""Arithmetic on two operands, element by element, with broadcasting and type promotion."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradstep_engine.autograd.function import NUMBERS, Op
from gradstep_engine.dtypes import default_numpy
from gradstep_engine.ops.unbroadcast import shape_of, unbroadcast

ONLY_FIRST = (0,)
ONLY_SECOND = (1,)


class Binary(Op):
    """Two operands in their common type; each gradient is summed back to its operand's shape.

    `shapes` are the operands' shapes, None if both have the result's (or are plain numbers).
    """

    promotes = True
    shapes: tuple[tuple[int, ...], tuple[int, ...]] | None = None

    def note_shapes(self, a: Any, b: Any) -> None:
        """Remember the shapes of two operands if they differ."""
        if a.__class__ not in NUMBERS and b.__class__ not in NUMBERS and a.shape != b.shape:
            self.shapes = a.shape, b.shape

    def reduced(self, along_a: Any, along_b: Any) -> tuple[Any, Any]:
        """Return gradients in the operands' shapes; a gradient may be None."""
        if self.shapes is None:
            return along_a, along_b
        a, b = self.shapes
        return (
            None if along_a is None else unbroadcast(along_a, a),
            None if along_b is None else unbroadcast(along_b, b),
        )


class Add(Binary):
    """a + alpha · b.  ∂/∂a = grad, ∂/∂b = alpha · grad."""

    op_name = "add"
    node_name = "AddBackward0"
    alpha: float = 1

    def forward(self, a: Any, b: Any, alpha: float = 1) -> Any:
        if self.edges:
            self.note_shapes(a, b)
        if alpha == 1:
            return a + b
        self.alpha = alpha
        return a + alpha * b

    def backward(self, grad: Any) -> Any:
        edges = self.edges
        along_a = None if edges[0] is None else grad
        if edges[1] is None:
            return self.reduced(along_a, None)
        return self.reduced(along_a, grad if self.alpha == 1 else grad * self.alpha)


class Sub(Binary):
    """a − alpha · b.  ∂/∂a = grad, ∂/∂b = −alpha · grad."""

    op_name = "sub"
    node_name = "SubBackward0"
    alpha: float = 1

    def forward(self, a: Any, b: Any, alpha: float = 1) -> Any:
        if self.edges:
            self.note_shapes(a, b)
        if alpha == 1:
            return a - b
        self.alpha = alpha
        return a - alpha * b

    def backward(self, grad: Any) -> Any:
        edges = self.edges
        return self.reduced(
            None if edges[0] is None else grad,
            None if edges[1] is None else grad * -self.alpha,
        )


class Rsub(Sub):
    """The same with the operands written the other way round: number − tensor."""

    op_name = "rsub"
    node_name = "RsubBackward1"


class Mul(Binary):
    """a · b.  ∂/∂a = grad · b, ∂/∂b = grad · a."""

    op_name = "mul"
    node_name = "MulBackward0"
    saves: tuple[int, ...] = (0, 1)
    fresh = True

    def forward(self, a: Any, b: Any) -> Any:
        edges = self.edges
        if edges:
            # Each operand is kept only for the other's gradient.
            if edges[1] is None:
                self.saved, self.saves = (None, b), ONLY_SECOND
            elif edges[0] is None:
                self.saved, self.saves = (a, None), ONLY_FIRST
            else:
                self.saved = (a, b)
            self.note_shapes(a, b)
        return a * b

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        a, b = self.saved
        edges = self.edges
        return self.reduced(
            None if edges[0] is None else grad * b, None if edges[1] is None else grad * a
        )


class Div(Binary):
    """a / b.  ∂/∂a = grad / b, ∂/∂b = −grad · a / b²."""

    op_name = "div"
    node_name = "DivBackward0"
    saves: tuple[int, ...] = (0, 1)
    fresh = True

    def forward(self, a: Any, b: Any) -> Any:
        a, b = as_float(a), as_float(b)
        if self.needs(1):
            self.saved = a, b
        else:
            self.saved, self.saves = (None, b), ONLY_SECOND
        self.note_shapes(a, b)
        return a / b

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        a, b = self.saved
        along_a = grad / b
        if self.edges[1] is None:
            return self.reduced(along_a, None)
        along_b = -along_a * (a / b)
        return self.reduced(None if self.edges[0] is None else along_a, along_b)


class FloorDivide(Binary):
    """⌊a / b⌋ (or rounded towards zero), which has no gradient."""

    op_name = "floor_divide"
    differentiable = False

    def forward(self, a: Any, b: Any, rounding: str = "floor") -> Any:
        if rounding == "floor":
            return np.floor_divide(a, b)
        quotient = np.trunc(np.true_divide(a, b))
        return quotient.astype(np.result_type(a))


class Remainder(Binary):
    """a − b · ⌊a / b⌋, with the sign of b.  ∂/∂a = grad, ∂/∂b = −grad · ⌊a / b⌋."""

    op_name = "remainder"
    node_name = "RemainderBackward1"
    saves = (0, 1)

    def forward(self, a: Any, b: Any) -> Any:
        self.saved = a, b
        if not isinstance(b, (np.ndarray, np.generic)):
            self.node_name = "RemainderBackward0"
        return np.remainder(a, b)

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        a, b = self.saved
        return (
            unbroadcast(grad, shape_of(a)) if self.needs(0) else None,
            unbroadcast(-grad * np.floor_divide(a, b), shape_of(b)) if self.needs(1) else None,
        )


class PowScalar(Op):
    """aⁿ for a plain number n.  ∂/∂a = grad · n · aⁿ⁻¹."""

    op_name = "pow"
    node_name = "PowBackward0"
    saves = (0,)
    fresh = True

    def forward(self, a: Any, exponent: float) -> Any:
        if type(exponent) is float and a.dtype.kind != "f":
            a = a.astype(default_numpy())
        self.saved = (a,)
        self.exponent = exponent
        return power(a, exponent)

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        (a,) = self.saved
        n = self.exponent
        if n == 0:
            return (grad * 0,)
        if n == 1:
            return (grad * 1,)
        if n == 2:
            return (grad * (a + a),)
        return (grad * (n * power(a, n - 1)),)


def power(a: Any, exponent: float) -> Any:
    """Return aⁿ; small whole exponents by multiplication, which is many times faster."""
    if exponent == 2:
        return a * a
    if exponent == 3:
        return a * a * a
    if exponent == 4:
        square = a * a
        return square * square
    if exponent == 1:
        return a * 1
    if exponent == 0.5:
        return np.sqrt(a)
    if a.dtype.kind in "iub" and exponent < 0:
        raise RuntimeError("Integers to negative integer powers are not allowed.")
    return np.power(a, exponent)


class Pow(Binary):
    """aᵇ.  ∂/∂a = grad · b · aᵇ⁻¹, ∂/∂b = grad · aᵇ · ln a (0 where a = 0 and b ≥ 0)."""

    op_name = "pow"
    node_name = "PowBackward1"
    saves = (0, 1)
    fresh = True

    def forward(self, a: Any, b: Any) -> Any:
        result = np.power(a, b)
        self.saved = a, b, result
        return result

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        a, b, result = self.saved
        along_a = along_b = None
        if self.needs(0):
            along_a = np.where(np.equal(b, 0), grad.dtype.type(0), grad * (b * np.power(a, b - 1)))
            along_a = unbroadcast(along_a, shape_of(a))
        if self.needs(1):
            flat = np.equal(a, 0) & (b >= 0)
            along_b = np.where(flat, grad.dtype.type(0), grad * (result * np.log(a)))
            along_b = unbroadcast(along_b, shape_of(b))
        return along_a, along_b


class ScalarPow(Pow):
    """The same with a plain number as the base."""

    node_name = "PowBackward2"


class Maximum(Binary):
    """max(a, b); the gradient goes to the larger operand, half to each where they are equal."""

    op_name = "maximum"
    node_name = "MaximumBackward0"
    saves = (0, 1)
    fresh = True

    def forward(self, a: Any, b: Any) -> Any:
        self.saved = a, b
        return np.maximum(a, b)

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        a, b = self.saved
        return _shared(grad, a, b, a > b)


class Minimum(Binary):
    """min(a, b); the gradient goes to the smaller operand, half to each where they are equal."""

    op_name = "minimum"
    node_name = "MinimumBackward0"
    saves = (0, 1)
    fresh = True

    def forward(self, a: Any, b: Any) -> Any:
        self.saved = a, b
        return np.minimum(a, b)

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        a, b = self.saved
        return _shared(grad, a, b, a < b)


def _shared(grad: Any, a: Any, b: Any, a_wins: Any) -> Any:
    weight = a_wins + (a == b) * grad.dtype.type(0.5)
    return unbroadcast(grad * weight, shape_of(a)), unbroadcast(grad * (1 - weight), shape_of(b))


class Atan2(Binary):
    """The angle of (b, a).  ∂/∂a = grad · b / (a² + b²), ∂/∂b = −grad · a / (a² + b²)."""

    op_name = "atan2"
    node_name = "Atan2Backward0"
    saves = (0, 1)
    fresh = True

    def forward(self, a: Any, b: Any) -> Any:
        self.saved = a, b = as_float(a), as_float(b)
        return np.arctan2(a, b)

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        a, b = self.saved
        scale = grad / (a * a + b * b)
        return unbroadcast(scale * b, shape_of(a)), unbroadcast(-scale * a, shape_of(b))


def as_float(a: Any) -> Any:
    """Return `a` itself if it holds floats, else converted to the default type."""
    if isinstance(a, (int, float)) or a.dtype.kind == "f":
        return a
    return a.astype(default_numpy())
