"""Data sets, samplers and the loader."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pytest

from gradstep_engine import events
from gradstep_engine.utils import data
from tests.engine.nn.pairing import ours as torch
from tests.engine.nn.pairing import torch_or_skip


class Squares(data.Dataset[Any]):
    def __init__(self, count: int) -> None:
        self.count = count

    def __getitem__(self, index: int) -> Any:
        return torch.tensor([float(index)]), index * index

    def __len__(self) -> int:
        return self.count


class Stream(data.IterableDataset[int]):
    def __iter__(self) -> Iterator[int]:
        return iter(range(5))


def test_batches_keep_order_and_the_last_one_is_short() -> None:
    loader = data.DataLoader(Squares(5), batch_size=2)
    batches = [(x.flatten().tolist(), y.tolist()) for x, y in loader]
    assert batches == [([0.0, 1.0], [0, 1]), ([2.0, 3.0], [4, 9]), ([4.0], [16])]
    assert len(loader) == 3
    assert len(data.DataLoader(Squares(5), batch_size=2, drop_last=True)) == 2
    assert len(list(data.DataLoader(Squares(5), batch_size=2, drop_last=True))) == 2


def test_shuffling_visits_all_and_repeats_with_the_seed() -> None:
    def order(seed: int) -> list[int]:
        generator = torch.Generator().manual_seed(seed)
        loader = data.DataLoader(Squares(20), 3, shuffle=True, generator=generator, num_workers=2)
        return [int(v) for x, _ in loader for v in x.flatten().tolist()]

    assert sorted(order(1)) == list(range(20))
    assert order(1) == order(1)
    assert order(1) != order(2)


def test_the_default_stream_decides_where_there_is_no_generator() -> None:
    orders = []
    for _ in range(2):
        torch.manual_seed(5)
        orders.append(list(data.RandomSampler(range(20))))
    assert orders[0] == orders[1]


def test_iterable_data_sets_come_in_batches() -> None:
    assert [b.tolist() for b in data.DataLoader(Stream(), batch_size=2)] == [[0, 1], [2, 3], [4]]
    assert list(data.DataLoader(Stream(), batch_size=None)) == [0, 1, 2, 3, 4]
    assert len(list(data.DataLoader(Stream(), batch_size=2, drop_last=True))) == 2


def test_tensor_data_set() -> None:
    x, y = torch.arange(6.0).reshape(3, 2), torch.tensor([0, 1, 2])
    dataset = data.TensorDataset(x, y)
    assert len(dataset) == 3
    assert dataset[1][0].tolist() == [2.0, 3.0]
    (batch, labels), *_ = data.DataLoader(dataset, batch_size=2)
    assert batch.tolist() == [[0.0, 1.0], [2.0, 3.0]]
    assert labels.tolist() == [0, 1]


def test_subset_concat_and_split() -> None:
    whole = Squares(4) + data.Subset(Squares(10), [7, 8])
    assert len(whole) == 6
    assert [whole[i][1] for i in (0, 3, 4, 5, -1)] == [0, 9, 49, 64, 64]
    generator = torch.Generator().manual_seed(0)
    a, b = data.random_split(Squares(10), [7, 3], generator)
    assert sorted([*a.indices, *b.indices]) == list(range(10))
    assert [len(part) for part in data.random_split(range(10), [0.5, 0.25, 0.25])] == [6, 2, 2]


def test_samplers() -> None:
    assert list(data.BatchSampler(data.SequentialSampler(range(5)), 2, True)) == [[0, 1], [2, 3]]
    assert sorted(data.SubsetRandomSampler([4, 5])) == [4, 5]
    drawn = Counter(data.WeightedRandomSampler([0.0, 1.0, 3.0], 4000))
    assert drawn[0] == 0
    assert 2.5 < drawn[2] / drawn[1] < 3.6
    assert len(list(data.RandomSampler(range(3), num_samples=8))) == 8
    loader = data.DataLoader(Squares(9), batch_sampler=[[1, 2], [8]])
    assert [y.tolist() for _, y in loader] == [[1, 4], [64]]


class Point(NamedTuple):
    x: float
    y: int


@pytest.mark.torch
@pytest.mark.parametrize(
    "make",
    [
        lambda e: [1, 2],
        lambda e: [1.5, 2.5],
        lambda e: [True, False],
        lambda e: ["a", "b"],
        lambda e: [np.arange(3), np.arange(3)],
        lambda e: [np.float32(1), np.float32(2)],
        lambda e: [(e.tensor([1.0]), 3), (e.tensor([2.0]), 4)],
        lambda e: [{"a": 1, "b": [2, 3]}, {"a": 4, "b": [5, 6]}],
        lambda e: [Point(1.0, 2), Point(3.0, 4)],
    ],
)
def test_collating_equals_torch(make: Any) -> None:
    def plain(value: Any) -> Any:
        if hasattr(value, "dtype"):
            return (repr(value.dtype), value.tolist())
        if isinstance(value, dict):
            return {key: plain(inner) for key, inner in value.items()}
        if isinstance(value, (list, tuple)):
            return type(value).__name__, [plain(inner) for inner in value]
        return value

    real = torch_or_skip()
    mine = data.default_collate(make(torch))
    theirs = real.utils.data.default_collate(make(real))
    assert plain(mine) == plain(theirs)


WRONG: dict[str, Any] = {
    "sizes": lambda e, d: d.TensorDataset(e.zeros(2), e.zeros(3)),
    "split": lambda e, d: d.random_split(range(10), [3, 3]),
    "stack": lambda e, d: d.default_collate([e.zeros(2), e.zeros(3)]),
    "collate": lambda e, d: d.default_collate([object()]),
    "batch size": lambda e, d: d.DataLoader([1], batch_size=0),
    "sampler": lambda e, d: d.DataLoader([1], sampler=[0], shuffle=True),
    "batch sampler": lambda e, d: d.DataLoader([1], batch_sampler=[[0]], shuffle=True),
    "workers": lambda e, d: d.DataLoader([1], num_workers=-1),
    "nothing to shuffle": lambda e, d: d.DataLoader([], shuffle=True),
}


@pytest.mark.torch
@pytest.mark.parametrize("name", WRONG)
def test_mistakes_are_reported_in_torchs_words(name: str) -> None:
    raised = []
    for engine in (torch, torch_or_skip()):
        from importlib import import_module

        module = import_module("gradstep_engine" if engine is torch else "torch")
        with pytest.raises(Exception) as caught:  # noqa: PT011 (compared below)
            WRONG[name](module, module.utils.data)
        raised.append((type(caught.value).__name__, str(caught.value)))
    assert raised[0] == raised[1]


def test_each_batch_is_reported_with_its_indices(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[events.Event] = []
    x = torch.arange(6.0).reshape(3, 2)
    monkeypatch.setattr(events, "listener", seen.append)
    for _ in data.DataLoader(data.TensorDataset(x, x), batch_size=2):
        pass
    assert [type(event) for event in seen] == [events.Fetched, events.Fetched]
    assert [event.indices for event in seen] == [(0, 1), (2,)]  # type: ignore[union-attr]
    assert len(seen[0].tensors) == 2  # type: ignore[union-attr]
