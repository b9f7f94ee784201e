"""Hooks of modules: what runs before and after forward and backward, for one module or for all.

A module's call looks at one flag, `_hooked`; hooks are looked for only where it is set.
"""

from __future__ import annotations

import warnings
from typing import Any, ClassVar

from gradstep_engine.nn.backward_hooks import BackwardHooks
from gradstep_engine.utils.hooks import HookTable, RemovableHandle

_PRE, _POST = HookTable(), HookTable()
_BACKWARD, _BACKWARD_PRE = HookTable(), HookTable()


class Registrations:
    """Hooks that see what modules register, by kind: parameter, buffer, module."""

    tables: ClassVar[dict[str, HookTable]] = {
        "parameter": HookTable(),
        "buffer": HookTable(),
        "module": HookTable(),
    }
    active = False

    @classmethod
    def passed(cls, kind: str, module: Any, name: str, value: Any) -> Any:
        """Return `value` as the hooks leave it."""
        for hook in tuple(cls.tables[kind].values()):
            replaced = hook(module, name, value)
            if replaced is not None:
                value = replaced
        return value


class HooksMixin:
    """The hooks of `Module`: registering them, and a call that runs them."""

    _hooked: bool = False
    _forward_pre_hooks: HookTable
    _forward_hooks: HookTable
    _backward_hooks: HookTable
    _backward_pre_hooks: HookTable

    def _add_hook(self, table: HookTable, *hook: Any, **flags: bool) -> RemovableHandle:
        self.__dict__["_hooked"] = True
        return table.add(*hook, **flags)

    def register_forward_pre_hook(
        self, hook: Any, *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Call `hook(module, args)` before each forward; what it returns replaces the inputs.

        With `with_kwargs`, `hook(module, args, kwargs)`, which may return (args, kwargs).
        """
        return self._add_hook(self._forward_pre_hooks, hook, prepend, with_kwargs)

    def register_forward_hook(
        self,
        hook: Any,
        *,
        prepend: bool = False,
        with_kwargs: bool = False,
        always_call: bool = False,
    ) -> RemovableHandle:
        """Call `hook(module, args, output)` after each forward; a result replaces the output.

        With `with_kwargs`, `hook(module, args, kwargs, output)`; with `always_call` also after a
        forward that failed.
        """
        return self._add_hook(self._forward_hooks, hook, prepend, with_kwargs, always_call)

    def register_full_backward_hook(self, hook: Any, prepend: bool = False) -> RemovableHandle:
        """Call `hook(module, grad_input, grad_output)` when the gradients of the inputs are there.

        What it returns replaces grad_input.
        """
        return self._add_hook(self._backward_hooks, hook, prepend)

    def register_full_backward_pre_hook(self, hook: Any, prepend: bool = False) -> RemovableHandle:
        """Call `hook(module, grad_output)` before the module's backward; a result replaces it."""
        return self._add_hook(self._backward_pre_hooks, hook, prepend)

    def register_backward_hook(self, hook: Any) -> RemovableHandle:
        """Do what `register_full_backward_hook` does, which took its place."""
        return self.register_full_backward_hook(hook)

    def _call_with_hooks(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run `forward` between all hooks that there are."""
        done: set[int] = set()
        try:
            return self._run_hooks_and_forward(args, kwargs, done)
        except Exception:
            for table in (_POST, self._forward_hooks):
                for number in [n for n in table if n in table.always and n not in done]:
                    try:
                        _run_forward_hook(self, table, number, args, kwargs, None)
                    except Exception as error:
                        warnings.warn(
                            "module forward hook with ``always_call=True`` raised an exception "
                            f"that was silenced as another error was raised in forward: {error}",
                            stacklevel=4,
                        )
            raise

    def _run_hooks_and_forward(
        self, args: tuple[Any, ...], kwargs: dict[str, Any], done: set[int]
    ) -> Any:
        for table in (_PRE, self._forward_pre_hooks):
            for number, hook in tuple(table.items()):
                if number in table.with_kwargs:
                    changed = hook(self, args, kwargs)
                    if changed is not None:
                        if not isinstance(changed, tuple) or len(changed) != 2:
                            raise RuntimeError(
                                "forward pre-hook must return None or a tuple of (new_args, "
                                f"new_kwargs), but got {changed}."
                            )
                        args, kwargs = changed
                else:
                    changed = hook(self, args)
                    if changed is not None:
                        args = changed if isinstance(changed, tuple) else (changed,)
        hooks = [*_BACKWARD.values(), *self._backward_hooks.values()]
        pre_hooks = [*_BACKWARD_PRE.values(), *self._backward_pre_hooks.values()]
        watch = BackwardHooks(self, hooks, pre_hooks) if hooks or pre_hooks else None
        if watch is not None and hooks:
            args = watch.around_inputs(args)
        result = self.forward(*args, **kwargs)  # type: ignore[attr-defined]
        for table in (_POST, self._forward_hooks):
            for number in tuple(table):
                done.add(number)
                changed = _run_forward_hook(self, table, number, args, kwargs, result)
                if changed is not None:
                    result = changed
        return result if watch is None else watch.around_outputs(result)


def _run_forward_hook(
    module: Any,
    table: HookTable,
    number: int,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    result: Any,
) -> Any:
    if number in table.with_kwargs:
        return table[number](module, args, kwargs, result)
    return table[number](module, args, result)


def _for_all(table: HookTable, *hook: Any, **flags: bool) -> RemovableHandle:
    HooksMixin._hooked = True
    return table.add(*hook, **flags)


def register_module_forward_pre_hook(hook: Any) -> RemovableHandle:
    """Call `hook(module, args)` before each forward of any module."""
    return _for_all(_PRE, hook)


def register_module_forward_hook(
    hook: Any, *, with_kwargs: bool = False, always_call: bool = False
) -> RemovableHandle:
    """Call `hook(module, args, output)` after each forward of any module."""
    return _for_all(_POST, hook, with_kwargs=with_kwargs, always=always_call)


def register_module_full_backward_pre_hook(hook: Any) -> RemovableHandle:
    """Call `hook(module, grad_output)` before the backward of any module."""
    return _for_all(_BACKWARD_PRE, hook)


def register_module_full_backward_hook(hook: Any) -> RemovableHandle:
    """Call `hook(module, grad_input, grad_output)` after the backward of any module."""
    return _for_all(_BACKWARD, hook)


register_module_backward_hook = register_module_full_backward_hook


def _on_registration(kind: str, hook: Any) -> RemovableHandle:
    Registrations.active = True
    return Registrations.tables[kind].add(hook)


def register_module_parameter_registration_hook(hook: Any) -> RemovableHandle:
    """Call `hook(module, name, parameter)` when any module registers a parameter."""
    return _on_registration("parameter", hook)


def register_module_buffer_registration_hook(hook: Any) -> RemovableHandle:
    """Call `hook(module, name, buffer)` when any module registers a buffer."""
    return _on_registration("buffer", hook)


def register_module_module_registration_hook(hook: Any) -> RemovableHandle:
    """Call `hook(module, name, child)` when any module registers a child."""
    return _on_registration("module", hook)
