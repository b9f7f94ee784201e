"""Attention against PyTorch: values, gradients, weights, masks, errors; second derivatives."""

from __future__ import annotations

import copy
import warnings
from typing import Any

import numpy as np
import pytest

from gradstep_engine.autograd.function import apply
from gradstep_engine.ops.attention import SplitHeads
from tests.engine.nn.pairing import (
    check_twice,
    close,
    copy_state,
    leaf,
    numbers,
    ours,
    run_both,
    torch_or_skip,
)

LOWER = np.tril(np.ones((4, 5), dtype=bool))
BLIND = LOWER.copy()
BLIND[1] = False

# Shapes of query, key and value, and the arguments; arrays among them become tensors.
DOT_PRODUCTS: dict[str, tuple[list[tuple[int, ...]], dict[str, Any]]] = {
    "plain": ([(2, 3, 4, 6), (2, 3, 5, 6), (2, 3, 5, 6)], {}),
    "of 2 dimensions": ([(4, 6), (5, 6), (5, 3)], {}),
    "of 3 dimensions": ([(2, 4, 6), (2, 5, 6), (2, 5, 3)], {"scale": 0.3}),
    "broadcast": ([(2, 1, 4, 6), (3, 5, 6), (1, 1, 5, 6)], {}),
    "causal": ([(2, 3, 4, 6), (2, 3, 4, 6), (2, 3, 4, 6)], {"is_causal": True}),
    "causal, fewer keys": ([(2, 3, 4, 6), (2, 3, 2, 6), (2, 3, 2, 6)], {"is_causal": True}),
    "causal, more keys": ([(2, 3, 4, 6), (2, 3, 7, 6), (2, 3, 7, 6)], {"is_causal": True}),
    "mask": ([(2, 3, 4, 6), (2, 3, 5, 6), (2, 3, 5, 6)], {"attn_mask": LOWER}),
    "mask per sample": (
        [(2, 3, 4, 6), (2, 3, 5, 6), (2, 3, 5, 6)],
        {"attn_mask": np.arange(10).reshape(2, 1, 1, 5) % 4 < 2},
    ),
    "blind query": ([(2, 3, 4, 6), (2, 3, 5, 6), (2, 3, 5, 6)], {"attn_mask": BLIND}),
    "added": ([(2, 3, 4, 6), (2, 3, 5, 6), (2, 3, 5, 6)], {"attn_mask": numbers(4, 5, seed=7)}),
    "groups of heads": ([(2, 6, 4, 3), (2, 2, 5, 3), (2, 2, 5, 3)], {"enable_gqa": True}),
    "no samples": ([(0, 3, 4, 6), (0, 3, 5, 6), (0, 3, 5, 6)], {}),
}


def dot_product(engine: Any, tensors: list[Any], options: dict[str, Any]) -> Any:
    made = {
        name: engine.tensor(value) if isinstance(value, np.ndarray) else value
        for name, value in options.items()
    }
    return engine.nn.functional.scaled_dot_product_attention(*tensors, **made)


@pytest.mark.torch
@pytest.mark.parametrize("name", DOT_PRODUCTS)
def test_dot_product_attention_equals_torch(name: str) -> None:
    shapes, options = DOT_PRODUCTS[name]
    arrays = [numbers(*shape, seed=i) for i, shape in enumerate(shapes)]
    run_both(lambda e, xs: dot_product(e, xs, options), arrays)


@pytest.mark.parametrize("name", ["causal", "mask", "blind query", "added"])
@pytest.mark.parametrize("dropout", [0.0, 0.4])
def test_second_derivative(name: str, dropout: float) -> None:
    _, options = DOT_PRODUCTS[name]
    shapes = [(1, 4, 2), (1, 5, 2), (1, 5, 2)]
    leaves = [leaf(ours, numbers(*shape, seed=i)) for i, shape in enumerate(shapes)]

    def attended(*tensors: Any) -> Any:
        ours.manual_seed(1)
        return dot_product(ours, list(tensors), {**options, "dropout_p": dropout})

    check_twice(attended, leaves)


