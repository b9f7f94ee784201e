"""There is no GPU: scripts that ask are told so and go on."""

from __future__ import annotations

from typing import Any

from gradstep_engine.missing import missing

__path__: list[str] = []  # torch.cuda.amp is looked for below it


def is_available() -> bool:
    """Return False: the engine computes on the CPU."""
    return False


def device_count() -> int:
    """Return 0."""
    return 0


def manual_seed(seed: int) -> None:
    """Do nothing: there is no GPU stream to seed."""


def manual_seed_all(seed: int) -> None:
    """Do nothing: there is no GPU stream to seed."""


def synchronize() -> None:
    """Do nothing: nothing runs elsewhere."""


def empty_cache() -> None:
    """Do nothing: no GPU memory is held."""


def is_initialized() -> bool:
    """Return False: there is nothing to initialize."""
    return False


def is_bf16_supported(including_emulation: bool = True) -> bool:
    """Return False: there is no GPU."""
    return False


def memory_allocated(device: Any = None) -> int:
    """Return 0: no GPU memory is held."""
    return 0


def max_memory_allocated(device: Any = None) -> int:
    """Return 0: no GPU memory is held."""
    return 0


def memory_reserved(device: Any = None) -> int:
    """Return 0: no GPU memory is held."""
    return 0


def reset_peak_memory_stats(device: Any = None) -> None:
    """Do nothing: no GPU memory is held."""


def _no_gpu(*args: Any, **kwargs: Any) -> Any:
    raise AssertionError("Torch not compiled with CUDA enabled")


current_device = get_device_name = get_device_properties = set_device = get_device_capability = (
    _no_gpu
)


def __getattr__(name: str) -> Any:
    if name == "amp":
        from gradstep_engine import amp

        return amp
    if name.startswith("__"):
        raise AttributeError(name)
    raise missing(f"torch.cuda.{name}")
