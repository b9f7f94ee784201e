"""Multi-head attention as a function: projections, attention per head, projection back."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from gradstep_engine.autograd.function import apply
from gradstep_engine.autograd.report import composite
from gradstep_engine.nn.functional.attention import additive, scaled_dot_product_attention
from gradstep_engine.nn.functional.dropout import dropout
from gradstep_engine.nn.functional.linear import linear
from gradstep_engine.ops.attention import SplitHeads
from gradstep_engine.ops.joining import Cat
from gradstep_engine.size import Size
from gradstep_engine.tensor import Tensor, wrap


@composite("multi_head_attention_forward")
def multi_head_attention_forward(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    embed_dim_to_check: int,
    num_heads: int,
    in_proj_weight: Tensor | None,
    in_proj_bias: Tensor | None,
    bias_k: Tensor | None,
    bias_v: Tensor | None,
    add_zero_attn: bool,
    dropout_p: float,
    out_proj_weight: Tensor,
    out_proj_bias: Tensor | None,
    training: bool = True,
    key_padding_mask: Tensor | None = None,
    need_weights: bool = True,
    attn_mask: Tensor | None = None,
    use_separate_proj_weight: bool = False,
    q_proj_weight: Tensor | None = None,
    k_proj_weight: Tensor | None = None,
    v_proj_weight: Tensor | None = None,
    static_k: Tensor | None = None,
    static_v: Tensor | None = None,
    average_attn_weights: bool = True,
    is_causal: bool = False,
    *,
    batch_first: bool = False,
) -> tuple[Tensor, Tensor | None]:
    """Attend with several heads at once: (L, N, E), (S, N, Ek), (S, N, Ev) to (L, N, E).

    `batch_first` is this engine's: the batch is the first dimension of all of them, which saves
    turning them around. Inputs without a batch have neither. The other arguments are those of
    `torch.nn.MultiheadAttention` and its parameters.

    Returns:
        The output and, with `need_weights`, the weights: (N, L, S), or (N, heads, L, S) if they
        are not averaged.

    Raises:
        AssertionError: shapes do not fit together.
        RuntimeError: masks do not fit.
    """
    batched = _is_batched(query, key, value, key_padding_mask, attn_mask, num_heads)
    if not batched:
        axis = 0 if batch_first else 1
        query, key, value = (tensor.unsqueeze(axis) for tensor in (query, key, value))
        if key_padding_mask is not None:
            key_padding_mask = key_padding_mask.unsqueeze(0)
    order = (0, 1) if batch_first else (1, 0)
    batch, length = (query._array.shape[axis] for axis in order)
    source = key._array.shape[order[1]]
    embedding = query._array.shape[2]
    if embedding != embed_dim_to_check:
        raise AssertionError(
            f"was expecting embedding dimension of {embed_dim_to_check}, but got {embedding}"
        )
    if embedding % num_heads:
        raise AssertionError(f"embed_dim {embedding} not divisible by num_heads {num_heads}")
    if is_causal and attn_mask is None:
        raise RuntimeError(
            "Need attn_mask if specifying the is_causal hint. You may use the Transformer module "
            "method `generate_square_subsequent_mask` to create this mask."
        )
    check_masks(key_padding_mask, attn_mask)
    k_shape, v_shape = (
        tuple(x._array.shape[axis] for axis in (*order[::-1], 2)) for x in (key, value)
    )
    _check_keys(k_shape, v_shape, use_separate_proj_weight)

    # With the weights wanted, or padding in it, the mask itself says what is causal.
    causal = is_causal and key_padding_mask is None and not need_weights
    mask = None if causal else attn_mask
    if mask is not None:
        mask = _shaped(mask, batch, num_heads, length, source)
    weights = (q_proj_weight, k_proj_weight, v_proj_weight)
    q, k, v = _project(
        (query, key, value),
        weights if use_separate_proj_weight else in_proj_weight,
        in_proj_bias,
        num_heads,
        order,
    )
    q, k, v = _static(static_k, static_v, (q, k, v))
    source = k._array.shape[2]
    if key_padding_mask is not None and key_padding_mask._array.shape != (batch, source):
        _refuse_padding(key_padding_mask, batch, source)
    mask = _merged(mask, key_padding_mask, q._array.dtype)
    extra = 0
    if bias_k is not None and bias_v is not None:
        k, v = _with_bias(k, bias_k, num_heads), _with_bias(v, bias_v, num_heads)
        extra += 1
    if add_zero_attn:
        zeros = wrap(np.zeros((batch, num_heads, 1, k._array.shape[3]), k._array.dtype))
        k, v = apply(Cat, k, zeros, dim=2), apply(Cat, v, zeros, dim=2)
        extra += 1
    if extra and mask is not None:
        room = np.zeros((*mask._array.shape[:-1], extra), mask._array.dtype)
        mask = apply(Cat, mask, wrap(room), dim=3)
    rate = dropout_p if training else 0.0
    shown = None
    if need_weights:
        attended, shown = _with_weights(q, k, v, mask, rate)
        if average_attn_weights:
            shown = shown.mean(1)
    else:
        attended = scaled_dot_product_attention(q, k, v, mask, rate, causal)
    places = (0, 2, 1, 3) if batch_first else (2, 0, 1, 3)
    joined = attended.permute(places).reshape(*query._array.shape[:2], embedding)
    output = linear(joined, out_proj_weight, out_proj_bias)
    if not batched:
        output = output.squeeze(axis)
        shown = None if shown is None else shown.squeeze(0)
    return output, shown


def _is_batched(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    padding: Tensor | None,
    mask: Tensor | None,
    heads: int,
) -> bool:
    ranks = [tensor._array.ndim for tensor in (query, key, value)]
    if ranks[0] not in (2, 3):
        raise AssertionError(
            f"query should be unbatched 2D or batched 3D tensor but received {ranks[0]}-D query "
            "tensor"
        )
    what = f"For {'batched (3-D)' if ranks[0] == 3 else 'unbatched (2-D)'} `query`, expected "
    if ranks[1:] != [ranks[0]] * 2:
        raise AssertionError(
            f"{what}`key` and `value` to be {ranks[0]}-D but found {ranks[1]}-D and {ranks[2]}-D "
            "tensors respectively"
        )
    if padding is not None and padding._array.ndim != ranks[0] - 1:
        raise AssertionError(
            f"{what}`key_padding_mask` to be `None` or {ranks[0] - 1}-D but found "
            f"{padding._array.ndim}-D tensor instead"
        )
    if mask is not None:
        if mask._array.ndim not in (2, 3):
            raise AssertionError(
                f"{what}`attn_mask` to be `None`, 2-D or 3-D but found {mask._array.ndim}-D tensor "
                "instead"
            )
        wanted = (heads, query._array.shape[0], key._array.shape[0])
        if ranks[0] == 2 and mask._array.ndim == 3 and mask._array.shape != wanted:
            raise AssertionError(
                f"Expected `attn_mask` shape to be {wanted} but got {Size(mask._array.shape)}"
            )
    return bool(ranks[0] == 3)


def check_masks(
    padding: Tensor | None,
    mask: Tensor | None,
    names: tuple[str, str] = ("key_padding_mask", "attn_mask"),
) -> None:
    """Refuse masks that are neither bool nor floating point; warn of one of each.

    Raises:
        AssertionError: a mask is of another type.
    """
    for name, each in zip(names, (padding, mask), strict=True):
        if each is not None and each._array.dtype.kind not in "bf":
            raise AssertionError(f"only bool and floating types of {name} are supported")
    if padding is not None and mask is not None and padding._array.dtype != mask._array.dtype:
        warnings.warn(
            f"Support for mismatched {names[0]} and {names[1]} is deprecated. Use same type for "
            "both instead.",
            stacklevel=4,
        )


def _check_keys(k: tuple[int, ...], v: tuple[int, ...], separate: bool) -> None:
    """Refuse keys and values, shapes with the length first, that do not belong together."""
    if separate:
        if k[:2] != v[:2]:
            raise AssertionError(
                f"key's sequence and batch dims {Size(k[:2])} do not match value's {Size(v[:2])}"
            )
    elif k != v:
        raise AssertionError(f"key shape {Size(k)} does not match value shape {Size(v)}")


def _shaped(mask: Tensor, batch: int, heads: int, length: int, source: int) -> Tensor:
    """Return an attention mask as (1, 1, L, S) or (N, heads, L, S)."""
    shape = mask._array.shape
    wanted = (length, source) if len(shape) == 2 else (batch * heads, length, source)
    if shape != wanted:
        raise RuntimeError(
            f"The shape of the {len(shape)}D attn_mask is {Size(shape)}, but should be {wanted}."
        )
    return mask.view(*((1, 1) if len(shape) == 2 else (batch, heads)), length, source)


def _project(
    inputs: tuple[Tensor, Tensor, Tensor],
    weights: Any,
    bias: Tensor | None,
    heads: int,
    order: tuple[int, int],
) -> tuple[Tensor, Tensor, Tensor]:
    """Return queries, keys and values as (N, heads, L, E / heads)."""
    query, key, value = inputs
    if isinstance(weights, Tensor):
        if query is key and key is value:
            packed = linear(query, weights, bias)
            return apply(SplitHeads, packed, parts=3, heads=heads, order=order)  # type: ignore[no-any-return]
        size = weights._array.shape[0] // 3
        if key is value:
            first, rest = weights.split([size, 2 * size])
            biases: Any = (None, None) if bias is None else bias.split([size, 2 * size])
            q = apply(
                SplitHeads, linear(query, first, biases[0]), parts=1, heads=heads, order=order
            )
            packed = linear(key, rest, biases[1])
            return (q, *apply(SplitHeads, packed, parts=2, heads=heads, order=order))
        weights = weights.split(size)
    biases = (None,) * 3 if bias is None else bias.chunk(3)
    q, k, v = (
        apply(SplitHeads, linear(x, weight, each), parts=1, heads=heads, order=order)
        for x, weight, each in zip(inputs, weights, biases, strict=True)
    )
    return q, k, v


def _static(
    key: Tensor | None, value: Tensor | None, projected: tuple[Tensor, Tensor, Tensor]
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the projections with given keys and values, (N · heads, S, E / heads), in place."""
    q, k, v = projected
    batch, heads = q._array.shape[:2]
    if key is not None:
        k = key.reshape(batch, heads, *key._array.shape[1:])
    if value is not None:
        v = value.reshape(batch, heads, *value._array.shape[1:])
    return q, k, v


