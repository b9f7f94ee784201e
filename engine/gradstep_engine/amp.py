"""Mixed precision, as far as it is switched off: scripts that guard it by a flag run on."""

from __future__ import annotations

import functools
from typing import Any

from gradstep_engine.missing import lacking, missing

__all__ = ["GradScaler", "autocast"]

__path__: list[str] = []  # torch.amp.autocast_mode is looked for below it


class autocast:
    """A context (or decorator) that does nothing when `enabled` is False.

    Raises:
        MissingFeatureError: it is enabled: nothing is cast automatically here.
    """

    def __init__(
        self,
        device_type: str = "cuda",
        dtype: Any = None,
        enabled: bool = True,
        cache_enabled: bool | None = None,
    ) -> None:
        # On a machine without a GPU, torch too leaves cuda's autocast without effect.
        if enabled and device_type != "cuda":
            raise missing(f"torch.autocast({device_type!r}) (mixed precision)")

    def __enter__(self) -> autocast:
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def __call__(self, function: Any) -> Any:
        """Return `function` unchanged but for its wrapper."""

        @functools.wraps(function)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            with self:
                return function(*args, **kwargs)

        return wrapped


class GradScaler:
    """A scaler that does not scale: as in torch with `enabled=False`, or without a GPU.

    Raises:
        MissingFeatureError: it is enabled for the CPU.
    """

    def __init__(
        self,
        device: str = "cuda",
        init_scale: float = 65536.0,
        growth_factor: float = 2.0,
        backoff_factor: float = 0.5,
        growth_interval: int = 2000,
        enabled: bool = True,
    ) -> None:
        if enabled and device != "cuda":
            raise missing(f"torch.amp.GradScaler({device!r}) (mixed precision)")

    def scale(self, outputs: Any) -> Any:
        """Return `outputs` unchanged."""
        return outputs

    def unscale_(self, optimizer: Any) -> None:
        """Do nothing."""

    def step(self, optimizer: Any, *args: Any, **kwargs: Any) -> Any:
        """Run the optimizer's step."""
        return optimizer.step(*args, **kwargs)

    def update(self, new_scale: Any = None) -> None:
        """Do nothing."""

    def is_enabled(self) -> bool:
        """Return False."""
        return False

    def get_scale(self) -> float:
        """Return 1."""
        return 1.0

    def state_dict(self) -> dict[str, Any]:
        """Return nothing: there is no state."""
        return {}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Do nothing."""


__getattr__ = lacking("torch.amp")
