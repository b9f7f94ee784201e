"""Random streams: one default, others by name. Not torch's numbers, but reproducible ones."""

from __future__ import annotations

import secrets
from typing import Any

import numpy as np


class Generator:
    """A random stream with a seed of its own."""

    def __init__(self, device: Any = "cpu") -> None:
        self._numpy = np.random.default_rng(0)
        self._seed = 0
        self.manual_seed(67280421310721)

    def manual_seed(self, seed: int) -> Generator:
        """Start the stream anew from `seed`."""
        self._seed = int(seed)
        self._numpy = np.random.default_rng(self._seed % 2**64)
        return self

    def seed(self) -> int:
        """Start the stream anew from a seed that nobody can foresee; return it."""
        self.manual_seed(secrets.randbits(63))
        return self._seed

    def initial_seed(self) -> int:
        """Return the seed that the stream started from."""
        return self._seed

    def get_state(self) -> Any:
        """Return what `set_state` needs to continue from here."""
        return self._numpy.bit_generator.state

    def set_state(self, new_state: Any) -> Generator:
        """Continue from where `get_state` was called."""
        self._numpy.bit_generator.state = new_state
        return self


default_generator = Generator()
default_generator.seed()


def source(generator: Generator | None = None) -> np.random.Generator:
    """Return the numpy stream of `generator`, or of the default one."""
    return (default_generator if generator is None else generator)._numpy


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
    """Return the state of the default stream."""
    return default_generator.get_state()


def set_rng_state(new_state: Any) -> None:
    """Set the state of the default stream."""
    default_generator.set_state(new_state)
