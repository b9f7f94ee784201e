"""Nodes of the backward graph. An operation's class is its node's class: see `function.py`."""

from __future__ import annotations

import weakref
from _thread import RLock, allocate_lock
from itertools import count
from typing import TYPE_CHECKING, Any, ClassVar, Union

import numpy as np

from gradstep_engine import events
from gradstep_engine.autograd.variable import TensorBase, Watched, wrap
from gradstep_engine.dtypes import of_numpy
from gradstep_engine.missing import missing

if TYPE_CHECKING:
    from gradstep_engine.tensor import Tensor

Edge = Union["Node", tuple["Node", int], TensorBase]
"""Where the gradient of an input goes.

To the node that made the input; where that node has several outputs, with the number of the one
that the input is; a leaf stands for itself. `place_of` says it in one form.
"""

_handle_ids = count()
_adding = allocate_lock()
_keeping = RLock()


class Extras:
    """What few nodes have: hooks, outputs whose gradient is retained, casts of gradients."""

    __slots__ = ("casts", "posthooks", "prehooks", "retained", "tensor_hooks")

    def __init__(self) -> None:
        self.casts: tuple[Any, ...] = ()
        self.prehooks: dict[int, Any] = {}
        self.posthooks: dict[int, Any] = {}
        self.tensor_hooks: dict[int, dict[int, Any]] = {}
        self.retained: dict[int, weakref.ref[Tensor]] = {}


class RemovableHandle:
    """Takes a hook away again; also a context manager."""

    def __init__(self, hooks: dict[int, Any]) -> None:
        self._hooks = hooks
        self.id = next(_handle_ids)

    def remove(self) -> None:
        """Take the hook away; a second call does nothing."""
        self._hooks.pop(self.id, None)

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *error: object) -> None:
        self.remove()


class Node:
    """One step of backward: turns gradients of its outputs into gradients of its inputs.

    `edges` has one entry per input: where that input's gradient goes, None if the input needs none.
    They lead to nodes with smaller numbers only, so that going by `sequence` is going backwards.
    `saved` are the arrays kept from forward, None once they were freed; `versions` what these
    arrays must still agree with: input, version, input, version …; for an output its version box
    instead, because a node that held its own output would never be freed.
    `sequence` is the creation number: among ready nodes the youngest runs first, as in PyTorch.
    `origin` is free for a listener.

    Attributes:
        fresh: `backward` returns arrays that nobody else holds, so a leaf may keep one as its grad.
    """

    node_name: str = "Node"
    fresh: ClassVar[bool] = False
    outputs: int = 1
    edges: tuple[Edge | None, ...] = ()
    saved: tuple[Any, ...] | None = ()
    versions: tuple[Any, ...] = ()
    sequence: int = 0
    origin: int = 0
    extras: Extras | None = None

    def backward(self, *grads: Any) -> Any:
        """Return one gradient (or None) per input, given the gradients of the outputs."""
        raise NotImplementedError(f"{type(self).__qualname__} defines no backward")

    def backward_tensors(self, *grads: Any) -> Any:
        """Do what `backward` does in operations on tensors, so that they can be differentiated.

        Raises:
            MissingFeatureError: the node cannot be differentiated twice.
        """
        raise missing(f"second derivative of {self.name()} (create_graph=True through it)")

    def needs(self, position: int) -> bool:
        """Return whether the input at `position` wants a gradient."""
        edges = self.edges
        return bool(edges) and edges[position] is not None

    def name(self) -> str:
        """Return the node's name as PyTorch prints it, such as `MulBackward0`."""
        return self.node_name

    @property
    def next_functions(self) -> tuple[tuple[Node | None, int], ...]:
        """Where gradients go next: a node (None where no gradient is needed) and an index."""
        return tuple((None, 0) if edge is None else place_of(edge) for edge in self.edges)

    def register_hook(self, hook: Any) -> RemovableHandle:
        """Call `hook(grad_inputs, grad_outputs)` after this node ran; it may replace the former."""
        return _add(self._extras().posthooks, hook)

    def register_prehook(self, hook: Any) -> RemovableHandle:
        """Call `hook(grad_outputs)` before this node runs; it may replace them."""
        return _add(self._extras().prehooks, hook)

    def _extras(self) -> Extras:
        if self.extras is None:
            self.extras = Extras()
        return self.extras

    def __repr__(self) -> str:
        return f"<{self.name()} object at {id(self):#x}>"


def place_of(edge: Edge) -> tuple[Node, int]:
    """Return the node that an edge leads to, and which of its outputs."""
    if isinstance(edge, Node):
        return edge, 0
    return edge if isinstance(edge, tuple) else (AccumulateGrad.of(edge), 0)


def edge_of(x: Any) -> Edge | None:
    """Return where the gradient of `x` goes, None if it needs none."""
    if not isinstance(x, TensorBase):
        return None
    node = x.grad_fn
    if node is None:
        return x if x._requires_grad else None
    return node if node.outputs == 1 else (node, x.output_nr)


