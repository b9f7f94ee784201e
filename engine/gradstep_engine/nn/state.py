"""Saving and loading the state of a module by names."""

from __future__ import annotations

import warnings
from collections import OrderedDict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from gradstep_engine import events
from gradstep_engine.nn.parameter import Parameter, is_lazy
from gradstep_engine.size import Size
from gradstep_engine.tensor import Tensor, wrap
from gradstep_engine.utils.hooks import HookTable, RemovableHandle

if TYPE_CHECKING:
    from gradstep_engine.nn.module import Module

_EXTRA = "_extra_state"


class _Keys(NamedTuple):
    missing_keys: list[str]
    unexpected_keys: list[str]


class _IncompatibleKeys(_Keys):
    """What loading found missing and superfluous; torch's class of the same name."""

    __slots__ = ()

    def __repr__(self) -> str:
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return (
            f"_IncompatibleKeys(missing_keys={self.missing_keys!r}, "
            f"unexpected_keys={self.unexpected_keys!r})"
        )

    __str__ = __repr__


class StateMixin:
    """`state_dict` and `load_state_dict` of `Module`, with their hooks."""

    _version: int = 1
    _parameters: dict[str, Parameter | None]
    _buffers: dict[str, Tensor | None]
    _modules: dict[str, Module | None]
    _non_persistent_buffers_set: set[str]
    _state_dict_pre_hooks: HookTable
    _state_dict_hooks: HookTable
    _load_state_dict_pre_hooks: HookTable
    _load_state_dict_post_hooks: HookTable

    def state_dict(
        self, *args: Any, destination: Any = None, prefix: str = "", keep_vars: bool = False
    ) -> Any:
        """Return parameters and persistent buffers by dotted name, as an `OrderedDict`.

        The tensors share the module's memory; unless `keep_vars` they are cut from the graph.
        """
        if args:
            warnings.warn(
                "Positional args are being deprecated, use kwargs instead. Refer to "
                "https://docs.pytorch.org/docs/main/generated/torch.nn.Module.html#"
                "torch.nn.Module.state_dict for details.",
                FutureWarning,
                stacklevel=2,
            )
            given: list[Any] = [*args, *(destination, prefix, keep_vars)[len(args) :]]
            destination, prefix, keep_vars = given
        if destination is None:
            destination = OrderedDict()
            destination._metadata = OrderedDict()
        local_metadata = {"version": self._version}
        if hasattr(destination, "_metadata"):
            destination._metadata[prefix[:-1]] = local_metadata
        for hook in tuple(self._state_dict_pre_hooks.values()):
            hook(self, prefix, keep_vars)
        self._save_to_state_dict(destination, prefix, keep_vars)
        for name, module in self._modules.items():
            if module is not None:
                module.state_dict(
                    destination=destination, prefix=f"{prefix}{name}.", keep_vars=keep_vars
                )
        for hook in tuple(self._state_dict_hooks.values()):
            replaced = hook(self, destination, prefix, local_metadata)
            if replaced is not None:
                destination = replaced
        return destination

    def _save_to_state_dict(self, destination: Any, prefix: str, keep_vars: bool) -> None:
        """Put this module's own state into `destination`; layers may add to it."""
        for name, value in self._own_state():
            destination[prefix + name] = value if keep_vars else _detached(value)
        if type(self).get_extra_state is not StateMixin.get_extra_state:
            destination[prefix + _EXTRA] = self.get_extra_state()

    def get_extra_state(self) -> Any:
        """Return what else belongs to the state; for subclasses.

        Raises:
            RuntimeError: the subclass does not define it.
        """
        raise RuntimeError(
            "Reached a code path in Module.get_extra_state() that should never be called."
        )

    def set_extra_state(self, state: Any) -> None:
        """Take what `get_extra_state` returned; for subclasses.

        Raises:
            RuntimeError: the subclass does not define it.
        """
        raise RuntimeError(
            "Reached a code path in Module.set_extra_state() that should never be called."
        )

    def load_state_dict(
        self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False
    ) -> _IncompatibleKeys:
        """Copy values by name into parameters and buffers.

        Args:
            state_dict: dotted name to tensor.
            strict: whether missing and unexpected names are errors.
            assign: whether to take the given tensors themselves instead of copying.

        Raises:
            TypeError: `state_dict` is no mapping.
            RuntimeError: names (with `strict`) or shapes do not match; all are listed.
        """
        if not isinstance(state_dict, Mapping):
            raise TypeError(f"Expected state_dict to be dict-like, got {type(state_dict)}.")
        metadata = getattr(state_dict, "_metadata", None) or {}
        missing: list[str] = []
        unexpected: list[str] = []
        errors: list[str] = []
        keys = _IncompatibleKeys(missing, unexpected)

        def load(module: Any, state: dict[str, Any], prefix: str) -> None:
            local = dict(metadata.get(prefix[:-1], {}))
            if assign:
                local["assign_to_params_buffers"] = True
            module._load_from_state_dict(state, prefix, local, True, missing, unexpected, errors)
            for name, child in module._modules.items():
                if child is not None:
                    below = f"{prefix}{name}."
                    load(child, {k: v for k, v in state.items() if k.startswith(below)}, below)
            for hook in tuple(module._load_state_dict_post_hooks.values()):
                if hook(module, keys) is not None:
                    raise AssertionError(
                        "Hooks registered with ``register_load_state_dict_post_hook`` are not "
                        "expected to return new values, if incompatible_keys need to be modified, "
                        "it should be done inplace."
                    )

        load(self, dict(state_dict), "")
        if strict:
            for what, names in (("Unexpected", unexpected), ("Missing", missing)):
                if names:
                    listed = ", ".join(f'"{name}"' for name in names)
                    errors.insert(0, f"{what} key(s) in state_dict: {listed}. ")
        if errors:
            details = "\n\t".join(errors)
            raise RuntimeError(
                f"Error(s) in loading state_dict for {type(self).__name__}:\n\t{details}"
            )
        return keys

    def _own_state(self) -> list[tuple[str, Any]]:
        parameters = [(k, v) for k, v in self._parameters.items() if v is not None]
        buffers = [
            (k, v)
            for k, v in self._buffers.items()
            if v is not None and k not in self._non_persistent_buffers_set
        ]
        return parameters + buffers

    def _load_from_state_dict(
        self,
        state_dict: Any,
        prefix: str,
        local_metadata: Any,
        strict: bool,
        missing_keys: list[str],
        unexpected_keys: list[str],
        error_msgs: list[str],
    ) -> None:
        """Take this module's own state out of `state_dict`; layers may change it before."""
        for hook in tuple(self._load_state_dict_pre_hooks.values()):
            hook(
                state_dict,
                prefix,
                local_metadata,
                strict,
                missing_keys,
                unexpected_keys,
                error_msgs,
            )
        assign = local_metadata.get("assign_to_params_buffers", False)
        own = self._own_state()
        for name, target in own:
            key = prefix + name
            if key not in state_dict:
                if strict:
                    missing_keys.append(key)
                continue
            problem = self._receive(name, key, target, state_dict[key], assign)
            if problem is not None:
                error_msgs.append(problem)
        key = prefix + _EXTRA
        if type(self).set_extra_state is not StateMixin.set_extra_state:
            if key in state_dict:
                self.set_extra_state(state_dict[key])
            elif strict:
                missing_keys.append(key)
        elif strict and key in state_dict:
            unexpected_keys.append(key)
        if strict:
            names = {name for name, _ in own}
            for other in state_dict:
                if other.startswith(prefix) and other != key:
                    first, dot, _ = other[len(prefix) :].partition(".")
                    if first not in (self._modules if dot else names):
                        unexpected_keys.append(other)

    def _receive(self, name: str, key: str, target: Tensor, value: Any, assign: bool) -> str | None:
        """Copy `value` into the parameter or buffer `target`; return what is wrong with it."""
        if not isinstance(value, Tensor):
            return (
                f'While copying the parameter named "{key}", expected torch.Tensor or '
                f"Tensor-like object from checkpoint but received {type(value)}"
            )
        if is_lazy(target):
            return None  # as the value is: else the module's hook had given it its shape
        if is_lazy(value):
            value.shape  # noqa: B018 (raises)
        array = value._array
        if target._array.shape == () and array.shape == (1,):
            array = array[0]  # how numbers were kept before torch had 0-d tensors
        if array.shape != target._array.shape:
            return (
                f"size mismatch for {key}: copying a param with shape "
                f"{Size(array.shape)} from checkpoint, the shape in current model is "
                f"{Size(target._array.shape)}."
            )
        if assign:
            if isinstance(target, Parameter):
                value = Parameter(value, requires_grad=target.requires_grad)
            setattr(self, name, value)
            target = value
        else:
            target._writable()[...] = array
            target._bump()
        listener = events.listener
        if listener is not None:
            listener(events.Written(target, "load_state_dict"))
        return None

    def register_state_dict_pre_hook(self, hook: Any) -> RemovableHandle:
        """Call `hook(module, prefix, keep_vars)` before `state_dict` looks at this module."""
        return self._state_dict_pre_hooks.add(hook)

    def register_state_dict_post_hook(self, hook: Any) -> RemovableHandle:
        """Call `hook(module, state_dict, prefix, local_metadata)` after this module's part."""
        return self._state_dict_hooks.add(hook)

    _register_state_dict_hook = register_state_dict_post_hook

    def register_load_state_dict_pre_hook(self, hook: Any) -> RemovableHandle:
        """Call `hook(module, state_dict, prefix, local_metadata, …)` before this module loads."""

        def with_module(*args: Any) -> None:
            hook(self, *args)

        return self._load_state_dict_pre_hooks.add(with_module)

    def _register_load_state_dict_pre_hook(
        self, hook: Any, with_module: bool = False
    ) -> RemovableHandle:
        if with_module:
            return self.register_load_state_dict_pre_hook(hook)
        return self._load_state_dict_pre_hooks.add(hook)

    def register_load_state_dict_post_hook(self, hook: Any) -> RemovableHandle:
        """Call `hook(module, incompatible_keys)` after this module and those below loaded."""
        return self._load_state_dict_post_hooks.add(hook)


def _detached(value: Tensor) -> Tensor:
    if is_lazy(value):
        return value
    value._writable()
    detached = wrap(value._array)
    detached._version_box = value._box()
    return detached
