"""Changing the element type of a module's parameters and buffers in place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from gradstep_engine import dtypes
from gradstep_engine.device import check as check_device
from gradstep_engine.tensor import Tensor

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
        self._convert(wanted.numpy)
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

    def type(self: M, dst_type: Any) -> M:
        """Convert to `dst_type`."""
        return self.to(dst_type)

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

    def _convert(self, numpy_dtype: Any) -> None:
        for module in self._modules.values():
            if module is not None:
                module._convert(numpy_dtype)
        for tensor in (*self._parameters.values(), *self._buffers.values()):
            for each in () if tensor is None else (tensor, tensor._grad):
                if each is not None and each._array.dtype.kind == "f":
                    _convert_tensor(each, numpy_dtype)


def _convert_tensor(tensor: Tensor, numpy_dtype: Any) -> None:
    if tensor._array.dtype != numpy_dtype:
        tensor._array = tensor._array.astype(numpy_dtype)
        tensor._version_box = None  # new memory, no longer shared
