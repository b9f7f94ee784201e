"""Tables of vectors by index."""

from __future__ import annotations

from typing import Any, TypeVar

from gradstep_engine.missing import missing
from gradstep_engine.nn import functional, init
from gradstep_engine.nn.functional.embedding import padding_row
from gradstep_engine.nn.module import Module
from gradstep_engine.nn.parameter import Parameter
from gradstep_engine.nn.storage import empty_parameter
from gradstep_engine.tensor import Tensor

E = TypeVar("E", bound="_Table")


class _Table(Module):
    """The table (V, D) of both layers; starts normal, the row of `padding_idx` zero."""

    weight: Parameter
    padding_idx: int | None
    max_norm: float | None
    norm_type: float
    scale_grad_by_freq: bool
    sparse: bool

    def _take_table(
        self, rows: int, columns: int, given: Tensor | None, device: Any, dtype: Any
    ) -> None:
        """Make the table, or take the `given` one."""
        self.num_embeddings, self.embedding_dim = rows, columns
        if self.sparse:
            raise missing(f"torch.nn.{type(self).__name__}(sparse=True)")
        if given is None:
            self.weight = empty_parameter((rows, columns), device, dtype)
            self.reset_parameters()
            return
        if tuple(given._array.shape) != (rows, columns):
            raise AssertionError("Shape of weight does not match num_embeddings and embedding_dim")
        self.weight = Parameter(given)

    @classmethod
    def from_pretrained(
        cls: type[E], embeddings: Tensor, freeze: bool = True, *args: Any, **kwargs: Any
    ) -> E:
        """Return a layer on an existing table (V, D), which stays as it is when frozen.

        Further arguments are those of the layer after its sizes.

        Raises:
            AssertionError: the table is no matrix.
        """
        if embeddings._array.ndim != 2:
            raise AssertionError("Embeddings parameter is expected to be 2-dimensional")
        layer = cls(*embeddings._array.shape, *args, _weight=embeddings, **kwargs)
        layer.weight._requires_grad = not freeze
        return layer

    def reset_parameters(self) -> None:
        """Draw new initial values."""
        init.normal_(self.weight)
        if self.padding_idx is not None:
            self.weight._writable()[self.padding_idx] = 0

    def _options_text(self) -> str:
        text = "" if self.max_norm is None else f", max_norm={self.max_norm}"
        text += "" if self.norm_type == 2 else f", norm_type={self.norm_type}"
        return text + (", scale_grad_by_freq=True" if self.scale_grad_by_freq else "")


class Embedding(_Table):
    """A table (V, D) whose rows are looked up by index."""

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
        if padding_idx is not None:
            padding_idx = padding_row(padding_idx, num_embeddings, "Padding_idx")
        self.padding_idx = padding_idx
        self.max_norm = max_norm
        self.norm_type = norm_type
        self.scale_grad_by_freq = scale_grad_by_freq
        self.sparse = sparse
        self._take_table(num_embeddings, embedding_dim, _weight, device, dtype)
        if _freeze:
            self.weight._requires_grad = False

    def forward(self, input: Tensor) -> Tensor:
        """Return the rows that `input` (...) names: (..., D)."""
        return functional.embedding(
            input,
            self.weight,
            self.padding_idx,
            self.max_norm,
            self.norm_type,
            self.scale_grad_by_freq,
        )

    def extra_repr(self) -> str:
        """Return the sizes and what is not as usual."""
        text = f"{self.num_embeddings}, {self.embedding_dim}"
        if self.padding_idx is not None:
            text += f", padding_idx={self.padding_idx}"
        return text + self._options_text()


class EmbeddingBag(_Table):
    """A table (V, D); returns the sum, mean or maximum of the rows of each bag of indices."""

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        mode: str = "mean",
        sparse: bool = False,
        _weight: Tensor | None = None,
        include_last_offset: bool = False,
        padding_idx: int | None = None,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        if padding_idx is not None:
            padding_idx = padding_row(padding_idx, num_embeddings, "padding_idx")
        self.padding_idx = padding_idx
        self.max_norm = max_norm
        self.norm_type = norm_type
        self.scale_grad_by_freq = scale_grad_by_freq
        self.sparse = sparse
        self._take_table(num_embeddings, embedding_dim, _weight, device, dtype)
        self.mode = mode
        self.include_last_offset = include_last_offset

    def forward(
        self,
        input: Tensor,
        offsets: Tensor | None = None,
        per_sample_weights: Tensor | None = None,
    ) -> Tensor:
        """Return one row per bag: input (B, n), or (n) with `offsets` (B), to (B, D)."""
        return functional.embedding_bag(
            input,
            self.weight,
            offsets,
            self.max_norm,
            self.norm_type,
            self.scale_grad_by_freq,
            self.mode,
            False,
            per_sample_weights,
            self.include_last_offset,
            self.padding_idx,
        )

    def extra_repr(self) -> str:
        """Return the sizes, the mode and what is not as usual."""
        text = f"{self.num_embeddings}, {self.embedding_dim}{self._options_text()}"
        text += f", mode={self.mode!r}"
        return text if self.padding_idx is None else f"{text}, padding_idx={self.padding_idx}"
