"""Leaving the tensor: numbers, lists, numpy arrays, other types; and leaving the graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

import gradstep_engine.dtypes as dtypes
from gradstep_engine.autograd.function import apply, materialise
from gradstep_engine.autograd.variable import TensorBase, wrap
from gradstep_engine.departed import remember_array, remember_number
from gradstep_engine.device import CPU
from gradstep_engine.device import check as check_device
from gradstep_engine.device import device as torch_device
from gradstep_engine.device import layout as torch_layout
from gradstep_engine.emission import cut, listening, written
from gradstep_engine.ops import selection
from gradstep_engine.tensor.operands import given_tensor

if TYPE_CHECKING:
    from gradstep_engine.tensor import Tensor


class Conversion(TensorBase):
    """Conversions to Python, numpy and other element types."""

    @property
    def dtype(self) -> dtypes.dtype:
        """The type of the elements."""
        return dtypes.of_numpy(self._array.dtype)

    @property
    def device(self) -> torch_device:
        """Where the elements are: the CPU."""
        return CPU

    @property
    def data(self) -> Tensor:
        """The elements without the graph and without a version: changes go unnoticed."""
        materialise(self)
        result = wrap(self._array)
        cut("data", self, result)
        return result

    @data.setter
    def data(self, value: Tensor) -> None:
        if not isinstance(value, TensorBase):
            raise TypeError(f"Variable data has to be a tensor, but got {type(value).__name__}")
        if self.requires_grad and value._array.dtype.kind != "f":
            raise RuntimeError(
                "data set to a tensor that requires gradients must be floating point or complex "
                "dtype"
            )
        self._array = value._array
        self._bump()
        written(self, "data")

    # What kinds of tensors there are not: all are dense, in the memory of the CPU.
    is_cpu = True
    is_cuda = is_ipu = is_maia = is_meta = is_mkldnn = is_mps = is_mtia = is_xla = is_xpu = False
    is_nested = is_quantized = is_sparse = is_sparse_csr = is_vulkan = False

    @property
    def layout(self) -> torch_layout:
        """How the elements are stored: densely."""
        return torch_layout.strided

    @property
    def real(self) -> Tensor:
        """The tensor itself: there are no complex numbers."""
        return self  # type: ignore[return-value]

    def conj(self) -> Any:
        """Return the tensor itself: there are no complex numbers."""
        return self

    resolve_conj = resolve_neg = conj_physical = conj

    def is_conj(self) -> bool:
        """Return False: there are no complex numbers."""
        return False

    is_neg = is_conj

    def is_floating_point(self) -> bool:
        """Return whether elements are floating point numbers."""
        return bool(self._array.dtype.kind == "f")

    def is_complex(self) -> bool:
        """Return whether elements are complex: never."""
        return False

    def item(self) -> Any:
        """Return the only element as a Python number.

        Raises:
            RuntimeError: there is more than one element, or none.
        """
        array = self._array
        if array.size != 1:
            raise RuntimeError(f"a Tensor with {array.size} elements cannot be converted to Scalar")
        cut("item", self)
        number = array.item()
        if listening() is not None and self.requires_grad:
            remember_number(number, self)
        return number

    def tolist(self) -> Any:
        """Return the elements as nested lists of Python numbers."""
        cut("tolist", self)
        return self._array.tolist()

    def numpy(self, *, force: bool = False) -> Any:
        """Return the numpy array on the same memory.

        Raises:
            RuntimeError: the tensor requires grad; `detach()` it first, or `force`.
        """
        if self.requires_grad and not force:
            raise RuntimeError(
                "Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() "
                "instead."
            )
        cut("numpy", self)
        materialise(self)
        if self.requires_grad and listening() is not None:
            remember_array(self._array, self)
        return self._array

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        array = self.numpy()
        if dtype is not None and array.dtype != dtype:
            return array.astype(dtype)
        return array.copy() if copy else array

    def __bool__(self) -> bool:
        array = self._array
        if array.size > 1:
            raise RuntimeError("Boolean value of Tensor with more than one value is ambiguous")
        if array.size == 0:
            raise RuntimeError("Boolean value of Tensor with no values is ambiguous")
        return bool(array.item())

    def __float__(self) -> float:
        return float(self._scalar())

    def __int__(self) -> int:
        return int(self._scalar())

    def _scalar(self) -> Any:
        if self._array.size != 1:
            raise ValueError("only one element tensors can be converted to Python scalars")
        return self.item()

    def __index__(self) -> int:
        if self._array.dtype.kind not in "iub" or self._array.size != 1:
            raise TypeError("only integer tensors of a single element can be converted to an index")
        return int(self._array.item())

    def detach(self) -> Tensor:
        """Return the elements outside the graph, on the same memory."""
        materialise(self)
        result = wrap(self._array)
        result._become_view_of(self, tracked=False)
        cut("detach", self, result)
        return result

    def detach_(self) -> Any:
        """Leave the graph.

        Raises:
            RuntimeError: the tensor is a view: its base would still be in the graph.
        """
        if self._base is not None:
            raise RuntimeError(
                "Can't detach views in-place. Use detach() instead. If you are using "
                "DistributedDataParallel (DDP) for training, and gradient_as_bucket_view is set as "
                "True, gradients are views of DDP buckets, and hence detach_() cannot be called on "
                "these gradients. To fix this error, please refer to the Optimizer.zero_grad() "
                "function in torch/optim/optimizer.py as the solution."
            )
        cut("detach", self, self)
        self.grad_fn, self.output_nr, self._requires_grad = None, 0, False
        return self

    def clone(self, *, memory_format: Any = None) -> Tensor:
        """Return a copy; gradients flow through."""
        return apply(selection.Clone, self)  # type: ignore[no-any-return]

    def to(self, *args: Any, **kwargs: Any) -> Any:
        """Return the tensor with another element type; the only device is the CPU."""
        wanted: Any = kwargs.get("dtype")
        check_device(kwargs.get("device"))
        for argument in args:
            if isinstance(argument, TensorBase):
                wanted = argument.dtype  # type: ignore[attr-defined]
            elif isinstance(argument, dtypes.dtype) or argument in (float, int, bool):
                if argument is not True and argument is not False:
                    wanted = argument
            elif argument is not None and not isinstance(argument, bool):
                check_device(argument)
        if wanted is None:
            return self.clone() if kwargs.get("copy") else self
        return self._converted(dtypes.to_numpy(wanted), bool(kwargs.get("copy")))

    def _converted(self, numpy_dtype: np.dtype[Any], copy: bool = False) -> Any:
        if self._array.dtype == numpy_dtype and not copy:
            return self
        op = selection.ToCopy if numpy_dtype.kind == "f" else selection.ToWhole
        return apply(op, self, dtype=numpy_dtype)

    def type(self, dtype: Any = None, non_blocking: bool = False) -> Any:
        """Return the legacy type name (`torch.FloatTensor`), or the tensor in another type."""
        if dtype is None:
            return f"torch.{self.dtype.cpu_type}Tensor"
        if isinstance(dtype, str):
            name = dtype.removeprefix("torch.").removesuffix("Tensor")
            known = {each.cpu_type: each for each in dtypes.ALL}
            if name not in known:
                raise ValueError(f"invalid type: '{dtype}'")
            dtype = known[name]
        # The old constructors (torch.LongTensor) know their type.
        return self._converted(dtypes.to_numpy(getattr(dtype, "dtype", dtype)))

    def type_as(self, other: Tensor) -> Any:
        """Return the tensor in the type of `other`."""
        return self._converted(given_tensor(other, "type_as")._array.dtype)

    def float(self) -> Any:
        """Return the tensor as float32."""
        return self._converted(dtypes.float32.numpy)

    def double(self) -> Any:
        """Return the tensor as float64."""
        return self._converted(dtypes.float64.numpy)

    def half(self) -> Any:
        """Return the tensor as float16."""
        return self._converted(dtypes.float16.numpy)

    def long(self) -> Any:
        """Return the tensor as int64."""
        return self._converted(dtypes.int64.numpy)

    def int(self) -> Any:
        """Return the tensor as int32."""
        return self._converted(dtypes.int32.numpy)

    def short(self) -> Any:
        """Return the tensor as int16."""
        return self._converted(dtypes.int16.numpy)

    def char(self) -> Any:
        """Return the tensor as int8."""
        return self._converted(dtypes.int8.numpy)

    def bool(self) -> Any:
        """Return whether elements are non-zero."""
        return self._converted(dtypes.bool_.numpy)

    def byte(self) -> Any:
        """Return the tensor as uint8."""
        return self._converted(dtypes.uint8.numpy)

    def cpu(self) -> Any:
        """Return the tensor itself: it is on the CPU."""
        return self

    def cuda(self, *args: Any, **kwargs: Any) -> Any:
        """Refuse, as torch does without a GPU: the engine has none.

        Raises:
            AssertionError: always.
        """
        raise AssertionError("Torch not compiled with CUDA enabled")

    def is_signed(self) -> Any:
        """Return whether elements can be negative."""
        return self.dtype.is_signed

    def get_device(self) -> Any:
        """Return −1: the CPU."""
        return -1
