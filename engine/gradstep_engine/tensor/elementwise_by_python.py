"""Methods that call the script's own function for each element, and old constructors of a type."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradstep_engine.autograd.mode import no_grad
from gradstep_engine.autograd.variable import TensorBase, wrap


class ElementwiseByPython(TensorBase):
    """`apply_`, `map_`, `map2_`, `new`, and activations that are methods too."""

    def apply_(self, callable: Callable[[Any], Any]) -> Any:
        """Replace each element by what `callable` makes of it.

        Raises:
            RuntimeError: the tensor requires grad.
        """
        return self._replaced("apply_", callable)

    def map_(self, tensor: Any, callable: Callable[[Any, Any], Any]) -> Any:
        """Replace each element by `callable(element, element of tensor)`."""
        return self._replaced("map_", callable, tensor)

    def map2_(self, x: Any, y: Any, callable: Callable[[Any, Any, Any], Any]) -> Any:
        """Replace each element by `callable(element, element of x, element of y)`."""
        return self._replaced("map2_", callable, x, y)

    def _replaced(self, name: str, function: Callable[..., Any], *others: Any) -> Any:
        if self.requires_grad:
            raise RuntimeError(
                f"Can't call {name}() on Variable that requires grad. Use var.detach().{name}() "
                "instead."
            )
        own: Any = self
        rows = [np.broadcast_to(x._array, self._array.shape).ravel().tolist() for x in others]
        made = [function(*each) for each in zip(self._array.ravel().tolist(), *rows, strict=True)]
        values = np.array(made, dtype=self._array.dtype).reshape(self._array.shape)
        with no_grad():
            return own.copy_(wrap(values))

    def new(self, *args: Any) -> Any:
        """Return a tensor of this type, from sizes (zeros) or from data."""
        from gradstep_engine.legacy import made

        return wrap(made(args, self._array.dtype))

    def prelu(self, weight: Any) -> Any:
        """Return x, times the weight where it is negative."""
        from gradstep_engine.nn import functional

        return functional.prelu(self, weight)  # type: ignore[arg-type]

    def hardshrink(self, lambd: float = 0.5) -> Any:
        """Return x, 0 within ±lambd."""
        from gradstep_engine.nn import functional

        return functional.hardshrink(self, lambd)  # type: ignore[arg-type]

    def frexp(self) -> Any:
        """Return mantissas in ±[0.5, 1) and exponents of two.

        Raises:
            RuntimeError: the elements are no floats.
        """
        if self._array.dtype.kind != "f":
            raise RuntimeError("torch.frexp() only supports floating-point dtypes")
        own: Any = self
        exponent = np.asarray(np.frexp(self._array)[1], np.int32)
        # In two steps: the power of two of the largest and of the smallest numbers is no float.
        half = exponent // 2
        ones = np.ones_like(self._array)
        scaled = own * wrap(np.ldexp(ones, -half)) * wrap(np.ldexp(ones, half - exponent))
        return scaled, wrap(exponent)
