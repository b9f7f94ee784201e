"""Optimizer state as a dictionary of plain positions, and back."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import numpy as np

from gradstep_engine.tensor import Tensor, wrap

if TYPE_CHECKING:
    from gradstep_engine.optim.optimizer import Optimizer


def pack(optimizer: Optimizer) -> dict[str, Any]:
    """Return `state` by position of the parameter, and `param_groups` holding positions."""
    positions: dict[int, int] = {}
    groups = []
    for group in optimizer.param_groups:
        packed = {name: value for name, value in group.items() if name != "params"}
        for parameter in group["params"]:
            positions.setdefault(id(parameter), len(positions))
        packed["params"] = [positions[id(parameter)] for parameter in group["params"]]
        groups.append(packed)
    state = {
        positions[id(key)] if isinstance(key, Tensor) else key: value
        for key, value in optimizer.state.items()
    }
    return {"state": state, "param_groups": groups}


def unpack(optimizer: Optimizer, state_dict: dict[str, Any]) -> None:
    """Put what `pack` returned into `optimizer`, as copies of the parameters' type.

    Raises:
        ValueError: the groups differ in number or size.
    """
    saved_groups = state_dict["param_groups"]
    groups = optimizer.param_groups
    if len(saved_groups) != len(groups):
        raise ValueError("loaded state dict has a different number of parameter groups")
    if any(
        len(saved["params"]) != len(group["params"])
        for saved, group in zip(saved_groups, groups, strict=True)
    ):
        raise ValueError(
            "loaded state dict contains a parameter group that doesn't match the size of "
            "optimizer's group"
        )
    by_position = {
        position: parameter
        for saved, group in zip(saved_groups, groups, strict=True)
        for position, parameter in zip(saved["params"], group["params"], strict=True)
    }
    optimizer.state.clear()
    for key, values in state_dict["state"].items():
        parameter = by_position.get(key)
        optimizer.state[key if parameter is None else parameter] = (
            copy.deepcopy(values)
            if parameter is None
            else {name: _copied(name, value, parameter) for name, value in values.items()}
        )
    for saved, group in zip(saved_groups, groups, strict=True):
        parameters = group["params"]
        kept_names = group.get("param_names")
        group.clear()
        group["params"] = parameters
        group.update(copy.deepcopy({k: v for k, v in saved.items() if k != "params"}))
        if kept_names is not None:
            group.setdefault("param_names", kept_names)
        for name, default in optimizer.defaults.items():
            if default is None or default is False:  # switches younger than the saved state
                group.setdefault(name, default)


def _copied(name: str, value: Any, parameter: Tensor) -> Any:
    if isinstance(value, dict):
        return {key: _copied(key, each, parameter) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_copied("", each, parameter) for each in value)
    if name == "step" and isinstance(value, (int, float)):  # as PyTorch saved it before 1.12
        return wrap(np.array(value, dtype=np.float32))
    if not isinstance(value, Tensor):
        return copy.deepcopy(value)
    keeps_type = name == "step" or parameter._array.dtype.kind != "f"
    dtype = value._array.dtype if keeps_type else parameter._array.dtype
    return wrap(np.array(value._array, dtype=dtype))
