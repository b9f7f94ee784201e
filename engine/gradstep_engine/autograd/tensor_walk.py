"""The walk of `create_graph=True`: gradients are tensors, so what computes them is recorded too."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, Any

from gradstep_engine import events
from gradstep_engine.autograd.mode import GradMode
from gradstep_engine.autograd.node import AccumulateGrad, Extras, Node, run_tensor_hooks
from gradstep_engine.autograd.walk import (
    Root,
    Search,
    as_tuple,
    check_saved,
    deliver,
    dependencies,
)
from gradstep_engine.dtypes import of_numpy

if TYPE_CHECKING:
    from gradstep_engine.tensor import Tensor


def walk_tensors(
    roots: list[Root], retain_graph: bool, root: Tensor, search: Search | None = None
) -> None:
    """Run all nodes behind `roots` by their `backward_tensors`, with grad mode on.

    The same order and the same rules as `walk`; the seeds in `roots` are tensors.

    Raises:
        RuntimeError: a node's saved arrays were freed or changed in place.
        MissingFeatureError: a node cannot be differentiated twice.
    """
    before = GradMode.enabled
    GradMode.enabled = True
    try:
        _run_all(roots, retain_graph, root, search)
    finally:
        GradMode.enabled = before


def _run_all(roots: list[Root], retain_graph: bool, root: Tensor, search: Search | None) -> None:
    arrived: dict[Node, Any] = {}
    for start, position, seed in roots:
        deliver(arrived, start, position, seed)
    waiting = dependencies(arrived)
    if search is not None:
        search.look_from(roots)
    ready = [(-start.sequence, i, start) for i, start in enumerate(arrived) if not waiting[start]]
    heapq.heapify(ready)
    tie = len(ready)
    while ready:
        node: Any = heapq.heappop(ready)[2]
        grad = arrived.pop(node, None)
        if search is not None and not search.goes_on(node, grad, waiting):
            continue
        if isinstance(node, AccumulateGrad):
            if grad is not None:
                node.accumulate_tensor(grad, root)
            continue
        results = (None,) * len(node.edges) if grad is None else _run(node, grad)
        if grad is not None and not retain_graph and node.saved:
            node.saved = None
            node.versions = ()
        for edge, result in zip(node.edges, results, strict=False):
            if edge is None:
                continue
            follower, position = edge
            if result is not None:
                deliver(arrived, follower, position, result)
            waiting[follower] -= 1
            if not waiting[follower]:
                tie += 1
                heapq.heappush(ready, (-follower.sequence, tie, follower))


def _run(node: Any, grad: Any) -> tuple[Any, ...]:
    """Return what `node` sends on for the gradients of its outputs; tell the listener."""
    check_saved(node)
    grads = [grad] if node.outputs == 1 else list(grad)
    extras: Extras | None = node.extras
    if extras is not None:
        grads = _before(extras, grads)
    results = as_tuple(node.backward_tensors(*grads))
    if extras is not None:
        results = _after(extras, grads, results)
    if events.listener is not None:
        kept = tuple(
            None if edge is None else result
            for edge, result in zip(node.edges, results, strict=False)
        )
        events.listener(events.NodeRan(node, tuple(grads), kept))
    return results


def _before(extras: Extras, grads: list[Any]) -> list[Any]:
    """Run the hooks of the outputs, keep what is retained, run the hooks before the node."""
    for output, hooks in extras.tensor_hooks.items():
        if grads[output] is not None:
            grads[output] = run_tensor_hooks(hooks, grads[output])
    for output, reference in extras.retained.items():
        tensor = reference()
        arrived = grads[output]
        if tensor is not None and arrived is not None:
            tensor._grad = arrived if tensor._grad is None else tensor._grad + arrived
    for hook in tuple(extras.prehooks.values()):
        replaced = hook(tuple(grads))
        if replaced is not None:
            grads = list(as_tuple(replaced))
    return grads


def _after(extras: Extras, grads: list[Any], results: tuple[Any, ...]) -> tuple[Any, ...]:
    """Cast gradients to their inputs' types and run the hooks after the node."""
    if extras.casts:
        results = tuple(
            result if result is None or cast is None else result.to(of_numpy(cast))
            for result, cast in zip(results, extras.casts, strict=False)
        )
    for hook in tuple(extras.posthooks.values()):
        replaced = hook(results, tuple(grads))
        if replaced is not None:
            results = as_tuple(replaced)
    return results
