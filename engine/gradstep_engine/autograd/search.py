"""What `autograd.grad` and `backward(inputs=…)` look for on the way back."""

from __future__ import annotations

from typing import Any

from gradstep_engine.autograd.node import AccumulateGrad, Node, place_of, run_tensor_hooks
from gradstep_engine.autograd.order import Root

Captures = dict[Node, dict[int, list[int]]]
"""For `autograd.grad`: node, which of its outputs, positions among the results."""


class Search:
    """Not every leaf is wanted, but chosen places.

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
        if any(follower in self._needed for follower in _followers(node)):
            return True
        _skip(node, waiting)
        return False


def _followers(node: Node) -> list[Node]:
    """Return the nodes that `node` sends gradients to."""
    return [place_of(edge)[0] for edge in node.edges if edge is not None]


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
        for follower in _followers(stack.pop()):
            waiting[follower] -= 1
            if waiting[follower] == 0:
                stack.append(follower)


def _leading_to(roots: list[Node], goals: set[Any]) -> set[Node]:
    """Return the nodes from which a goal can be reached, goals included."""
    needed: set[Node] = set()
    seen: set[Node] = set()
    stack: list[tuple[Node, bool]] = [(root, False) for root in roots]
    while stack:
        node, done = stack.pop()
        if done:
            if node in goals or any(follower in needed for follower in _followers(node)):
                needed.add(node)
            continue
        if node in seen:
            continue
        seen.add(node)
        stack.append((node, True))
        stack.extend((follower, False) for follower in _followers(node))
    return needed
