"""Sums, statistics, extrema and orders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gradstep_engine.autograd.function import apply
from gradstep_engine.autograd.variable import TensorBase, wrap
from gradstep_engine.ops import cumulative, extremum, reduction, statistics
from gradstep_engine.ops.axes import axes_of, axis_of

if TYPE_CHECKING:
    from gradstep_engine.tensor import Tensor


class ValuesIndices(NamedTuple):
    """Values along a dimension and where they were."""

    values: Any
    indices: Any

    def __repr__(self) -> str:
        kind = type(self).__name__
        return f"torch.return_types.{kind}(\nvalues={self.values!r},\nindices={self.indices!r})"


class _Results:
    """The results of reductions along a dimension, printed as torch prints them."""

    max = type("max", (ValuesIndices,), {})
    min = type("min", (ValuesIndices,), {})
    sort = type("sort", (ValuesIndices,), {})
    topk = type("topk", (ValuesIndices,), {})
    median = type("median", (ValuesIndices,), {})


def over(dim: Any, keepdim: bool, ndim: int) -> dict[str, Any]:
    """Return the attributes of a reduction, those that differ from the default only."""
    axes = axes_of(dim, ndim)
    attributes: dict[str, Any] = {} if axes is None else {"dim": axes}
    if keepdim:
        attributes["keepdim"] = True
    return attributes


class Reducing(TensorBase):
    """Reductions over dimensions; `axis` is accepted for `dim` as torch does."""

    def _as(self, dtype: Any) -> Any:
        return self if dtype is None else self.to(dtype)  # type: ignore[attr-defined]

    def sum(
        self, dim: Any = None, keepdim: bool = False, *, dtype: Any = None, axis: Any = None
    ) -> Tensor:
        """Return the sum of all elements, or along dimensions."""
        dim = axis if dim is None else dim
        if dim is None and dtype is None and not keepdim:
            return apply(reduction.Sum, self)  # type: ignore[no-any-return]
        return apply(reduction.Sum, self._as(dtype), **over(dim, keepdim, self._array.ndim))  # type: ignore[no-any-return]

    def mean(
        self, dim: Any = None, keepdim: bool = False, *, dtype: Any = None, axis: Any = None
    ) -> Tensor:
        """Return the mean of all elements, or along dimensions."""
        dim = axis if dim is None else dim
        return apply(reduction.Mean, self._as(dtype), **over(dim, keepdim, self._array.ndim))  # type: ignore[no-any-return]

    def prod(self, dim: int | None = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
        """Return the product of all elements, or along one dimension."""
        return apply(reduction.Prod, self._as(dtype), **over(dim, keepdim, self._array.ndim))  # type: ignore[no-any-return]

    def var(
        self,
        dim: Any = None,
        unbiased: bool | None = None,
        keepdim: bool = False,
        *,
        correction: float | None = None,
        axis: Any = None,
    ) -> Tensor:
        """Return the variance; the sum of squares is divided by n − correction (1)."""
        attributes = self._spread(dim if axis is None else axis, unbiased, keepdim, correction)
        return apply(statistics.Var, self, **attributes)  # type: ignore[no-any-return]

    def std(
        self,
        dim: Any = None,
        unbiased: bool | None = None,
        keepdim: bool = False,
        *,
        correction: float | None = None,
        axis: Any = None,
    ) -> Tensor:
        """Return the standard deviation; the sum of squares is divided by n − correction (1)."""
        attributes = self._spread(dim if axis is None else axis, unbiased, keepdim, correction)
        return apply(statistics.Std, self, **attributes)  # type: ignore[no-any-return]

    def _spread(
        self, dim: Any, unbiased: bool | None, keepdim: bool, correction: float | None
    ) -> dict[str, Any]:
        if isinstance(dim, bool):
            dim, unbiased = None, dim
        if correction is None:
            correction = 0 if unbiased is False else 1
        return {**over(dim, keepdim, self._array.ndim), "correction": correction}

    def norm(self, p: Any = 2, dim: Any = None, keepdim: bool = False, dtype: Any = None) -> Tensor:
        """Return the p-norm (Euclidean by default; `inf` for the largest magnitude)."""
        p = 2 if p in (None, "fro") else float(p)
        attributes = over(dim, keepdim, self._array.ndim)
        return apply(statistics.Norm, self._as(dtype), p=p, **attributes)  # type: ignore[no-any-return]

    def logsumexp(self, dim: Any, keepdim: bool = False) -> Tensor:
        """Return ln Σ eˣ along dimensions, safe from overflow."""
        return apply(reduction.LogSumExp, self, **over(dim, keepdim, self._array.ndim))  # type: ignore[no-any-return]

    def cumsum(self, dim: int, dtype: Any = None) -> Tensor:
        """Return running sums along `dim`."""
        return apply(cumulative.Cumsum, self._as(dtype), dim=axis_of(dim, self._array.ndim))  # type: ignore[no-any-return]

    def all(self, dim: Any = None, keepdim: bool = False) -> Tensor:
        """Return whether all elements are non-zero."""
        return apply(reduction.AllOf, self, **over(dim, keepdim, self._array.ndim))  # type: ignore[no-any-return]

    def any(self, dim: Any = None, keepdim: bool = False) -> Tensor:
        """Return whether an element is non-zero."""
        return apply(reduction.AnyOf, self, **over(dim, keepdim, self._array.ndim))  # type: ignore[no-any-return]

    def count_nonzero(self, dim: Any = None) -> Tensor:
        """Return how many elements are not zero."""
        nonzero: Any = self.__ne__(0)
        return nonzero.sum(dim)  # type: ignore[no-any-return]

    def unique(self, sorted: bool = True) -> Tensor:
        """Return every value once, in order."""
        return wrap(np.unique(self._array))

    def max(self, dim: Any = None, keepdim: bool = False, *, axis: Any = None) -> Any:
        """Return the largest element, or values and indices along `dim`, or maximum(self, dim)."""
        dim = axis if dim is None else dim
        if dim is None:
            return apply(extremum.Max, self)
        if isinstance(dim, TensorBase):
            return self.maximum(dim)  # type: ignore[attr-defined]
        return _Results.max(*self._along(extremum.MaxDim, dim, keepdim=keepdim))

    def min(self, dim: Any = None, keepdim: bool = False, *, axis: Any = None) -> Any:
        """Return the smallest element, or values and indices along `dim`, or minimum(self, dim)."""
        dim = axis if dim is None else dim
        if dim is None:
            return apply(extremum.Min, self)
        if isinstance(dim, TensorBase):
            return self.minimum(dim)  # type: ignore[attr-defined]
        return _Results.min(*self._along(extremum.MinDim, dim, keepdim=keepdim))

    def amax(self, dim: Any = (), keepdim: bool = False) -> Tensor:
        """Return the largest elements along dimensions."""
        return apply(extremum.Amax, self, **over(dim, keepdim, self._array.ndim))  # type: ignore[no-any-return]

    def amin(self, dim: Any = (), keepdim: bool = False) -> Tensor:
        """Return the smallest elements along dimensions."""
        return apply(extremum.Amin, self, **over(dim, keepdim, self._array.ndim))  # type: ignore[no-any-return]

    def argmax(self, dim: int | None = None, keepdim: bool = False) -> Tensor:
        """Return the index of the largest element."""
        return self._place(extremum.Argmax, dim, keepdim)

    def argmin(self, dim: int | None = None, keepdim: bool = False) -> Tensor:
        """Return the index of the smallest element."""
        return self._place(extremum.Argmin, dim, keepdim)

    def _place(self, op: Any, dim: int | None, keepdim: bool) -> Tensor:
        axis = None if dim is None else axis_of(dim, self._array.ndim)
        return apply(op, self, dim=axis, keepdim=keepdim)  # type: ignore[no-any-return]

    def sort(self, dim: int = -1, descending: bool = False, stable: bool = True) -> Any:
        """Return elements in order along `dim`, and where they were."""
        return _Results.sort(*self._along(extremum.Sort, dim, descending=descending))

    def argsort(self, dim: int = -1, descending: bool = False, stable: bool = True) -> Tensor:
        """Return the indices that sort along `dim`."""
        return self._along(extremum.Argsort, dim, descending=descending)  # type: ignore[no-any-return]

    def topk(self, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> Any:
        """Return the k largest elements along `dim` in order, and where they were."""
        return _Results.topk(*self._along(extremum.TopK, dim, k=k, largest=largest))

    def median(self, dim: int | None = None, keepdim: bool = False) -> Any:
        """Return the middle element (the lower of two), or values and indices along `dim`."""
        if dim is None:
            flat = self.reshape(-1)  # type: ignore[attr-defined]
            return flat._along(extremum.Median, 0, keepdim=False)[0]
        return _Results.median(*self._along(extremum.Median, dim, keepdim=keepdim))

    def _along(self, op: Any, dim: int, **attributes: Any) -> Any:
        return apply(op, self, dim=axis_of(dim, self._array.ndim), **attributes)
