"""Tables of hooks, and handles to take a hook off again."""

from __future__ import annotations

from typing import Any

from gradstep_engine.autograd.node import RemovableHandle
from gradstep_engine.missing import lacking

__all__ = ["HookTable", "RemovableHandle"]


class HookTable(dict[int, Any]):
    """Hooks by the id of their handle, in the order they run.

    Attributes:
        with_kwargs: ids of hooks that also want the keyword arguments of a call.
        always: ids of hooks that run even if the call fails.
    """

    def __init__(self) -> None:
        super().__init__()
        self.with_kwargs: set[int] = set()
        self.always: set[int] = set()

    def add(
        self, hook: Any, prepend: bool = False, with_kwargs: bool = False, always: bool = False
    ) -> RemovableHandle:
        """Put `hook` last, or first with `prepend`, and return its handle."""
        handle = RemovableHandle(self)
        others = dict(self) if prepend else {}
        if prepend:
            self.clear()
        self[handle.id] = hook
        self.update(others)
        if with_kwargs:
            self.with_kwargs.add(handle.id)
        if always:
            self.always.add(handle.id)
        return handle

    def __reduce__(self) -> Any:
        # Copies of a module keep its hooks under the ids that their handles know.
        return HookTable, (), self.__dict__, None, iter(self.items())


__getattr__ = lacking("torch.utils.hooks")
