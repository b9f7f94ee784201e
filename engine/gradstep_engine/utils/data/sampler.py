"""In which order samples are fetched."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Sized
from typing import Any, Generic, TypeVar

import numpy as np

from gradstep_engine.draws import whole
from gradstep_engine.missing import lacking
from gradstep_engine.randomness import Generator, source
from gradstep_engine.tensor import Tensor, wrap

T_co = TypeVar("T_co", covariant=True)

_PORTION = 32  # indices with replacement are drawn so many at a time, as torch does


def drawn_seed(stream: Generator) -> int:
    """Return a seed for another stream: 63 bits of this one."""
    return int(whole.any_whole(stream, 1, np.int64)[0])


class Sampler(Generic[T_co]):
    """Yields indices (or lists of them); a subclass defines `__iter__`."""

    def __init__(self, data_source: Any = None) -> None:
        pass

    def __iter__(self) -> Iterator[T_co]:
        raise NotImplementedError


class SequentialSampler(Sampler[int]):
    """Yields 0, 1, 2 and so on."""

    def __init__(self, data_source: Sized) -> None:
        self.data_source = data_source

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self.data_source)))

    def __len__(self) -> int:
        return len(self.data_source)


class RandomSampler(Sampler[int]):
    """Yields all indices in random order, or `num_samples` drawn with replacement.

    Raises:
        ValueError: there is nothing to draw from.
    """

    def __init__(
        self,
        data_source: Sized,
        replacement: bool = False,
        num_samples: int | None = None,
        generator: Any = None,
    ) -> None:
        self.data_source = data_source
        self.replacement = replacement
        self._num_samples = num_samples
        self.generator = generator
        if self.num_samples <= 0:
            raise ValueError(
                "num_samples should be a positive integer value, but got "
                f"num_samples={self.num_samples}"
            )

    @property
    def num_samples(self) -> int:
        """How many indices one pass yields."""
        return len(self.data_source) if self._num_samples is None else self._num_samples

    def __iter__(self) -> Iterator[int]:
        total, stream = len(self.data_source), self._stream()
        if self.replacement:
            for first in range(0, self.num_samples, _PORTION):
                count = min(_PORTION, self.num_samples - first)
                yield from whole.whole(stream, count, 0, total).tolist()
            return
        # Torch shuffles once more for the rest even if there is none: its stream moves on.
        for left in range(self.num_samples, -1, -total):
            yield from whole.permutation(stream, total)[:left].tolist()

    def _stream(self) -> Generator:
        """Return the given stream, or a new one that the default stream seeds."""
        if self.generator is not None:
            return source(self.generator)
        return Generator().manual_seed(drawn_seed(source(None)))

    def __len__(self) -> int:
        return self.num_samples


class SubsetRandomSampler(Sampler[int]):
    """Yields the given indices in random order."""

    def __init__(self, indices: Sequence[int], generator: Any = None) -> None:
        self.indices = indices
        self.generator = generator

    def __iter__(self) -> Iterator[int]:
        for place in whole.permutation(source(self.generator), len(self.indices)).tolist():
            yield self.indices[place]

    def __len__(self) -> int:
        return len(self.indices)


class WeightedRandomSampler(Sampler[int]):
    """Yields `num_samples` indices, each as often as its weight says.

    Raises:
        ValueError: an argument is of the wrong kind or out of range.
    """

    def __init__(
        self, weights: Any, num_samples: int, replacement: bool = True, generator: Any = None
    ) -> None:
        given: object = num_samples
        if not isinstance(given, int) or isinstance(given, bool) or num_samples <= 0:
            raise ValueError(
                f"num_samples should be a positive integer value, but got num_samples={num_samples}"
            )
        asked: object = replacement
        if not isinstance(asked, bool):
            raise ValueError(
                f"replacement should be a boolean value, but got replacement={replacement}"
            )
        array = weights._array if isinstance(weights, Tensor) else np.asarray(weights)
        if array.ndim != 1:
            raise ValueError(
                f"weights should be a 1d sequence but given weights have shape {tuple(array.shape)}"
            )
        self.weights = wrap(np.asarray(array, dtype=np.float64))
        self.num_samples = num_samples
        self.replacement = replacement
        self.generator = generator

    def __iter__(self) -> Iterator[int]:
        drawn = self.weights.multinomial(
            self.num_samples, self.replacement, generator=self.generator
        )
        yield from drawn._array.tolist()

    def __len__(self) -> int:
        return self.num_samples


class BatchSampler(Sampler[list[int]]):
    """Groups the indices of another sampler into lists of `batch_size`.

    Raises:
        ValueError: the batch size is no positive integer.
    """

    def __init__(self, sampler: Iterable[int], batch_size: int, drop_last: bool) -> None:
        given: object = batch_size
        if not isinstance(given, int) or given is True or batch_size <= 0:
            raise ValueError(
                f"batch_size should be a positive integer value, but got batch_size={batch_size}"
            )
        self.sampler = sampler
        self.batch_size = batch_size
        self.drop_last = drop_last

    def __iter__(self) -> Iterator[list[int]]:
        batch: list[int] = []
        for index in self.sampler:
            batch.append(index)
            if len(batch) == self.batch_size:
                yield batch
                batch = []
        if batch and not self.drop_last:
            yield batch

    def __len__(self) -> int:
        total = len(self.sampler)  # type: ignore[arg-type]
        return total // self.batch_size if self.drop_last else -(-total // self.batch_size)


__getattr__ = lacking("torch.utils.data.sampler")
