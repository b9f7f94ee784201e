"""A numpy autograd engine with PyTorch's names and semantics.

`import gradstep_engine as torch`. The public names load on first use, so that
`gradstep_engine.events` can be imported where numpy is absent.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

__version__ = "2.13.0+gradstep"

_HIDDEN = frozenset({"tensor", "device"})


class _Package(ModuleType):
    """Keeps the submodules `tensor` and `device` from hiding torch's functions of these names."""

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _HIDDEN and isinstance(value, ModuleType):
            return
        super().__setattr__(name, value)


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    if name not in _HIDDEN and find_spec(f"{__name__}.{name}") is not None:
        return import_module(f"{__name__}.{name}")
    return import_module("gradstep_engine.namespace").lookup(globals(), name)


sys.modules[__name__].__class__ = _Package
