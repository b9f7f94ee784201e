"""Saving and loading the state of a module by names."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from gradstep_engine import events
from gradstep_engine.size import Size
from gradstep_engine.tensor import Tensor, wrap

if TYPE_CHECKING:
    from gradstep_engine.nn.module import Module
    from gradstep_engine.nn.parameter import Parameter


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
    """`state_dict` and `load_state_dict` of `Module`."""

    _parameters: dict[str, Parameter | None]
    _buffers: dict[str, Tensor | None]
    _modules: dict[str, Module | None]
    _non_persistent_buffers_set: set[str]

    def state_dict(
        self, *, destination: Any = None, prefix: str = "", keep_vars: bool = False
    ) -> OrderedDict[str, Any]:
        """Return parameters and persistent buffers by dotted name.

        The tensors share the module's memory; unless `keep_vars` they are cut from the graph.
        """
        result: OrderedDict[str, Any] = OrderedDict() if destination is None else destination
        for name, value in self._own_state():
            result[prefix + name] = value if keep_vars else _detached(value)
        for name, module in self._modules.items():
            if module is not None:
                module.state_dict(
                    destination=result, prefix=f"{prefix}{name}.", keep_vars=keep_vars
                )
        return result

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
        missing: list[str] = []
        errors: list[str] = []
        known: set[str] = set()
        self._load("", state_dict, assign, missing, errors, known)
        unexpected = [name for name in state_dict if name not in known]
        if strict:
            if missing:
                names = ", ".join(f'"{name}"' for name in missing)
                errors.insert(0, f"Missing key(s) in state_dict: {names}. ")
            if unexpected:
                names = ", ".join(f'"{name}"' for name in unexpected)
                errors.insert(1 if missing else 0, f"Unexpected key(s) in state_dict: {names}. ")
        if errors:
            details = "\n\t".join(errors)
            raise RuntimeError(
                f"Error(s) in loading state_dict for {type(self).__name__}:\n\t{details}"
            )
        return _IncompatibleKeys(missing, unexpected)

    def _own_state(self) -> list[tuple[str, Any]]:
        parameters = [(k, v) for k, v in self._parameters.items() if v is not None]
        buffers = [
            (k, v)
            for k, v in self._buffers.items()
            if v is not None and k not in self._non_persistent_buffers_set
        ]
        return parameters + buffers

    def _load(
        self,
        prefix: str,
        state: Mapping[str, Any],
        assign: bool,
        missing: list[str],
        errors: list[str],
        known: set[str],
    ) -> None:
        for name, target in self._own_state():
            key = prefix + name
            known.add(key)
            if key not in state:
                missing.append(key)
                continue
            value = state[key]
            if not isinstance(value, Tensor):
                errors.append(
                    f'While copying the parameter named "{key}", expected torch.Tensor or '
                    f"Tensor-like object from checkpoint but received {type(value)}"
                )
            elif value._array.shape != target._array.shape:
                errors.append(
                    f"size mismatch for {key}: copying a param with shape "
                    f"{Size(value._array.shape)} from checkpoint, the shape in current model is "
                    f"{Size(target._array.shape)}."
                )
            else:
                _receive(target, value, assign)
        for name, module in self._modules.items():
            if module is not None:
                module._load(f"{prefix}{name}.", state, assign, missing, errors, known)


def _detached(value: Tensor) -> Tensor:
    value._writable()
    detached = wrap(value._array)
    detached._version_box = value._box()
    return detached


def _receive(target: Tensor, value: Tensor, assign: bool) -> None:
    if assign:
        target._array = value._writable()
        target._version_box = value._box()
    else:
        target._writable()[...] = value._array
        target._bump()
    listener = events.listener
    if listener is not None:
        listener(events.Written(target, "load_state_dict"))
