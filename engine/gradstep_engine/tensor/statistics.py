"""Norms, quantiles, counts and histograms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gradstep_engine.autograd.function import apply
from gradstep_engine.autograd.report import composite
from gradstep_engine.autograd.variable import TensorBase, wrap
from gradstep_engine.ops import statistics
from gradstep_engine.ops.axes import axis_of
from gradstep_engine.tensor.reducing import over

if TYPE_CHECKING:
    from gradstep_engine.tensor import Tensor


class Histogram(NamedTuple):
    """How many elements fell between which edges."""

    hist: Any
    bin_edges: Any


_ROUNDINGS = {"lower": np.floor, "higher": np.ceil, "nearest": np.rint}


class Statistics(TensorBase):
    """What describes the elements as a whole; `Any` as self, since other topics' methods serve."""

    def norm(
        self, p: Any = "fro", dim: Any = None, keepdim: bool = False, dtype: Any = None
    ) -> Any:
        """Return the p-norm of all elements or along dimensions; `nuc` is the nuclear norm."""
        if p == "nuc":
            from gradstep_engine.linalg.norms import matrix_norm

            return matrix_norm(self, "nuc", (-2, -1) if dim is None else dim, keepdim, dtype=dtype)
        p = 2 if p in (None, "fro") else float(p)
        chosen: Any = self if dtype is None else self.to(dtype)  # type: ignore[attr-defined]
        return apply(statistics.Norm, chosen, p=p, **over(dim, keepdim, self._array.ndim))

    @composite("dist")
    def dist(self: Any, other: Any, p: float = 2) -> Tensor:
        """Return the p-norm of self − other."""
        return (self - other).norm(p)  # type: ignore[no-any-return]

    @composite("nanmean")
    def nanmean(self: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
        """Return the mean of the elements that are numbers."""
        count = self.isnan().logical_not().sum(dim, keepdim)
        return self.nansum(dim, keepdim, dtype=dtype) / count  # type: ignore[no-any-return]

    def count_nonzero(self: Any, dim: Any = None) -> Tensor:
        """Return how many elements are not zero."""
        return (self != 0).sum(dim)  # type: ignore[no-any-return]

    def quantile(
        self,
        q: Any,
        dim: int | None = None,
        keepdim: bool = False,
        *,
        interpolation: str = "linear",
    ) -> Tensor:
        """Return the elements at the fractions `q` of the order along `dim`.

        Raises:
            RuntimeError: the elements are no float32 or float64, or `q` leaves [0, 1].
        """
        return _quantile(self, q, dim, keepdim, interpolation, "quantile")  # type: ignore[no-any-return]

    def nanquantile(
        self,
        q: Any,
        dim: int | None = None,
        keepdim: bool = False,
        *,
        interpolation: str = "linear",
    ) -> Tensor:
        """Return quantiles of the elements that are numbers."""
        return _quantile(self, q, dim, keepdim, interpolation, "nanquantile")  # type: ignore[no-any-return]

    def histc(self, bins: int = 100, min: float = 0, max: float = 0) -> Tensor:
        """Return how many elements fall into each of `bins` equal parts of [min, max]."""
        low, high = _limits(self._array, min, max)
        counts, _ = np.histogram(self._array, bins, (low, high))
        return wrap(counts.astype(self._array.dtype))

    def histogram(
        self, bins: Any, *, range: Any = None, weight: Any = None, density: bool = False
    ) -> Histogram:
        """Return counts (or weights, or a density) per bin, and the edges of the bins."""
        edges: Any = bins._array if isinstance(bins, TensorBase) else bins
        limits = range if range is not None or not isinstance(bins, int) else _limits(self._array)
        weights = None if weight is None else weight._array
        counts, found = np.histogram(self._array, edges, limits, density=density, weights=weights)
        kind = self._array.dtype
        return Histogram(wrap(counts.astype(kind)), wrap(found.astype(kind)))

    def bincount(self, weights: Any = None, minlength: int = 0) -> Tensor:
        """Return how often each whole number occurs.

        Raises:
            RuntimeError: not a vector of whole numbers that are not negative.
        """
        array = self._array
        if array.ndim != 1 or (array.size and array.min() < 0):
            raise RuntimeError("bincount only supports 1-d non-negative integral inputs.")
        if weights is None:
            return wrap(np.bincount(array, minlength=minlength).astype(np.int64))
        counts = np.bincount(array, weights._array, minlength)
        narrow = weights._array.dtype == np.float32
        return wrap(counts.astype(np.float32) if narrow else counts)

    @composite("renorm")
    def renorm(self: Any, p: float, dim: int, maxnorm: float) -> Tensor:
        """Return the tensor with every slice along `dim` shrunk to a p-norm of `maxnorm`."""
        axis = axis_of(dim, self.ndim)
        others = tuple(each for each in range(self.ndim) if each != axis)
        short = wrap(np.logical_not(self.detach().norm(p, others, True)._array > maxnorm))
        norm = self.masked_fill(short, 0).norm(p, others, True)
        factor = (maxnorm / (norm + 1e-7)).masked_fill(short, 1)
        return self * factor  # type: ignore[no-any-return]

    @composite("cov")
    def cov(self: Any, *, correction: int = 1, fweights: Any = None, aweights: Any = None) -> Any:
        """Return the covariances of the rows; columns are observations."""
        rows = self.reshape(1, -1) if self.ndim < 2 else self
        weights = _observation_weights(fweights, aweights)
        if weights is None:
            count: Any = rows.shape[1]
            centred = rows - rows.mean(1, keepdim=True)
            weighted, scale = centred, max(count - correction, 0)
        else:
            total = weights.sum()
            centred = rows - (rows * weights).sum(1, keepdim=True) / total
            weighted = centred * weights
            lost = correction if aweights is None else (weights * aweights).sum() / total
            scale = total - (lost if aweights is None else correction * lost)
        result = weighted.mm(centred.t()) / scale
        return result.reshape(()) if self.ndim < 2 else result

    @composite("corrcoef")
    def corrcoef(self: Any) -> Any:
        """Return the correlations of the rows, which lie in [−1, 1]."""
        covariances = self.cov()
        if covariances.ndim == 0:
            return covariances / covariances
        spread = covariances[range(len(self)), range(len(self))].sqrt()
        return (covariances / spread.unsqueeze(1) / spread).clamp(-1, 1)


def _limits(array: Any, low: float = 0, high: float = 0) -> tuple[float, float]:
    if low == high and array.size:
        low, high = float(array.min()), float(array.max())
    return (low - 1, high + 1) if low == high else (low, high)


def _observation_weights(frequencies: Any, importances: Any) -> Any:
    if frequencies is None or importances is None:
        return frequencies if importances is None else importances
    return frequencies * importances


def _quantile(
    source: Any, q: Any, dim: int | None, keepdim: bool, interpolation: str, name: str
) -> Any:
    if source._array.dtype not in (np.float32, np.float64):
        raise RuntimeError(f"{name}() input tensor must be either float or double dtype")
    fractions = q._array if isinstance(q, TensorBase) else np.float64(q)
    if np.any((fractions < 0) | (fractions > 1)):
        shown = f" but got {q}" if not isinstance(q, TensorBase) else ""
        raise RuntimeError(f"{name}() q must be in the range [0, 1]{shown}")
    if interpolation not in (*_ROUNDINGS, "linear", "midpoint"):
        raise RuntimeError(
            f"{name}() interpolation must be one of linear, lower, higher, midpoint or nearest, "
            f"but got {interpolation}"
        )
    return composite(name)(_ranked)(source, fractions, dim, keepdim, interpolation, name)


def _ranked(
    source: Any, fractions: Any, dim: int | None, keepdim: bool, interpolation: str, name: str
) -> Any:
    rank = source.ndim
    axis = 0 if dim is None else axis_of(dim, rank)
    flat = source.reshape(-1) if dim is None or not rank else source.transpose(axis, -1)
    ordered = flat.sort(-1).values
    holes = np.isnan(ordered._array)
    last = ordered.shape[-1] - 1
    count = np.add.reduce(~holes, axis=-1, keepdims=True) - 1
    flat_fractions = np.atleast_1d(fractions).astype(np.float64)
    if name == "quantile":  # one NaN makes the result NaN: the last in the order
        places = np.where(count < last, last, flat_fractions * last)
    else:
        places = flat_fractions * np.maximum(count, 0)
    if interpolation in _ROUNDINGS:
        chosen = _ROUNDINGS[interpolation](places).astype(np.int64)
        result = ordered.gather(-1, wrap(chosen))
    else:
        below = np.floor(places)
        weight = np.full(places.shape, 0.5) if interpolation == "midpoint" else places - below
        lower = ordered.gather(-1, wrap(below.astype(np.int64)))
        upper = ordered.gather(-1, wrap(np.ceil(places).astype(np.int64)))
        result = lower.lerp(upper, wrap(weight.astype(ordered._array.dtype)))
    # The fractions stand last, where the dimension was; torch puts them first.
    if dim is None or not rank:
        result = result.reshape(-1, *([1] * rank if keepdim else []))
    else:
        result = result.transpose(axis, -1)
        order = [axis, *[each for each in range(rank) if each != axis]]
        result = result.permute(order)
        result = result.unsqueeze(axis + 1) if keepdim else result
    return result if np.ndim(fractions) else result[0]


@composite("var_mean")
def var_mean(
    input: Any,
    dim: Any = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> Any:
    """Return the variance and the mean of all elements or along dimensions."""
    dim, unbiased = (None, dim) if isinstance(dim, bool) else (dim, unbiased)
    return input.var(dim, unbiased, keepdim, correction=correction), input.mean(dim, keepdim)


@composite("std_mean")
def std_mean(
    input: Any,
    dim: Any = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> Any:
    """Return the standard deviation and the mean of all elements or along dimensions."""
    dim, unbiased = (None, dim) if isinstance(dim, bool) else (dim, unbiased)
    return input.std(dim, unbiased, keepdim, correction=correction), input.mean(dim, keepdim)
