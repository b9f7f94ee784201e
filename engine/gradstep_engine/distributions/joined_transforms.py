"""Several maps for several parts of a tensor, and the map by a distribution's own function."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gradstep_engine.distributions import constraints
from gradstep_engine.distributions.elementwise_transforms import Transform
from gradstep_engine.tensor.joins import cat, stack


class StackTransform(Transform):
    """One map for each position along `dim`."""

    def __init__(self, tseq: Sequence[Transform], dim: int = 0, cache_size: int = 0) -> None:
        super().__init__(cache_size)
        self.transforms, self.dim = list(tseq), dim
        self.bijective = all(each.bijective for each in self.transforms)

    def _parts(self, x: Any) -> list[Any]:
        return [x.select(self.dim, position) for position in range(x.size(self.dim))]

    def _call(self, x: Any) -> Any:
        pairs = zip(self._parts(x), self.transforms, strict=True)
        return stack([each(part) for part, each in pairs], self.dim)

    def _inverse(self, y: Any) -> Any:
        pairs = zip(self._parts(y), self.transforms, strict=True)
        return stack([each._inv_call(part) for part, each in pairs], self.dim)

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        """Return each map's own, stacked."""
        triples = zip(self._parts(x), self._parts(y), self.transforms, strict=True)
        return stack([each.log_abs_det_jacobian(a, b) for a, b, each in triples], self.dim)


class CatTransform(Transform):
    """Maps for the stretches of `lengths` along `dim`, 1 each by default."""

    def __init__(
        self,
        tseq: Sequence[Transform],
        dim: int = 0,
        lengths: Sequence[int] | None = None,
        cache_size: int = 0,
    ) -> None:
        super().__init__(cache_size)
        self.transforms, self.dim = list(tseq), dim
        self.lengths = list(lengths) if lengths is not None else [1] * len(self.transforms)
        self.bijective = all(each.bijective for each in self.transforms)

    @property
    def event_dim(self) -> int:
        """The most that one of the maps takes together."""
        return max(each.event_dim for each in self.transforms)

    @property
    def length(self) -> int:
        """The size along `dim`."""
        return sum(self.lengths)

    def _parts(self, x: Any) -> Any:
        return x.split(self.lengths, self.dim)

    def _call(self, x: Any) -> Any:
        pairs = zip(self._parts(x), self.transforms, strict=True)
        return cat([each(part) for part, each in pairs], self.dim)

    def _inverse(self, y: Any) -> Any:
        pairs = zip(self._parts(y), self.transforms, strict=True)
        return cat([each._inv_call(part) for part, each in pairs], self.dim)

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        """Return each map's own, one after the other."""
        triples = zip(self._parts(x), self._parts(y), self.transforms, strict=True)
        return cat([each.log_abs_det_jacobian(a, b) for a, b, each in triples], self.dim)


class CumulativeDistributionTransform(Transform):
    """y = P(X ≤ x) for a distribution's X: uniform numbers from its samples."""

    codomain = constraints.unit_interval
    sign = 1

    def __init__(self, distribution: Any, cache_size: int = 0) -> None:
        super().__init__(cache_size)
        self.distribution = distribution
        self.domain = distribution.support

    def _call(self, x: Any) -> Any:
        return self.distribution.cdf(x)

    def _inverse(self, y: Any) -> Any:
        return self.distribution.icdf(y)

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        """Return the logarithm of the density."""
        return self.distribution.log_prob(x)
