"""The old way to write a factor: `x.add_(-0.1, d)`, which PyTorch still takes with a warning."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any

from gradstep_engine.autograd.variable import TensorBase

_warned = False


def number_first(keyword: str, tensors: int) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Let a method take its factor first, before its `tensors` tensor arguments.

    The first use in a process warns, as PyTorch does. `keyword` is the factor's name in the
    present signature (`alpha`, `value`).
    """

    def decorate(method: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(method)
        def wrapped(self: Any, *args: Any, **kwargs: Any) -> Any:
            if len(args) == tensors + 1 and keyword not in kwargs:
                number, *rest = args
                if not isinstance(number, TensorBase):
                    _warn(method.__name__, keyword, tensors)
                    return method(self, *rest, **{keyword: number}, **kwargs)
            if len(args) > tensors:
                noun = "argument" if tensors == 1 else "arguments"
                raise TypeError(
                    f"{method.__name__}() takes {tensors} positional {noun} "
                    f"but {len(args)} were given"
                )
            return method(self, *args, **kwargs)

        return wrapped

    return decorate


def _warn(name: str, keyword: str, tensors: int) -> None:
    global _warned
    if _warned:
        return
    _warned = True
    names = ["Tensor other"] if tensors == 1 else ["Tensor tensor1", "Tensor tensor2"]
    given = ", ".join(names)
    warnings.warn(
        f"This overload of {name} is deprecated:\n\t{name}(Number {keyword}, {given})\n"
        "Consider using one of the following signatures instead:\n"
        f"\t{name}({given}, *, Number {keyword} = 1)",
        UserWarning,
        stacklevel=3,
    )
