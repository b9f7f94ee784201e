"""Embeddings and bags of them against PyTorch: values, gradients, renormalised tables, errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.engine.nn.pairing import (
    close,
    compare_modules,
    leaf,
    numbers,
    ours,
    run_both,
    torch_or_skip,
)

pytestmark = pytest.mark.torch

INDICES = np.array([[1, 2, 2], [6, 0, 1]])

EMBEDDINGS: dict[str, dict[str, Any]] = {
    "plain": {},
    "padding": {"padding_idx": 2},
    "padding from the end": {"padding_idx": -1},
    "short rows": {"max_norm": 1.0},
    "short rows by another norm": {"max_norm": 1.0, "norm_type": 1.0},
    "by frequency": {"scale_grad_by_freq": True},
    "all": {"padding_idx": 2, "max_norm": 0.5, "scale_grad_by_freq": True},
}


@pytest.mark.parametrize("indices", [INDICES, INDICES[0], np.array(6), INDICES[:0]])
@pytest.mark.parametrize("name", EMBEDDINGS)
def test_embedding_equals_torch(name: str, indices: Any) -> None:
    mine, theirs = compare_modules(lambda nn: nn.Embedding(7, 3, **EMBEDDINGS[name]), [indices])
    close(mine.weight, theirs.weight)


BAGS: dict[str, dict[str, Any]] = {
    "mean": {},
    "sum": {"mode": "sum"},
    "max": {"mode": "max"},
    "mean, padding": {"padding_idx": 2},
    "sum, padding": {"padding_idx": -6, "mode": "sum"},
    "max, padding": {"padding_idx": 2, "mode": "max"},
    "mean, short rows": {"max_norm": 1.0},
}


@pytest.mark.parametrize("name", BAGS)
def test_bags_of_one_size_equal_torch(name: str) -> None:
    mine, theirs = compare_modules(lambda nn: nn.EmbeddingBag(7, 3, **BAGS[name]), [INDICES])
    close(mine.weight, theirs.weight)


@pytest.mark.parametrize("offsets", [[0, 2, 2, 5], [0], [0, 0, 6]])
@pytest.mark.parametrize("name", BAGS)
def test_bags_of_any_size_equal_torch(name: str, offsets: list[int]) -> None:
    for last in ({}, {"include_last_offset": True}) if len(offsets) > 1 else ({},):
        compare_modules(
            lambda nn, last=last: nn.EmbeddingBag(7, 3, **BAGS[name], **last),  # type: ignore[misc]
            [INDICES.reshape(-1), np.array(offsets)],
        )


@pytest.mark.parametrize("mode", ["sum", "mean"])
def test_bags_scaled_by_frequency_equal_torch(mode: str) -> None:
    # Every index twice: torch reads other counts than it means where they differ.
    compare_modules(
        lambda nn: nn.EmbeddingBag(7, 3, scale_grad_by_freq=True, mode=mode),
        [np.array([[1, 5, 5], [1, 0, 0]])],
    )


def test_bags_are_scaled_by_the_frequency_of_each_index() -> None:
    layer = ours.nn.EmbeddingBag(7, 1, scale_grad_by_freq=True, mode="sum")
    layer(ours.tensor(INDICES)).sum().backward()
    assert layer.weight.grad.flatten().tolist() == [1, 1, 1, 0, 0, 0, 1]


@pytest.mark.parametrize("padding", [None, 2])
def test_weighted_bags_equal_torch(padding: int | None) -> None:
    flat = INDICES.reshape(-1)
    bag = {"mode": "sum", "padding_idx": padding}
    run_both(
        lambda e, xs: e.nn.functional.embedding_bag(
            e.tensor(flat), xs[0], e.tensor([0, 4]), per_sample_weights=xs[1], **bag
        ),
        [numbers(7, 3), numbers(6, seed=1)],
    )
    run_both(
        lambda e, xs: e.nn.functional.embedding_bag(
            e.tensor(INDICES), xs[0], per_sample_weights=xs[1], **bag
        ),
        [numbers(7, 3), numbers(2, 3, seed=1)],
    )


@pytest.mark.parametrize("kind", ["Embedding", "EmbeddingBag"])
def test_from_pretrained_equals_torch(kind: str) -> None:
    for engine in (ours, torch_or_skip()):
        table = engine.tensor(numbers(4, 3))
        cls = getattr(engine.nn, kind)
        frozen = cls.from_pretrained(table, padding_idx=1)
        assert not frozen.weight.requires_grad
        assert frozen.padding_idx == 1
        assert frozen.weight.data_ptr() == table.data_ptr() or engine is ours
        assert cls.from_pretrained(table, freeze=False, max_norm=2.0).weight.requires_grad
        assert np.array_equal(frozen.weight.detach().numpy(), table.numpy())
        with pytest.raises(AssertionError, match="expected to be 2-dimensional"):
            cls.from_pretrained(engine.zeros(3))


def test_padding_row_starts_zero_and_its_gradient_is_zero() -> None:
    layer = ours.nn.Embedding(5, 3, padding_idx=-2)
    assert layer.padding_idx == 3
    assert not layer.weight[3].detach().numpy().any()
    layer(ours.tensor([3, 3, 1])).sum().backward()
    assert layer.weight.grad[3].tolist() == [0, 0, 0]
    assert layer.weight.grad[1].tolist() == [1, 1, 1]


def test_shortening_the_rows_counts_as_a_change_in_place() -> None:
    weight = ours.randn(4, 3, requires_grad=True)
    version = weight._version
    ours.nn.functional.embedding(ours.tensor([1]), weight, max_norm=0.1)
    assert weight._version == version + 1


ERRORS: dict[str, Any] = {
    "index beyond": lambda e: e.nn.Embedding(4, 3)(e.tensor([4])),
    "index negative": lambda e: e.nn.Embedding(4, 3)(e.tensor([-1])),
    "float index": lambda e: e.nn.Embedding(4, 3)(e.tensor([1.0])),
    "table of one dimension": lambda e: e.nn.functional.embedding(e.tensor([1]), e.zeros(3)),
    "padding beyond": lambda e: e.nn.Embedding(4, 3, padding_idx=4),
    "padding beyond, in the function": lambda e: e.nn.functional.embedding(
        e.tensor([1]), e.zeros(3, 2), padding_idx=-4
    ),
    "table of another size": lambda e: e.nn.Embedding(4, 3, _weight=e.zeros(3, 4)),
    "bag: no offsets": lambda e: e.nn.EmbeddingBag(4, 3)(e.tensor([1])),
    "bag: offsets of rows": lambda e: e.nn.EmbeddingBag(4, 3)(e.tensor([[1]]), e.zeros(1)),
    "bag: dimensions": lambda e: e.nn.EmbeddingBag(4, 3)(e.tensor([[[1]]])),
    "bag: index beyond": lambda e: e.nn.EmbeddingBag(4, 3)(e.tensor([1, 7]), e.tensor([0])),
    "bag: max, index beyond": lambda e: e.nn.EmbeddingBag(4, 3, mode="max")(
        e.tensor([1, 7]), e.tensor([0])
    ),
    "bag: first offset": lambda e: e.nn.EmbeddingBag(4, 3)(e.tensor([1, 2]), e.tensor([1])),
    "bag: last offset": lambda e: e.nn.EmbeddingBag(4, 3)(e.tensor([1, 2]), e.tensor([0, 3])),
    "bag: mode": lambda e: e.nn.EmbeddingBag(4, 3, mode="min")(e.tensor([[1]])),
    "bag: max by frequency": lambda e: e.nn.EmbeddingBag(4, 3, mode="max", scale_grad_by_freq=True)(
        e.tensor([[1]])
    ),
    "bag: weights of a mean": lambda e: e.nn.EmbeddingBag(4, 3)(
        e.tensor([[1]]), per_sample_weights=e.ones(1, 1)
    ),
    "bag: shape of the weights": lambda e: e.nn.EmbeddingBag(4, 3, mode="sum")(
        e.tensor([[1]]), per_sample_weights=e.ones(1, 2)
    ),
    "one hot of floats": lambda e: e.nn.functional.one_hot(e.zeros(2)),
    "one hot of nothing": lambda e: e.nn.functional.one_hot(e.zeros(0).long()),
    "one hot beyond": lambda e: e.nn.functional.one_hot(e.tensor([3]), 3),
    "one hot negative": lambda e: e.nn.functional.one_hot(e.tensor([-1])),
}


@pytest.mark.parametrize("name", ERRORS)
def test_error_says_what_torch_says(name: str) -> None:
    said = []
    for engine in (ours, torch_or_skip()):
        with pytest.raises(Exception) as caught:  # noqa: PT011 (the types are compared)
            ERRORS[name](engine)
        text = str(caught.value).splitlines()[0].replace("gradstep_engine.tensor.tensor", "torch")
        said.append((caught.type, text))
    assert said[0] == said[1]


@pytest.mark.parametrize("kind", ["Embedding", "EmbeddingBag"])
def test_sparse_gradients_are_missing_and_say_so(kind: str) -> None:
    with pytest.raises(NotImplementedError, match=r"sparse=True"):
        getattr(ours.nn, kind)(4, 3, sparse=True)


def test_second_derivatives() -> None:
    functional, check = ours.nn.functional, ours.autograd.gradgradcheck
    table = leaf(ours, numbers(7, 3))
    index = ours.tensor(INDICES)
    assert check(lambda w: functional.embedding(index, w), [table])
    assert check(
        lambda w: functional.embedding(index, w, padding_idx=2, scale_grad_by_freq=True), [table]
    )
    for mode in ("sum", "mean"):
        assert check(
            lambda w, mode=mode: functional.embedding_bag(index, w, mode=mode, padding_idx=2),
            [table],
        )
