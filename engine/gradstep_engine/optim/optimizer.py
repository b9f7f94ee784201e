"""The base class of optimizers: groups of parameters, their state, and phases around the calls."""

from __future__ import annotations

import functools
import warnings
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from gradstep_engine import events
from gradstep_engine.autograd.mode import enable_grad
from gradstep_engine.optim.state import pack, unpack
from gradstep_engine.phases import Phase, clear_gradients
from gradstep_engine.tensor import Tensor


class _Required:
    """Marks a hyper-parameter that every group has to give."""

    def __repr__(self) -> str:
        return "<required parameter>"


required: Any = _Required()


class Optimizer:
    """Holds parameters in groups, each with its own hyper-parameters, and changes them in `step`.

    A subclass calls `super().__init__(params, defaults)` and defines `step`. Every `step` and
    `zero_grad`, also one that a user's subclass defines, is a phase to the listener.

    Attributes:
        defaults: hyper-parameters by name for groups that do not give them.
        param_groups: dictionaries with `params` and the hyper-parameters.
        state: what the optimizer remembers of each parameter, by torch's names.

    Raises:
        TypeError: `params` is a single tensor, or holds something else than leaf tensors.
        ValueError: there are no parameters, or some are no leaves.
    """

    defaults: dict[str, Any]
    param_groups: list[dict[str, Any]]
    state: defaultdict[Any, dict[str, Any]]
    _phase: str | None = None
    _opt_called: bool = False
    _step_tracked: bool = False

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
        self.defaults = defaults
        self.state = defaultdict(dict)
        self.param_groups = []
        groups = list(params)
        if not groups:
            raise ValueError("optimizer got an empty parameter list")
        if not isinstance(groups[0], dict):
            groups = [{"params": groups}]
        for group in groups:
            self._add(group)
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
        parameters = [given] if isinstance(given, Tensor) else list(given)
        param_group["params"] = parameters
        if parameters and isinstance(parameters[0], tuple):  # named_parameters()
            param_group["params"] = [parameter for _, parameter in parameters]
            param_group["param_names"] = [name for name, _ in parameters]
            parameters = param_group["params"]
        for parameter in parameters:
            if not isinstance(parameter, Tensor):
                raise TypeError(
                    "optimizer can only optimize Tensors, but one of the params is "
                    f"{type(parameter).__name__}"
                )
            if not parameter.is_leaf:
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
                stacklevel=4,
            )
        if not identities.isdisjoint(
            id(parameter) for group in self.param_groups for parameter in group["params"]
        ):
            raise ValueError("some parameters appear in more than one parameter group")
        self.param_groups.append(param_group)

    def state_dict(self) -> dict[str, Any]:
        """Return state and groups with parameters replaced by their position."""
        return pack(self)

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over state and hyper-parameters that `state_dict` returned.

        Raises:
            ValueError: the groups differ in number or size.
        """
        unpack(self, state_dict)

    def __repr__(self) -> str:
        lines = [f"{type(self).__name__} ("]
        for position, group in enumerate(self.param_groups):
            lines.append(f"Parameter Group {position}")
            lines += [f"    {key}: {group[key]}" for key in sorted(group) if key != "params"]
        return "\n".join([*lines, ")"])

    @staticmethod
    def _evaluate(closure: Callable[[], Any] | None) -> Any:
        """Return what `closure` computes, None without one."""
        if closure is None:
            return None
        with enable_grad():
            return closure()


def _as_phase(phase: str, method: Callable[..., Any]) -> Callable[..., Any]:
    """Make `method` report the phase, unless it runs inside an override that does already."""

    @functools.wraps(method)
    def observed(self: Optimizer, *args: Any, **kwargs: Any) -> Any:
        if events.listener is None or self._phase == phase:
            result = method(self, *args, **kwargs)
        else:
            outer, self._phase = self._phase, phase
            try:
                with Phase(phase, f"{type(self).__name__}.{phase}", self):
                    result = method(self, *args, **kwargs)
            finally:
                self._phase = outer
        if phase == "step":
            self._opt_called = True  # the schedulers want to know
        return result

    return observed


Optimizer.zero_grad = _as_phase("zero_grad", Optimizer.zero_grad)  # type: ignore[method-assign]
