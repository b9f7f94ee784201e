"""The walk backwards when somebody listens, only some places are wanted, or it is recorded."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, Any

from gradstep_engine import events
from gradstep_engine.autograd.anomaly import Anomaly, check_finite
from gradstep_engine.autograd.mode import set_recording
from gradstep_engine.autograd.node import AccumulateGrad, Node, accumulate, place_of
from gradstep_engine.autograd.order import Root, check_saved, deliver, dependencies
from gradstep_engine.autograd.run_node import as_tuple, run_on_tensors, run_with_extras
from gradstep_engine.autograd.search import Search
from gradstep_engine.autograd.variable import wrap

if TYPE_CHECKING:
    from gradstep_engine.tensor import Tensor


def careful_walk(
    roots: list[Root],
    retain_graph: bool,
    root: Tensor,
    search: Search | None = None,
    create_graph: bool = False,
) -> None:
    """Do what `walk` does, in the same order, with everything that is out of the ordinary.

    Args:
        roots: where to start, with arrays or, for `create_graph`, tensors.
        retain_graph: keep saved arrays.
        root: the tensor that backward was called on, for events.
        search: what is wanted, None for the gradients of all leaves.
        create_graph: run nodes by their `backward_tensors` with grad mode on.

    Raises:
        RuntimeError: a node's saved arrays were freed or changed in place.
        MissingFeatureError: a node cannot be differentiated twice.
    """
    before = set_recording(create_graph)
    try:
        _run_all(roots, retain_graph, root, search, create_graph)
    finally:
        set_recording(before)


def _run_all(
    roots: list[Root], retain_graph: bool, root: Tensor, search: Search | None, create_graph: bool
) -> None:
    run = _run_on_tensors if create_graph else _run_on_arrays
    arrived: dict[Node, Any] = {}
    for start, position, seed in roots:
        deliver(arrived, start, position, seed)
    waiting = dependencies(arrived)
    if search is not None:
        search.look_from(roots)
    ready = [(-start.sequence, i, start) for i, start in enumerate(arrived) if not waiting[start]]
    heapq.heapify(ready)
    tie = len(ready)
    owned: set[Node] = set()
    while ready:
        node: Any = heapq.heappop(ready)[2]
        grad = arrived.pop(node, None)
        if search is not None and not search.goes_on(node, grad, waiting):
            continue
        if node.__class__ is AccumulateGrad:
            if grad is None:
                continue
            if create_graph:
                node.accumulate_tensor(grad, root)
            else:
                accumulate(node.variable, grad, root, node in owned)
            continue
        results = (None,) * len(node.edges)
        if grad is not None:
            results = run(node, grad)
            if not retain_graph and node.saved:
                node.saved = None
                node.versions = ()
        elif events.listener is not None:
            events.listener(events.NodeRan(node, (None,) * node.outputs, results))
        for edge, result in zip(node.edges, results, strict=False):
            if edge is None:
                continue
            follower, position = place_of(edge)
            if result is not None:
                if follower in arrived or node.fresh:
                    owned.add(follower)
                deliver(arrived, follower, position, result)
            waiting[follower] -= 1
            if not waiting[follower]:
                tie += 1
                heapq.heappush(ready, (-follower.sequence, tie, follower))


def _run_on_arrays(node: Any, grad: Any) -> tuple[Any, ...]:
    """Return what `node` sends on for the gradients of its outputs; tell the listener."""
    check_saved(node)
    results: tuple[Any, ...]
    if node.extras is not None:
        grad, results = run_with_extras(node, node.extras, grad)
    elif node.outputs == 1:
        results = as_tuple(node.backward(grad))
    else:
        results = as_tuple(node.backward(*grad))
    if Anomaly.enabled:
        check_finite(node, results)
    if events.listener is not None:
        grads = (grad,) if node.outputs == 1 else grad
        kept = _kept(node, results)
        events.listener(events.NodeRan(node, _tensors(grads), _tensors(kept)))
    return results


def _run_on_tensors(node: Any, grad: Any) -> tuple[Any, ...]:
    """Do the same for gradients that are tensors."""
    check_saved(node)
    grads, results = run_on_tensors(node, grad)
    if Anomaly.enabled:
        check_finite(node, [None if x is None else x._array for x in results])
    if events.listener is not None:
        events.listener(events.NodeRan(node, grads, tuple(_kept(node, results))))
    return results


def _kept(node: Node, results: tuple[Any, ...]) -> list[Any]:
    """Return the results that go anywhere."""
    return [
        None if edge is None else result for edge, result in zip(node.edges, results, strict=False)
    ]


def _tensors(arrays: Any) -> tuple[Tensor | None, ...]:
    return tuple(None if array is None else wrap(array) for array in arrays)
