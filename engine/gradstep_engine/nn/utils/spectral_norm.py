"""Weights divided by their largest singular value (Miyato et al., 2018)."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradstep_engine import randomness
from gradstep_engine.nn.parameter import Parameter
from gradstep_engine.tensor import Tensor, wrap


class SpectralNorm:
    """The hook that computes the weight before each forward, by the power iteration."""

    def __init__(self, name: str, n_power_iterations: int, dim: int, eps: float) -> None:
        if n_power_iterations <= 0:
            raise ValueError(
                "Expected n_power_iterations to be positive, but got "
                f"n_power_iterations={n_power_iterations}"
            )
        self.name = name
        self.n_power_iterations = n_power_iterations
        self.dim = dim
        self.eps = eps

    def as_matrix(self, weight: Any) -> Any:
        """Return the weight as (size along `dim`, all others)."""
        if self.dim != 0:
            order = [self.dim, *[axis for axis in range(weight.dim()) if axis != self.dim]]
            weight = weight.permute(*order)
        return weight.reshape(weight.shape[0], -1)

    def compute_weight(self, module: Any, iterate: bool) -> Any:
        """Return weight / σ; `iterate` first brings the singular vectors nearer."""
        weight: Tensor = getattr(module, self.name + "_orig")
        u, v = getattr(module, self.name + "_u"), getattr(module, self.name + "_v")
        matrix = self.as_matrix(weight)
        if iterate:
            for _ in range(self.n_power_iterations):
                self._assign(v, matrix._array.T @ u._array)
                self._assign(u, matrix._array @ v._array)
        # Copies: the vectors may move again before backward.
        left, right = wrap(u._array.copy()), wrap(v._array.copy())
        sigma: Any = (left * matrix.mv(right)).sum()
        return weight / sigma

    def _assign(self, vector: Tensor, value: Any) -> None:
        vector._writable()[...] = value / max(float(np.linalg.norm(value)), self.eps)
        vector._bump()

    def __call__(self, module: Any, inputs: Any) -> None:
        """Compute the weight before each forward."""
        setattr(module, self.name, self.compute_weight(module, module.training))


def spectral_norm(
    module: Any,
    name: str = "weight",
    n_power_iterations: int = 1,
    eps: float = 1e-12,
    dim: int | None = None,
) -> Any:
    """Divide the parameter `name` by its largest singular value at each forward.

    It becomes `name_orig`, with buffers `name_u` and `name_v` for the singular vectors.

    Raises:
        RuntimeError: the parameter has a spectral norm already.
        ValueError: the number of iterations is not positive.
    """
    for hook in module._forward_pre_hooks.values():
        if isinstance(hook, SpectralNorm) and hook.name == name:
            raise RuntimeError(
                f"Cannot register two spectral_norm hooks on the same parameter {name}"
            )
    if dim is None:
        # Transposed convolutions keep their outputs in the second dimension.
        dim = 1 if type(module).__name__.startswith("ConvTranspose") else 0
    hook = SpectralNorm(name, n_power_iterations, dim, eps)
    weight = module._parameters[name]
    rows, columns = hook.as_matrix(weight.detach())._array.shape
    delattr(module, name)
    module.register_parameter(name + "_orig", weight)
    setattr(module, name, weight.detach())
    for part, size in (("_u", rows), ("_v", columns)):
        start = randomness.source(None).normal(size=size).astype(weight._array.dtype)
        module.register_buffer(name + part, wrap(start / max(np.linalg.norm(start), eps)))
    module.register_forward_pre_hook(hook)
    return module


def remove_spectral_norm(module: Any, name: str = "weight") -> Any:
    """Make `name` a plain parameter again.

    Raises:
        ValueError: there is no spectral norm on it.
    """
    for number, hook in module._forward_pre_hooks.items():
        if isinstance(hook, SpectralNorm) and hook.name == name:
            weight = hook.compute_weight(module, False).detach()
            for part in ("", "_orig", "_u", "_v"):
                delattr(module, name + part)
            module.register_parameter(name, Parameter(weight))
            del module._forward_pre_hooks[number]
            return module
    raise ValueError(f"spectral_norm of '{name}' not found in {module}")
