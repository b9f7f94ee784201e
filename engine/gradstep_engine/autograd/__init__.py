"""Automatic differentiation: graph mechanics only, no derivative rules."""

from __future__ import annotations

from typing import Any

_HOMES = {
    "detect_anomaly": "anomaly",
    "is_anomaly_check_nan_enabled": "anomaly",
    "is_anomaly_enabled": "anomaly",
    "set_detect_anomaly": "anomaly",
    "backward": "api",
    "grad": "api",
    "gradcheck": "differences",
    "gradgradcheck": "differences",
    "Function": "custom",
    "no_grad": "mode",
    "enable_grad": "mode",
    "set_grad_enabled": "mode",
    "inference_mode": "mode",
}


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name == "Variable":
        return import_module("gradstep_engine.tensor").Tensor
    if name in _HOMES:
        return getattr(import_module(f"gradstep_engine.autograd.{_HOMES[name]}"), name)
    if name in ("function", "functional"):
        return import_module(f"gradstep_engine.autograd.{name}")
    if name.startswith("__"):
        raise AttributeError(name)
    from gradstep_engine.missing import missing

    raise missing(f"torch.autograd.{name}")