def test_second_derivative_of_a_mask_and_of_heads() -> None:
    leaves = [leaf(ours, numbers(2, 2, 3, 2, seed=i)) for i in range(3)]
    check_twice(
        lambda q, k, v, mask: dot_product(ours, [q, k, v], {"attn_mask": mask}),
        [*leaves, leaf(ours, numbers(2, 1, 3, 3))],
    )
    for order in ((0, 1), (1, 0)):
        packed = leaf(ours, numbers(2, 3, 12))
        check_twice(
            lambda x, order=order: sum(
                (i + 2) * part
                for i, part in enumerate(apply(SplitHeads, x, parts=3, heads=2, order=order))
                if i != 1
            ),
            [packed],
        )


@pytest.mark.torch
def test_a_mask_of_numbers_gets_its_gradient() -> None:
    arrays = [numbers(2, 3, 4, 6, seed=i) for i in range(3)]
    run_both(
        lambda e, xs: e.nn.functional.scaled_dot_product_attention(*xs[:3], xs[3]),
        [*arrays, numbers(3, 1, 4)],
    )


def test_dropout_of_weights() -> None:
    ours.manual_seed(0)
    q = ours.randn(1, 1, 200, 4)
    v = ours.ones(1, 1, 200, 1, requires_grad=True)
    y = ours.nn.functional.scaled_dot_product_attention(q, q * 0, v, dropout_p=0.25)
    assert abs(float(y.mean()) - 1) < 0.02
    assert float(y.std()) > 0.02
    y.sum().backward()
    assert abs(float(v.grad.mean()) - 1) < 0.02
    nothing = ours.nn.functional.scaled_dot_product_attention(q, q, v, dropout_p=1.0)
    assert float(nothing.abs().sum()) == 0


# Arguments of the layer (8 wide, 2 heads), of the call, and shapes of query, key, value.
BATCHED: list[tuple[int, ...]] = [(4, 3, 8), (5, 3, 8), (5, 3, 8)]
PADDING = np.array([[False] * 5, [False] * 3 + [True] * 2, [True] + [False] * 4])
LATER = ~LOWER
HEADS: dict[str, tuple[dict[str, Any], dict[str, Any], list[tuple[int, ...]]]] = {
    "plain": ({}, {}, BATCHED),
    "without weights": ({}, {"need_weights": False}, BATCHED),
    "weights per head": ({}, {"average_attn_weights": False}, BATCHED),
    "self": ({}, {}, [(4, 3, 8)]),
    "self without weights": ({}, {"need_weights": False}, [(4, 3, 8)]),
    "key is value": ({}, {}, [(4, 3, 8), (5, 3, 8)]),
    "key is value without bias": ({"bias": False}, {}, [(4, 3, 8), (5, 3, 8)]),
    "without bias": ({"bias": False}, {}, BATCHED),
    "bias of keys": ({"add_bias_kv": True}, {"attn_mask": LATER}, BATCHED),
    "zero attention": ({"add_zero_attn": True}, {"key_padding_mask": PADDING}, BATCHED),
    "both": (
        {"add_zero_attn": True, "add_bias_kv": True},
        {"key_padding_mask": PADDING, "need_weights": False},
        BATCHED,
    ),
    "other sizes": ({"kdim": 3, "vdim": 5}, {}, [(4, 3, 8), (5, 3, 3), (5, 3, 5)]),
    "other sizes without bias": (
        {"kdim": 3, "vdim": 5, "bias": False, "batch_first": True},
        {},
        [(3, 4, 8), (3, 5, 3), (3, 5, 5)],
    ),
    "batch first": ({"batch_first": True}, {}, [(3, 4, 8), (3, 5, 8), (3, 5, 8)]),
    "batch first self": (
        {"batch_first": True},
        {"key_padding_mask": PADDING, "need_weights": False},
        [(3, 5, 8)],
    ),
    "unbatched": ({}, {"attn_mask": LATER}, [(4, 8), (5, 8), (5, 8)]),
    "unbatched, padded": (
        {"batch_first": True},
        {"key_padding_mask": PADDING[1], "need_weights": False},
        [(4, 8), (5, 8), (5, 8)],
    ),
    "unbatched, mask per head": (
        {},
        {"attn_mask": np.stack([LATER, BLIND & False])},
        [(4, 8), (5, 8), (5, 8)],
    ),
    "mask": ({}, {"attn_mask": LATER}, BATCHED),
    "mask of numbers": ({}, {"attn_mask": numbers(4, 5, seed=4)}, BATCHED),
    "mask per sample": ({}, {"attn_mask": np.stack([LATER, LATER & False] * 3)}, BATCHED),
    "padding": ({}, {"key_padding_mask": PADDING}, BATCHED),
    "padding of numbers": ({}, {"key_padding_mask": numbers(3, 5, seed=4)}, BATCHED),
    "mask and padding": (
        {},
        {"attn_mask": LATER & (np.arange(5) > 1), "key_padding_mask": PADDING},
        BATCHED,
    ),
    "causal": (
        {},
        {"attn_mask": LATER[:, :4], "is_causal": True, "need_weights": False},
        [(4, 3, 8)],
    ),
    "causal with weights": ({}, {"attn_mask": LATER[:, :4], "is_causal": True}, [(4, 3, 8)]),
    "causal with bias of keys": (
        {"add_bias_kv": True},
        {"attn_mask": LATER[:, :4], "is_causal": True, "need_weights": False},
        [(4, 3, 8)],
    ),
}


