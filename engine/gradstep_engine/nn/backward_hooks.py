"""Hooks on a module's backward: two nodes around its forward tell when gradients pass."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from gradstep_engine.autograd.function import Op, apply
from gradstep_engine.autograd.mode import GradMode
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
        changed = self.callback(tuple(None if grad is None else wrap(grad) for grad in grads))
        return tuple(None if grad is None else grad._array for grad in changed)

    def backward_tensors(self, *grads: Any) -> Any:
        """Return the gradients as the callback leaves them."""
        return self.callback(grads)


class BackwardHooks:
    """What watches one call of a module: its hooks, and the gradients seen so far."""

    def __init__(self, module: Any, hooks: list[Any], pre_hooks: list[Any]) -> None:
        self.module = module
        self.hooks = hooks
        self.pre_hooks = pre_hooks
        self.inputs: list[int] | None = None
        self.input_count = 0
        self.outputs: list[int] = []
        self.output_count = 0
        self.grad_outputs: Grads = ()

    def around_inputs(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """Return `args` with tensors behind a node that ends the module's backward."""
        self.input_count = len(args)
        places, wrapped = _wrapped(args, self._leave)
        if places:
            self.inputs = places
        return wrapped

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
        self.output_count = len(values)
        self.outputs, wrapped = _wrapped(values, self._enter)
        if not several:
            return wrapped[0]
        return type(result)(*wrapped) if hasattr(result, "_fields") else tuple(wrapped)

    def _enter(self, grads: Grads) -> Grads:
        given = _spread(grads, self.outputs, self.output_count)
        for hook in self.pre_hooks:
            changed = hook(self.module, given)
            if changed is not None:
                given = _checked(changed, self.output_count, "output")
        self.grad_outputs = given
        if self.inputs is None and self.hooks:
            warnings.warn(
                "Full backward hook is firing when gradients are computed with respect to module "
                "outputs since no inputs require gradients. See "
                "https://docs.pytorch.org/docs/main/generated/torch.nn.Module.html#"
                "torch.nn.Module.register_full_backward_hook for more details.",
                stacklevel=5,
            )
            nothing: Grads = (None,) * self.input_count
            for hook in self.hooks:
                changed = hook(self.module, nothing, given)
                if changed is not None and any(grad is not None for grad in _tuple(changed)):
                    raise RuntimeError(
                        "Backward hook for Modules where no input requires gradient should always "
                        "return None or None for all gradients."
                    )
        return tuple(given[place] for place in self.outputs)

    def _leave(self, grads: Grads) -> Grads:
        assert self.inputs is not None
        made = _spread(grads, self.inputs, self.input_count)
        for hook in self.hooks:
            changed = hook(self.module, made, self.grad_outputs)
            if changed is not None:
                made = _checked(changed, self.input_count, "input")
        self.grad_outputs = ()
        return tuple(made[place] for place in self.inputs)


def _wrapped(
    values: tuple[Any, ...], callback: Callable[[Grads], Grads]
) -> tuple[list[int], tuple[Any, ...]]:
    """Return where tensors stand among `values`, and the values with these behind one node.

    Where none of them needs a gradient nothing is done, and no places are returned.
    """
    places = [i for i, value in enumerate(values) if isinstance(value, Tensor)]
    if not GradMode.enabled or not any(values[place].requires_grad for place in places):
        return [], values
    outputs = apply(BackwardHookFunction, *[values[i] for i in places], callback=callback)
    replaced = list(values)
    for place, output in zip(places, outputs, strict=True):
        replaced[place] = output
    return places, tuple(replaced)


def _spread(grads: Grads, places: list[int], count: int) -> Grads:
    """Return gradients at the places of their values, None for values that are no tensors."""
    spread: list[Tensor | None] = [None] * count
    for place, grad in zip(places, grads, strict=True):
        spread[place] = grad
    return tuple(spread)


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
