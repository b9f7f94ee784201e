"""Operations that users define: `class Mine(torch.autograd.Function)`."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradstep_engine import events
from gradstep_engine.autograd.errors import freed
from gradstep_engine.autograd.function import Op as _Op
from gradstep_engine.autograd.function import edges_of, emit_op, next_sequence, versions_of
from gradstep_engine.autograd.mode import GradMode
from gradstep_engine.autograd.variable import TensorBase, wrap
from gradstep_engine.emission import quiet


class Context(_Op):
    """What `forward` leaves for `backward`: `ctx` in both, and the node in the graph."""

    user: type[Function]
    needs_input_grad: tuple[bool, ...] = ()
    _marked: tuple[TensorBase, ...] = ()
    _undifferentiable: tuple[TensorBase, ...] = ()
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
        return self.saved

    def mark_non_differentiable(self, *tensors: Any) -> None:
        """Say that these outputs have no gradient."""
        self._undifferentiable = tensors

    def set_materialize_grads(self, value: bool) -> None:
        """Choose whether missing gradients arrive as zeros (the default) or as None."""
        self._materialize = value

    def backward(self, *grads: Any) -> Any:
        """Run the user's backward on tensors."""
        given = [
            wrap(np.zeros(shape, dtype) if grad is None else grad)
            if grad is not None or self._materialize
            else None
            for grad, (shape, dtype) in zip(grads, self._shapes, strict=True)
        ]
        with no_grad_quietly():
            results = self.user.backward(self, *given)
        several = results if isinstance(results, tuple) else (results,)
        expected = len(self.edges)
        if len(several) < expected:
            raise RuntimeError(
                f"function {self.node_name} returned an incorrect number of gradients (expected "
                f"{expected}, got {len(several)})"
            )
        return tuple(None if x is None else x._array for x in several[:expected])

    _shapes: tuple[tuple[tuple[int, ...], Any], ...] = ()


class no_grad_quietly:
    """No recording and no events: what users' forward and backward do inside is theirs."""

    def __enter__(self) -> None:
        self._quiet, self._before = quiet(), GradMode.enabled
        self._quiet.__enter__()
        GradMode.enabled = False

    def __exit__(self, *error: Any) -> None:
        GradMode.enabled = self._before
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
            result = cls.forward(node, *args)
        several = result if isinstance(result, tuple) else (result,)
        outputs = tuple(wrap(x._array) if any(x is a for a in args) else x for x in several)
        if recorded:
            node.edges = edges
            node.sequence = next_sequence()
            node.outputs = len(outputs)
            node._shapes = tuple((x._array.shape, x._array.dtype) for x in outputs)
            node.versions = versions_of(tuple(range(len(node._marked))), node._marked)
            for position, (given, output) in enumerate(zip(several, outputs, strict=True)):
                differentiable = not any(given is x for x in node._undifferentiable)
                if output._array.dtype.kind == "f" and differentiable:
                    output.grad_fn, output.output_nr = node, position
            _break_cycle(node, several, outputs)
        if events.listener is not None:
            node.shown_as = cls.__name__
            emit_op(node, args, outputs, {}, recorded)
        return outputs if isinstance(result, tuple) else outputs[0]


def _break_cycle(node: Context, given: tuple[Any, ...], outputs: tuple[Any, ...]) -> None:
    """Keep a saved output as a detached tensor: it must not hold the node that holds it."""
    mine = [*given, *outputs]
    if not node.saved or not any(x is y for x in node.saved for y in mine):
        return
    kept = []
    for x in node.saved:
        if any(x is y for y in mine):
            detached = wrap(x._array)
            detached._become_view_of(x, tracked=False)
            kept.append(detached)
        else:
            kept.append(x)
    node.saved = tuple(kept)
    node.versions = tuple(
        (source._box(), expected) if any(source is y for y in mine) else (source, expected)
        for source, expected in node.versions
    )
