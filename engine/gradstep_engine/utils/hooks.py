"""Handles to take a hook off again."""

from __future__ import annotations

import weakref
from itertools import count
from types import TracebackType
from typing import Any

_ids = count()


class HookTable(dict[int, Any]):
    """Hooks in the order they run; unlike a plain dict it can be referred to weakly."""

    __slots__ = ("__weakref__",)

    def add(self, hook: Any, prepend: bool = False) -> RemovableHandle:
        """Put `hook` last, or first with `prepend`, and return its handle."""
        handle = RemovableHandle(self)
        if prepend:
            others = dict(self)
            self.clear()
            self[handle.id] = hook
            self.update(others)
        else:
            self[handle.id] = hook
        return handle


class RemovableHandle:
    """What registering a hook returns; `remove()` takes the hook off, also twice."""

    def __init__(self, hooks: HookTable) -> None:
        self.id = next(_ids)
        self._hooks = weakref.ref(hooks)

    def remove(self) -> None:
        """Take the hook off."""
        hooks = self._hooks()
        if hooks is not None:
            hooks.pop(self.id, None)

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.remove()
