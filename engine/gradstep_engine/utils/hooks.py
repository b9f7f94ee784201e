"""Tables of hooks, and handles to take a hook off again."""

from __future__ import annotations

from typing import Any

from gradstep_engine.autograd.node import RemovableHandle

__all__ = ["HookTable", "RemovableHandle"]


class HookTable(dict[int, Any]):
    """Hooks by the id of their handle, in the order they run."""

    def add(self, hook: Any, prepend: bool = False) -> RemovableHandle:
        """Put `hook` last, or first with `prepend`, and return its handle."""
        handle = RemovableHandle(self)
        others = dict(self) if prepend else {}
        if prepend:
            self.clear()
        self[handle.id] = hook
        self.update(others)
        return handle
