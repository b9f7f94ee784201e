"""Layers of a transformer on top of each other: the encoder and the decoder."""

from __future__ import annotations

import copy
import warnings

import numpy as np

from gradstep_engine.autograd.mode import GradMode
from gradstep_engine.nn import functional
from gradstep_engine.nn.activation import GELU, ReLU
from gradstep_engine.nn.containers import ModuleList
from gradstep_engine.nn.functional.multi_head_attention import check_masks
from gradstep_engine.nn.module import Module
from gradstep_engine.nn.transformer_layers import TransformerEncoderLayer, as_numbers
from gradstep_engine.ops.attention import causal_mask
from gradstep_engine.tensor import Tensor, wrap


def _copies(layer: Module, count: int) -> ModuleList:
    return ModuleList([copy.deepcopy(layer) for _ in range(count)])


class TransformerEncoder(Module):
    """Copies of an encoder layer, one after the other, then `norm`.

    The engine has no nested tensors, but what they change can be seen: evaluated without
    gradients, the outputs at padded places are zero before `norm`.
    """

    def __init__(
        self,
        encoder_layer: Module,
        num_layers: int,
        norm: Module | None = None,
        enable_nested_tensor: bool = True,
        mask_check: bool = True,
    ) -> None:
        super().__init__()
        self.layers = _copies(encoder_layer, num_layers)
        self.num_layers = num_layers
        self.norm = norm
        self.enable_nested_tensor = enable_nested_tensor
        self.use_nested_tensor = enable_nested_tensor
        self.mask_check = mask_check
        reason = _why_not_nested(encoder_layer)
        if enable_nested_tensor and reason:
            self.use_nested_tensor = False
            warnings.warn(
                "enable_nested_tensor is True, but self.use_nested_tensor is False because "
                f"{reason}",
                stacklevel=2,
            )

    def forward(
        self,
        src: Tensor,
        mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        is_causal: bool | None = None,
    ) -> Tensor:
        """Return the output of the last layer; masks as those of `MultiheadAttention`.

        Args:
            src: (S, N, E) or as the layers take it.
            mask: for all layers; whether it is the causal one is found out.
            src_key_padding_mask: for all layers.
            is_causal: whether `mask` is the causal one, None to find out.
        """
        check_masks(src_key_padding_mask, mask, ("src_key_padding_mask", "mask"))
        causal = _is_causal(mask, is_causal)
        dtype = src._array.dtype
        numbers, padding = as_numbers(mask, dtype), as_numbers(src_key_padding_mask, dtype)
        output = src
        for layer in self.layers:
            output = layer(output, src_mask=numbers, is_causal=causal, src_key_padding_mask=padding)
        if src_key_padding_mask is not None and mask is None:
            output = self._without_padding(output, src_key_padding_mask, src)
        return output if self.norm is None else self.norm(output)

    def _without_padding(self, output: Tensor, padding: Tensor, src: Tensor) -> Tensor:
        """Return `output` with zeros where torch would take the way through nested tensors."""
        if not self.use_nested_tensor or src._array.ndim != 3 or padding._array.dtype != bool:
            return output
        first = self.layers[0]
        gradients = GradMode.enabled and (
            src.requires_grad or any(x.requires_grad for x in first.parameters())
        )
        ignored = padding._array
        at_the_end = not (ignored[:, :-1] & ~ignored[:, 1:]).any()
        if first.training or gradients or (self.mask_check and not at_the_end):
            return output
        return output.masked_fill(wrap(ignored[:, :, None]), 0.0)


class TransformerDecoder(Module):
    """Copies of a decoder layer, one after the other, then `norm`."""

    def __init__(self, decoder_layer: Module, num_layers: int, norm: Module | None = None) -> None:
        super().__init__()
        self.layers = _copies(decoder_layer, num_layers)
        self.num_layers = num_layers
        self.norm = norm

    def forward(
        self,
        tgt: Tensor,
        memory: Tensor,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Tensor:
        """Return the output of the last layer for `tgt` and the encoder's output `memory`."""
        causal = _is_causal(tgt_mask, tgt_is_causal)
        output = tgt
        for layer in self.layers:
            output = layer(
                output,
                memory,
                tgt_mask=tgt_mask,
                memory_mask=memory_mask,
                tgt_key_padding_mask=tgt_key_padding_mask,
                memory_key_padding_mask=memory_key_padding_mask,
                tgt_is_causal=causal,
                memory_is_causal=memory_is_causal,
            )
        return output if self.norm is None else self.norm(output)


def _is_causal(mask: Tensor | None, given: bool | None) -> bool:
    """Return whether `mask` is the causal one: as `given`, else by looking at it."""
    if given is not None:
        return given
    if mask is None or mask._array.ndim != 2 or mask._array.shape[0] != mask._array.shape[1]:
        return False
    size = len(mask._array)
    return np.array_equal(mask._array, causal_mask(size, size, mask._array.dtype))


def _why_not_nested(layer: Module) -> str:
    """Return what keeps torch from nested tensors with such layers, empty if nothing does."""
    if not isinstance(layer, TransformerEncoderLayer):
        return "encoder_layer was not TransformerEncoderLayer"
    attention = layer.self_attn
    activation = layer.activation
    if layer.norm_first:
        return "encoder_layer.norm_first was True"
    if not attention.batch_first:
        return (
            "encoder_layer.self_attn.batch_first was not True"
            "(use batch_first for better inference performance)"
        )
    if not attention._qkv_same_embed_dim:
        return "encoder_layer.self_attn._qkv_same_embed_dim was not True"
    if attention.in_proj_bias is None:
        return "encoder_layer.self_attn was passed bias=False"
    if activation not in (functional.relu, functional.gelu) and not isinstance(
        activation, (ReLU, GELU)
    ):
        return "encoder_layer.activation_relu_or_gelu was not True"
    if layer.norm1.eps != layer.norm2.eps:
        return "encoder_layer.norm1.eps was not equal to encoder_layer.norm2.eps"
    if attention.num_heads % 2:
        return "encoder_layer.self_attn.num_heads is odd"
    return ""
