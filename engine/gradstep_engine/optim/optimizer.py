"""The base class of optimizers: groups of parameters, their state, and phases around the calls."""

from __future__ import annotations

import functools
import warnings
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from gradstep_engine import events
from gradstep_engine.autograd.mode import enable_grad
from gradstep_engine.missing import lacking
from gradstep_engine.optim.hooks import (
    Hooked,
    register_optimizer_step_post_hook,
    register_optimizer_step_pre_hook,
    step_with_hooks,
)
from gradstep_engine.optim.state import pack, unpack
from gradstep_engine.phases import Phase, clear_gradients
from gradstep_engine.tensor import Tensor

__all__ = [
    "Optimizer",
    "register_optimizer_step_post_hook",
    "register_optimizer_step_pre_hook",
    "required",
]


def _as_phase(phase: str, method: Callable[..., Any]) -> Callable[..., Any]:
    """Make `method` report the phase and run hooks, unless an override of it does already."""
    is_step = phase == "step"

    @functools.wraps(method)
    def observed(self: Any, *args: Any, **kwargs: Any) -> Any:
        if is_step:
            self._opt_called = True  # the schedulers want to know
        if events.listener is None and not self._is_hooked:
            return method(self, *args, **kwargs) if args or kwargs else method(self)
        if self._phase == phase:
            return method(self, *args, **kwargs)
        outer, self._phase = self._phase, phase
        try:
            with Phase(phase, f"{type(self).__name__}.{phase}", self) as entered:
                if is_step and entered.is_skipped:
                    return None
                if is_step and self._is_hooked:
                    return step_with_hooks(method, self, *args, **kwargs)
                return method(self, *args, **kwargs)
        finally:
            self._phase = outer

    return observed


class _Required:
    """Marks a hyper-parameter that every group has to give."""

    def __repr__(self) -> str:
        return "<required parameter>"


required: Any = _Required()


