"""Distances as layers."""

from __future__ import annotations

from gradstep_engine.nn import functional
from gradstep_engine.nn.module import Module
from gradstep_engine.tensor import Tensor


class CosineSimilarity(Module):
    """x₁ · x₂ / (‖x₁‖ ‖x₂‖) along `dim`, norms not below `eps`."""

    def __init__(self, dim: int = 1, eps: float = 1e-8) -> None:
        super().__init__()
        self.dim = dim
        self.eps = eps

    def forward(self, x1: Tensor, x2: Tensor) -> Tensor:
        """Return the similarity, between −1 and 1."""
        return functional.cosine_similarity(x1, x2, self.dim, self.eps)


class PairwiseDistance(Module):
    """‖x₁ − x₂ + eps‖_p over the last dimension."""

    def __init__(self, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> None:
        super().__init__()
        self.norm = p
        self.eps = eps
        self.keepdim = keepdim

    def forward(self, x1: Tensor, x2: Tensor) -> Tensor:
        """Return the distance of each pair of rows."""
        return functional.pairwise_distance(x1, x2, self.norm, self.eps, self.keepdim)
