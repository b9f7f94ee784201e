"""There is no Intel GPU: scripts that ask are told so and go on."""

from __future__ import annotations

from gradstep_engine.missing import lacking


def is_available() -> bool:
    """Return False: the engine computes on the CPU."""
    return False


def device_count() -> int:
    """Return 0."""
    return 0


def manual_seed(seed: int) -> None:
    """Do nothing: there is no GPU stream to seed."""


def synchronize() -> None:
    """Do nothing: nothing runs elsewhere."""


def empty_cache() -> None:
    """Do nothing: no GPU memory is held."""


__getattr__ = lacking("torch.xpu")
