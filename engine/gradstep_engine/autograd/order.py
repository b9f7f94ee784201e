"""What every walk backwards goes by: how many gradients a node waits for, and what has arrived."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from gradstep_engine.autograd.errors import freed, modified
from gradstep_engine.autograd.node import Node, place_of

Root = tuple[Node, int, Any]
"""A node, which of its outputs, and the gradient to start with: an array, or a tensor."""


def dependencies(roots: Iterable[Node]) -> dict[Node, int]:
    """Count for every reachable node how many edges lead to it."""
    waiting: dict[Node, int] = dict.fromkeys(roots, 0)
    stack = list(waiting)
    while stack:
        for edge in stack.pop().edges:
            if edge is not None:
                follower = place_of(edge)[0]
                if follower in waiting:
                    waiting[follower] += 1
                else:
                    waiting[follower] = 1
                    if follower.edges:
                        stack.append(follower)
    return waiting


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


def check_saved(node: Node) -> None:
    """Make sure that what `node` kept is still there and unchanged.

    Raises:
        RuntimeError: saved arrays were freed or changed in place.
    """
    if node.saved is None:
        raise freed()
    versions = iter(node.versions)
    for source, expected in zip(versions, versions, strict=True):
        box = source if source.__class__ is list else source._version_box
        if box is not None and box[0] != expected:
            raise modified(node, source, box[0], expected)
