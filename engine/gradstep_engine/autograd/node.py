"""Nodes of the backward graph. An operation's class is its node's class: see `function.py`."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

if TYPE_CHECKING:
    from gradstep_engine.tensor import Tensor

Edge = tuple["Node", int]
"""The next node to run and which of its outputs' gradients this one contributes to."""


class Node:
    """One step of backward: turns gradients of its outputs into gradients of its inputs.

    `edges` has one entry per tensor input: where that input's gradient goes, None if the input
    needs none. `saved` are the arrays kept from forward, None once they were freed; `versions` the
    version counters that these arrays must still have. `sequence` is the creation number: among
    ready nodes the youngest runs first, as in PyTorch. `origin` is free for a listener.
    """

    node_name: ClassVar[str] = "Node"
    outputs: int = 1
    edges: tuple[Edge | None, ...] = ()
    saved: tuple[Any, ...] | None = ()
    versions: tuple[tuple[list[int], int, str], ...] = ()
    sequence: int = 0
    origin: int = 0
    prehooks: dict[int, Any] | None = None
    posthooks: dict[int, Any] | None = None
    tensor_hooks: dict[int, Any] | None = None

    def backward(self, grad: Any) -> Any:
        """Return one gradient (or None) per tensor input, given the output's gradient."""
        raise NotImplementedError(f"{type(self).__name__} defines no backward")

    def needs(self, position: int) -> bool:
        """Return whether the input at `position` wants a gradient."""
        return self.edges[position] is not None

    def name(self) -> str:
        """Return the node's name as PyTorch prints it, such as `MulBackward0`."""
        return self.node_name

    @property
    def next_functions(self) -> tuple[tuple[Node | None, int], ...]:
        """Where gradients go next: a node (None where no gradient is needed) and an index."""
        return tuple((None, 0) if edge is None else edge for edge in self.edges)

    def __repr__(self) -> str:
        return f"<{self.name()} object at {id(self):#x}>"


class AccumulateGrad(Node):
    """The end of the line: adds the gradient that arrives into `variable.grad`."""

    node_name = "AccumulateGrad"
    sequence = 1 << 62  # runs as soon as it is ready

    def __init__(self, variable: Tensor) -> None:
        self.variable = variable

    @staticmethod
    def of(tensor: Tensor) -> AccumulateGrad:
        """Return the one accumulator of a leaf, made on first use and kept weakly."""
        reference = tensor._accumulator
        node = None if reference is None else reference()
        if node is None:
            node = AccumulateGrad(tensor)
            tensor._accumulator = weakref.ref(node)
        return node

    def accumulate(self, contribution: Any, root: Tensor | None) -> None:
        """Add `contribution` (an array of the variable's shape) into `variable.grad`."""
        from gradstep_engine import events
        from gradstep_engine.tensor import wrap

        variable = self.variable
        grad = variable._grad
        listener = events.listener
        before = None
        if grad is None:
            # A copy: the same array may be on its way to other leaves too.
            grad = wrap(np.array(contribution, dtype=variable._array.dtype))
            variable._grad = grad
            grad._grad_owner = weakref.ref(variable)
        else:
            if listener is not None:
                before = wrap(np.array(grad._array))
            grad._array = np.asarray(grad._array)
            np.add(grad._array, contribution, out=grad._array, casting="unsafe")
            grad._bump()
        if listener is not None:
            listener(events.Accumulated(variable, wrap(contribution), before, grad, root))
