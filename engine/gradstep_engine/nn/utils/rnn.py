"""Batches of sequences of different lengths, padded or packed, for recurrent layers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from gradstep_engine.autograd.function import apply
from gradstep_engine.creation import as_tensor
from gradstep_engine.dtypes import float16, float32, float64, int8, int16, int32, int64, uint8
from gradstep_engine.missing import lacking
from gradstep_engine.ops.packing import PackPadded, PadPacked, PadSequence
from gradstep_engine.size import Size
from gradstep_engine.tensor import Tensor, wrap

__all__ = [
    "PackedSequence",
    "invert_permutation",
    "pack_padded_sequence",
    "pack_sequence",
    "pad_packed_sequence",
    "pad_sequence",
    "unpack_sequence",
    "unpad_sequence",
]


class _Fields(NamedTuple):
    data: Tensor
    batch_sizes: Tensor
    sorted_indices: Tensor | None
    unsorted_indices: Tensor | None


class PackedSequence(_Fields):
    """The rows of all sequences, first those of time 0, then those of time 1, and so on.

    `batch_sizes` says how many sequences are that long; `sorted_indices` how the sequences were
    put in order of length, `unsorted_indices` how to undo that.
    """

    def __new__(
        cls,
        data: Tensor,
        batch_sizes: Tensor | None = None,
        sorted_indices: Tensor | None = None,
        unsorted_indices: Tensor | None = None,
    ) -> PackedSequence:
        """Return the sequence; `data` may be the pair of data and batch sizes."""
        if batch_sizes is None:
            if not isinstance(data, (list, tuple)) or len(data) != 2:
                raise AssertionError("Expected data to be a list or tuple of length 2")
            data, batch_sizes = data
        if unsorted_indices is None:
            unsorted_indices = invert_permutation(sorted_indices)
        return super().__new__(cls, data, batch_sizes, sorted_indices, unsorted_indices)

    def to(self, *args: Any, **kwargs: Any) -> PackedSequence:
        """Return the sequence with its data converted, as `Tensor.to` does."""
        data = self.data.to(*args, **kwargs)
        return self if data is self.data else PackedSequence(data, *self[1:])

    def cpu(self) -> PackedSequence:
        """Return the sequence: there is no other device."""
        return self

    def double(self) -> PackedSequence:
        """Return the sequence with data in float64."""
        return self.to(float64)

    def float(self) -> PackedSequence:
        """Return the sequence with data in float32."""
        return self.to(float32)

    def half(self) -> PackedSequence:
        """Return the sequence with data in float16."""
        return self.to(float16)

    def long(self) -> PackedSequence:
        """Return the sequence with data in int64."""
        return self.to(int64)

    def int(self) -> PackedSequence:
        """Return the sequence with data in int32."""
        return self.to(int32)

    def short(self) -> PackedSequence:
        """Return the sequence with data in int16."""
        return self.to(int16)

    def char(self) -> PackedSequence:
        """Return the sequence with data in int8."""
        return self.to(int8)

    def byte(self) -> PackedSequence:
        """Return the sequence with data in uint8."""
        return self.to(uint8)

    @property
    def is_cuda(self) -> bool:
        """False: there is no GPU."""
        return False

    def is_pinned(self) -> bool:
        """Return False: there is no GPU that memory could be pinned for."""
        return False


def invert_permutation(permutation: Tensor | None) -> Tensor | None:
    """Return the order that undoes `permutation`; None stays None."""
    return None if permutation is None else wrap(np.argsort(permutation._array))


def pack_padded_sequence(
    input: Tensor, lengths: Any, batch_first: bool = False, enforce_sorted: bool = True
) -> PackedSequence:
    """Pack sequences padded to (T, N, ...), or (N, T, ...) with `batch_first`.

    Args:
        input: the padded sequences.
        lengths: of each sequence, a list or a tensor.
        batch_first: the first dimension is the batch.
        enforce_sorted: require falling lengths; otherwise the sequences are sorted.

    Raises:
        RuntimeError: the lengths do not fit the input, or do not fall.
    """
    wanted = np.array(as_tensor(lengths)._array, dtype=np.int64)
    order = None
    if not enforce_sorted:
        order = np.argsort(-wanted, kind="stable")
        wanted = wanted[order]
        input = input.index_select(0 if batch_first else 1, wrap(order))
    timed = input.transpose(0, 1) if batch_first else input
    _check_lengths(wanted, timed._array.shape)
    sizes = _counts(wanted)
    data: Tensor = apply(PackPadded, timed, batch_sizes=tuple(sizes.tolist()))
    return PackedSequence(data, wrap(sizes), None if order is None else wrap(order))


def _check_lengths(lengths: Any, shape: tuple[int, ...]) -> None:
    time, batch = shape[:2]
    if len(lengths) != batch:
        raise RuntimeError(
            f"Expected `len(lengths)` to be equal to batch_size, but got {len(lengths)} "
            f"(batch_size={batch})"
        )
    if (lengths <= 0).any():
        raise RuntimeError(
            "Length of all samples has to be greater than 0, but found an element in 'lengths' "
            "that is <= 0"
        )
    if (np.diff(lengths) > 0).any():
        raise RuntimeError(
            "`lengths` array must be sorted in decreasing order when `enforce_sorted` is True. You "
            "can pass `enforce_sorted=False` to pack_padded_sequence and/or pack_sequence to "
            "sidestep this requirement if you do not need ONNX exportability."
        )
    if lengths[0] > time:
        raise RuntimeError(
            f"Expected lengths of at most {time} (the padded length), but got {lengths[0]}"
        )


def _counts(lengths: Any) -> Any:
    """Return for each time how many of the sequences are longer; lengths fall."""
    return np.array([(lengths > time).sum() for time in range(int(lengths[0]))], dtype=np.int64)


def pad_packed_sequence(
    sequence: PackedSequence,
    batch_first: bool = False,
    padding_value: float = 0.0,
    total_length: int | None = None,
) -> tuple[Tensor, Tensor]:
    """Return the padded sequences (T, N, ...) and their lengths, in the order before packing.

    Raises:
        ValueError: `total_length` is less than the longest sequence.
    """
    sizes = np.asarray(sequence.batch_sizes._array)
    time, batch = len(sizes), int(sizes[0])
    if total_length is not None:
        if total_length < time:
            raise ValueError(
                "Expected total_length to be at least the length of the longest sequence in input, "
                f"but got total_length={total_length} and max sequence length being {time}"
            )
        time = total_length
    padded: Tensor = apply(
        PadPacked, sequence.data, batch_sizes=tuple(sizes.tolist()), time=time, value=padding_value
    )
    if batch_first:
        padded = padded.transpose(0, 1)
    lengths = (sizes[:, None] > np.arange(batch)).sum(0)
    back = sequence.unsorted_indices
    if back is None:
        return padded, wrap(lengths)
    return padded.index_select(0 if batch_first else 1, back), wrap(lengths[back._array])


def pad_sequence(
    sequences: Any,
    batch_first: bool = False,
    padding_value: float = 0.0,
    padding_side: str = "right",
) -> Tensor:
    """Return sequences (L_n, ...) as one tensor (T, N, ...), or (N, T, ...) with `batch_first`.

    Raises:
        RuntimeError: there are no sequences, or their other dimensions differ.
    """
    if not isinstance(sequences, Iterable):
        raise RuntimeError(
            "pad_sequence: Expected iterable for input sequences, but got arg of type: "
            f"{type(sequences)}"
        )
    several = tuple(sequences)
    if not several:
        raise RuntimeError("received an empty list of sequences")
    if padding_side not in ("left", "right"):
        raise RuntimeError(
            f"Expected padding_side to be one of left or right, but got {padding_side}."
        )
    length = max(each._array.shape[0] for each in several)
    trailing = several[0]._array.shape[1:]
    for each in several:
        if each._array.shape[1:] != trailing:
            found = each._array.shape
            target = Size((found[0], *trailing))
            raise RuntimeError(
                f"output with shape {list(target)} doesn't match the broadcast shape {list(found)}"
            )
    padded: Tensor = apply(
        PadSequence, *several, length=length, value=padding_value, left=padding_side == "left"
    )
    return padded if batch_first else padded.transpose(0, 1)


def unpad_sequence(
    padded_sequences: Tensor, lengths: Tensor, batch_first: bool = False
) -> list[Tensor]:
    """Return the sequences of a padded batch without their padding."""
    batch = padded_sequences if batch_first else padded_sequences.transpose(0, 1)
    return [row[: int(length)].clone() for row, length in zip(batch, lengths, strict=True)]


def pack_sequence(sequences: Any, enforce_sorted: bool = True) -> PackedSequence:
    """Pack sequences (L_n, ...); with `enforce_sorted` their lengths must fall."""
    lengths = [each._array.shape[0] for each in sequences]
    return pack_padded_sequence(pad_sequence(sequences), lengths, enforce_sorted=enforce_sorted)


def unpack_sequence(packed_sequences: PackedSequence) -> list[Tensor]:
    """Return the sequences that were packed, in the order before packing."""
    padded, lengths = pad_packed_sequence(packed_sequences, batch_first=True)
    return unpad_sequence(padded, lengths, batch_first=True)


__getattr__ = lacking("torch.nn.utils.rnn")
