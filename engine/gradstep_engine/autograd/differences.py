"""Compare derivatives with finite differences: for whoever adds an op."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradstep_engine.autograd.api import grad
from gradstep_engine.autograd.variable import TensorBase, wrap
from gradstep_engine.emission import quiet


class GradcheckError(RuntimeError):
    """An analytical gradient differs from the numerical one."""


def gradcheck(
    func: Callable[..., Any],
    inputs: Any,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
) -> bool:
    """Return whether the gradients of `func` agree with central differences.

    Every output that requires grad is checked against every float64 input that requires grad, by
    the gradient of a fixed weighted sum of its elements.

    Args:
        func: a function of tensors that returns a tensor or several.
        inputs: its arguments; those to check are float64 leaves that require grad.
        eps: the step of the differences.
        atol: absolute tolerance.
        rtol: relative tolerance.
        raise_exception: raise instead of returning False.

    Raises:
        GradcheckError: a gradient differs; the message names input and largest difference.
        ValueError: there is nothing to check, or an input is not float64.
    """
    given = (inputs,) if isinstance(inputs, TensorBase) else tuple(inputs)
    checked = [x for x in given if isinstance(x, TensorBase) and x.requires_grad]
    if not checked:
        raise ValueError("gradcheck expects at least one input that requires grad")
    if any(x._array.dtype != np.float64 for x in checked):
        raise ValueError("gradcheck needs float64 inputs: differences are too coarse otherwise")
    with quiet():
        outputs = _outputs(func, given)
        for number, output in enumerate(outputs):
            if not output.requires_grad:
                continue
            weights = np.random.default_rng(number).uniform(0.5, 1.5, output._array.shape)
            found = grad(output, checked, wrap(weights), retain_graph=True, allow_unused=True)
            for position, (x, analytical) in enumerate(zip(checked, found, strict=True)):
                numerical = _differences(func, given, x, number, weights, eps)
                exact = np.zeros_like(numerical) if analytical is None else analytical._array
                if np.allclose(exact, numerical, rtol, atol):
                    continue
                if not raise_exception:
                    return False
                worst = float(np.max(np.abs(exact - numerical)))
                raise GradcheckError(
                    f"output {number} by input {position}: analytical and numerical gradients "
                    f"differ by up to {worst:.3g}\nanalytical:\n{exact}\nnumerical:\n{numerical}"
                )
    return True


def _outputs(func: Callable[..., Any], given: tuple[Any, ...]) -> list[Any]:
    result = func(*given)
    return list(result) if isinstance(result, (tuple, list)) else [result]


def _differences(
    func: Callable[..., Any], given: tuple[Any, ...], x: Any, number: int, weights: Any, eps: float
) -> Any:
    """Return d(weighted sum of output `number`)/dx by central differences."""
    x._array = np.array(x._array)
    flat = x._array.reshape(-1)
    result = np.zeros(flat.shape)
    for i in range(flat.size):
        kept = flat[i]
        flat[i] = kept + eps
        above = float(np.sum(_outputs(func, given)[number]._array * weights))
        flat[i] = kept - eps
        below = float(np.sum(_outputs(func, given)[number]._array * weights))
        flat[i] = kept
        result[i] = (above - below) / (2 * eps)
    return result.reshape(x._array.shape)
