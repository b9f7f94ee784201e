"""A numpy autograd engine with PyTorch's names and semantics.

`import gradstep_engine as torch`. The public names load on first use, so that
`gradstep_engine.events` can be imported where numpy is absent.
"""

from __future__ import annotations

from typing import Any

from gradstep_engine import events as events

__version__ = "2.13.0+gradstep"


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    import importlib

    namespace = importlib.import_module("gradstep_engine.namespace")
    return namespace.lookup(globals(), name)
