"""Operations that users define: `class Mine(torch.autograd.Function)`."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from gradstep_engine import events
from gradstep_engine.autograd import function
from gradstep_engine.autograd.errors import freed
from gradstep_engine.autograd.function import Op as _Op
from gradstep_engine.autograd.function import (
    apply,
    versions_of,
)
from gradstep_engine.autograd.mode import GradMode, set_recording
from gradstep_engine.autograd.node import edges_of
from gradstep_engine.autograd.report import emit_op
from gradstep_engine.autograd.variable import TensorBase, wrap
from gradstep_engine.emission import quiet


class Context(_Op):
    """What `forward` leaves for `backward`: `ctx` in both, and the node in the graph."""

    user: type[Function]
    needs_input_grad: tuple[bool, ...] = ()
    _marked: tuple[TensorBase, ...] = ()
    _undifferentiable: tuple[TensorBase, ...] = ()
    _dirty: tuple[TensorBase, ...] = ()
    _materialize = True

    def save_for_backward(self, *tensors: Any) -> None:
        """Keep tensors for backward, checked against changes in place."""
        self._marked = tensors
        self.saved = tensors

    @property
    def saved_tensors(self) -> tuple[Any, ...]:
        """The tensors given to `save_for_backward`.

        Raises:
            RuntimeError: backward has already freed them.
        """
        if self.saved is None:
            raise freed()
        outputs = self._outputs_kept if GradMode.enabled else None
        if not outputs:
            return self.saved
        return tuple(
            self._as_output(x, outputs[i]) if i in outputs else x for i, x in enumerate(self.saved)
        )

    def _as_output(self, kept: TensorBase, position: int) -> Any:
        tensor = wrap(kept._array)
        tensor.grad_fn, tensor.output_nr = self, position
        return tensor

    def mark_non_differentiable(self, *tensors: Any) -> None:
        """Say that these outputs have no gradient."""
        self._undifferentiable = tensors

    def mark_dirty(self, *tensors: Any) -> None:
        """Say that forward changed these inputs in place; they must be among its outputs."""
        self._dirty = tensors

    def set_materialize_grads(self, value: bool) -> None:
        """Choose whether missing gradients arrive as zeros (the default) or as None."""
        self._materialize = value

    def backward(self, *grads: Any) -> Any:
        """Run the user's backward on the arrays as tensors, unrecorded."""
        given = [None if grad is None else wrap(grad) for grad in grads]
        with no_grad_quietly():
            results = self._run(given)
        return tuple(None if x is None else x._array for x in results)

    def backward_tensors(self, *grads: Any) -> Any:
        """Run the user's backward with its operations recorded."""
        return self._run(list(grads))

    def _run(self, grads: list[Any]) -> tuple[Any, ...]:
        if self._materialize:
            grads = [
                wrap(np.zeros(shape, dtype)) if grad is None else grad
                for grad, (shape, dtype) in zip(grads, self._shapes, strict=True)
            ]
        results = self.user.backward(self, *grads)
        several = results if isinstance(results, tuple) else (results,)
        expected = len(self.edges)
        if len(several) < expected:
            raise RuntimeError(
                f"function {self.node_name} returned an incorrect number of gradients (expected "
                f"{expected}, got {len(several)})"
            )
        return several[:expected]

    _shapes: tuple[tuple[tuple[int, ...], Any], ...] = ()
    _outputs_kept: dict[int, int] | None = None


class no_grad_quietly:
    """No recording and no events: what users' forward and backward do inside is theirs."""

    def __enter__(self) -> None:
        self._quiet, self._before = quiet(), set_recording(False)
        self._quiet.__enter__()

    def __exit__(self, *error: Any) -> None:
        set_recording(self._before)
        self._quiet.__exit__(None, None, None)


