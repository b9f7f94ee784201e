"""The base class of all layers and models."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any, TypeVar

from gradstep_engine import events
from gradstep_engine.emission import Emission
from gradstep_engine.nn.conversion import ConversionMixin
from gradstep_engine.nn.hooks import (
    HooksMixin,
    Registrations,
    register_module_backward_hook,
    register_module_buffer_registration_hook,
    register_module_forward_hook,
    register_module_forward_pre_hook,
    register_module_full_backward_hook,
    register_module_full_backward_pre_hook,
    register_module_module_registration_hook,
    register_module_parameter_registration_hook,
)
from gradstep_engine.nn.parameter import Buffer, Parameter
from gradstep_engine.nn.state import StateMixin
from gradstep_engine.nn.traversal import TraversalMixin
from gradstep_engine.phases import Phase, clear_gradients
from gradstep_engine.tensor import Tensor
from gradstep_engine.utils.hooks import HookTable

__all__ = [
    "Module",
    "register_module_backward_hook",
    "register_module_buffer_registration_hook",
    "register_module_forward_hook",
    "register_module_forward_pre_hook",
    "register_module_full_backward_hook",
    "register_module_full_backward_pre_hook",
    "register_module_module_registration_hook",
    "register_module_parameter_registration_hook",
]

T = TypeVar("T", bound="Module")

_call_numbers = count(1)


class Module(TraversalMixin, StateMixin, ConversionMixin, HooksMixin):
    """A layer or a model: holds parameters, buffers and other modules, found by attribute name.

    Subclasses call `super().__init__()` and define `forward`. The registries `_parameters`,
    `_buffers` and `_modules` say what is registered; each entry is a plain instance attribute too,
    so that reading one costs no more than any other attribute.
    """

    training: bool
    _parameters: dict[str, Parameter | None]
    _buffers: dict[str, Tensor | None]
    _modules: dict[str, Module | None]
    _non_persistent_buffers_set: set[str]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        assign = super().__setattr__
        assign("training", True)
        assign("_parameters", {})
        assign("_buffers", {})
        assign("_non_persistent_buffers_set", set())
        assign("_modules", {})
        for table in _HOOK_TABLES:
            assign(table, HookTable())

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the output; every subclass defines it.

        Raises:
            NotImplementedError: the subclass does not.
        """
        raise NotImplementedError(
            f'Module [{type(self).__name__}] is missing the required "forward" function'
        )

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run `forward`, with hooks and as a call that the listener can see."""
        if events.listener is None and not self._hooked:
            return self.forward(*args, **kwargs)
        return self._observed_call(args, kwargs)

    def _observed_call(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run `forward` with hooks, as a call that the listener can see ops belong to."""
        outer = Emission.call
        if events.listener is not None:
            Emission.call = events.ModuleCall(self, next(_call_numbers), outer)
        try:
            if self._hooked:
                return self._call_with_hooks(args, kwargs)
            return self.forward(*args, **kwargs)
        finally:
            Emission.call = outer

    def __setattr__(self, name: str, value: Any) -> None:
        if name.startswith("_") and name in _OWN:
            super().__setattr__(name, value)
            return
        registries = self._registries()
        if isinstance(value, Parameter):
            self._require_init(registries, "parameters")
            self.register_parameter(name, value)
        elif isinstance(value, Module):
            self._require_init(registries, "module")
            self._take(name, "_modules", value)
        elif isinstance(value, Buffer):
            self._require_init(registries, "buffer")
            self._take(name, "_buffers", value)
            if not value.persistent:
                self._non_persistent_buffers_set.add(name)
        elif registries is not None:
            self._assign_plain(name, value, registries)
        else:
            super().__setattr__(name, value)

    def _assign_plain(self, name: str, value: Any, registries: tuple[dict[str, Any], ...]) -> None:
        parameters, buffers, modules = registries
        if name in parameters:
            if value is not None:
                raise TypeError(
                    f"cannot assign '{type_name(value)}' as parameter '{name}' "
                    "(torch.nn.Parameter or None expected)"
                )
            parameters[name] = None
        elif name in modules:
            if value is not None:
                raise TypeError(
                    f"cannot assign '{type_name(value)}' as child module '{name}' "
                    "(torch.nn.Module or None expected)"
                )
            modules[name] = None
        elif name in buffers:
            if value is not None and not isinstance(value, Tensor):
                raise TypeError(
                    f"cannot assign '{type_name(value)}' as buffer '{name}' "
                    "(torch.nn.Buffer, torch.Tensor or None expected)"
                )
            buffers[name] = value
        super().__setattr__(name, value)

    def __getattr__(self, name: str) -> Any:
        # Reached only where there is no plain attribute: an entry put into a registry by hand.
        for registry in self._registries() or ():
            if name in registry:
                return registry[name]
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")

    def __delattr__(self, name: str) -> None:
        for registry in self._registries() or ():
            registry.pop(name, None)
        self._non_persistent_buffers_set.discard(name)
        if name in self.__dict__:
            super().__delattr__(name)

    def _registries(self) -> tuple[dict[str, Any], ...] | None:
        own = self.__dict__
        if "_modules" not in own:
            return None
        return own["_parameters"], own["_buffers"], own["_modules"]

    @staticmethod
    def _require_init(registries: Any, what: str) -> None:
        if registries is None:
            raise AttributeError(f"cannot assign {what} before Module.__init__() call")

    def _take(self, name: str, registry: str, value: Any) -> None:
        """Register `value`, out of any other registry, and make it an attribute."""
        if Registrations.active:
            value = Registrations.passed(_KINDS[registry], self, name, value)
        for other in ("_parameters", "_buffers", "_modules"):
            if other != registry:
                getattr(self, other).pop(name, None)
        getattr(self, registry)[name] = value
        super().__setattr__(name, value)

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Add a parameter by name; None reserves the name (a layer without bias).

        Raises:
            KeyError: the name is empty, dotted or taken.
            TypeError: `param` is no `Parameter`.
        """
        self._require_init(self._registries(), "parameters")
        self._check_name("parameter", name, self._parameters)
        if param is not None and not isinstance(param, Parameter):
            raise TypeError(
                f"cannot assign '{type_name(param)}' object to parameter '{name}' "
                "(torch.nn.Parameter or None required)"
            )
        if param is not None and param.grad_fn is not None:
            raise ValueError(
                f"Cannot assign non-leaf Tensor to parameter '{name}'. Model parameters must be "
                "created explicitly."
            )
        self._take(name, "_parameters", param)

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Add a tensor that is part of the state but not learned.

        Raises:
            KeyError: the name is empty, dotted or taken.
            TypeError: `tensor` is no tensor.
        """
        self._require_init(self._registries(), "buffer")
        self._check_name("buffer", name, self._buffers)
        if tensor is not None and not isinstance(tensor, Tensor):
            raise TypeError(
                f"cannot assign '{type_name(tensor)}' object to buffer '{name}' "
                "(torch Tensor or None required)"
            )
        self._take(name, "_buffers", tensor)
        if persistent:
            self._non_persistent_buffers_set.discard(name)
        else:
            self._non_persistent_buffers_set.add(name)

    def add_module(self, name: str, module: Module | None) -> None:
        """Add a child module by name.

        Raises:
            KeyError: the name is empty, dotted or taken.
            TypeError: `module` is no module.
        """
        if module is not None and not isinstance(module, Module):
            raise TypeError(f"{type_name(module)} is not a Module subclass")
        self._check_name("module", name, self._modules)
        self._take(name, "_modules", module)

    register_module = add_module

    def _check_name(self, what: str, name: str, registry: dict[str, Any]) -> None:
        if not isinstance(name, str):
            raise TypeError(f"{what} name should be a string. Got {type_name(name)}")
        if "." in name:
            found = f", got: {name}" if what == "module" else ""
            raise KeyError(f'{what} name can\'t contain "."{found}')
        if name == "":
            raise KeyError(f'{what} name can\'t be empty string ""')
        if name not in registry and hasattr(self, name) and not self._is_registered(name):
            raise KeyError(f"attribute '{name}' already exists")

    def _is_registered(self, name: str) -> bool:
        return any(name in registry for registry in self._registries() or ())

    def train(self: T, mode: bool = True) -> T:
        """Set training mode here and in all children; returns the module.

        Raises:
            ValueError: `mode` is no bool.
        """
        if not isinstance(mode, bool):
            raise ValueError("training mode is expected to be boolean")
        before = self.training
        self.training = mode
        listener = events.listener
        announce = listener is not None and before != mode and not _Switching.active
        if announce:
            _Switching.active = True
        try:
            for child in self.children():
                child.train(mode)
        finally:
            if announce:
                _Switching.active = False
        if announce and listener is not None:
            listener(events.ModeChanged("training", self, before, mode))
        return self

    def eval(self: T) -> T:
        """Set evaluation mode: `train(False)`."""
        return self.train(False)

    def requires_grad_(self: T, requires_grad: bool = True) -> T:
        """Set whether the parameters want gradients; returns the module."""
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Clear the gradient of every parameter."""
        with Phase("zero_grad", f"{type(self).__name__}.zero_grad"):
            clear_gradients(self.parameters(), set_to_none)

    def apply(self: T, fn: Callable[[Module], Any]) -> T:
        """Call `fn` on every module below this one, then on it; returns the module."""
        for child in self.children():
            child.apply(fn)
        fn(self)
        return self

    def compile(self, *args: Any, **kwargs: Any) -> None:
        """Change nothing: the engine runs modules as they are written."""

    def __copy__(self: T) -> T:
        duplicate = type(self).__new__(type(self))
        own = duplicate.__dict__
        own.update(self.__dict__)
        # Registries of its own: what is assigned to the copy does not change the original.
        for name in (*_KINDS, "_non_persistent_buffers_set"):
            own[name] = own[name].copy()
        return duplicate

    def extra_repr(self) -> str:
        """Return what stands between the parentheses of the layer's representation."""
        return ""

    def _get_name(self) -> str:
        return type(self).__name__

    def __repr__(self) -> str:
        extra = self.extra_repr()
        lines = extra.split("\n") if extra else []
        if not self._modules and len(lines) <= 1:
            return f"{self._get_name()}({extra})"
        lines += [f"({name}): {indented(repr(child))}" for name, child in self._modules.items()]
        return f"{self._get_name()}(\n  " + "\n  ".join(lines) + "\n)"

    def __dir__(self) -> Iterator[str]:
        names = {*super().__dir__(), *self._parameters, *self._buffers, *self._modules}
        return iter(sorted(name for name in names if not name[:1].isdigit()))


class _Switching:
    """Whether a train() further up reports the change for all its children."""

    active = False


_HOOK_TABLES = (
    "_forward_pre_hooks",
    "_forward_hooks",
    "_backward_pre_hooks",
    "_backward_hooks",
    "_state_dict_pre_hooks",
    "_state_dict_hooks",
    "_load_state_dict_pre_hooks",
    "_load_state_dict_post_hooks",
)
_KINDS = {"_parameters": "parameter", "_buffers": "buffer", "_modules": "module"}
_OWN = frozenset({*_KINDS, *_HOOK_TABLES, "_non_persistent_buffers_set", "_hooked"})


def indented(text: str) -> str:
    """Return `text` with all lines but the first two spaces further right."""
    return text.replace("\n", "\n  ")


def type_name(value: Any) -> str:
    """Return a value's type as torch's messages say it."""
    if isinstance(value, Tensor) and type(value) is Tensor:
        return str(value.type())
    return type(value).__name__
