"""Tables of vectors by index."""

from __future__ import annotations

from typing import Any

from gradstep_engine.missing import missing
from gradstep_engine.nn import functional, init
from gradstep_engine.nn.module import Module
from gradstep_engine.nn.parameter import Parameter
from gradstep_engine.nn.storage import empty_parameter
from gradstep_engine.tensor import Tensor


class Embedding(Module):
    """A table (V, D) whose rows are looked up by index; starts normal, `padding_idx` zero."""

    weight: Parameter

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
        _weight: Tensor | None = None,
        _freeze: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        for option, given in (
            ("max_norm", max_norm is not None),
            ("scale_grad_by_freq", scale_grad_by_freq),
            ("sparse", sparse),
        ):
            if given:
                raise missing(f"Embedding({option}=...)")
        if padding_idx is not None:
            if not -num_embeddings <= padding_idx < num_embeddings:
                raise AssertionError("Padding_idx must be within num_embeddings")
            padding_idx %= num_embeddings
        self.num_embeddings = num_embeddings
        self.embedding_dim = embedding_dim
        self.padding_idx = padding_idx
        if _weight is None:
            self.weight = empty_parameter((num_embeddings, embedding_dim), device, dtype)
            self.reset_parameters()
        else:
            self.weight = Parameter(_weight)
        if _freeze:
            self.weight._requires_grad = False

    @classmethod
    def from_pretrained(
        cls, embeddings: Tensor, freeze: bool = True, padding_idx: int | None = None
    ) -> Embedding:
        """Return a layer on an existing table (V, D), which stays as it is when frozen."""
        rows, columns = embeddings._array.shape
        return cls(rows, columns, padding_idx, _weight=embeddings, _freeze=freeze)

    def reset_parameters(self) -> None:
        """Draw new initial values."""
        init.normal_(self.weight)
        if self.padding_idx is not None:
            self.weight._writable()[self.padding_idx] = 0

    def forward(self, input: Tensor) -> Tensor:
        """Return the rows that `input` (...) names: (..., D)."""
        return functional.embedding(input, self.weight, self.padding_idx)

    def extra_repr(self) -> str:
        """Return the sizes."""
        text = f"{self.num_embeddings}, {self.embedding_dim}"
        return text if self.padding_idx is None else f"{text}, padding_idx={self.padding_idx}"
