"""There is no accelerator: scripts that ask are told so and go on."""

from __future__ import annotations

from typing import Any

from gradstep_engine.missing import lacking


def is_available() -> bool:
    """Return False: the engine computes on the CPU."""
    return False


def device_count() -> int:
    """Return 0."""
    return 0


def current_accelerator(check_available: bool = False) -> Any:
    """Return None: there is no accelerator."""
    return None


def synchronize(device: Any = None) -> None:
    """Do nothing: nothing runs elsewhere."""


def empty_cache() -> None:
    """Do nothing: no memory of an accelerator is held."""


__getattr__ = lacking("torch.accelerator")
