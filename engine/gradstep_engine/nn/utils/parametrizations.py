"""The newer place of weight norm and spectral norm; here they name parameters as the older did."""

from __future__ import annotations

from gradstep_engine.missing import lacking
from gradstep_engine.nn.utils.spectral_norm import spectral_norm
from gradstep_engine.nn.utils.weight_norm import weight_norm

__all__ = ["spectral_norm", "weight_norm"]


__getattr__ = lacking("torch.nn.utils.parametrizations")
