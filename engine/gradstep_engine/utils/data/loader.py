"""The loader: goes over a data set in batches, all in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from gradstep_engine import events
from gradstep_engine.emission import quiet
from gradstep_engine.randomness import source
from gradstep_engine.tensor import Tensor
from gradstep_engine.utils.data.collate import default_collate, default_convert
from gradstep_engine.utils.data.dataset import IterableDataset
from gradstep_engine.utils.data.sampler import (
    BatchSampler,
    RandomSampler,
    SequentialSampler,
    drawn_seed,
)


class DataLoader:
    """Yields batches of `dataset`; every batch is reported with the indices of its samples.

    Worker processes are never started: whatever `num_workers` says, samples are fetched here, in
    the same order. The options that only concern workers and pinned memory are accepted and have
    no effect.

    Raises:
        ValueError: options exclude each other or are out of range.
    """

    def __init__(
        self,
        dataset: Any,
        batch_size: int | None = 1,
        shuffle: bool | None = None,
        sampler: Iterable[Any] | None = None,
        batch_sampler: Iterable[Any] | None = None,
        num_workers: int = 0,
        collate_fn: Callable[[Any], Any] | None = None,
        pin_memory: bool = False,
        drop_last: bool = False,
        timeout: float = 0,
        worker_init_fn: Any = None,
        multiprocessing_context: Any = None,
        generator: Any = None,
        *,
        prefetch_factor: int | None = None,
        persistent_workers: bool = False,
        pin_memory_device: str = "",
        in_order: bool = True,
    ) -> None:
        if num_workers < 0:
            raise ValueError(
                "num_workers option should be non-negative; use num_workers=0 to disable "
                "multiprocessing."
            )
        if timeout < 0:
            raise ValueError("timeout option should be non-negative")
        iterable = isinstance(dataset, IterableDataset)
        if iterable and shuffle:
            raise ValueError(
                "DataLoader with IterableDataset: expected unspecified shuffle option, but got "
                f"{shuffle=}"
            )
        if iterable and (sampler is not None or batch_sampler is not None):
            which = "sampler" if sampler is not None else "batch_sampler"
            given = sampler if sampler is not None else batch_sampler
            raise ValueError(
                f"DataLoader with IterableDataset: expected unspecified {which} option, but got "
                f"{which}={given}"
            )
        if sampler is not None and shuffle:
            raise ValueError("sampler option is mutually exclusive with shuffle")
        if batch_sampler is not None:
            if batch_size != 1 or shuffle or sampler is not None or drop_last:
                raise ValueError(
                    "batch_sampler option is mutually exclusive with batch_size, shuffle, sampler, "
                    "and drop_last"
                )
            batch_size, drop_last = None, False
        elif batch_size is None and drop_last:
            raise ValueError(
                "batch_size=None option disables auto-batching and is mutually exclusive with "
                "drop_last"
            )
        if sampler is None and not iterable:
            sampler = (
                RandomSampler(dataset, generator=generator)
                if shuffle
                else SequentialSampler(dataset)
            )
        if batch_size is not None and batch_sampler is None:
            batch_sampler = BatchSampler(sampler or (), batch_size, drop_last)
        self.dataset = dataset
        self.batch_size = batch_size
        self.drop_last = drop_last
        self.sampler = sampler
        self.batch_sampler = batch_sampler
        self.generator = generator
        self.num_workers = num_workers
        self.pin_memory = pin_memory
        self.timeout = timeout
        self.worker_init_fn = worker_init_fn
        self.collate_fn = collate_fn or (
            default_convert if batch_sampler is None else default_collate
        )
        self._iterable = iterable

    def __iter__(self) -> Iterator[Any]:
        # Torch draws a seed for its workers even where there are none: the stream must move on.
        drawn_seed(source(self.generator))
        if self._iterable:
            return self._from_iterable()
        return self._by_index()

    def __len__(self) -> int:
        if self._iterable:
            total = len(self.dataset)
            if self.batch_size is None:
                return total
            if self.drop_last:
                return total // self.batch_size
            return -(-total // self.batch_size)
        return len(self.sampler if self.batch_sampler is None else self.batch_sampler)  # type: ignore[arg-type]

    def _by_index(self) -> Iterator[Any]:
        dataset = self.dataset
        if self.batch_sampler is None:
            for index in self.sampler or ():
                yield self._reported(self.collate_fn(dataset[index]), [index])
            return
        fetch_many = getattr(dataset, "__getitems__", None)
        for indices in self.batch_sampler:
            samples = fetch_many(indices) if fetch_many else [dataset[i] for i in indices]
            yield self._reported(self._collated(samples), indices)

    def _from_iterable(self) -> Iterator[Any]:
        samples = iter(self.dataset)
        if self.batch_size is None:
            for sample in samples:
                yield self._reported(self._collated(sample), None)
            return
        while batch := list(islice(samples, self.batch_size)):
            if len(batch) < self.batch_size and self.drop_last:
                return
            yield self._reported(self._collated(batch), None)

    def _collated(self, samples: Any) -> Any:
        if self.collate_fn is default_collate:
            with quiet():
                return default_collate(samples)
        return self.collate_fn(samples)

    @staticmethod
    def _reported(batch: Any, indices: Any) -> Any:
        listener = events.listener
        if listener is not None:
            known = None if indices is None else tuple(int(i) for i in indices if _is_index(i))
            listener(events.Fetched(tuple(_tensors(batch)), known))
        return batch


def _is_index(value: Any) -> bool:
    return hasattr(value, "__index__")


def _tensors(batch: Any) -> Iterator[Tensor]:
    """Yield the tensors inside a batch."""
    if isinstance(batch, Tensor):
        yield batch
    elif isinstance(batch, Mapping):
        for value in batch.values():
            yield from _tensors(value)
    elif isinstance(batch, (list, tuple)):
        for value in batch:
            yield from _tensors(value)
