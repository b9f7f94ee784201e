"""Where a tensor's elements lie: strides, storage, copies; and whether two tensors agree."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from gradstep_engine.autograd.function import materialise
from gradstep_engine.autograd.variable import TensorBase, wrap
from gradstep_engine.device import memory_format
from gradstep_engine.dtypes import of_numpy
from gradstep_engine.missing import missing
from gradstep_engine.ops.axes import axis_of
from gradstep_engine.tensor.operands import given_tensor

if TYPE_CHECKING:
    from gradstep_engine.tensor import Tensor


class Memory(TensorBase):
    """Memory, copies of it, and comparison of whole tensors."""

    @property
    def itemsize(self) -> int:
        """Bytes per element."""
        return int(self._array.itemsize)

    @property
    def nbytes(self) -> int:
        """Bytes of all elements."""
        return int(self._array.nbytes)

    def element_size(self) -> int:
        """Return bytes per element."""
        return int(self._array.itemsize)

    def data_ptr(self) -> int:
        """Return the address of the first element."""
        materialise(self)
        return int(self._array.__array_interface__["data"][0]) if self._array.size else 0

    const_data_ptr = data_ptr

    def stride(self, dim: int | None = None) -> Any:
        """Return how many elements apart neighbours are, along every dimension or one."""
        array = self._array
        if array.size:
            steps = tuple([step // array.itemsize for step in array.strides])
        else:  # numpy takes none; torch counts as if no axis were empty
            sizes = [max(n, 1) for n in array.shape]
            steps = tuple([math.prod(sizes[axis + 1 :]) for axis in range(array.ndim)])
        return steps if dim is None else steps[axis_of(dim, self._array.ndim)]

    def storage_offset(self) -> int:
        """Return how many elements of the memory lie before the first one of this tensor."""
        if self._base is None:
            return 0
        return (self.data_ptr() - self._base.data_ptr()) // self._array.itemsize  # type: ignore[no-any-return]

    def is_contiguous(self, memory_format: Any = memory_format.contiguous) -> bool:
        """Return whether elements lie in memory in their order."""
        return bool(self._array.flags.c_contiguous)

    def contiguous(self, memory_format: Any = memory_format.contiguous) -> Any:
        """Return the tensor, copied where its elements do not lie in order."""
        return self if self._array.flags.c_contiguous else self.clone()  # type: ignore[attr-defined]

    def is_set_to(self, tensor: Tensor) -> bool:
        """Return whether the other tensor looks at the same memory in the same way."""
        materialise(self)
        materialise(tensor)
        mine, other = self._array.__array_interface__, tensor._array.__array_interface__
        return bool(
            mine["data"] == other["data"]
            and self._array.shape == tensor._array.shape
            and self._array.strides == tensor._array.strides
        )

    def set_(self, source: Tensor | None = None) -> Any:
        """Look at the memory of another tensor of this type from now on.

        Raises:
            RuntimeError: the tensor is in a graph, or the types differ.
        """
        if self.requires_grad:
            raise RuntimeError("set_() of a tensor that requires grad is not recorded")
        if source is None:
            self._array = np.empty(0, self._array.dtype)
            return self
        if source._array.dtype != self._array.dtype:
            raise RuntimeError(
                "Could not set tensor of type "
                f"{source._array.dtype} to a tensor of type {self._array.dtype}"
            )
        self._array = source._writable()
        self._version_box = source._box()
        return self

    def resize_(self, *sizes: Any) -> Any:
        """Become another size; elements that were there stay, new ones are zeros.

        Raises:
            RuntimeError: the tensor requires grad.
        """
        from gradstep_engine.tensor.shaping import sizes_of

        if self.requires_grad:
            raise RuntimeError("cannot resize variables that require grad")
        shape = sizes_of(sizes)
        flat = np.zeros(int(np.prod(shape)), self._array.dtype)
        kept = min(flat.size, self._array.size)
        flat[:kept] = self._array.reshape(-1)[:kept]
        self._array = flat.reshape(shape)
        self._bump()
        return self

    def resize_as_(self, the_template: Tensor) -> Any:
        """Become the size of another tensor; see `resize_`."""
        return self.resize_(the_template._array.shape)

    def untyped_storage(self) -> Any:
        """Refuse: the engine has no storages.

        Raises:
            MissingFeatureError: always.
        """
        raise missing("Tensor.untyped_storage()")

    def storage(self) -> Any:
        """Refuse: the engine has no storages.

        Raises:
            MissingFeatureError: always.
        """
        raise missing("Tensor.storage()")

    def pin_memory(self, device: Any = None) -> Any:
        """Refuse as torch does where there is no GPU.

        Raises:
            RuntimeError: always.
        """
        raise RuntimeError("Cannot access accelerator device when none is available.")

    def is_pinned(self, device: Any = None) -> bool:
        """Return False: memory is pinned for a GPU only."""
        return False

    def is_shared(self) -> bool:
        """Return False: no memory is shared with other processes."""
        return False

    def share_memory_(self) -> Any:
        """Return the tensor as it is: there are no worker processes to share it with."""
        return self

    def is_same_size(self, other: Tensor) -> bool:
        """Return whether the other tensor has this shape."""
        return bool(self._array.shape == other._array.shape)

    def isclose(
        self, other: Tensor, rtol: Any = 1e-05, atol: Any = 1e-08, equal_nan: Any = False
    ) -> Tensor:
        """Return where |self − other| ≤ atol + rtol · |other|."""
        a, b = _of_one_type(self, other, "isclose")
        return wrap(np.isclose(a, b, rtol, atol, equal_nan))

    def equal(self, other: Tensor) -> Any:
        """Return whether shapes and all elements agree."""
        given_tensor(other, "equal")
        return bool(np.array_equal(self._array, other._array))

    def allclose(
        self, other: Tensor, rtol: Any = 1e-05, atol: Any = 1e-08, equal_nan: Any = False
    ) -> Any:
        """Return whether |self − other| ≤ atol + rtol · |other| everywhere."""
        a, b = _of_one_type(self, other, "allclose")
        return bool(np.allclose(a, b, rtol, atol, equal_nan))

    def new_tensor(
        self, data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
    ) -> Tensor:
        """Return a tensor of `data` in this tensor's type."""
        from gradstep_engine.creation import tensor

        return tensor(data, dtype=dtype or self.dtype, device=device, requires_grad=requires_grad)  # type: ignore[attr-defined]

    def new_zeros(self, *size: Any, dtype: Any = None, **options: Any) -> Tensor:
        """Return zeros in this tensor's type."""
        from gradstep_engine.creation import zeros

        return zeros(*size, dtype=dtype or self.dtype, **options)  # type: ignore[attr-defined]

    def new_ones(self, *size: Any, dtype: Any = None, **options: Any) -> Tensor:
        """Return ones in this tensor's type."""
        from gradstep_engine.creation import ones

        return ones(*size, dtype=dtype or self.dtype, **options)  # type: ignore[attr-defined]

    def new_empty(self, *size: Any, dtype: Any = None, **options: Any) -> Tensor:
        """Return a tensor to be filled in this tensor's type."""
        from gradstep_engine.creation import empty

        return empty(*size, dtype=dtype or self.dtype, **options)  # type: ignore[attr-defined]

    def new_full(self, size: Any, fill_value: Any, *, dtype: Any = None, **options: Any) -> Tensor:
        """Return one value everywhere in this tensor's type."""
        from gradstep_engine.creation import full

        return full(size, fill_value, dtype=dtype or self.dtype, **options)  # type: ignore[attr-defined]


def _of_one_type(tensor: Any, other: Any, name: str) -> tuple[Any, Any]:
    """Return the arrays of two tensors that have to hold the same type.

    Raises:
        TypeError: the other is no tensor.
        RuntimeError: the types differ.
    """
    a, b = tensor._array, given_tensor(other, name)._array
    if a.dtype != b.dtype:
        raise RuntimeError(
            f"{of_numpy(a.dtype).cpu_type} did not match {of_numpy(b.dtype).cpu_type}"
        )
    return a, b
