"""The newer place of weight norm and spectral norm; here they name parameters as the older did."""

from __future__ import annotations

from typing import Any

from gradstep_engine.missing import missing
from gradstep_engine.nn.utils.spectral_norm import spectral_norm
from gradstep_engine.nn.utils.weight_norm import weight_norm

__all__ = ["spectral_norm", "weight_norm"]


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    raise missing(f"torch.nn.utils.parametrizations.{name}")
