"""Hooks on a module's backward: two nodes around its forward tell when gradients pass."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from gradstep_engine.autograd.function import Op, apply
from gradstep_engine.autograd.mode import GradMode, unrecorded
from gradstep_engine.autograd.variable import wrap
from gradstep_engine.tensor import Tensor

Grads = tuple[Tensor | None, ...]


class BackwardHookFunction(Op):
    """Returns its inputs; on the way back `callback` sees all gradients, and may replace them."""

    op_name = "backward_hook"
    node_name = "BackwardHookFunctionBackward"

    def forward(self, *arrays: Any, callback: Callable[[Grads], Grads]) -> Any:
        """Return the arrays themselves."""
        self.callback = callback
        return arrays

    def backward(self, *grads: Any) -> Any:
        """Return the gradients as the callback leaves them."""
        with unrecorded():
            changed = self.callback(tuple(None if grad is None else wrap(grad) for grad in grads))
        return tuple(None if grad is None else grad._array for grad in changed)

    def backward_tensors(self, *grads: Any) -> Any:
        """Return the gradients as the callback leaves them."""
        return self.callback(grads)


class Boundary:
    """The tensors on one side of a module: what hooks see of their gradients.

    Values that are no tensors have None, tensors that got no gradient zeros, as in torch.
    """

    def __init__(self, values: tuple[Any, ...]) -> None:
        self.count = len(values)
        tensors = {i: value for i, value in enumerate(values) if isinstance(value, Tensor)}
        self.kinds = {i: (x._array.shape, x._array.dtype) for i, x in tensors.items()}
        recorded = [i for i, x in tensors.items() if x.requires_grad]
        self.places = recorded if GradMode.enabled else []

    def around(
        self, values: tuple[Any, ...], callback: Callable[[Grads], Grads]
    ) -> tuple[Any, ...]:
        """Return `values` with the tensors that want gradients behind one node."""
        if not self.places:
            return values
        outputs = apply(BackwardHookFunction, *[values[i] for i in self.places], callback=callback)
        replaced = list(values)
        for place, output in zip(self.places, outputs, strict=True):
            replaced[place] = output
        return tuple(replaced)

    def spread(self, grads: Grads) -> Grads:
        """Return gradients at the places of their values."""
        spread: list[Tensor | None] = [None] * self.count
        for place, grad in zip(self.places, grads, strict=True):
            spread[place] = grad
        for place, (shape, dtype) in self.kinds.items():
            if spread[place] is None:
                spread[place] = wrap(np.zeros(shape, dtype))
        return tuple(spread)

    def gathered(self, grads: Grads) -> Grads:
        """Undo `spread`."""
        return tuple(grads[place] for place in self.places)


class BackwardHooks:
    """What watches one call of a module: its hooks, and the gradients seen so far."""

    def __init__(self, module: Any, hooks: list[Any], pre_hooks: list[Any]) -> None:
        self.module = module
        self.hooks = hooks
        self.pre_hooks = pre_hooks
        self.inputs = Boundary(())
        self.outputs = Boundary(())
        self.grad_outputs: Grads = ()

    def around_inputs(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """Return `args` with tensors behind a node that ends the module's backward."""
        self.inputs = Boundary(args)
        return self.inputs.around(args, self._leave)

    def around_outputs(self, result: Any) -> Any:
        """Return what forward returned, with tensors behind a node that begins the backward."""
        several = isinstance(result, tuple)
        if not several and not isinstance(result, Tensor):
            warnings.warn(
                "For backward hooks to be called, module output should be a Tensor or a tuple of "
                f"Tensors but received {type(result)}",
                stacklevel=5,
            )
            return result
        values = result if several else (result,)
        self.outputs = Boundary(values)
        wrapped = self.outputs.around(values, self._enter)
        if not several:
            return wrapped[0]
        return type(result)(*wrapped) if hasattr(result, "_fields") else wrapped

    def _enter(self, grads: Grads) -> Grads:
        given = self.outputs.spread(grads)
        for hook in self.pre_hooks:
            changed = hook(self.module, given)
            if changed is not None:
                given = _checked(changed, self.outputs.count, "output")
        self.grad_outputs = given
        if self.hooks and not self.inputs.places:
            self._run_without_inputs(given)
        return self.outputs.gathered(given)

    def _run_without_inputs(self, given: Grads) -> None:
        warnings.warn(
            "Full backward hook is firing when gradients are computed with respect to module "
            "outputs since no inputs require gradients. See "
            "https://docs.pytorch.org/docs/main/generated/torch.nn.Module.html#"
            "torch.nn.Module.register_full_backward_hook for more details.",
            stacklevel=5,
        )
        nothing: Grads = (None,) * self.inputs.count
        for hook in self.hooks:
            changed = hook(self.module, nothing, given)
            if changed is not None and any(grad is not None for grad in _tuple(changed)):
                raise RuntimeError(
                    "Backward hook for Modules where no input requires gradient should always "
                    "return None or None for all gradients."
                )

    def _leave(self, grads: Grads) -> Grads:
        made = self.inputs.spread(grads)
        for hook in self.hooks:
            changed = hook(self.module, made, self.grad_outputs)
            if changed is not None:
                made = _checked(changed, self.inputs.count, "input")
        self.grad_outputs = ()
        return self.inputs.gathered(made)


def _tuple(grads: Any) -> tuple[Any, ...]:
    return grads if isinstance(grads, tuple) else (grads,)


def _checked(changed: Any, count: int, side: str) -> Grads:
    grads = _tuple(changed)
    if len(grads) != count:
        raise RuntimeError(
            f"Backward hook returned an invalid number of grad_{side}, got {len(grads)}, but "
            f"expected {count}"
        )
    return grads
