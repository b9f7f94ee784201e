"""The public names of the engine, as `torch` has them."""

from __future__ import annotations

from typing import Any

from gradstep_engine.autograd.mode import (
    enable_grad,
    is_grad_enabled,
    no_grad,
    set_grad_enabled,
)
from gradstep_engine.tensor import Tensor

__all__ = ["Tensor", "enable_grad", "is_grad_enabled", "no_grad", "set_grad_enabled"]


def lookup(package: dict[str, Any], name: str) -> Any:
    """Fill `package` with all public names and return the one called `name`.

    Raises:
        AttributeError: the engine has no such name; the message says what to do.
    """
    package.update({public: globals()[public] for public in __all__})
    if name in package:
        return package[name]
    raise AttributeError(
        f"gradstep's built-in engine has no torch.{name}; to debug this script on real PyTorch: "
        'pip install "gradstep[torch]"'
    )
