"""Layers that learn the size of their input from the first one they get."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from gradstep_engine.nn.module import Module
from gradstep_engine.nn.parameter import is_lazy

__all__ = ["LazyModuleMixin"]


class LazyModuleMixin(Module):
    """A module whose parameters get their shapes in its first call; then it changes its class.

    A subclass stands before the layer it becomes, names it in `cls_to_become` and defines
    `initialize_parameters(input)`.
    """

    cls_to_become: ClassVar[type[Module] | None] = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._load_hook = self._register_load_state_dict_pre_hook(self._lazy_load_hook)
        self._initialize_hook = self.register_forward_pre_hook(
            self._infer_parameters, with_kwargs=True
        )

    def initialize_parameters(self, *args: Any, **kwargs: Any) -> None:
        """Give the parameters their shapes by the first input; every subclass defines it."""
        raise NotImplementedError(
            f"initialize_parameters is not implemented for {type(self).__name__}"
        )

    def has_uninitialized_params(self) -> bool:
        """Return whether a parameter or buffer waits for its shape."""
        held = (*self._parameters.values(), *self._buffers.values())
        return any(is_lazy(tensor) for tensor in held)

    def _infer_parameters(
        self, module: Any, args: tuple[Any, ...], kwargs: dict[str, Any] | None = None
    ) -> None:
        module.initialize_parameters(*args, **(kwargs or {}))
        if module.has_uninitialized_params():
            raise RuntimeError(f"module {self._get_name()} has not been fully initialized")
        module._initialize_hook.remove()
        module._load_hook.remove()
        del module._initialize_hook, module._load_hook
        tables = (module._forward_pre_hooks, module._forward_hooks)
        if not any((*tables, module._backward_hooks, module._backward_pre_hooks)):
            module.__dict__.pop("_hooked", None)  # its calls need no look at hooks any more
        if module.cls_to_become is not None:
            module.__class__ = module.cls_to_become

    def _lazy_load_hook(self, state_dict: Mapping[str, Any], prefix: str, *rest: Any) -> None:
        """Give what waits for its shape that of the tensor which is about to be loaded."""
        for name, tensor in (*self._parameters.items(), *self._buffers.items()):
            loaded = state_dict.get(prefix + name)
            if not is_lazy(tensor) or is_lazy(loaded) or loaded is None:
                continue
            tensor.materialize(loaded.shape)  # type: ignore[union-attr]
