"""Jacobians, Hessians and their products with vectors, by reverse mode alone.

The product of a Jacobian with a vector is found by differentiating twice: v ↦ Jᵀv is linear in v,
so its own transposed Jacobian is J (the "double backward trick").
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradstep_engine.autograd.api import grad
from gradstep_engine.autograd.mode import enable_grad
from gradstep_engine.autograd.variable import TensorBase, wrap
from gradstep_engine.missing import lacking, missing

Function = Callable[..., Any]


def vjp(
    func: Function, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """Return `func(*inputs)` and vᵀJ, in the structure of the inputs.

    Raises:
        RuntimeError: `v` is left out though the output has several elements; with `strict`, the
            output does not depend on an input.
    """
    with enable_grad():
        given = _leaves(inputs, create_graph)
        outputs = _called(func, given, "vjp")
        seeds = _seeds(v, outputs, "vjp")
        found = _gradients(outputs, given, seeds, create_graph, strict)
    return _like(outputs.structure, outputs.tensors, create_graph), _given_back(inputs, found)


def jvp(
    func: Function, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """Return `func(*inputs)` and J v, in the structure of the output.

    Raises:
        RuntimeError: `v` is left out though the input has several elements; with `strict`, the
            output does not depend on an input.
    """
    with enable_grad():
        given = _leaves(inputs, create_graph)
        directions = _directions(v, given, "jvp")
        outputs = _called(func, given, "jvp")
        # vᵀJ for a v of zeros that requires grad; what it depends on v by is J.
        zeros = [wrap(np.zeros_like(x._array)).requires_grad_() for x in outputs.tensors]
        back = _gradients(outputs, given, zeros, True, strict)
        found = _second(back, zeros, directions, create_graph)
    values = _like(outputs.structure, outputs.tensors, create_graph)
    return values, _like(outputs.structure, found, create_graph)


def jacobian(
    func: Function,
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    strategy: str = "reverse-mode",
) -> Any:
    """Return d output / d input for every output and input, of shape (*output, *input).

    A tensor where both are one tensor; otherwise a tuple over outputs of tuples over inputs.
    `vectorize` is accepted; rows are computed one by one all the same.

    Raises:
        MissingFeatureError: another strategy than reverse mode.
        RuntimeError: with `strict`, the output does not depend on an input.
    """
    if strategy != "reverse-mode":
        raise missing(f"autograd.functional.jacobian(strategy={strategy!r})")
    with enable_grad():
        given = _leaves(inputs, create_graph)
        outputs = _called(func, given, "jacobian")
        blocks = [_block(x, given, create_graph, strict) for x in outputs.tensors]
    rows = [_given_back(inputs, block) for block in blocks]
    return rows[0] if outputs.structure is None else tuple(rows)


def hessian(
    func: Function,
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    outer_jacobian_strategy: str = "reverse-mode",
) -> Any:
    """Return the second derivatives of a scalar function, of shape (*input i, *input j).

    A tensor for one tensor, a tuple of tuples for several; `vectorize` is accepted.

    Raises:
        MissingFeatureError: another strategy than reverse mode.
        RuntimeError: the function is not scalar.
    """
    if outer_jacobian_strategy != "reverse-mode":
        raise missing("autograd.functional.hessian(outer_jacobian_strategy=...)")

    def first(*arguments: Any) -> Any:
        outputs = _called(func, list(arguments), "hessian")
        _check_scalar(outputs, "hessian")
        found = _gradients(outputs, list(arguments), [None], True, strict)
        return _given_back(inputs, found)

    return jacobian(first, inputs, create_graph=create_graph)


def vhp(
    func: Function, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """Return `func(*inputs)` and vᵀH for a scalar function with the Hessian H.

    Raises:
        RuntimeError: the function is not scalar, or `v` is left out for a larger input.
    """
    with enable_grad():
        given = _leaves(inputs, create_graph)
        directions = _directions(v, given, "vhp")
        outputs = _called(func, given, "vhp")
        _check_scalar(outputs, "vhp")
        first = _gradients(outputs, given, [None], True, strict)
        found = _second(first, given, directions, create_graph)
    return _like(None, outputs.tensors, create_graph), _given_back(inputs, found)


hvp = vhp  # the Hessian of what reverse mode can differentiate twice is symmetric


class _Outputs:
    """What a function returned: its tensors, and None as structure where it was just one."""

    def __init__(self, result: Any, name: str) -> None:
        several = isinstance(result, (tuple, list))
        self.structure = type(result) if several else None
        self.tensors: list[Any] = list(result) if several else [result]
        if not all(isinstance(x, TensorBase) for x in self.tensors):
            raise TypeError(
                f"The outputs of the user-provided function given to {name} must be either a "
                "Tensor or a tuple of Tensors"
            )


def _called(func: Function, given: list[Any], name: str) -> _Outputs:
    return _Outputs(func(*given), name)


def _leaves(inputs: Any, create_graph: bool) -> list[Any]:
    """Return the inputs as tensors of their own that require grad (in the graph if recorded)."""
    given = list(inputs) if isinstance(inputs, (tuple, list)) else [inputs]
    if create_graph:
        return [x.view_as(x) if x.requires_grad else x.detach().requires_grad_() for x in given]
    return [x.detach().requires_grad_() for x in given]


def _seeds(v: Any, outputs: _Outputs, name: str) -> list[Any]:
    if v is not None:
        return list(v) if isinstance(v, (tuple, list)) else [v]
    if len(outputs.tensors) != 1 or outputs.tensors[0].numel() != 1:
        raise RuntimeError(
            f"The vector v can only be None if the user-provided function returns a single Tensor "
            f"with a single element ({name})."
        )
    return [None]


def _directions(v: Any, given: list[Any], name: str) -> list[Any]:
    if v is not None:
        return list(v) if isinstance(v, (tuple, list)) else [v]
    if len(given) != 1 or given[0].numel() != 1:
        raise RuntimeError(
            "The vector v can only be None if the input to the user-provided function is a single "
            f"Tensor with a single element ({name})."
        )
    return [wrap(np.ones_like(given[0]._array))]


def _check_scalar(outputs: _Outputs, name: str) -> None:
    if outputs.structure is not None or outputs.tensors[0].numel() != 1:
        raise RuntimeError(
            f"The Tensor returned by the function given to {name} should contain a single element"
        )


def _gradients(
    outputs: _Outputs, given: list[Any], seeds: list[Any], create_graph: bool, strict: bool
) -> list[Any]:
    """Return the gradients of all outputs that require grad by all inputs; zeros where none."""
    pairs = [(x, s) for x, s in zip(outputs.tensors, seeds, strict=True) if x.requires_grad]
    if not pairs:
        if strict:
            raise RuntimeError("The output of the user-provided function does not require grad.")
        return [wrap(np.zeros_like(x._array)) for x in given]
    tensors, starts = [x for x, _ in pairs], [s for _, s in pairs]
    found = grad(
        tensors, given, starts, retain_graph=True, create_graph=create_graph, allow_unused=True
    )
    if strict and any(x is None for x in found):
        number = next(i for i, x in enumerate(found) if x is None)
        raise RuntimeError(
            "The output of the user-provided function is independent of input "
            f"{number}. This is not allowed in strict mode."
        )
    return [
        wrap(np.zeros_like(x._array)) if g is None else g for g, x in zip(found, given, strict=True)
    ]


def _second(
    first: list[Any], inputs: list[Any], directions: list[Any], create_graph: bool
) -> list[Any]:
    """Return the gradients of Σ first · directions by `inputs`, zeros where there is no path."""
    pairs = [(x, d) for x, d in zip(first, directions, strict=True) if x.requires_grad]
    if not pairs:
        return [wrap(np.zeros_like(x._array)) for x in inputs]
    tensors, seeds = [x for x, _ in pairs], [d for _, d in pairs]
    return list(grad(tensors, inputs, seeds, create_graph=create_graph, materialize_grads=True))


def _block(output: Any, given: list[Any], create_graph: bool, strict: bool) -> list[Any]:
    """Return the Jacobian of one output by every input, row by row."""
    rows: list[list[Any]] = [[] for _ in given]
    for position in range(output.numel()):
        seed = np.zeros(output._array.shape, output._array.dtype)
        seed.reshape(-1)[position] = 1
        found = _gradients(_Outputs(output, ""), given, [wrap(seed)], create_graph, strict)
        for row, x in zip(rows, found, strict=True):
            row.append(x)
    return [_stacked(row, (*output.shape, *x.shape)) for row, x in zip(rows, given, strict=True)]


def _stacked(rows: list[Any], shape: tuple[int, ...]) -> Any:
    from gradstep_engine.tensor.joins import stack

    return stack(rows).reshape(shape) if rows else wrap(np.zeros(shape))


def _given_back(inputs: Any, found: list[Any]) -> Any:
    """Return one result per input: alone for one tensor, as a tuple for a tuple."""
    return tuple(found) if isinstance(inputs, (tuple, list)) else found[0]


def _like(structure: Any, tensors: list[Any], create_graph: bool) -> Any:
    kept = [x if create_graph else x.detach() for x in tensors]
    return kept[0] if structure is None else tuple(kept)


__getattr__ = lacking("torch.autograd.functional")
