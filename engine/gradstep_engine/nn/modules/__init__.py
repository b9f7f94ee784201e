"""The places where torch keeps its layers: `torch.nn.modules.loss` is `torch.nn.loss` here."""

from __future__ import annotations

import sys
from importlib import import_module

from gradstep_engine.missing import missing

_ENGINE = "gradstep_engine.nn"

# torch's module names, and ours where they differ; several of ours may be missing.
_PLACES = {
    "activation": "activation",
    "adaptive": "adaptive",
    "batchnorm": "normalization",
    "container": "containers",
    "conv": "convolution",
    "distance": "distance",
    "dropout": "dropout",
    "flatten": "flatten",
    "instancenorm": "normalization",
    "lazy": "lazy",
    "linear": "linear",
    "loss": "loss",
    "module": "module",
    "normalization": "normalization",
    "pooling": "pooling",
    "sparse": "embedding",
}

for _torchs, _ours in _PLACES.items():
    # The import system finds `torch.nn.modules.loss` under its own name.
    _module = import_module(f"{_ENGINE}.{_ours}")
    sys.modules[f"{__name__}.{_torchs}"] = _module
    globals()[_torchs] = _module


def __getattr__(name: str) -> object:
    if name.startswith("__"):
        raise AttributeError(name)
    found = getattr(import_module(_ENGINE), name, None)
    if found is None:
        raise missing(f"torch.nn.modules.{name}")
    return found