def _refuse_padding(padding: Tensor, batch: int, source: int) -> None:
    found = padding._array.shape
    for axis, wanted in enumerate((batch, source)):
        if found[axis] != wanted:
            raise AssertionError(
                f"Expected key_padded_mask.shape[{axis}] to be {wanted}, but got {found[axis]}"
            )


def _merged(mask: Tensor | None, padding: Tensor | None, dtype: Any) -> Tensor | None:
    """Return both masks, in which True means not to look, as one of numbers to add."""
    merged = None
    for each in (mask, None if padding is None else padding.unsqueeze(1).unsqueeze(1)):
        if each is None:
            continue
        added = wrap(additive(~each._array, dtype)) if each._array.dtype == bool else each
        merged = added if merged is None else merged + added
    return merged


def _with_bias(x: Tensor, bias: Tensor, heads: int) -> Tensor:
    """Return keys or values with one more, the same for all samples."""
    batch, _, _, size = x._array.shape
    one = bias.view(1, heads, 1, size).expand(batch, heads, 1, size)
    return apply(Cat, x, one, dim=2)  # type: ignore[no-any-return]


def _with_weights(
    q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None, rate: float
) -> tuple[Tensor, Tensor]:
    scores = (q * math.sqrt(1.0 / q._array.shape[-1])) @ k.transpose(-2, -1)
    weights = (scores if mask is None else scores + mask).softmax(-1)
    if rate:
        weights = dropout(weights, rate)
    return weights @ v, weights
