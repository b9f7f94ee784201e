"""The walk backwards of every training loop: each node runs once its gradients have arrived."""

from __future__ import annotations

from heapq import heapify, heappop, heappush, heappushpop
from typing import TYPE_CHECKING, Any

from gradstep_engine.autograd.errors import freed
from gradstep_engine.autograd.node import AccumulateGrad, Node, accumulate
from gradstep_engine.autograd.order import Root, check_saved, deliver, dependencies
from gradstep_engine.autograd.run_node import run_with_extras
from gradstep_engine.autograd.variable import Changes

if TYPE_CHECKING:
    from gradstep_engine.tensor import Tensor

Leaves = dict[Any, tuple[Any, bool]]
"""What has arrived at each leaf, and whether nobody else holds that array."""


def walk(roots: list[Root], retain_graph: bool, root: Tensor) -> None:
    """Run all nodes behind `roots`, young ones first; no recursion, so depth does not matter.

    For a plain backward that nobody watches; `careful_walk.py` keeps the same order for the rest.

    A node is younger than all that its edges lead to. So among the nodes that gradients have
    reached, the youngest has got all of its own, and nobody need count what a node waits for. The
    price is that leaves, of which one cannot tell, get their gradients at the end; only hooks could
    see the difference.

    Args:
        roots: where to start, with arrays; nodes, no leaves.
        retain_graph: keep saved arrays.
        root: the tensor that backward was called on.

    Raises:
        RuntimeError: a node's saved arrays were freed or changed in place.
    """
    # One long loop over local names: it runs for every node of every iteration. The next node is
    # at hand in `node`; others that gradients have reached wait in `later`, the youngest on top.
    leaves: Leaves = {}
    arrived: dict[Node, Any] = {}
    later: list[tuple[int, Any]] = []
    node: Any
    grad: Any
    node, _, grad = roots[0]
    if len(roots) > 1 or node.outputs > 1:
        for start, position, seed in roots:
            deliver(arrived, start, position, seed)
        later = [(-start.sequence, start) for start in arrived]
        heapify(later)
        node = None
    try:
        while True:
            if node is None:
                if not later:
                    break
                node = heappop(later)[1]
                grad = arrived.pop(node)
            elif later and later[0][0] < -node.sequence:
                arrived[node] = grad
                node = heappushpop(later, (-node.sequence, node))[1]
                grad = arrived.pop(node)
            saved = node.saved
            if saved is None:
                raise freed()
            if node.sequence < Changes.last:
                check_saved(node)
            if node.extras is not None:
                results = run_with_extras(node, node.extras, grad)[1]
            elif grad.__class__ is list:  # one for each of several outputs
                results = node.backward(*grad)
            else:
                results = node.backward(grad)
            if results.__class__ is not tuple:
                results = (results,)
            if saved and not retain_graph:
                node.saved = None
                node.versions = ()
            done = node
            node = None
            for edge, result in zip(done.edges, results):  # noqa: B905 (the keyword costs time)
                if edge is None or result is None:
                    continue
                if isinstance(edge, Node):
                    if arrived and edge in arrived:
                        arrived[edge] = arrived[edge] + result
                    elif node is None:
                        node, grad = edge, result
                    elif node is edge:
                        grad = grad + result
                    elif node.sequence > edge.sequence:
                        arrived[edge] = result
                        heappush(later, (-edge.sequence, edge))
                    else:
                        arrived[node] = grad
                        heappush(later, (-node.sequence, node))
                        node, grad = edge, result
                elif edge.__class__ is tuple:
                    follower, position = edge
                    if follower not in arrived:
                        heappush(later, (-follower.sequence, follower))
                    deliver(arrived, follower, position, result)
                else:
                    earlier = leaves.get(edge)
                    leaves[edge] = (
                        (result, done.fresh) if earlier is None else (earlier[0] + result, True)
                    )
    except BaseException:
        _drop_incomplete(leaves, [node, *arrived])
        raise
    finally:
        for leaf, (total, owned) in leaves.items():
            accumulate(leaf, total, root, owned)


def _drop_incomplete(leaves: Leaves, unfinished: list[Node]) -> None:
    """Leave only what has got all of its gradients: as if leaves were served at once."""
    behind = dependencies(unfinished)
    for leaf in tuple(leaves):
        if AccumulateGrad.of(leaf) in behind:
            del leaves[leaf]
