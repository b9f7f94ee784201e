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
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    fast_mode: bool = False,
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
        nondet_tol: accepted as in torch; the engine computes the same twice.
        check_undefined_grad: accepted as in torch.
        fast_mode: accepted as in torch; every element is checked all the same.

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
            weights = _weights(number, output._array.shape)
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


def gradgradcheck(
    func: Callable[..., Any],
    inputs: Any,
    grad_outputs: Any = None,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    fast_mode: bool = False,
) -> bool:
    """Return whether the second derivatives of `func` agree with differences of the first ones.

    The function that is checked takes the inputs and the gradients of the outputs, and returns
    the gradients of the inputs. The arguments are those of `gradcheck`.

    Args:
        func: a function of tensors that returns a tensor or several.
        inputs: its arguments; those to check are float64 leaves that require grad.
        grad_outputs: seeds for its outputs; by default numbers that are as good as any.
        eps: the step of the differences.
        atol: absolute tolerance.
        rtol: relative tolerance.
        raise_exception: raise instead of returning False.
        nondet_tol: accepted as in torch.
        check_undefined_grad: accepted as in torch.
        fast_mode: accepted as in torch.

    Raises:
        GradcheckError: a gradient differs.
        MissingFeatureError: an operation cannot be differentiated twice.
    """
    given = (inputs,) if isinstance(inputs, TensorBase) else tuple(inputs)
    with quiet():
        made = [x for x in _outputs(func, given) if x.requires_grad]
    if grad_outputs is None:
        seeds = [wrap(_weights(number, x._array.shape)) for number, x in enumerate(made)]
        for seed in seeds:
            seed._requires_grad = True
    else:
        several = isinstance(grad_outputs, (tuple, list))
        seeds = list(grad_outputs) if several else [grad_outputs]
    count = len(given)

    def first_derivatives(*arguments: Any) -> tuple[Any, ...]:
        outputs = [x for x in _outputs(func, arguments[:count]) if x.requires_grad]
        wanted = [x for x in arguments[:count] if isinstance(x, TensorBase) and x.requires_grad]
        found = grad(outputs, wanted, arguments[count:], create_graph=True, allow_unused=True)
        return tuple(x for x in found if x is not None)

    return gradcheck(
        first_derivatives,
        (*given, *seeds),
        eps=eps,
        atol=atol,
        rtol=rtol,
        raise_exception=raise_exception,
    )


def _weights(number: int, shape: tuple[int, ...]) -> Any:
    return np.asarray(np.random.default_rng(number).uniform(0.5, 1.5, shape))


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
