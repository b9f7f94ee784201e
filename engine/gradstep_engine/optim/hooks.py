"""Functions that users register to run around an optimizer's `step` and its state dictionary."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gradstep_engine.utils.hooks import HookTable, RemovableHandle

_before_every_step = HookTable()
_after_every_step = HookTable()


class Hooked:
    """The tables of hooks of one optimizer, by torch's names, and how they are filled.

    `_is_hooked` stays False until somebody registers a hook around steps, so that a step without
    hooks costs one test.
    """

    _is_hooked: bool = False

    def __init__(self) -> None:
        self._optimizer_step_pre_hooks = HookTable()
        self._optimizer_step_post_hooks = HookTable()
        self._optimizer_state_dict_pre_hooks = HookTable()
        self._optimizer_state_dict_post_hooks = HookTable()
        self._optimizer_load_state_dict_pre_hooks = HookTable()
        self._optimizer_load_state_dict_post_hooks = HookTable()

    def register_step_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook(optimizer, args, kwargs)` before each step; it may return other arguments."""
        self._is_hooked = True
        return self._optimizer_step_pre_hooks.add(hook)

    def register_step_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook(optimizer, args, kwargs)` after each step."""
        self._is_hooked = True
        return self._optimizer_step_post_hooks.add(hook)

    def register_state_dict_pre_hook(
        self, hook: Callable[..., Any], prepend: bool = False
    ) -> RemovableHandle:
        """Call `hook(optimizer)` before each `state_dict()`."""
        return self._optimizer_state_dict_pre_hooks.add(hook, prepend)

    def register_state_dict_post_hook(
        self, hook: Callable[..., Any], prepend: bool = False
    ) -> RemovableHandle:
        """Call `hook(optimizer, state_dict)` after `state_dict()`; it may return another."""
        return self._optimizer_state_dict_post_hooks.add(hook, prepend)

    def register_load_state_dict_pre_hook(
        self, hook: Callable[..., Any], prepend: bool = False
    ) -> RemovableHandle:
        """Call `hook(optimizer, state_dict)` before it is loaded; it may return another."""
        return self._optimizer_load_state_dict_pre_hooks.add(hook, prepend)

    def register_load_state_dict_post_hook(
        self, hook: Callable[..., Any], prepend: bool = False
    ) -> RemovableHandle:
        """Call `hook(optimizer)` after a state dictionary was loaded."""
        return self._optimizer_load_state_dict_post_hooks.add(hook, prepend)


def register_optimizer_step_pre_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call `hook(optimizer, args, kwargs)` before each step of every optimizer."""
    Hooked._is_hooked = True
    return _before_every_step.add(hook)


def register_optimizer_step_post_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call `hook(optimizer, args, kwargs)` after each step of every optimizer."""
    Hooked._is_hooked = True
    return _after_every_step.add(hook)


def step_with_hooks(method: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Run a step, whose first argument is the optimizer, between its hooks.

    Raises:
        RuntimeError: a hook returned something else than None or `(args, kwargs)`.
    """
    optimizer = args[0]
    before = [*_before_every_step.values(), *optimizer._optimizer_step_pre_hooks.values()]
    for hook in before:
        changed = hook(optimizer, args, kwargs)
        if changed is None:
            continue
        if not (isinstance(changed, tuple) and len(changed) == 2):
            raise RuntimeError(
                f"{method} must return None or a tuple of (new_args, new_kwargs), but got "
                f"{changed}."
            )
        args, kwargs = changed
    result = method(*args, **kwargs)
    for hook in [*optimizer._optimizer_step_post_hooks.values(), *_after_every_step.values()]:
        hook(optimizer, args, kwargs)
    return result