def edges_of(inputs: tuple[Any, ...]) -> tuple[Edge | None, ...]:
    """Return where the gradient of each input goes."""
    return tuple([edge_of(x) for x in inputs])


def _add(hooks: dict[int, Any], hook: Any) -> RemovableHandle:
    handle = RemovableHandle(hooks)
    hooks[handle.id] = hook
    return handle


class AccumulateGrad(Node):
    """The end of the line: adds the gradient that arrives into `variable.grad`.

    Edges lead to the leaf itself; this is what users see in its place.
    """

    node_name = "AccumulateGrad"
    sequence = 1 << 62  # runs as soon as it is ready

    def __init__(self, variable: TensorBase) -> None:
        self.variable = variable

    @staticmethod
    def of(tensor: TensorBase) -> AccumulateGrad:
        """Return the one accumulator of a leaf, made on first use and kept weakly."""
        reference = tensor._accumulator
        node = None if reference is None else reference()
        return AccumulateGrad._kept(tensor) if node is None else node

    @staticmethod
    def _kept(tensor: TensorBase) -> AccumulateGrad:
        """Keep a new accumulator, unless another thread has kept one meanwhile: that one holds."""
        made = AccumulateGrad(tensor)
        to_made = weakref.ref(made)
        with _keeping:
            reference = tensor._accumulator
            node = None if reference is None else reference()
            if node is None:
                tensor._accumulator = to_made
                node = made
        return node

    def accumulate_tensor(self, contribution: Tensor, root: Tensor) -> None:
        """Add `contribution` into `variable.grad` as a recorded operation (`create_graph=True`)."""
        variable: Any = self.variable
        if variable._hooks:
            contribution = run_tensor_hooks(variable._hooks, contribution)
        if contribution._array.dtype != variable._array.dtype:
            contribution = contribution.to(of_numpy(variable._array.dtype))
        before = variable._grad
        # A gradient of its own: optimizers and zero_grad change it in place.
        after: Any = contribution.clone() if before is None else before + contribution
        variable._grad = after
        if events.listener is not None:
            events.listener(events.Accumulated(variable, contribution, before, after, root))
        if variable._post_hooks:
            run_post_hooks(variable)


def accumulate(variable: Any, contribution: Any, root: Tensor | None, owned: bool) -> None:
    """Add `contribution` (an array of the variable's shape) into `variable.grad`.

    Args:
        variable: a leaf.
        contribution: the sum of everything that this backward brought to the leaf.
        root: the tensor whose backward this is.
        owned: nobody else holds the array, so it may become the gradient itself.
    """
    grad = variable._grad
    listener = events.listener
    before = None
    # Under a listener the contribution stays apart: both are shown, and one changes later.
    keep = owned and listener is None
    if Watched.leaves and variable._hooks:
        contribution = run_tensor_hooks(variable._hooks, contribution)
        keep = False
    if grad is None:
        dtype = variable._array.dtype
        kept = contribution if keep and _fits(contribution, dtype) else _copied(contribution, dtype)
        made = wrap(kept)
        # Looked up again: another thread may have brought the first gradient meanwhile. None can
        # from here on, as Python leaves a thread at calls and loops only.
        grad = variable._grad
        if grad is None:
            grad = variable._grad = made
        else:
            _add_into(grad, contribution)
    else:
        if listener is not None:
            before = wrap(np.array(grad._array))
        _add_into(grad, contribution)
    if listener is not None:
        listener(events.Accumulated(variable, wrap(contribution), before, grad, root))
    if Watched.leaves and variable._post_hooks:
        run_post_hooks(variable)


def _add_into(grad: Any, contribution: Any) -> None:
    """Add an array to a gradient in place; threads that share a leaf take turns, as in torch."""
    with _adding:
        array = grad._writable()
        np.add(array, contribution, out=array, casting="unsafe")
        grad._bump()


def _fits(contribution: Any, dtype: np.dtype[Any]) -> bool:
    """Return whether an array may itself become the gradient: of its type, in C order."""
    return (
        contribution.dtype is dtype
        and contribution.__class__ is np.ndarray
        and contribution.flags.c_contiguous
    )


def _copied(contribution: Any, dtype: np.dtype[Any]) -> Any:
    """Return `contribution` as a gradient of its own."""
    if contribution.dtype != dtype:
        return np.array(contribution, dtype=dtype)
    if contribution.__class__ is not np.ndarray:
        return contribution  # a numpy scalar cannot change under anyone
    return contribution.copy()


def run_post_hooks(variable: Any) -> None:
    """Call the hooks that wait for a leaf's gradient to be complete (optimizers in backward)."""
    for hook in tuple(variable._post_hooks.values()):
        hook(variable)


def run_tensor_hooks(hooks: dict[int, Any], grad: Any) -> Any:
    """Pass a gradient, array or tensor, through the hooks of a tensor; return what remains."""
    is_tensor = isinstance(grad, TensorBase)
    for hook in tuple(hooks.values()):
        replaced = hook(grad if is_tensor else wrap(grad))
        if replaced is not None:
            grad = replaced if is_tensor else replaced._array
    return grad
