"""Weights as a direction and a length, each learned (Salimans & Kingma, 2016)."""

from __future__ import annotations

from typing import Any

from gradstep_engine.autograd.report import composite
from gradstep_engine.nn.parameter import Parameter
from gradstep_engine.tensor import Tensor


@composite("weight_norm")
def _weight(v: Tensor, g: Tensor, dim: int) -> Tensor:
    weight: Tensor = v * (g / _norm(v, dim))
    return weight


def _norm(v: Any, dim: int) -> Any:
    """Return the norm over all dimensions but `dim`; over all of them for −1."""
    if dim == -1:
        return v.norm()
    axes = [axis for axis in range(v.dim()) if axis != dim]
    return v.norm(2, axes, keepdim=True) if axes else v.abs()


class WeightNorm:
    """The hook that computes the weight before each forward."""

    def __init__(self, name: str, dim: int | None) -> None:
        self.name = name
        self.dim = -1 if dim is None else dim

    def compute_weight(self, module: Any) -> Any:
        """Return g · v / ‖v‖."""
        g, v = getattr(module, self.name + "_g"), getattr(module, self.name + "_v")
        return _weight(v, g, self.dim)

    def __call__(self, module: Any, inputs: Any) -> None:
        """Compute the weight before each forward."""
        setattr(module, self.name, self.compute_weight(module))


def weight_norm(module: Any, name: str = "weight", dim: int | None = 0) -> Any:
    """Replace the parameter `name` by its length `name_g` along `dim` and direction `name_v`.

    Raises:
        RuntimeError: the parameter is so already.
    """
    for hook in module._forward_pre_hooks.values():
        if isinstance(hook, WeightNorm) and hook.name == name:
            raise RuntimeError(
                f"Cannot register two weight_norm hooks on the same parameter {name}"
            )
    hook = WeightNorm(name, dim)
    weight = getattr(module, name)
    if hook.dim < -1:
        hook.dim += weight.dim()
    delattr(module, name)
    module.register_parameter(name + "_g", Parameter(_norm(weight.detach(), hook.dim)))
    module.register_parameter(name + "_v", Parameter(weight.detach()))
    setattr(module, name, hook.compute_weight(module))
    module.register_forward_pre_hook(hook)
    return module


def remove_weight_norm(module: Any, name: str = "weight") -> Any:
    """Make `name` a plain parameter again.

    Raises:
        ValueError: there is no weight norm on it.
    """
    for number, hook in module._forward_pre_hooks.items():
        if isinstance(hook, WeightNorm) and hook.name == name:
            weight = hook.compute_weight(module).detach()
            for part in (name, name + "_g", name + "_v"):
                delattr(module, part)
            setattr(module, name, Parameter(weight))
            del module._forward_pre_hooks[number]
            return module
    raise ValueError(f"weight_norm of '{name}' not found in {module}")