@pytest.mark.torch
@pytest.mark.parametrize("name", HEADS)
@pytest.mark.parametrize("mode", ["train", "eval"])
def test_multihead_attention_equals_torch(name: str, mode: str) -> None:
    torch = torch_or_skip()
    options, arguments, shapes = HEADS[name]
    layers = [engine.nn.MultiheadAttention(8, 2, **options).double() for engine in (torch, ours)]
    theirs, mine = layers
    for bias in (theirs.in_proj_bias, theirs.out_proj.bias):  # zero at first: tells nothing
        if bias is not None:
            torch.nn.init.normal_(bias)
    copy_state(mine, theirs)
    assert repr(mine) == repr(theirs)
    arrays = [numbers(*shape, seed=i) for i, shape in enumerate(shapes)]
    shown, inputs = [], []
    for engine, layer in zip((torch, ours), layers, strict=True):
        getattr(layer, mode)()
        leaves = [leaf(engine, array) for array in arrays]
        made = {
            k: engine.tensor(v) if isinstance(v, np.ndarray) else v for k, v in arguments.items()
        }
        output, weights = layer(*leaves, *[leaves[-1]] * (3 - len(leaves)), **made)
        seed = engine.tensor(numbers(*output.shape, seed=9))
        loss = (output * seed).sum()
        if weights is not None:
            loss = loss + (weights * engine.tensor(numbers(*weights.shape, seed=8))).sum()
        loss.backward()
        shown.append((output, weights))
        inputs.append(leaves)
    close(shown[1][0], shown[0][0])
    assert (shown[1][1] is None) == (shown[0][1] is None)
    if shown[0][1] is not None:
        close(shown[1][1], shown[0][1])
    for a, b in zip(*inputs, strict=True):
        close(b.grad, a.grad)
    for (name_a, a), (name_b, b) in zip(
        theirs.named_parameters(), mine.named_parameters(), strict=True
    ):
        assert name_a == name_b
        close(b.grad, a.grad)


def attend(e: Any, *shapes: tuple[int, ...], **arguments: Any) -> Any:
    layer = e.nn.MultiheadAttention(8, 2, batch_first=arguments.pop("batch_first", True))
    tensors = [e.zeros(*shape) for shape in shapes]
    return layer(*tensors, *[tensors[-1]] * (3 - len(tensors)), **arguments)


def product(e: Any, *shapes: tuple[int, ...], **arguments: Any) -> Any:
    tensors = [e.zeros(*shape) for shape in shapes]
    tensors += [tensors[-1]] * (3 - len(tensors))
    return e.nn.functional.scaled_dot_product_attention(*tensors, **arguments)


