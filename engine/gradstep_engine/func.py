"""Gradients of functions, and modules called with other parameters, as `torch.func` has them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from gradstep_engine.autograd import api, functional
from gradstep_engine.autograd.mode import enable_grad
from gradstep_engine.missing import lacking
from gradstep_engine.nn.module import Module
from gradstep_engine.tensor import Tensor

__all__ = ["functional_call", "grad", "grad_and_value", "hessian", "jacfwd", "jacrev", "vjp"]


def functional_call(
    module: Module,
    parameter_and_buffer_dicts: Any,
    args: Any = None,
    kwargs: dict[str, Any] | None = None,
    *,
    tie_weights: bool = True,
    strict: bool = False,
) -> Any:
    """Call `module` with the given tensors in the place of its parameters and buffers.

    Raises:
        ValueError: a name is given twice.
        RuntimeError: with `strict`, names are missing or unknown.
    """
    given: dict[str, Tensor] = {}
    if isinstance(parameter_and_buffer_dicts, Mapping):
        given.update(parameter_and_buffer_dicts)
    else:
        for each in parameter_and_buffer_dicts:
            repeated = set(given) & set(each)
            if repeated:
                raise ValueError(f"{repeated} appear in multiple dictionaries")
            given.update(each)
    positional = () if args is None else args if isinstance(args, tuple) else (args,)
    with _replaced(module, given, tie_weights, strict):
        return module(*positional, **(kwargs or {}))


@contextmanager
def _replaced(
    module: Module, given: dict[str, Tensor], tie_weights: bool, strict: bool
) -> Iterator[None]:
    own = dict(module.named_parameters(remove_duplicate=False))
    own.update(module.named_buffers(remove_duplicate=False))
    if strict:
        unknown, absent = [n for n in given if n not in own], [n for n in own if n not in given]
        if unknown or absent:
            what = "Unexpected" if unknown else "Missing"
            names = ", ".join(unknown or absent)
            raise RuntimeError(f"{what} key(s): {names}.")
    wanted = dict(given)
    if tie_weights:
        for name, tensor in given.items():
            for other, held in own.items():
                if other not in given and name in own and held is own[name]:
                    wanted[other] = tensor
    before: list[tuple[dict[str, Any], str, Any]] = []
    try:
        for name, tensor in wanted.items():
            path, _, last = name.rpartition(".")
            holder = module.get_submodule(path)
            if name not in own:
                raise AttributeError(f"{type(holder).__name__} has no parameter or buffer {last}")
            registry = holder._parameters if last in holder._parameters else holder._buffers
            for place in (registry, holder.__dict__):
                before.append((place, last, place.get(last)))
                place[last] = tensor
        yield
    finally:
        for place, last, value in reversed(before):
            place[last] = value


def grad_and_value(
    func: Callable[..., Any], argnums: int | tuple[int, ...] = 0, has_aux: bool = False
) -> Callable[..., Any]:
    """Return a function that gives the gradient of `func` by some arguments, and its value.

    The arguments may be tensors, or dictionaries, lists and tuples of them; `func` returns a
    scalar, or with `has_aux` a scalar and something else.

    Raises:
        RuntimeError: `func` returns no scalar.
    """

    @functools.wraps(func)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        numbers = (argnums,) if isinstance(argnums, int) else argnums
        leaves: list[Tensor] = []
        replaced = list(args)
        with enable_grad():
            for number in numbers:
                replaced[number] = _mapped(args[number], lambda x: _tracked(x, leaves))
            result = func(*replaced, **kwargs)
            value, aux = result if has_aux else (result, None)
            if not isinstance(value, Tensor) or value.dim():
                raise RuntimeError(
                    "Expected f(*args) to return a scalar tensor, got "
                    f"{f'tensor with {value.dim()} dims' if isinstance(value, Tensor) else value}"
                )
            # Gradients of gradients come about where the arguments themselves are tracked.
            nested = any(x.requires_grad for arg in args for x in _tensors(arg))
            found = (
                api.grad(value, leaves, create_graph=nested, allow_unused=True)
                if value.requires_grad
                else [None] * len(leaves)
            )
        gradients = iter(found)

        def taken(x: Tensor) -> Any:
            each = next(gradients)
            return x.new_zeros(x.shape) if each is None else each

        by_argument = tuple(_mapped(args[number], taken) for number in numbers)
        answer = by_argument[0] if isinstance(argnums, int) else by_argument
        if not nested:
            value, aux = (_mapped(each, lambda x: x.detach()) for each in (value, aux))
        return (answer, (value, aux)) if has_aux else (answer, value)

    return wrapped


def grad(
    func: Callable[..., Any], argnums: int | tuple[int, ...] = 0, has_aux: bool = False
) -> Callable[..., Any]:
    """Return a function that gives the gradient of `func` by some arguments."""
    both = grad_and_value(func, argnums, has_aux)

    @functools.wraps(func)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        answer, value = both(*args, **kwargs)
        return (answer, value[1]) if has_aux else answer

    return wrapped


def vjp(func: Callable[..., Any], *primals: Any, has_aux: bool = False) -> Any:
    """Return what `func` returns, and a function from cotangents of it to those of `primals`."""
    leaves: list[Tensor] = []
    with enable_grad():
        tracked = [_mapped(primal, lambda x: _tracked(x, leaves)) for primal in primals]
        result = func(*tracked)
    output, aux = result if has_aux else (result, None)

    def backward(*cotangents: Any) -> Any:
        given = cotangents[0] if len(cotangents) == 1 else cotangents
        outputs = list(_tensors(output))
        found = iter(
            api.grad(outputs, leaves, list(_tensors(given)), retain_graph=True, allow_unused=True)
        )

        def taken(x: Tensor) -> Any:
            each = next(found)
            return x.new_zeros(x.shape) if each is None else each

        return tuple(_mapped(primal, taken) for primal in primals)

    plain = _mapped(output, lambda x: x.detach())
    return (plain, backward, aux) if has_aux else (plain, backward)


def jacrev(func: Callable[..., Any], argnums: int = 0) -> Callable[..., Any]:
    """Return a function that gives the Jacobian of `func` by one argument."""
    return _by_argument(functional.jacobian, func, argnums)


jacfwd = jacrev


def hessian(func: Callable[..., Any], argnums: int = 0) -> Callable[..., Any]:
    """Return a function that gives the Hessian of `func` by one argument."""
    return _by_argument(functional.hessian, func, argnums)


def _by_argument(derive: Any, func: Callable[..., Any], argnums: int) -> Callable[..., Any]:
    @functools.wraps(func)
    def wrapped(*args: Any) -> Any:
        def of_one(x: Any) -> Any:
            return func(*args[:argnums], x, *args[argnums + 1 :])

        return derive(of_one, args[argnums])

    return wrapped


def _tracked(x: Tensor, leaves: list[Tensor]) -> Tensor:
    leaf = x.view_as(x) if x.requires_grad else x.detach().requires_grad_()
    leaves.append(leaf)
    return leaf


def _mapped(value: Any, function: Callable[[Any], Any]) -> Any:
    """Return `value`, a tensor or a container of tensors, with `function` of each."""
    if isinstance(value, Tensor):
        return function(value)
    if isinstance(value, Mapping):
        return type(value)({key: _mapped(each, function) for key, each in value.items()})  # type: ignore[call-arg]
    if isinstance(value, (list, tuple)):
        return type(value)(_mapped(each, function) for each in value)
    return value


def _tensors(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, (Mapping, list, tuple)):
        for each in value.values() if isinstance(value, Mapping) else value:
            yield from _tensors(each)


__getattr__ = lacking("torch.func")
