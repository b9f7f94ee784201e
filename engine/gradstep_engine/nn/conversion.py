"""Changing the element type of a module's parameters and buffers in place."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from gradstep_engine import dtypes
from gradstep_engine.autograd.mode import no_grad
from gradstep_engine.device import check as check_device
from gradstep_engine.missing import missing
from gradstep_engine.nn.parameter import UninitializedTensorMixin
from gradstep_engine.tensor import Tensor, wrap

if TYPE_CHECKING:
    from gradstep_engine.nn.module import Module
    from gradstep_engine.nn.parameter import Parameter

M = TypeVar("M", bound="ConversionMixin")


class ConversionMixin:
    """`to`, `float`, `double`, `half` and the device calls of `Module`.

    Parameters stay the same objects, so that an optimizer made before still holds them.
    """

    _parameters: dict[str, Parameter | None]
    _buffers: dict[str, Tensor | None]
    _modules: dict[str, Module | None]

    def to(self: M, *args: Any, **kwargs: Any) -> M:
        """Convert floating point parameters and buffers: `to(dtype)`, `to(device)`, `to(tensor)`.

        Raises:
            RuntimeError: the device is not the CPU.
            TypeError: the dtype is not floating point.
        """
        wanted = kwargs.pop("dtype", None)
        check_device(kwargs.pop("device", None))
        kwargs.pop("non_blocking", None)  # there is nothing to wait for
        if kwargs.pop("memory_format", None) is not None:
            raise missing("torch.nn.Module.to(memory_format=...)")
        if kwargs:
            raise TypeError(f"to() got an unexpected keyword argument '{next(iter(kwargs))}'")
        for argument in args:
            if isinstance(argument, dtypes.dtype):
                wanted = argument
            elif isinstance(argument, Tensor):
                wanted = dtypes.of_numpy(argument._array.dtype)
            elif not isinstance(argument, bool):
                check_device(argument)
        if wanted is None:
            return self
        if not wanted.is_floating_point:
            raise TypeError(
                "nn.Module.to only accepts floating point or complex dtypes, but got desired "
                f"dtype={wanted}"
            )
        for tensor in self._held():
            if isinstance(tensor, UninitializedTensorMixin):
                tensor._become(wanted.numpy)
            elif tensor._array.dtype.kind == "f":
                _replace(tensor, tensor._array.astype(wanted.numpy, copy=False))
        return self

    def float(self: M) -> M:
        """Convert to float32."""
        return self.to(dtypes.float32)

    def double(self: M) -> M:
        """Convert to float64."""
        return self.to(dtypes.float64)

    def half(self: M) -> M:
        """Convert to float16."""
        return self.to(dtypes.float16)

    def bfloat16(self: M) -> M:
        """Refuse: numpy has no bfloat16.

        Raises:
            MissingFeatureError: always.
        """
        raise missing("torch.bfloat16")

    def type(self: M, dst_type: Any) -> M:
        """Convert all parameters and buffers, integers too, to `dst_type`."""
        return self._apply(lambda tensor: tensor.type(dst_type))

    def cpu(self: M) -> M:
        """Return the module: it is on the CPU."""
        return self

    def cuda(self: M, device: Any = None) -> M:
        """Refuse: the engine has no GPU.

        Raises:
            RuntimeError: always.
        """
        check_device("cuda")
        return self

    def to_empty(self: M, *, device: Any, recurse: bool = True) -> M:
        """Return the module: what it holds stays on the CPU, with its values."""
        check_device(device)
        return self

    def share_memory(self: M) -> M:
        """Refuse: tensors are not shared between processes.

        Raises:
            MissingFeatureError: always.
        """
        raise missing("torch.nn.Module.share_memory")

    def _apply(self: M, fn: Callable[[Any], Any], recurse: bool = True) -> M:
        """Put what `fn` makes of each parameter, buffer and gradient in its place."""
        with no_grad():
            for tensor in self._held(recurse):
                if isinstance(tensor, UninitializedTensorMixin):
                    continue
                made = fn(wrap(tensor._array))
                if tensor._requires_grad and made._array.dtype.kind != "f":
                    raise RuntimeError(
                        "Only Tensors of floating point and complex dtype can require gradients"
                    )
                _replace(tensor, made._array)
        return self

    def _held(self, recurse: bool = True) -> list[Tensor]:
        """Return parameters, their gradients and buffers, those of the children first."""
        found: list[Tensor] = []
        for module in self._modules.values() if recurse else ():
            if module is not None:
                found += module._held()
        for tensor in (*self._parameters.values(), *self._buffers.values()):
            if tensor is not None:
                found += [each for each in (tensor, tensor._grad) if each is not None]
        return found


def _replace(tensor: Tensor, array: Any) -> None:
    if array is not tensor._array:
        tensor._array = array
        tensor._version_box = None  # new memory, no longer shared