X = (3, 5, 8)
ERRORS: dict[str, Any] = {
    "heads": lambda e: e.nn.MultiheadAttention(7, 2),
    "no width": lambda e: e.nn.MultiheadAttention(0, 2),
    "mask 2d": lambda e: attend(e, X, attn_mask=e.ones(4, 5)),
    "mask 3d": lambda e: attend(e, X, attn_mask=e.ones(1, 5, 5)),
    "mask rank": lambda e: attend(e, X, attn_mask=e.ones(5)),
    "mask type": lambda e: attend(e, X, attn_mask=e.ones(5, 5).long()),
    "padding shape": lambda e: attend(e, X, key_padding_mask=e.zeros(3, 4)),
    "padding type": lambda e: attend(e, X, key_padding_mask=e.zeros(3, 5).int()),
    "padding samples": lambda e: attend(e, X, key_padding_mask=e.zeros(2, 5).bool()),
    "padding rank": lambda e: attend(e, (5, 8), key_padding_mask=e.zeros(1, 5).bool()),
    "causal without mask": lambda e: attend(e, X, is_causal=True),
    "ranks": lambda e: attend(e, (5, 8), (5, 8), X),
    "ranks batched": lambda e: attend(e, X, (5, 8)),
    "rank": lambda e: attend(e, (8,)),
    "mask of unbatched": lambda e: attend(e, (5, 8), attn_mask=e.zeros(1, 5, 5).bool()),
    "width": lambda e: attend(e, (3, 5, 7)),
    "keys and values": lambda e: attend(e, X, (3, 4, 8), (3, 5, 8)),
    "width of keys": lambda e: attend(e, X, (3, 4, 7)),
    "product, mask and causal": lambda e: product(e, X, attn_mask=e.ones(5, 5), is_causal=True),
    "product, mask type": lambda e: product(e, X, attn_mask=e.ones(5, 5).long()),
    "product, mask shape": lambda e: product(e, X, attn_mask=e.ones(5, 4)),
    "product, samples": lambda e: product(e, X, (2, 5, 8)),
    "product, rank": lambda e: product(e, (8,), X),
    "product, heads": lambda e: product(e, (2, 4, 5, 8), (2, 3, 5, 8), enable_gqa=True),
    "product, dropout": lambda e: product(e, X, dropout_p=1.5),
    "product, types": lambda e: e.nn.functional.scaled_dot_product_attention(
        e.zeros(X), e.zeros(X).double(), e.zeros(X)
    ),
    "product, width": lambda e: product(e, X, (3, 5, 4), X),
    "product, keys": lambda e: product(e, X, (3, 4, 8), X),
}


@pytest.mark.torch
@pytest.mark.parametrize("name", ERRORS)
def test_error_is_torchs(name: str) -> None:
    torch = torch_or_skip()
    with pytest.raises(Exception) as theirs:  # noqa: PT011 (torch says which)
        ERRORS[name](torch)
    with pytest.raises(type(theirs.value)) as mine:
        ERRORS[name](ours)
    assert str(mine.value) == str(theirs.value)


def test_masks_of_two_types_are_warned_of() -> None:
    with pytest.warns(UserWarning, match="mismatched key_padding_mask and attn_mask"):
        attend(ours, X, attn_mask=ours.zeros(5, 5), key_padding_mask=ours.zeros(3, 5).bool())


def test_copies_are_independent() -> None:
    layer = ours.nn.MultiheadAttention(8, 2)
    twin = copy.deepcopy(layer)
    with ours.no_grad():
        twin.in_proj_weight.zero_()
        twin.out_proj.weight.zero_()
    assert float(layer.in_proj_weight.abs().sum()) > 0
    assert float(layer(ours.randn(2, 1, 8), *[ours.randn(3, 1, 8)] * 2)[0].abs().sum()) > 0


def test_dropout_only_in_training() -> None:
    layer = ours.nn.MultiheadAttention(8, 2, dropout=0.9)
    x = ours.randn(6, 1, 8)
    for needs in (True, False):
        first, second = (layer.train()(x, x, x, need_weights=needs)[0] for _ in range(2))
        assert not first.equal(second)
        first, second = (layer.eval()(x, x, x, need_weights=needs)[0] for _ in range(2))
        assert first.equal(second)


def test_initial_values_are_spread_as_torchs() -> None:
    ours.manual_seed(0)
    layer = ours.nn.MultiheadAttention(64, 4, add_bias_kv=True)
    bound = (6 / (64 + 192)) ** 0.5
    values = layer.in_proj_weight.detach().numpy()
    assert 0.95 * bound < np.abs(values).max() <= bound
    assert float(layer.in_proj_bias.abs().sum() + layer.out_proj.bias.abs().sum()) == 0
    assert abs(float(layer.bias_k.std()) - (2 / (64 + 64)) ** 0.5) < 0.04
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        attend(ours, X, attn_mask=ours.zeros(5, 5).bool(), key_padding_mask=ours.zeros(3, 5).bool())
