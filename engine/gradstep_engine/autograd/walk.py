"""The walk backwards: runs every node once all gradients it waits for have arrived."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
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


class Search:
    """What `autograd.grad` and `backward(inputs=…)` want: not every leaf, but chosen places.

    Attributes:
        captured: gradients found so far, by position among the results.
    """

    def __init__(self, captures: Captures | None = None, only: set[Node] | None = None) -> None:
        self._captures = captures
        self._only = only
        self.captured: dict[int, Any] = {}
        self._needed: set[Node] = set()

    def look_from(self, roots: list[Root]) -> None:
        """Find out which nodes lead to what is wanted."""
        starts = [node for node, _, _ in roots]
        self._needed = _leading_to(starts, {*(self._captures or ()), *(self._only or ())})

    def goes_on(self, node: Node, grad: Any, waiting: dict[Node, int]) -> bool:
        """Capture what was asked for at `node`; return whether the node has to run."""
        wanted = None if self._captures is None else self._captures.get(node)
        if wanted is not None and grad is not None:
            for output, positions in wanted.items():
                found = _hooked(node, output, grad if node.outputs == 1 else grad[output])
                for position in positions:
                    self.captured[position] = found
        if isinstance(node, AccumulateGrad):
            return self._only is not None and node in self._only
        if any(edge is not None and edge[0] in self._needed for edge in node.edges):
            return True
        _skip(node, waiting)
        return False


def _hooked(node: Node, output: int, grad: Any) -> Any:
    """Return `grad` as the hooks of the tensor it belongs to leave it."""
    if isinstance(node, AccumulateGrad):
        hooks = node.variable._hooks
    else:
        hooks = None if node.extras is None else node.extras.tensor_hooks.get(output)
    return run_tensor_hooks(hooks, grad) if hooks else grad


def _skip(node: Node, waiting: dict[Node, int]) -> None:
    """Count down what waits for `node`, which delivers nothing."""
    stack = [node]
    while stack:
        for edge in stack.pop().edges:
            if edge is not None:
                waiting[edge[0]] -= 1
                if waiting[edge[0]] == 0:
                    stack.append(edge[0])


def walk(
    roots: list[Root], retain_graph: bool, root: Tensor | None, search: Search | None = None
) -> None:
    """Run all nodes behind `roots`, young ones first; no recursion, so depth does not matter.

    Args:
        roots: where to start.
        retain_graph: keep saved arrays.
        root: the tensor that backward was called on, for events.
        search: what is wanted, None for the gradients of all leaves.

    Raises:
        RuntimeError: a node's saved arrays were freed or changed in place.
    """
    # One long loop over local names: it runs for every node of every iteration.
    arrived: dict[Node, Any] = {}
    for start, position, seed in roots:
        deliver(arrived, start, position, seed)
    waiting = dependencies(arrived)
    if search is not None:
        search.look_from(roots)
    ready = [(-start.sequence, i, start) for i, start in enumerate(arrived) if not waiting[start]]
    heapq.heapify(ready)
    tie = len(ready)
    listener = events.listener
    free = not retain_graph
    owned: set[Node] = set()
    node: Any = None
    while True:
        if node is None:
            if not ready:
                return
            node = heapq.heappop(ready)[2]
        current = node
        node = None
        grad = arrived.pop(current, None)
        if search is not None and not search.goes_on(current, grad, waiting):
            continue
        if current.__class__ is AccumulateGrad:
            if grad is not None:
                current.accumulate(grad, root, current in owned)
            continue
        edges = current.edges
        results: Any
        if grad is None:
            results = (None,) * len(edges)
        else:
            saved = current.saved
            if saved is None:
                raise freed()
            for source, expected in current.versions:
                box = source if source.__class__ is list else source._version_box
                if box is not None and box[0] != expected:
                    raise modified(current, source, box[0], expected)
            if current.extras is not None:
                grad, results = _run_special(current, current.extras, grad)
            elif current.outputs == 1:
                results = current.backward(grad)
            else:
                results = current.backward(*grad)
            if results.__class__ is not tuple:
                results = (results,)
            if free and saved:
                current.saved = None
                current.versions = ()
        if listener is not None:
            _emit(listener, current, grad, results)
        for edge, result in zip(edges, results):  # noqa: B905 (the keyword costs time here)
            if edge is None:
                continue
            follower, position = edge
            if result is not None:
                if follower.outputs != 1:
                    deliver(arrived, follower, position, result)
                elif follower in arrived:
                    arrived[follower] = arrived[follower] + result
                    owned.add(follower)
                else:
                    arrived[follower] = result
                    if current.fresh and follower.__class__ is AccumulateGrad:
                        owned.add(follower)
            left = waiting[follower] - 1
            if left:
                waiting[follower] = left
            elif node is None and not ready:
                node = follower  # the only ready node goes straight on
            else:
                if node is not None:
                    tie += 1
                    heapq.heappush(ready, (-node.sequence, tie, node))
                    node = None
                tie += 1
                heapq.heappush(ready, (-follower.sequence, tie, follower))


def check_saved(node: Node) -> None:
    """Make sure that what `node` kept is still there and unchanged.

    Raises:
        RuntimeError: saved arrays were freed or changed in place.
    """
    if node.saved is None:
        raise freed()
    for source, expected in node.versions:
        box = source if source.__class__ is list else source._version_box
        if box is not None and box[0] != expected:
            raise modified(node, source, box[0], expected)


def deliver(arrived: dict[Node, Any], node: Node, position: int, grad: Any) -> None:
    """Add `grad` to what has arrived for one output of `node`."""
    if node.outputs == 1:
        before = arrived.get(node)
        arrived[node] = grad if before is None else before + grad
        return
    grads = arrived.get(node)
    if grads is None:
        grads = arrived[node] = [None] * node.outputs
    grads[position] = grad if grads[position] is None else grads[position] + grad


def dependencies(roots: Iterable[Node]) -> dict[Node, int]:
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
                    if follower.edges:
                        stack.append(follower)
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
            grads = [None if g is None else g._array for g in as_tuple(replaced)]
    results = as_tuple(node.backward(*grads))
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
            results = tuple(None if g is None else g._array for g in as_tuple(replaced))
    return (grads[0] if node.outputs == 1 else grads), results


def as_tuple(value: Any) -> tuple[Any, ...]:
    """Return what a node or a hook returned as a tuple."""
    return value if isinstance(value, tuple) else (value,)


def _emit(listener: events.Listener, node: Node, grad: Any, results: tuple[Any, ...]) -> None:
    grads = (grad,) if node.outputs == 1 else tuple(grad or (None,) * node.outputs)
    kept = [
        None if edge is None else result for edge, result in zip(node.edges, results, strict=False)
    ]
    listener(events.NodeRan(node, _tensors(grads), _tensors(kept)))


def _tensors(arrays: Any) -> tuple[Tensor | None, ...]:
    return tuple(None if array is None else wrap(array) for array in arrays)
