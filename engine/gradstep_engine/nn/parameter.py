"""Parameters and buffers: the tensors that a module learns or keeps, and those not yet made."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from gradstep_engine import dtypes
from gradstep_engine.autograd.variable import TensorBase
from gradstep_engine.device import CPU
from gradstep_engine.device import check as check_device
from gradstep_engine.missing import lacking
from gradstep_engine.tensor import Tensor


class Parameter(Tensor):
    """A leaf tensor that becomes a module's parameter when assigned to an attribute of it.

    It shares the memory of `data` and requires grad unless told otherwise.

    Raises:
        RuntimeError: gradients are wanted, but `data` is not floating point.
    """

    def __new__(cls, data: Any = None, requires_grad: bool = True) -> Parameter:
        """Make the leaf; torch's signature."""
        self: Parameter = Tensor.__new__(cls)
        if data is None:
            self._array = np.empty(0, dtype=np.float32)
        else:
            self._array = data._writable()
            self._version_box = data._box()
        if requires_grad and self._array.dtype.kind not in "fc":
            raise RuntimeError(
                "Only Tensors of floating point and complex dtype can require gradients"
            )
        self._requires_grad = requires_grad
        return self

    def __init__(self, data: Any = None, requires_grad: bool = True) -> None:
        pass

    def __deepcopy__(self, memo: dict[int, Any]) -> Parameter:
        """Copy the values: a copied parameter has no gradient, in PyTorch neither."""
        if id(self) in memo:
            known: Parameter = memo[id(self)]
            return known
        duplicate: Parameter = Tensor.__new__(type(self))
        duplicate._array = np.array(self._array)
        duplicate._requires_grad = self._requires_grad
        memo[id(self)] = duplicate
        return duplicate

    def __repr__(self, *, tensor_contents: str | None = None) -> str:
        return "Parameter containing:\n" + super().__repr__()


class Buffer(Tensor):
    """A tensor that becomes a module's buffer when assigned to an attribute of it."""

    persistent: bool = True

    def __new__(cls, data: Any = None, *, persistent: bool = True) -> Buffer:
        """Make the buffer; torch's signature."""
        self: Buffer = Tensor.__new__(cls)
        self._array = np.empty(0, dtype=np.float32) if data is None else data._writable()
        if data is not None:
            self._version_box = data._box()
        self.persistent = persistent
        return self

    def __init__(self, data: Any = None, *, persistent: bool = True) -> None:
        pass


_ARRAY: Any = TensorBase.__dict__["_array"]
"""Where a tensor keeps its array: the property of the classes below hides it."""


class UninitializedTensorMixin:
    """A tensor whose shape is not known yet: using it is an error that says so.

    Raises:
        ValueError: it is used.
        RuntimeError: its shape is asked for.
    """

    cls_to_become: ClassVar[type[Tensor]]

    @property
    def _placeholder(self) -> Any:
        """An empty array of the type: what a listener may look at."""
        return _ARRAY.__get__(self)

    @property
    def _array(self) -> Any:
        raise ValueError(
            "Attempted to use an uninitialized parameter. This error happens when you are using a "
            "`LazyModule` or explicitly manipulating `torch.nn.parameter."
            f"{type(self).__name__}` objects. When using LazyModules Call `forward` with a dummy "
            "batch to initialize the parameters before calling torch functions"
        )

    @property
    def shape(self) -> Any:
        """Refuse: there is no shape yet."""
        raise RuntimeError(
            "Can't access the shape of an uninitialized parameter or buffer. This error usually "
            "happens in `load_state_dict` when trying to load an uninitialized parameter into an "
            "initialized one. Call `forward` to initialize the parameters before accessing their "
            "attributes."
        )

    @property
    def dtype(self) -> dtypes.dtype:
        """The type that the elements will have."""
        return dtypes.of_numpy(self._placeholder.dtype)

    @property
    def device(self) -> Any:
        """The CPU."""
        return CPU

    def materialize(self, shape: Any, device: Any = None, dtype: Any = None) -> None:
        """Become a parameter or buffer of this shape, the same object."""
        check_device(device)
        kind = self.dtype.numpy if dtype is None else dtypes.to_numpy(dtype)
        self.__class__ = self.cls_to_become  # type: ignore[assignment]
        self._array = np.zeros(tuple(shape), dtype=kind)  # type: ignore[misc]
        self._bump()  # type: ignore[attr-defined]

    def _become(self, kind: np.dtype[Any]) -> None:
        """Take another type of elements."""
        _ARRAY.__set__(self, np.empty(0, kind))

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        duplicate = TensorBase.__new__(type(self))  # type: ignore[arg-type]
        duplicate.__dict__.update(self.__dict__)
        duplicate._become(self.dtype.numpy)
        duplicate._requires_grad = self._requires_grad  # type: ignore[attr-defined]
        memo[id(self)] = duplicate
        return duplicate

    def __repr__(self, *, tensor_contents: str | None = None) -> str:
        return f"<{type(self).__name__}>"


class UninitializedParameter(UninitializedTensorMixin, Parameter):  # type: ignore[misc]
    """A parameter that gets its shape later, by `materialize`."""

    cls_to_become = Parameter

    def __new__(
        cls, requires_grad: bool = True, device: Any = None, dtype: Any = None
    ) -> UninitializedParameter:
        """Make the parameter; torch's signature."""
        check_device(device)
        self: UninitializedParameter = TensorBase.__new__(cls)
        self._become(dtypes.default_numpy() if dtype is None else dtypes.to_numpy(dtype))
        self._requires_grad = requires_grad
        return self

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        pass


class UninitializedBuffer(UninitializedTensorMixin, Tensor):
    """A buffer that gets its shape later, by `materialize`."""

    cls_to_become = Tensor
    persistent: bool = True

    def __new__(
        cls,
        requires_grad: bool = False,
        device: Any = None,
        dtype: Any = None,
        persistent: bool = True,
    ) -> UninitializedBuffer:
        """Make the buffer; torch's signature."""
        check_device(device)
        self: UninitializedBuffer = TensorBase.__new__(cls)
        self._become(dtypes.default_numpy() if dtype is None else dtypes.to_numpy(dtype))
        self.persistent = persistent
        return self

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        pass


def is_lazy(param: Any) -> bool:
    """Return whether a tensor waits for its shape."""
    return isinstance(param, UninitializedTensorMixin)


__getattr__ = lacking("torch.nn.parameter")
