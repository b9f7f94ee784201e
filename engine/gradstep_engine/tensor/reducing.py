"""Sums, statistics, extrema and orders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from gradstep_engine.autograd.function import apply
from gradstep_engine.autograd.report import composite
from gradstep_engine.autograd.variable import TensorBase
from gradstep_engine.ops import cumulative, extremum, ranks, reduction, statistics
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


class MinMax(NamedTuple):
    """The smallest and the largest elements."""

    min: Any
    max: Any

    def __repr__(self) -> str:
        return f"torch.return_types.aminmax(\nmin={self.min!r},\nmax={self.max!r})"


class Results:
    """The results of reductions along a dimension, printed as torch prints them."""

    max = type("max", (ValuesIndices,), {})
    min = type("min", (ValuesIndices,), {})
    sort = type("sort", (ValuesIndices,), {})
    topk = type("topk", (ValuesIndices,), {})
    median = type("median", (ValuesIndices,), {})
    nanmedian = type("nanmedian", (ValuesIndices,), {})
    mode = type("mode", (ValuesIndices,), {})
    kthvalue = type("kthvalue", (ValuesIndices,), {})
    cummax = type("cummax", (ValuesIndices,), {})
    cummin = type("cummin", (ValuesIndices,), {})


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

    def nansum(self, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
        """Return the sum without what is not a number."""
        chosen = self._as(dtype)
        if chosen._array.dtype.kind != "f":
            return chosen.sum(dim, keepdim)  # type: ignore[no-any-return]
        return apply(reduction.NanSum, chosen, **over(dim, keepdim, self._array.ndim))  # type: ignore[no-any-return]

    def mean(
        self, dim: Any = None, keepdim: bool = False, *, dtype: Any = None, axis: Any = None
    ) -> Tensor:
        """Return the mean of all elements, or along dimensions."""
        dim = axis if dim is None else dim
        if dim is None and dtype is None and not keepdim:
            return apply(reduction.Mean, self)  # type: ignore[no-any-return]
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

    def max(self, dim: Any = None, keepdim: bool = False, *, axis: Any = None) -> Any:
        """Return the largest element, or values and indices along `dim`, or maximum(self, dim)."""
        dim = axis if dim is None else dim
        if dim is None:
            return apply(extremum.Max, self)
        if isinstance(dim, TensorBase):
            return self.maximum(dim)  # type: ignore[attr-defined]
        return Results.max(*self._along(extremum.MaxDim, dim, keepdim=keepdim))

    def min(self, dim: Any = None, keepdim: bool = False, *, axis: Any = None) -> Any:
        """Return the smallest element, or values and indices along `dim`, or minimum(self, dim)."""
        dim = axis if dim is None else dim
        if dim is None:
            return apply(extremum.Min, self)
        if isinstance(dim, TensorBase):
            return self.minimum(dim)  # type: ignore[attr-defined]
        return Results.min(*self._along(extremum.MinDim, dim, keepdim=keepdim))

    def amax(self, dim: Any = (), keepdim: bool = False) -> Tensor:
        """Return the largest elements along dimensions."""
        return apply(extremum.Amax, self, **over(dim, keepdim, self._array.ndim))  # type: ignore[no-any-return]

    @composite("aminmax")
    def aminmax(self, *, dim: int | None = None, keepdim: bool = False) -> MinMax:
        """Return the smallest and the largest elements."""
        axes: Any = () if dim is None else dim
        return MinMax(self.amin(axes, keepdim), self.amax(axes, keepdim))

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
        return Results.sort(*self._along(extremum.Sort, dim, descending=descending))

    def argsort(self, dim: int = -1, descending: bool = False, stable: bool = True) -> Tensor:
        """Return the indices that sort along `dim`."""
        return self._along(extremum.Argsort, dim, descending=descending)  # type: ignore[no-any-return]

    def topk(self, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> Any:
        """Return the k largest elements along `dim` in order, and where they were."""
        return Results.topk(*self._along(extremum.TopK, dim, k=k, largest=largest))

    def median(self, dim: int | None = None, keepdim: bool = False) -> Any:
        """Return the middle element (the lower of two), or values and indices along `dim`."""
        if dim is None:
            return apply(ranks.MedianOfAll, self)
        return Results.median(*self._along(ranks.Median, dim, keepdim=keepdim))

    def nanmedian(self, dim: int | None = None, keepdim: bool = False) -> Any:
        """Return the middle of the elements that are numbers, or values and indices."""
        if dim is None:
            return apply(ranks.NanMedianOfAll, self)
        return Results.nanmedian(*self._along(ranks.NanMedian, dim, keepdim=keepdim))

    def mode(self, dim: int = -1, keepdim: bool = False) -> Any:
        """Return the most frequent elements along `dim`, and where they are."""
        return Results.mode(*self._along(ranks.Mode, dim, keepdim=keepdim))

    def kthvalue(self, k: int, dim: int = -1, keepdim: bool = False) -> Any:
        """Return the k-th smallest elements along `dim`, and where they are."""
        return Results.kthvalue(*self._along(ranks.KthValue, dim, k=k, keepdim=keepdim))

    def cummax(self, dim: int) -> Any:
        """Return the largest elements so far along `dim`, and where they are."""
        return Results.cummax(*self._along(cumulative.CumMax, dim))

    def cummin(self, dim: int) -> Any:
        """Return the smallest elements so far along `dim`, and where they are."""
        return Results.cummin(*self._along(cumulative.CumMin, dim))

    def cumprod(self, dim: int, dtype: Any = None) -> Tensor:
        """Return running products along `dim`."""
        axis = axis_of(dim, self._array.ndim)
        return apply(cumulative.Cumprod, self._as(dtype), dim=axis)  # type: ignore[no-any-return]

    def logcumsumexp(self, dim: int) -> Tensor:
        """Return the logarithms of running sums of eˣ along `dim`."""
        return self._along(cumulative.LogCumSumExp, dim)  # type: ignore[no-any-return]

    def _along(self, op: Any, dim: int, **attributes: Any) -> Any:
        return apply(op, self, dim=axis_of(dim, self._array.ndim), **attributes)
