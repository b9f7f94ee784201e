"""Checkpointing, which trades memory for time: here it keeps everything, and changes no result."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gradstep_engine.missing import lacking

__all__ = ["checkpoint", "checkpoint_sequential"]


def checkpoint(
    function: Callable[..., Any],
    *args: Any,
    use_reentrant: bool | None = None,
    preserve_rng_state: bool = True,
    determinism_check: str = "default",
    **kwargs: Any,
) -> Any:
    """Return `function(*args, **kwargs)`, whose intermediate values are kept as always."""
    return function(*args, **kwargs)


def checkpoint_sequential(
    functions: Any, segments: int, input: Any, use_reentrant: bool | None = None, **kwargs: Any
) -> Any:
    """Return what the modules of `functions` make of `input`, one after the other."""
    for function in functions:
        input = function(input)
    return input


__getattr__ = lacking("torch.utils.checkpoint")
