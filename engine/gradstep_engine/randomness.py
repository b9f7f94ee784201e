"""Random streams: torch's generator of random bits, one by default, others by name.

The stream is the Mersenne Twister MT19937 with its classic seeding, drawn from in the same order
and amounts as by PyTorch's CPU generator: the same seed gives the same numbers. What is made of
the bits stands in `gradstep_engine.draws`.
"""

from __future__ import annotations

import operator
import secrets
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from gradstep_engine.autograd.variable import TensorBase, wrap
from gradstep_engine.device import check as check_device
from gradstep_engine.device import device as device_type
from gradstep_engine.missing import missing

_WORDS = 624  # of state, and drawn before they are mixed anew
_LAYOUT = struct.Struct(f"<Qii Q{_WORDS}Q dddi4x f?3x")  # of torch's ByteTensor of 5056 bytes
_MANY = 4096  # from here on numpy's slower call with the more compact result wins


class Generator:
    """A random stream with a seed of its own."""

    def __init__(self, device: Any = "cpu") -> None:
        check_device(device)
        self._bits = np.random.MT19937()
        self._seeding = np.random.RandomState(self._bits)
        self._whole = np.random.Generator(self._bits)
        self.spare_normal: float | None = None
        self.manual_seed(67280421310721)

    @property
    def device(self) -> Any:
        """Where the numbers are made: the CPU."""
        return device_type("cpu")

    def manual_seed(self, seed: int) -> Generator:
        """Start the stream anew from `seed`; negative ones count down from 2⁶⁴.

        Raises:
            ValueError: the seed does not fit into 64 bits.
        """
        seed = seed if seed.__class__ is int else int(seed)
        if not -(2**63) <= seed < 2**64:
            raise ValueError("Overflow when unpacking long long")
        self._seed = seed % 2**64
        self._seeding.seed(seed & 0xFFFFFFFF)
        self.spare_normal = None
        return self

    def seed(self) -> int:
        """Start the stream anew from a seed that nobody can foresee; return it."""
        self.manual_seed(secrets.randbits(63))
        return self._seed

    def initial_seed(self) -> int:
        """Return the seed that the stream started from."""
        return self._seed

    def get_state(self) -> Any:
        """Return the state as a ByteTensor, laid out as torch lays it out."""
        mersenne = self._bits.state["state"]
        words, place = mersenne["key"].tolist(), int(mersenne["pos"])
        fresh = place == _WORDS and words[0] == self._seed & 0xFFFFFFFF
        spare = self.spare_normal
        packed = _LAYOUT.pack(
            self._seed,
            1 if fresh else _WORDS - place + 1,
            1,
            0 if fresh else place,
            *words,
            0.0,
            0.0 if spare is None else spare,
            0.0,
            0 if spare is None else 1,
            0.0,
            False,
        )
        return wrap(np.frombuffer(packed, np.uint8).copy())

    def set_state(self, new_state: Any) -> Generator:
        """Continue from where `get_state` was called.

        Raises:
            TypeError: it is no ByteTensor.
            RuntimeError: it is none of a generator.
        """
        if not isinstance(new_state, TensorBase) or new_state._array.dtype != np.uint8:
            raise TypeError("RNG state must be a torch.ByteTensor")
        if new_state._array.size != _LAYOUT.size:
            raise RuntimeError(
                f"Expected a CPUGeneratorImplState of size {_LAYOUT.size} but found the input RNG "
                f"state size to be {new_state._array.size}"
            )
        fields = _LAYOUT.unpack(new_state._array.tobytes())
        self._seed, left, _, place = fields[:4]
        words = np.array(fields[4 : 4 + _WORDS], np.uint32)
        _, spare, _, has_spare, _, _ = fields[4 + _WORDS :]
        self._bits.state = {
            "bit_generator": "MT19937",
            "state": {"key": words, "pos": _WORDS if left == 1 else place},
        }
        self.spare_normal = spare if has_spare else None
        return self

    def clone_state(self) -> Generator:
        """Return a generator that will draw what this one would."""
        return Generator().set_state(self.get_state())

    def draw(self, count: int) -> Any:
        """Return `count` numbers of 32 random bits, in an unsigned type of 32 or 64 bits."""
        if count < _MANY:
            return self._bits.random_raw(count)
        return self._whole.integers(0, 2**32, count, np.uint32)

    def draw_wide(self, count: int) -> Any:
        """Return `count` numbers of 64 random bits; each takes two draws, the high half first."""
        halves = self.draw(2 * count).astype(np.uint64, copy=False)
        return (halves[::2] << np.uint64(32)) | halves[1::2]


default_generator = Generator()
default_generator.seed()


def source(generator: Generator | None = None) -> Generator:
    """Return `generator`, or the default one for None.

    Raises:
        TypeError: it is no generator.
    """
    if generator is None:
        return default_generator
    if not isinstance(generator, Generator):
        raise TypeError(f"expected a torch.Generator, but got {type(generator).__name__}")
    return generator


def manual_seed(seed: int) -> Generator:
    """Start the default stream anew from `seed`."""
    return default_generator.manual_seed(seed)


def seed() -> int:
    """Start the default stream anew from an unforeseeable seed; return it."""
    return default_generator.seed()


def initial_seed() -> int:
    """Return the seed that the default stream started from."""
    return default_generator.initial_seed()


def get_rng_state() -> Any:
    """Return the state of the default stream as a ByteTensor."""
    return default_generator.get_state()


def set_rng_state(new_state: Any) -> None:
    """Set the state of the default stream."""
    default_generator.set_state(new_state)


@contextmanager
def fork_rng(
    devices: Any = None,
    enabled: bool = True,
    _caller: str = "fork_rng",
    _devices_kw: str = "devices",
    device_type: str = "cpu",
) -> Iterator[None]:
    """Context after which the default stream continues as if nothing had been drawn in it."""
    if devices and any(operator.index(each) for each in devices):
        raise missing("fork_rng(devices=...)")
    before = get_rng_state() if enabled else None
    try:
        yield
    finally:
        if before is not None:
            set_rng_state(before)
