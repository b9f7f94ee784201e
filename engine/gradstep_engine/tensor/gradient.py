"""A tensor's place in the graph: `.grad`, `backward`, hooks, `requires_grad_`."""

from __future__ import annotations

import warnings
import weakref
from typing import TYPE_CHECKING, Any

import numpy as np

from gradstep_engine import events
from gradstep_engine.autograd.api import backward
from gradstep_engine.autograd.node import RemovableHandle, _add
from gradstep_engine.autograd.variable import TensorBase, Watched, wrap
from gradstep_engine.dtypes import of_numpy
from gradstep_engine.emission import listening

if TYPE_CHECKING:
    from gradstep_engine.tensor import Tensor

_NOT_A_LEAF = (
    "The .grad attribute of a Tensor that is not a leaf Tensor is being accessed. Its .grad "
    "attribute won't be populated during autograd.backward(). If you indeed want the .grad field "
    "to be populated for a non-leaf Tensor, use .retain_grad() on the non-leaf Tensor. If you "
    "access the non-leaf Tensor by mistake, make sure you access the leaf Tensor instead. See "
    "github.com/pytorch/pytorch/pull/30531 for more information."
)


class Gradient(TensorBase):
    """Everything about differentiation that a tensor offers."""

    @property
    def requires_grad(self) -> bool:
        """Whether operations on this tensor are recorded for backward."""
        return self._requires_grad or self.grad_fn is not None

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        self.requires_grad_(value)

    @property
    def grad(self) -> Tensor | None:
        """The accumulated gradient, None until a backward has reached this tensor."""
        grad = self._grad
        if grad is None:
            if self.grad_fn is not None and not self._retains_grad:
                warnings.warn(_NOT_A_LEAF, UserWarning, stacklevel=2)
        elif grad._grad_owner is None and self.grad_fn is None:
            # Whoever has it may write into it, and a listener wants to know what that changes.
            grad._grad_owner = weakref.ref(self)  # type: ignore[arg-type]
        return grad

    @grad.setter
    def grad(self, value: Tensor | None) -> None:
        self._assign_grad(value)

    @grad.deleter
    def grad(self) -> None:
        self._assign_grad(None)

    def _assign_grad(self, value: Any) -> None:
        before: Any = self._grad
        if value is not None:
            _check_grad(self, value)
        if value is None and before is None:
            return
        self._grad = value
        listener = listening()
        if value is None:
            if listener is not None:
                listener(events.Zeroed(self, wrap(np.array(before._array)), None))
            return
        value._grad_owner = weakref.ref(self)
        if listener is not None:
            listener(events.Written(self, "grad"))

    def requires_grad_(self, requires_grad: bool = True) -> Any:
        """Start (or stop) recording operations on this leaf.

        Raises:
            RuntimeError: the elements are no floats, or the tensor is not a leaf.
        """
        if not isinstance(requires_grad, bool):
            raise TypeError(
                "requires_grad_(): argument 'requires_grad' (position 1) must be bool, not "
                f"{type(requires_grad).__name__}"
            )
        wanted = requires_grad
        if wanted and self._array.dtype.kind != "f":
            raise RuntimeError("only Tensors of floating point dtype can require gradients")
        if self.grad_fn is not None:
            if wanted:
                return self
            raise RuntimeError(
                "you can only change requires_grad flags of leaf variables. If you want to use a "
                "computed variable in a subgraph that doesn't require differentiation use "
                "var_no_grad = var.detach()."
            )
        before = self._requires_grad
        self._requires_grad = wanted
        listener = listening()
        if listener is not None and before != wanted:
            listener(events.ModeChanged("requires_grad", self, before, wanted))
        return self

    @property
    def retains_grad(self) -> bool:
        """Whether backward will keep this non-leaf's gradient."""
        return self._retains_grad

    def retain_grad(self) -> None:
        """Keep this tensor's gradient in `.grad`, although it is no leaf.

        Raises:
            RuntimeError: the tensor does not require grad.
        """
        if not self.requires_grad:
            raise RuntimeError("can't retain_grad on Tensor that has requires_grad=False")
        if self.grad_fn is None:
            return
        self._retains_grad = True
        reference: Any = weakref.ref(self)
        self.grad_fn._extras().retained[self.output_nr] = reference

    def register_hook(self, hook: Any) -> RemovableHandle:
        """Call `hook(grad)` whenever this tensor's gradient arrives; it may return another.

        Raises:
            RuntimeError: the tensor does not require grad.
        """
        if not self.requires_grad:
            raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
        if self.grad_fn is None:
            Watched.leaves = True
            if self._hooks is None:
                self._hooks = {}
            return _add(self._hooks, hook)
        hooks = self.grad_fn._extras().tensor_hooks.setdefault(self.output_nr, {})
        return _add(hooks, hook)

    def register_post_accumulate_grad_hook(self, hook: Any) -> RemovableHandle:
        """Call `hook(tensor)` whenever a gradient was added to this leaf's `.grad`.

        Raises:
            RuntimeError: the tensor does not require grad, or is no leaf.
        """
        if not self.requires_grad:
            raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
        if self.grad_fn is not None:
            raise RuntimeError(
                "post accumulate grad hooks cannot be registered on non-leaf tensors"
            )
        Watched.leaves = True
        if self._post_hooks is None:
            self._post_hooks = {}
        return _add(self._post_hooks, hook)

    def backward(
        self,
        gradient: Tensor | None = None,
        retain_graph: bool | None = None,
        create_graph: bool = False,
        inputs: Any = None,
    ) -> None:
        """Accumulate d(self)/d(leaf) into `.grad` of every leaf; see `autograd.backward`."""
        backward(self, gradient, retain_graph, create_graph, inputs=inputs)


def _check_grad(tensor: TensorBase, grad: Any) -> None:
    if not isinstance(grad, TensorBase):
        raise TypeError(
            "assigned grad expected to be a Tensor or None but got grad of type "
            f"{type(grad).__name__}"
        )
    if grad is tensor:
        raise RuntimeError("can't assign Variable as its own grad")
    if grad._array.shape != tensor._array.shape:
        raise RuntimeError(
            f"attempting to assign a gradient of size '{list(grad._array.shape)}' to a tensor of "
            f"size '{list(tensor._array.shape)}'. Please ensure that the gradient and the tensor "
            "are the same size"
        )
    if grad._array.dtype != tensor._array.dtype:
        kind = of_numpy(tensor._array.dtype).cpu_type
        given = of_numpy(grad._array.dtype).cpu_type.lower()
        raise RuntimeError(
            f"attempting to assign a gradient with dtype '{given}' to a tensor with grad_dtype "
            f"'{kind}'. The gradient must match the tensor's grad_dtype (defaults to the tensor's "
            "dtype). You can set the tensor's grad_dtype attribute with a specific dtype, or None "
            "to allow any dtype. Set grad_dtype with caution. Diverging the dtypes of a tensor and "
            "its gradient may break downstream systems that assume they match."
        )
