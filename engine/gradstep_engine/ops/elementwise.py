"""Arithmetic on two operands, element by element, with broadcasting and type promotion."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradstep_engine.autograd.function import Op
from gradstep_engine.autograd.variable import TensorBase, wrap
from gradstep_engine.dtypes import default_numpy
from gradstep_engine.ops.unbroadcast import unbroadcast

NOTHING: tuple[int, ...] = ()
ONLY_FIRST = (0,)
ONLY_SECOND = (1,)


class Binary(Op):
    """Two operands in their common type; each gradient is summed back to its operand's shape."""

    promotes = True

    def reduced(self, along_a: Any, along_b: Any) -> tuple[Any, Any]:
        """Return gradients in the operands' shapes; a gradient may be None."""
        if self.shapes is None:
            return along_a, along_b
        a, b = self.shapes
        return (
            None if along_a is None else unbroadcast(along_a, a),
            None if along_b is None else unbroadcast(along_b, b),
        )


def check_alpha(alpha: float, a: Any, b: Any) -> None:
    """Refuse a fraction as the factor of whole numbers.

    Raises:
        RuntimeError: torch's own.
    """
    if type(alpha) is float and np.result_type(a, b).kind in "iub":
        raise RuntimeError(
            "For integral input tensors, argument alpha must not be a floating point number."
        )


class Add(Binary):
    """a + alpha · b.  ∂/∂a = grad, ∂/∂b = alpha · grad."""

    op_name = "add"
    node_name = "AddBackward0"
    alpha: float = 1
    takes_constants = True

    def forward(self, a: Any, b: Any, alpha: float = 1) -> Any:
        if alpha == 1:
            return a + b
        check_alpha(alpha, a, b)
        self.alpha = alpha
        return a + alpha * b

    def backward(self, grad: Any) -> Any:
        edges = self.edges
        along_a = None if edges[0] is None else grad
        along_b = None if edges[1] is None else grad if self.alpha == 1 else grad * self.alpha
        return (along_a, along_b) if self.shapes is None else self.reduced(along_a, along_b)

    backward_tensors = backward


def refuse_bools(operands: list[Any]) -> None:
    """Refuse to subtract truth values.

    Raises:
        RuntimeError: one of two operands, arrays or numbers, is one.
    """
    bools = [x is True or x is False or getattr(x, "dtype", None) == np.bool_ for x in operands]
    if all(bools):
        raise RuntimeError(
            "Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` "
            "or `logical_xor()` operator instead."
        )
    if any(bools):
        raise RuntimeError(
            "Subtraction, the `-` operator, with a bool tensor is not supported. If you are trying "
            "to invert a mask, use the `~` or `logical_not()` operator instead."
        )


class Sub(Binary):
    """a − alpha · b.  ∂/∂a = grad, ∂/∂b = −alpha · grad."""

    op_name = "sub"
    node_name = "SubBackward0"
    alpha: float = 1
    takes_constants = True

    def check_types(self, operands: list[Any]) -> None:
        refuse_bools(operands)

    def forward(self, a: Any, b: Any, alpha: float = 1) -> Any:
        if alpha == 1:
            return a - b
        check_alpha(alpha, a, b)
        self.alpha = alpha
        return a - alpha * b

    def backward(self, grad: Any) -> Any:
        edges = self.edges
        return self.reduced(
            None if edges[0] is None else grad,
            None if edges[1] is None else grad * -self.alpha,
        )

    backward_tensors = backward


class RsubTensor(Sub):
    """The same of two tensors, called as `rsub`."""

    op_name = "rsub"
    node_name = "RsubBackward0"


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
    takes_constants = True

    def forward(self, a: Any, b: Any) -> Any:
        edges = self.edges
        if edges:
            # Each operand is kept only for the other's gradient.
            if edges[1] is None:
                self.saved = (None, b)
                self.saves = ONLY_SECOND if self.number is None else NOTHING
            elif edges[0] is None:
                self.saved, self.saves = (a, None), ONLY_FIRST
            else:
                self.saved = (a, b)
        return a * b

    def backward(self, grad: Any) -> Any:
        a, b = self.saved  # type: ignore[misc]
        edges = self.edges
        along_a = None if edges[0] is None else grad * b
        along_b = None if edges[1] is None else grad * a
        return (along_a, along_b) if self.shapes is None else self.reduced(along_a, along_b)

    def backward_tensors(self, grad: Any) -> Any:
        return self.reduced(
            grad * self.input(1) if self.needs(0) else None,
            grad * self.input(0) if self.needs(1) else None,
        )


class Div(Binary):
    """a / b.  ∂/∂a = grad / b, ∂/∂b = −grad · a / b²."""

    op_name = "div"
    node_name = "DivBackward0"
    saves: tuple[int, ...] = (0, 1)
    fresh = True
    takes_constants = True

    def forward(self, a: Any, b: Any) -> Any:
        a, b = as_float(a), as_float(b)
        if self.needs(1):
            self.saved = a, b
        else:
            self.saved, self.saves = (None, b), ONLY_SECOND
        return a / b

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        a, b = self.saved
        along_a = grad / b
        if self.edges[1] is None:
            return self.reduced(along_a, None)
        along_b = -along_a * (a / b)
        return self.reduced(None if self.edges[0] is None else along_a, along_b)

    def backward_tensors(self, grad: Any) -> Any:
        b = self.input(1)
        along_a = grad / b
        along_b = -along_a * (self.input(0) / b) if self.needs(1) else None
        return self.reduced(along_a if self.needs(0) else None, along_b)


def as_tensor(x: Any, like: Any) -> Any:
    """Return a plain number as a tensor of the type of the tensor `like`; a tensor as it is."""
    return x if isinstance(x, TensorBase) else wrap(like._array.dtype.type(x))


def as_float(a: Any) -> Any:
    """Return `a` itself if it holds floats, else converted to the default type."""
    if isinstance(a, (int, float)) or a.dtype.kind == "f":
        return a
    return a.astype(default_numpy())
