"""Softmax-like vectors of normal ones."""

from __future__ import annotations

from typing import Any, ClassVar

from gradstep_engine.distributions import constraints
from gradstep_engine.distributions.event_transforms import StickBreakingTransform
from gradstep_engine.distributions.normal import Normal
from gradstep_engine.distributions.transformed_distribution import TransformedDistribution


class LogisticNormal(TransformedDistribution):
    """On the simplex of K + 1 numbers: stick breaking of K normal ones."""

    arg_constraints: ClassVar = {"loc": constraints.real, "scale": constraints.positive}

    def __init__(self, loc: Any, scale: Any, validate_args: bool | None = None) -> None:
        base = Normal(loc, scale, validate_args=validate_args)
        if not base.batch_shape:
            base = base.expand([1])
        super().__init__(base, StickBreakingTransform(), validate_args=validate_args)

    @property
    def loc(self) -> Any:
        """The means of the normal numbers."""
        return self.base_dist.base_dist.loc

    @property
    def scale(self) -> Any:
        """The deviations of the normal numbers."""
        return self.base_dist.base_dist.scale
