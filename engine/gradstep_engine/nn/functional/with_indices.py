"""Maximum pooling that always returns the places too, under torch's names of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gradstep_engine.nn.functional import pooling


def _with_indices(name: str) -> Callable[..., Any]:
    pool = getattr(pooling, name)

    def function(*args: Any, **kwargs: Any) -> Any:
        return pool(*args, **{**kwargs, "return_indices": True})

    function.__name__ = function.__qualname__ = f"{name}_with_indices"
    function.__doc__ = f"Return what `{name}` returns, and where the elements lie."
    return function


max_pool1d_with_indices = _with_indices("max_pool1d")
max_pool2d_with_indices = _with_indices("max_pool2d")
max_pool3d_with_indices = _with_indices("max_pool3d")
adaptive_max_pool1d_with_indices = _with_indices("adaptive_max_pool1d")
adaptive_max_pool2d_with_indices = _with_indices("adaptive_max_pool2d")
adaptive_max_pool3d_with_indices = _with_indices("adaptive_max_pool3d")
