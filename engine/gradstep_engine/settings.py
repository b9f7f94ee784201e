"""What scripts set before they begin: threads, precision, determinism, compilation, devices.

What has no meaning here is accepted where ignoring it cannot change a result.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import gradstep_engine.dtypes as dtypes
from gradstep_engine.device import CPU, device
from gradstep_engine.missing import missing

__all__ = [
    "are_deterministic_algorithms_enabled",
    "compile",
    "get_autocast_dtype",
    "get_default_device",
    "get_deterministic_debug_mode",
    "get_float32_matmul_precision",
    "get_num_interop_threads",
    "get_num_threads",
    "is_autocast_enabled",
    "is_complex",
    "is_deterministic_algorithms_warn_only_enabled",
    "is_storage",
    "is_warn_always_enabled",
    "set_default_device",
    "set_default_tensor_type",
    "set_deterministic_debug_mode",
    "set_float32_matmul_precision",
    "set_flush_denormal",
    "set_num_interop_threads",
    "set_num_threads",
    "set_warn_always",
    "typename",
    "use_deterministic_algorithms",
]


class _Settings:
    """What was set, for those that ask."""

    threads: int | None = None
    interop_threads: int = 1
    deterministic: bool = False
    warn_only: bool = False
    precision: str = "highest"
    warn_always: bool = False


def set_num_threads(int: int) -> None:
    """Note the number; numpy's own libraries decide, by OMP_NUM_THREADS before the start."""
    if int <= 0:
        raise RuntimeError("set_num_threads expects a positive integer")
    _Settings.threads = int


def get_num_threads() -> int:
    """Return the number that was set, else that of the processors."""
    return _Settings.threads or os.cpu_count() or 1


def set_num_interop_threads(int: int) -> None:
    """Note the number: operations never run side by side."""
    _Settings.interop_threads = int


def get_num_interop_threads() -> int:
    """Return the number that was set, 1 by default."""
    return _Settings.interop_threads


def use_deterministic_algorithms(mode: bool, *, warn_only: bool = False) -> None:
    """Note the wish: all operations here are deterministic."""
    _Settings.deterministic, _Settings.warn_only = bool(mode), bool(warn_only)


def are_deterministic_algorithms_enabled() -> bool:
    """Return what was set."""
    return _Settings.deterministic


def is_deterministic_algorithms_warn_only_enabled() -> bool:
    """Return what was set."""
    return _Settings.warn_only


def set_deterministic_debug_mode(debug_mode: Any) -> None:
    """Note the wish: all operations here are deterministic."""
    _Settings.deterministic = debug_mode not in (0, "default")
    _Settings.warn_only = debug_mode in (1, "warn")


def get_deterministic_debug_mode() -> int:
    """Return 0, 1 (warn) or 2 (raise), as was set."""
    if not _Settings.deterministic:
        return 0
    return 1 if _Settings.warn_only else 2


def set_float32_matmul_precision(precision: str) -> None:
    """Note the precision: products are always computed in the operands' own type."""
    if precision not in ("highest", "high", "medium"):
        raise RuntimeError(
            f"Invalid float32 matmul precision {precision}, expected one of: highest, high, medium"
        )
    _Settings.precision = precision


def get_float32_matmul_precision() -> str:
    """Return what was set."""
    return _Settings.precision


def set_flush_denormal(mode: bool) -> bool:
    """Return False: the processor's mode cannot be set from here."""
    return False


def set_warn_always(b: bool) -> None:
    """Note the wish: Python's warning filters decide how often a warning is shown."""
    _Settings.warn_always = bool(b)


def is_warn_always_enabled() -> bool:
    """Return what was set."""
    return _Settings.warn_always


def set_default_device(device: Any) -> None:
    """Accept the CPU.

    Raises:
        RuntimeError: any other device.
    """
    if device is not None:
        globals()["_device"](device)


_device = device


def get_default_device() -> device:
    """Return the CPU."""
    return CPU


def set_default_tensor_type(t: Any) -> None:
    """Set the type of new floating point tensors by the name of an old constructor."""
    name = t.rpartition(".")[2] if isinstance(t, str) else t.__name__
    for each in dtypes.ALL:
        if f"{each.cpu_type}Tensor" == name:
            dtypes.set_default_dtype(each)
            return
    raise TypeError(f"invalid type object: only floating-point types are supported, got {name}")


def compile(model: Any = None, **options: Any) -> Any:
    """Return `model` (a module or function) unchanged: every operation runs as it is called."""
    if model is None:
        unchanged: Callable[[Any], Any] = lambda function: function  # noqa: E731
        return unchanged
    return model


def is_autocast_enabled(device_type: str | None = None) -> bool:
    """Return False: nothing is cast automatically."""
    return False


def get_autocast_dtype(device_type: str) -> Any:
    """Refuse: nothing is cast automatically.

    Raises:
        MissingFeatureError: always.
    """
    raise missing("torch.get_autocast_dtype")


def is_complex(input: Any) -> bool:
    """Return False: there are no complex numbers."""
    return False


def is_storage(obj: Any) -> bool:
    """Return False: there are no storages."""
    return False


def typename(obj: Any) -> str:
    """Return the name of a tensor's legacy type, or of any other object's class."""
    if hasattr(obj, "_array"):
        return obj.type()  # type: ignore[no-any-return]
    kind = obj if isinstance(obj, type) else type(obj)
    module = getattr(kind, "__module__", "") or ""
    return f"{module}.{kind.__qualname__}" if module != "builtins" else kind.__qualname__
