"""The walk backwards: runs every node once all gradients it waits for have arrived."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, Any

import numpy as np

from gradstep_engine import events
from gradstep_engine.autograd.node import AccumulateGrad, Node

if TYPE_CHECKING:
    from gradstep_engine.tensor import Tensor

_FREED = (
    "Trying to backward through the graph a second time (or directly access saved tensors after "
    "they have already been freed). Saved intermediate values of the graph are freed when you "
    "call .backward() or autograd.grad(). Specify retain_graph=True if you need to backward "
    "through the graph a second time or if you need to access saved tensors after calling "
    "backward."
)


def run_backward(
    roots: list[tuple[Node, int, Any]], retain_graph: bool, root: Tensor | None = None
) -> None:
    """Run backward from `roots`: (node, output number, gradient array) each.

    Nodes run as soon as every consumer has delivered, the youngest first; no recursion, so the
    depth of the graph does not matter. Saved arrays are freed unless `retain_graph`.

    Raises:
        RuntimeError: a node's saved arrays were freed or changed in place.
    """
    waiting = _dependencies([node for node, _, _ in roots])
    arrived: dict[Node, list[Any]] = {}
    for node, position, grad in roots:
        _deliver(arrived, node, position, grad)
    ready: list[tuple[int, int, Node]] = []
    tie = 0
    for node in dict.fromkeys(node for node, _, _ in roots):
        if waiting[node] == 0:
            tie += 1
            heapq.heappush(ready, (-node.sequence, tie, node))
    listener = events.listener
    while ready:
        node: Node | None = heapq.heappop(ready)[2]
        while node is not None:
            grads = arrived.pop(node, None)
            current, node = node, None
            if isinstance(current, AccumulateGrad):
                if grads is not None and grads[0] is not None:
                    current.accumulate(grads[0], root)
                break
            results = _run(current, grads, retain_graph)
            if listener is not None:
                _emit(listener, current, grads, results)
            for edge, grad in zip(current.edges, results, strict=False):
                if edge is None:
                    continue
                follower = edge[0]
                if grad is not None:
                    _deliver(arrived, follower, edge[1], grad)
                waiting[follower] -= 1
                if waiting[follower] == 0:
                    if node is None and not ready:
                        node = follower  # the only ready node goes straight on
                    else:
                        if node is not None:
                            tie += 1
                            heapq.heappush(ready, (-node.sequence, tie, node))
                            node = None
                        tie += 1
                        heapq.heappush(ready, (-follower.sequence, tie, follower))


def _dependencies(roots: list[Node]) -> dict[Node, int]:
    """Count for every reachable node how many edges lead to it."""
    waiting: dict[Node, int] = dict.fromkeys(roots, 0)
    stack = list(waiting)
    while stack:
        for edge in stack.pop().edges:
            if edge is not None:
                follower = edge[0]
                if follower in waiting:
                    waiting[follower] += 1
                else:
                    waiting[follower] = 1
                    stack.append(follower)
    return waiting


def _deliver(arrived: dict[Node, list[Any]], node: Node, position: int, grad: Any) -> None:
    grads = arrived.get(node)
    if grads is None:
        grads = arrived[node] = [None] * node.outputs
    grads[position] = grad if grads[position] is None else grads[position] + grad


def _run(node: Node, grads: list[Any] | None, retain_graph: bool) -> tuple[Any, ...]:
    if grads is None:
        return (None,) * len(node.edges)
    if node.saved is None:
        raise RuntimeError(_FREED)
    for box, expected, name in node.versions:
        if box[0] != expected:
            raise RuntimeError(
                "one of the variables needed for gradient computation has been modified by an "
                f"inplace operation: {name} is at version {box[0]}; expected version {expected} "
                "instead."
            )
    results = node.backward(grads[0]) if node.outputs == 1 else node.backward(*grads)
    if not retain_graph and node.saved:
        node.saved = None
    return results if type(results) is tuple else (results,)


def _emit(
    listener: events.Listener, node: Node, grads: list[Any] | None, results: tuple[Any, ...]
) -> None:
    from gradstep_engine.tensor import wrap

    def tensors(arrays: Any) -> tuple[Tensor | None, ...]:
        return tuple(None if array is None else wrap(array) for array in arrays)

    kept = (
        None if edge is None else grad for edge, grad in zip(node.edges, results, strict=False)
    )
    listener(events.NodeRan(node, tensors(grads or ()), tensors(kept)))


def backward(
    tensors: Any,
    grad_tensors: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
) -> None:
    """Accumulate the gradient of `tensors` into the leaves they were computed from.

    Args:
        tensors: one tensor or several; a scalar needs no seed.
        grad_tensors: seed gradients, each of its tensor's shape.
        retain_graph: keep saved arrays, so that backward can run again.
        create_graph: record backward itself.

    Raises:
        RuntimeError: nothing to differentiate, or a non-scalar without a seed.
    """
    from gradstep_engine.tensor import Tensor

    several = [tensors] if isinstance(tensors, Tensor) else list(tensors)
    seeds = [grad_tensors] if isinstance(grad_tensors, Tensor) else list(grad_tensors or ())
    seeds += [None] * (len(several) - len(seeds))
    roots: list[tuple[Node, int, Any]] = []
    for position, (tensor, seed) in enumerate(zip(several, seeds, strict=True)):
        if tensor.grad_fn is None and not tensor._requires_grad:
            raise RuntimeError(
                f"element {position} of tensors does not require grad and does not have a grad_fn"
            )
        if seed is None:
            if tensor._array.size != 1:
                raise RuntimeError("grad can be implicitly created only for scalar outputs")
            grad: Any = np.ones_like(tensor._array)
        else:
            grad = seed._array
        node = tensor.grad_fn or AccumulateGrad.of(tensor)
        roots.append((node, tensor.output_nr, grad))
    root = several[0]
    listener = events.listener
    if listener is None:
        run_backward(roots, bool(retain_graph or create_graph), root)
        return
    listener(events.PhaseEntered("backward", "backward", root=root))
    error: BaseException | None = None
    try:
        run_backward(roots, bool(retain_graph or create_graph), root)
    except BaseException as raised:
        error = raised
        raise
    finally:
        if events.listener is not None:
            events.listener(events.PhaseExited("backward", "backward", root=root, error=error))
