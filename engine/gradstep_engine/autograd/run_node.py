"""Run one node that has hooks, retained gradients or casts, on arrays or on tensors."""

from __future__ import annotations

from typing import Any

from gradstep_engine.autograd.mode import unrecorded
from gradstep_engine.autograd.node import Extras, Node, run_tensor_hooks
from gradstep_engine.autograd.variable import wrap
from gradstep_engine.dtypes import of_numpy

Grads = tuple[Any, ...]


def run_with_extras(node: Node, extras: Extras, grad: Any) -> tuple[Any, Grads]:
    """Run `node` on arrays; return the gradients as hooks left them, and the results."""
    grads = (grad,) if node.outputs == 1 else tuple(grad)
    with unrecorded():
        grads = _prepared(extras, grads, as_tensors=False)
        results = as_tuple(node.backward(*grads))
        if extras.casts:
            results = tuple(
                result if result is None or cast is None else result.astype(cast)
                for result, cast in zip(results, extras.casts, strict=False)
            )
        results = _finished(extras, grads, results, as_tensors=False)
    return (grads[0] if node.outputs == 1 else list(grads)), results


def run_on_tensors(node: Node, grad: Any) -> tuple[Grads, Grads]:
    """Run `node` by its `backward_tensors`; return the gradients it got, and the results."""
    grads = (grad,) if node.outputs == 1 else tuple(grad)
    extras = node.extras
    if extras is None:
        return grads, as_tuple(node.backward_tensors(*grads))
    grads = _prepared(extras, grads, as_tensors=True)
    results = as_tuple(node.backward_tensors(*grads))
    if extras.casts:
        results = tuple(
            result if result is None or cast is None else result.to(of_numpy(cast))
            for result, cast in zip(results, extras.casts, strict=False)
        )
    return grads, _finished(extras, grads, results, as_tensors=True)


def as_tuple(value: Any) -> tuple[Any, ...]:
    """Return what a node or a hook returned as a tuple."""
    return value if isinstance(value, tuple) else (value,)


def _prepared(extras: Extras, grads: Grads, as_tensors: bool) -> Grads:
    """Run the outputs' hooks, keep what is to be retained, run the hooks before the node."""
    found = list(grads)
    for output, hooks in extras.tensor_hooks.items():
        if found[output] is not None:
            found[output] = run_tensor_hooks(hooks, found[output])
    for output, reference in extras.retained.items():
        tensor, arrived = reference(), found[output]
        if tensor is not None and arrived is not None:
            kept = arrived.clone() if as_tensors else wrap(arrived.copy())
            tensor._grad = kept if tensor._grad is None else tensor._grad + kept
    for hook in tuple(extras.prehooks.values()):
        replaced = hook(tuple(found) if as_tensors else _wrapped(found))
        if replaced is not None:
            found = list(as_tuple(replaced) if as_tensors else _unwrapped(replaced))
    return tuple(found)


def _finished(extras: Extras, grads: Grads, results: Grads, as_tensors: bool) -> Grads:
    """Run the hooks after the node; return the results as they leave them."""
    for hook in tuple(extras.posthooks.values()):
        given = (results, grads) if as_tensors else (_wrapped(results), _wrapped(grads))
        replaced = hook(*given)
        if replaced is not None:
            results = as_tuple(replaced) if as_tensors else _unwrapped(replaced)
    return results


def _wrapped(arrays: Any) -> Grads:
    return tuple([None if array is None else wrap(array) for array in arrays])


def _unwrapped(tensors: Any) -> Grads:
    return tuple([None if tensor is None else tensor._array for tensor in as_tuple(tensors)])
