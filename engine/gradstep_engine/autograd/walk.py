"""The walk backwards: runs every node once all gradients it waits for have arrived."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, Any

from gradstep_engine import events
from gradstep_engine.autograd.errors import freed, modified
from gradstep_engine.autograd.node import AccumulateGrad, Extras, Node, run_tensor_hooks
from gradstep_engine.autograd.variable import wrap

if TYPE_CHECKING:
    from gradstep_engine.tensor import Tensor

Root = tuple[Node, int, Any]
"""A node, which of its outputs, and the gradient array to start with."""

Captures = dict[Node, dict[int, list[int]]]
"""For `autograd.grad`: node, which of its outputs, positions among the results."""


class Walk:
    """One backward pass. Young nodes first; no recursion, so depth does not matter.

    Args:
        roots: where to start.
        retain_graph: keep saved arrays.
        root: the tensor that backward was called on, for events.
        captures: gradients to hand back; with them (or `only`) leaves are left alone.
        only: the accumulators that may accumulate, None for all.
    """

    def __init__(
        self,
        roots: list[Root],
        retain_graph: bool,
        root: Tensor | None,
        captures: Captures | None = None,
        only: set[Node] | None = None,
    ) -> None:
        self.retain_graph = retain_graph
        self.root = root
        self.captures = captures
        self.captured: dict[int, Any] = {}
        self.arrived: dict[Node, Any] = {}
        starts = list(dict.fromkeys([node for node, _, _ in roots]))
        self.waiting = _dependencies(starts)
        self.needed: set[Node] | None = None
        if captures is not None or only is not None:
            self.needed = _leading_to(starts, {*(captures or ()), *(only or ())})
        self.only = only
        for node, position, grad in roots:
            self._deliver(node, position, grad)
        self.starts = [node for node in starts if self.waiting[node] == 0]

    def run(self) -> None:
        """Run all nodes.

        Raises:
            RuntimeError: a node's saved arrays were freed or changed in place.
        """
        waiting, arrived = self.waiting, self.arrived
        special = self.needed is not None
        listener = events.listener
        retain = self.retain_graph
        owned: set[Node] = set()
        ready: list[tuple[int, int, Node]] = []
        tie = 0
        for start in self.starts:
            tie += 1
            heapq.heappush(ready, (-start.sequence, tie, start))
        node: Node | None = None
        while ready or node is not None:
            if node is None:
                node = heapq.heappop(ready)[2]
            current = node
            node = None
            grad = arrived.pop(current, None)
            if special and not self._goes_on(current, grad):
                continue
            if current.__class__ is AccumulateGrad:
                if grad is not None:
                    current.accumulate(grad, self.root, current in owned)  # type: ignore[attr-defined]
                continue
            edges = current.edges
            results: Any
            if grad is None:
                results = (None,) * len(edges)
            else:
                saved = current.saved
                if saved is None:
                    raise freed()
                if current.versions:
                    for box, expected, source in current.versions:
                        if box[0] != expected:
                            raise modified(current, box[0], expected, source)
                if current.extras is not None:
                    grad, results = _run_special(current, current.extras, grad)
                elif current.outputs == 1:
                    results = current.backward(grad)
                else:
                    results = current.backward(*grad)
                if results.__class__ is not tuple:
                    results = (results,)
                if saved and not retain:
                    current.saved = None
                    current.versions = ()
            if listener is not None:
                _emit(listener, current, grad, results)
            for edge, result in zip(edges, results, strict=False):
                if edge is None:
                    continue
                follower = edge[0]
                if result is not None:
                    if follower.outputs == 1:
                        before = arrived.get(follower)
                        if before is None:
                            arrived[follower] = result
                            if current.fresh and follower.__class__ is AccumulateGrad:
                                owned.add(follower)
                        else:
                            arrived[follower] = before + result
                            owned.add(follower)
                    else:
                        self._deliver(follower, edge[1], result)
                left = waiting[follower] - 1
                waiting[follower] = left
                if left == 0:
                    if node is None and not ready:
                        node = follower  # the only ready node goes straight on
                        continue
                    if node is not None:
                        tie += 1
                        heapq.heappush(ready, (-node.sequence, tie, node))
                        node = None
                    tie += 1
                    heapq.heappush(ready, (-follower.sequence, tie, follower))

    def _deliver(self, node: Node, position: int, grad: Any) -> None:
        arrived = self.arrived
        if node.outputs == 1:
            before = arrived.get(node)
            arrived[node] = grad if before is None else before + grad
            return
        grads = arrived.get(node)
        if grads is None:
            grads = arrived[node] = [None] * node.outputs
        grads[position] = grad if grads[position] is None else grads[position] + grad

    def _goes_on(self, node: Node, grad: Any) -> bool:
        """Capture what was asked for at `node`; return whether the node has to run."""
        assert self.needed is not None
        wanted = None if self.captures is None else self.captures.get(node)
        if wanted is not None and grad is not None:
            for output, positions in wanted.items():
                found = grad if node.outputs == 1 else grad[output]
                if node.__class__ is AccumulateGrad:
                    hooks = node.variable._hooks  # type: ignore[attr-defined]
                    found = run_tensor_hooks(hooks, found) if hooks else found
                elif node.extras is not None and output in node.extras.tensor_hooks:
                    found = run_tensor_hooks(node.extras.tensor_hooks[output], found)
                for position in positions:
                    self.captured[position] = found
        if node.__class__ is AccumulateGrad:
            return self.captures is None and self.only is not None and node in self.only
        goes_on = any(edge is not None and edge[0] in self.needed for edge in node.edges)
        if not goes_on:
            self._skip(node)
        return goes_on

    def _skip(self, node: Node) -> None:
        """Count down what waits for `node`, which delivers nothing."""
        stack = [node]
        while stack:
            for edge in stack.pop().edges:
                if edge is not None:
                    self.waiting[edge[0]] -= 1
                    if self.waiting[edge[0]] == 0:
                        stack.append(edge[0])


def _dependencies(roots: list[Node]) -> dict[Node, int]:
    """Count for every reachable node how many edges lead to it."""
    waiting: dict[Node, int] = dict.fromkeys(roots, 0)
    stack = list(waiting)
    while stack:
        for edge in stack.pop().edges:
            if edge is not None:
                follower = edge[0]
                known = waiting.get(follower)
                if known is None:
                    waiting[follower] = 1
                    if follower.edges:
                        stack.append(follower)
                else:
                    waiting[follower] = known + 1
    return waiting


def _leading_to(roots: list[Node], goals: set[Any]) -> set[Node]:
    """Return the nodes from which a goal can be reached, goals included."""
    needed: set[Node] = set()
    seen: set[Node] = set()
    stack: list[tuple[Node, bool]] = [(root, False) for root in roots]
    while stack:
        node, done = stack.pop()
        if done:
            if node in goals or any(edge is not None and edge[0] in needed for edge in node.edges):
                needed.add(node)
            continue
        if node in seen:
            continue
        seen.add(node)
        stack.append((node, True))
        stack.extend((edge[0], False) for edge in node.edges if edge is not None)
    return needed


def _run_special(node: Node, extras: Extras, grad: Any) -> tuple[Any, tuple[Any, ...]]:
    """Run a node that has hooks, retained gradients or casts."""
    grads = [grad] if node.outputs == 1 else list(grad)
    for output, hooks in extras.tensor_hooks.items():
        if grads[output] is not None:
            grads[output] = run_tensor_hooks(hooks, grads[output])
    for output, reference in extras.retained.items():
        tensor = reference()
        if tensor is not None and grads[output] is not None:
            kept = grads[output].copy()
            tensor._grad = wrap(kept if tensor._grad is None else tensor._grad._array + kept)
    for hook in tuple(extras.prehooks.values()):
        replaced = hook(tuple(None if g is None else wrap(g) for g in grads))
        if replaced is not None:
            grads = [None if g is None else g._array for g in _as_tuple(replaced)]
    results = _as_tuple(node.backward(*grads))
    if extras.casts:
        results = tuple(
            result if result is None or cast is None else result.astype(cast)
            for result, cast in zip(results, extras.casts, strict=False)
        )
    for hook in tuple(extras.posthooks.values()):
        given = tuple(None if g is None else wrap(g) for g in grads)
        made = tuple(None if g is None else wrap(g) for g in results)
        replaced = hook(made, given)
        if replaced is not None:
            results = tuple(None if g is None else g._array for g in _as_tuple(replaced))
    return (grads[0] if node.outputs == 1 else grads), results


def _as_tuple(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)


def _emit(listener: events.Listener, node: Node, grad: Any, results: tuple[Any, ...]) -> None:
    grads = (grad,) if node.outputs == 1 else tuple(grad or (None,) * node.outputs)
    kept = [
        None if edge is None else result for edge, result in zip(node.edges, results, strict=False)
    ]
    listener(events.NodeRan(node, _tensors(grads), _tensors(kept)))


def _tensors(arrays: Any) -> tuple[Tensor | None, ...]:
    return tuple(None if array is None else wrap(array) for array in arrays)
