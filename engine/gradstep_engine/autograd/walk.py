"""The walk backwards of every training loop: each node runs once its gradients have arrived."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, Any

from gradstep_engine.autograd.errors import freed
from gradstep_engine.autograd.mode import GradMode
from gradstep_engine.autograd.node import AccumulateGrad, Node
from gradstep_engine.autograd.order import Root, check_saved, deliver, dependencies
from gradstep_engine.autograd.run_node import run_with_extras
from gradstep_engine.autograd.variable import Changes

if TYPE_CHECKING:
    from gradstep_engine.tensor import Tensor


def walk(roots: list[Root], retain_graph: bool, root: Tensor) -> None:
    """Run all nodes behind `roots`, young ones first; no recursion, so depth does not matter.

    For a plain backward that nobody listens to; `careful_walk.py` keeps the same order for the
    rest. A leaf's accumulator runs as soon as everything for it has arrived.

    Args:
        roots: where to start, with arrays.
        retain_graph: keep saved arrays.
        root: the tensor that backward was called on.

    Raises:
        RuntimeError: a node's saved arrays were freed or changed in place.
    """
    before = GradMode.enabled
    GradMode.enabled = False  # what hooks compute is not recorded
    try:
        _run_all(roots, not retain_graph, root)
    finally:
        GradMode.enabled = before


def _run_all(roots: list[Root], free: bool, root: Tensor) -> None:
    # One long loop over local names: it runs for every node of every iteration.
    arrived: dict[Node, Any] = {}
    for start, position, seed in roots:
        deliver(arrived, start, position, seed)
    waiting = dependencies(arrived)
    node: Any = None
    grad: Any = None
    ready: list[tuple[int, Any]] = []
    if len(roots) == 1:
        node, grad = arrived.popitem()
        if node.__class__ is AccumulateGrad:  # backward was called on a leaf
            node.accumulate(grad, root, False)
            return
    else:
        ready = [(-start.sequence, start) for start in arrived if not waiting[start]]
        heapq.heapify(ready)
    while True:
        if node is None:
            if not ready:
                return
            node = heapq.heappop(ready)[1]
            grad = arrived.pop(node, None)
            if node.__class__ is AccumulateGrad:
                node.accumulate(grad, root, False)
                node = None
                continue
        elif ready and ready[0][0] < -node.sequence:
            arrived[node] = grad
            node = heapq.heappushpop(ready, (-node.sequence, node))[1]
            grad = arrived.pop(node, None)
        edges = node.edges
        results: Any
        if grad is None:
            results = (None,) * len(edges)
        else:
            saved = node.saved
            if saved is None:
                raise freed()
            if node.sequence < Changes.last:
                check_saved(node)
            if node.extras is not None:
                _, results = run_with_extras(node, node.extras, grad)
            elif node.outputs == 1:
                results = node.backward(grad)
            else:
                results = node.backward(*grad)
            if results.__class__ is not tuple:
                results = (results,)
            if free and saved:
                node.saved = None
                node.versions = ()
        fresh = node.fresh
        node = grad = None
        for edge, result in zip(edges, results):  # noqa: B905 (the keyword costs time here)
            if edge is None:
                continue
            follower, position = edge
            left = waiting[follower] - 1
            if left:
                waiting[follower] = left
                if result is not None:
                    deliver(arrived, follower, position, result)
                continue
            alone = follower not in arrived
            if alone and follower.outputs == 1:
                total = result
            else:
                if result is not None:
                    deliver(arrived, follower, position, result)
                total = arrived.pop(follower, None)
            if follower.__class__ is AccumulateGrad:
                if total is not None:
                    follower.accumulate(total, root, fresh if alone else result is not None)
            elif node is None:
                node, grad = follower, total
            elif follower.sequence > node.sequence:
                arrived[node] = grad
                heapq.heappush(ready, (-node.sequence, node))
                node, grad = follower, total
            else:
                arrived[follower] = total
                heapq.heappush(ready, (-follower.sequence, follower))