class Optimizer(Hooked):
    """Holds parameters in groups, each with its own hyper-parameters, and changes them in `step`.

    A subclass calls `super().__init__(params, defaults)` and defines `step`. Every `step` and
    `zero_grad`, also one that a user's subclass defines, is a phase to the listener.

    Attributes:
        defaults: hyper-parameters by name for groups that do not give them.
        param_groups: dictionaries with `params` and the hyper-parameters.
        state: what the optimizer remembers of each parameter, by torch's names.

    Raises:
        TypeError: `params` is a single tensor, or holds something else than leaf tensors.
        ValueError: there are no parameters, some are no leaves, or only some are named.
    """

    defaults: dict[str, Any]
    param_groups: list[dict[str, Any]]
    state: defaultdict[Any, dict[str, Any]]
    _phase: str | None = None
    _opt_called: bool = False
    _scheduled_step: Any = None
    _is_made: bool = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for phase in ("step", "zero_grad"):
            if phase in cls.__dict__:
                setattr(cls, phase, _as_phase(phase, cls.__dict__[phase]))

    def __init__(self, params: Any, defaults: dict[str, Any]) -> None:
        if isinstance(params, Tensor):
            raise TypeError(
                "params argument given to the optimizer should be an iterable of Tensors or dicts, "
                f"but got {params.type()}"
            )
        super().__init__()
        self.defaults = defaults
        self.state = defaultdict(dict)
        self.param_groups = []
        groups = list(params)
        if not groups:
            raise ValueError("optimizer got an empty parameter list")
        if not isinstance(groups[0], dict):
            groups = [{"params": groups}]
        for group in groups:
            self.add_param_group(group)
        self._is_made = True
        self._announce()

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Change the parameters by their gradients; every subclass defines it.

        Args:
            closure: computes the loss again, gradients included; its result is returned.

        Raises:
            NotImplementedError: the subclass does not define it.
        """
        raise NotImplementedError

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Clear the gradient of every parameter: None, or zeros in place."""
        if set_to_none and events.listener is None:
            for group in self.param_groups:
                for parameter in group["params"]:
                    parameter._grad = None
        else:
            self._clear(set_to_none)

    @functools.partial(_as_phase, "zero_grad")
    def _clear(self, set_to_none: bool) -> None:
        clear_gradients(
            (parameter for group in self.param_groups for parameter in group["params"]),
            set_to_none,
        )

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add a group, such as layers that are learned from now on.

        Raises:
            TypeError: the group or its parameters are of the wrong kind.
            ValueError: a parameter is no leaf, or is in another group already.
        """
        self._add(param_group)
        if self._is_made:  # else the constructor announces all groups at once
            self._announce()

    def _announce(self) -> None:
        if events.listener is not None:
            events.listener(events.OptimizerCreated(self))

    def _add(self, param_group: dict[str, Any]) -> None:
        if not isinstance(param_group, dict):
            raise TypeError(f"param_group must be a dict, but got {type(param_group)}")
        given = param_group["params"]
        if isinstance(given, set):
            raise TypeError(
                "optimizer parameters need to be organized in ordered collections, but the "
                "ordering of tensors in sets will change between runs. Please use a list instead."
            )
        entries = [given] if isinstance(given, Tensor) else list(given)
        names = [entry[0] for entry in entries if isinstance(entry, tuple)]
        parameters = [entry[1] if isinstance(entry, tuple) else entry for entry in entries]
        param_group["params"] = parameters
        if names:  # named_parameters()
            if len(names) != len(parameters):
                raise ValueError(
                    "all optimizer params should be with/without names. Some param names are "
                    "missing"
                )
            param_group["param_names"] = names
        for parameter in parameters:
            if not isinstance(parameter, Tensor):
                raise TypeError(
                    "optimizer can only optimize Tensors, but one of the params is "
                    f"{_typename(parameter)}"
                )
            if not (parameter.is_leaf or parameter.retains_grad):
                raise ValueError("can't optimize a non-leaf Tensor")
        for name, default in self.defaults.items():
            if default is required and name not in param_group:
                raise ValueError(
                    "parameter group didn't specify a value of required optimization parameter "
                    f"{name}"
                )
            param_group.setdefault(name, default)
        identities = {id(parameter) for parameter in parameters}
        if len(identities) != len(parameters):
            warnings.warn(
                "optimizer contains a parameter group with duplicate parameters; in future, this "
                "will cause an error; see github.com/pytorch/pytorch/issues/40967 for more "
                "information",
                stacklevel=5,
            )
        for group in self.param_groups:
            if ("param_names" in param_group) != ("param_names" in group):
                having = "with" if "param_names" in param_group else "without"
                raise ValueError(
                    "all optimizer param groups should be with/without names. cannot add param "
                    f"group {having} names to the optimizer"
                )
        if not identities.isdisjoint(
            id(parameter) for group in self.param_groups for parameter in group["params"]
        ):
            raise ValueError("some parameters appear in more than one parameter group")
        self.param_groups.append(param_group)

    def state_dict(self) -> dict[str, Any]:
        """Return state and groups with parameters replaced by their position."""
        for hook in [*self._optimizer_state_dict_pre_hooks.values()]:
            hook(self)
        packed = pack(self)
        for hook in [*self._optimizer_state_dict_post_hooks.values()]:
            changed = hook(self, packed)
            packed = packed if changed is None else changed
        return packed

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over state and hyper-parameters that `state_dict` returned.

        Raises:
            ValueError: the groups differ in number or size.
        """
        loaded = state_dict.copy()
        for hook in [*self._optimizer_load_state_dict_pre_hooks.values()]:
            changed = hook(self, loaded)
            loaded = loaded if changed is None else changed
        unpack(self, loaded)
        for hook in [*self._optimizer_load_state_dict_post_hooks.values()]:
            hook(self)

    def __getstate__(self) -> dict[str, Any]:
        return {
            "defaults": self.defaults,
            "state": self.state,
            "param_groups": self.param_groups,
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        if "_optimizer_step_pre_hooks" not in self.__dict__:
            Hooked.__init__(self)
        self.__dict__.update(state)
        self._is_made = True

    def __repr__(self) -> str:
        lines = [f"{type(self).__name__} ("]
        for position, group in enumerate(self.param_groups):
            lines += [""] * (position > 0) + [f"Parameter Group {position}"]
            lines += [f"    {key}: {group[key]}" for key in sorted(group) if key != "params"]
        return "\n".join([*lines, ")"])

    @staticmethod
    def _evaluate(closure: Callable[[], Any] | None) -> Any:
        """Return what `closure` computes, None without one."""
        if closure is None:
            return None
        with enable_grad():
            return closure()


def _typename(value: Any) -> str:
    """Return a type as torch names it: with its module, unless it is built in."""
    kind = type(value)
    module = "" if kind.__module__ in ("", "builtins", "__builtin__") else f"{kind.__module__}."
    return f"{module}{kind.__name__}"


__getattr__ = lacking("torch.optim.optimizer")
