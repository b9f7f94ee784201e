"""The transformer of Vaswani et al., 2017: an encoder and a decoder as one model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gradstep_engine import dtypes
from gradstep_engine.device import check as check_device
from gradstep_engine.nn import functional, init
from gradstep_engine.nn.module import Module
from gradstep_engine.nn.normalization import LayerNorm
from gradstep_engine.nn.transformer_layers import TransformerDecoderLayer, TransformerEncoderLayer
from gradstep_engine.nn.transformer_stacks import TransformerDecoder, TransformerEncoder
from gradstep_engine.ops.attention import causal_mask
from gradstep_engine.tensor import Tensor, wrap


class Transformer(Module):
    """An encoder of the source and a decoder of the target that attends to what the former says.

    Inputs are (S, N, E) and (T, N, E), or with the batch first, or without a batch.

    Raises:
        AssertionError: the heads do not divide the embedding.
    """

    def __init__(
        self,
        d_model: int = 512,
        nhead: int = 8,
        num_encoder_layers: int = 6,
        num_decoder_layers: int = 6,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: str | Callable[[Tensor], Tensor] = functional.relu,
        custom_encoder: Any = None,
        custom_decoder: Any = None,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        layer = (d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps)
        place: dict[str, Any] = {"device": device, "dtype": dtype}
        if custom_encoder is not None:
            self.encoder = custom_encoder
        else:
            self.encoder = TransformerEncoder(
                TransformerEncoderLayer(*layer, batch_first, norm_first, bias, **place),
                num_encoder_layers,
                LayerNorm(d_model, eps=layer_norm_eps, bias=bias, **place),
            )
        if custom_decoder is not None:
            self.decoder = custom_decoder
        else:
            self.decoder = TransformerDecoder(
                TransformerDecoderLayer(*layer, batch_first, norm_first, bias, **place),
                num_decoder_layers,
                LayerNorm(d_model, eps=layer_norm_eps, bias=bias, **place),
            )
        self._reset_parameters()
        self.d_model = d_model
        self.nhead = nhead
        self.batch_first = batch_first

    def forward(
        self,
        src: Tensor,
        tgt: Tensor,
        src_mask: Tensor | None = None,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
        src_is_causal: bool | None = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Tensor:
        """Return the decoder's output for `tgt`; masks as those of `MultiheadAttention`.

        Raises:
            RuntimeError: batches or embeddings differ.
        """
        source, target = src._array.shape, tgt._array.shape
        batch = 0 if self.batch_first else 1
        if len(source) == 3 and source[batch] != target[batch]:
            raise RuntimeError("the batch number of src and tgt must be equal")
        if source[-1] != self.d_model or target[-1] != self.d_model:
            raise RuntimeError("the feature number of src and tgt must be equal to d_model")
        memory = self.encoder(
            src,
            mask=src_mask,
            src_key_padding_mask=src_key_padding_mask,
            is_causal=src_is_causal,
        )
        return self.decoder(  # type: ignore[no-any-return]
            tgt,
            memory,
            tgt_mask=tgt_mask,
            memory_mask=memory_mask,
            tgt_key_padding_mask=tgt_key_padding_mask,
            memory_key_padding_mask=memory_key_padding_mask,
            tgt_is_causal=tgt_is_causal,
            memory_is_causal=memory_is_causal,
        )

    @staticmethod
    def generate_square_subsequent_mask(sz: int, device: Any = None, dtype: Any = None) -> Tensor:
        """Return (sz, sz) with −∞ where a key comes after the query, else 0."""
        check_device(device)
        kind = dtypes.default_numpy() if dtype is None else dtypes.to_numpy(dtype)
        return wrap(causal_mask(sz, sz, kind).copy())

    def _reset_parameters(self) -> None:
        """Draw all matrices anew (Glorot and Bengio, 2010)."""
        for parameter in self.parameters():
            if parameter._array.ndim > 1:
                init.xavier_uniform_(parameter)
