"""Layers whose initial values do not matter, because others are loaded into them."""

from __future__ import annotations

from typing import Any


def skip_init(module_cls: Any, *args: Any, **kwargs: Any) -> Any:
    """Return `module_cls(*args, **kwargs)`; its values are whatever they are.

    Raises:
        RuntimeError: `module_cls` is no module class.
    """
    from gradstep_engine.nn.module import Module

    if not (isinstance(module_cls, type) and issubclass(module_cls, Module)):
        raise RuntimeError(f"Expected a Module; got {module_cls}")
    return module_cls(*args, **kwargs)