class Function:
    """Subclass with static `forward(ctx, …)` and `backward(ctx, grad)`; use `apply`."""

    @staticmethod
    def forward(ctx: Any, *args: Any) -> Any:
        """Compute the result."""
        raise NotImplementedError(
            "You must implement the forward function for custom autograd.Function."
        )

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        """Return one gradient, or None, per argument of `forward`."""
        raise NotImplementedError(
            "You must implement either the backward or vjp method for your custom "
            "autograd.Function to use it with backward mode AD."
        )

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        """Save for backward, apart from a `forward` that takes no `ctx`."""
        raise NotImplementedError("setup_context is not implemented.")

    @classmethod
    def apply(cls, *args: Any) -> Any:
        """Run the operation and record it."""
        node = Context()
        node.user = cls
        node.node_name = f"{cls.__name__}Backward"
        edges = edges_of(args) if GradMode.enabled else ()
        recorded = any(edge is not None for edge in edges)
        node.needs_input_grad = tuple(isinstance(x, TensorBase) and x.requires_grad for x in args)
        with no_grad_quietly():
            if cls.setup_context is Function.setup_context:
                result = cls.forward(node, *args)
            else:
                result = cls.forward(*args)
                cls.setup_context(node, args, result)
        several = result if isinstance(result, tuple) else (result,)
        outputs = tuple(_own(x, node, args) for x in several)
        if recorded:
            node.edges = edges
            node.sequence = function.next_sequence()
            node.outputs = len(outputs)
            node._shapes = tuple((x._array.shape, x._array.dtype) for x in outputs)
            for position, (given, output) in enumerate(zip(several, outputs, strict=True)):
                differentiable = not any(given is x for x in node._undifferentiable)
                if output._array.dtype.kind == "f" and differentiable:
                    output.grad_fn, output.output_nr = node, position
            node.versions = versions_of(tuple(range(len(node._marked))), node._marked)
            _break_cycle(node, several, outputs)
        if events.listener is not None:
            node.shown_as = cls.__name__
            emit_op(node, args, outputs, {}, recorded)
        return outputs if isinstance(result, tuple) else outputs[0]


def once_differentiable(backward: Any) -> Any:
    """Mark a `backward` whose own operations must not be differentiated."""

    @functools.wraps(backward)
    def wrapped(ctx: Any, *grads: Any) -> Any:
        recording = GradMode.enabled
        with no_grad_quietly():
            results = backward(ctx, *grads)
        if not recording:
            return results
        several = results if isinstance(results, tuple) else (results,)
        return tuple(None if x is None else _refusing(x) for x in several)

    return wrapped


class Refusal(_Op):
    """The identity, whose derivative is an error."""

    op_name = "once_differentiable"
    node_name = "DelayedErrorBackward"

    def forward(self, a: Any) -> Any:
        """Return the array itself."""
        return a

    def backward(self, grad: Any) -> Any:
        """Refuse.

        Raises:
            RuntimeError: always.
        """
        raise RuntimeError(
            "trying to differentiate twice a function that was marked with @once_differentiable"
        )

    backward_tensors = backward


def _refusing(x: TensorBase) -> Any:
    """Return `x` as a tensor that requires grad only to say that it must not."""
    wanting = wrap(x._array)
    wanting._requires_grad = True
    return apply(Refusal, wanting)


def _own(x: Any, node: Context, args: tuple[Any, ...]) -> Any:
    """Return an output of forward: an input that was returned gets a tensor of its own."""
    if any(x is dirty for dirty in node._dirty):
        if x._requires_grad and x.grad_fn is None and GradMode.enabled:
            raise RuntimeError(
                "a leaf Variable that requires grad is being used in an in-place operation."
            )
        x._bump()
        return x
    return wrap(x._array) if any(x is a for a in args) else x


def _break_cycle(node: Context, given: tuple[Any, ...], outputs: tuple[Any, ...]) -> None:
    """Keep a saved output as a detached tensor: it must not hold the node that holds it."""
    mine = {id(x): i for found in (given, outputs) for i, x in enumerate(found)}
    if not node.saved or not any(id(x) in mine for x in node.saved):
        return
    kept = []
    node._outputs_kept = {}
    for number, x in enumerate(node.saved):
        if id(x) in mine:
            detached = wrap(x._array)
            detached._become_view_of(x, tracked=False)
            kept.append(detached)
            node._outputs_kept[number] = mine[id(x)]
        else:
            kept.append(x)
    node.saved = tuple(kept)
    node.versions = tuple([x._box() if id(x) in mine else x for x in node.versions])
