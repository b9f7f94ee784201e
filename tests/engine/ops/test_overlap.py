"""In-place operations that read the memory they write: torch's results and torch's refusals."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.ops.comparing import assert_same_error, assert_same_result

pytestmark = pytest.mark.torch


def _changed(change: Any, *shape: int) -> Any:
    def function(e: Any) -> Any:
        x = e.arange(float(e.zeros(shape).numel())).reshape(shape) + 1
        change(e, x)
        return x

    return function


REFUSED: dict[str, Any] = {
    "shifted": _changed(lambda _, x: x[1:].add_(x[:-1]), 6),
    "assigned": _changed(lambda _, x: x.__setitem__(slice(1, None), x[:-1]), 6),
    "copied": _changed(lambda _, x: x[1:].copy_(x[:-1]), 6),
    "transposed": _changed(lambda _, x: x.add_(x.t()), 2, 2),
    "row": _changed(lambda _, x: x.sub_(x[0]), 2, 2),
    "divided by an element": _changed(lambda _, x: x.div_(x[3]), 6),
    "first of all": _changed(lambda _, x: x.mul_(x[0, 0]), 2, 3),
    "two operands": _changed(lambda _, x: x.addcmul_(x[0], x[1]), 2, 2),
    "lerp": _changed(lambda _, x: x.lerp_(x.t(), 0.5), 2, 2),
    "limits": _changed(lambda _, x: x[1:].clamp_(x[:-1]), 6),
    "comparison": _changed(lambda _, x: x[1:].gt_(x[:-1]), 6),
    "detached": _changed(lambda _, x: x.mul_(x.detach()[0]), 2, 2),
    "places": _changed(lambda _, x: x.__setitem__([0, 1], x[2:4]), 6),
    "places of itself": _changed(lambda _, x: x.__setitem__([0, 1], x[:2]), 6),
    "mask": _changed(lambda _, x: x.__setitem__(x > 4, x[2:4]), 6),
    "index_add": _changed(lambda e, x: x.index_add_(0, e.tensor([0, 1]), x[2:4]), 6),
    "index_copy": _changed(lambda e, x: x.index_copy_(0, e.tensor([0, 1]), x[2:4]), 6),
    "scatter": _changed(lambda e, x: x.scatter_(0, e.tensor([0, 1]), x[2:4]), 6),
    "put": _changed(lambda e, x: x.put_(e.tensor([0, 1]), x[2:4]), 6),
}

FINE: dict[str, Any] = {
    "itself": _changed(lambda _, x: x.mul_(x), 2, 2),
    "view of itself": _changed(lambda _, x: x.mul_(x.view(2, 2)), 2, 2),
    "other row": _changed(lambda _, x: x[0].add_(x[1]), 2, 2),
    "flipped copy": _changed(lambda _, x: x.__setitem__(slice(None), x.flip(0)), 2, 2),
    "rows swapped": _changed(lambda _, x: x.__setitem__([0, 1], x[[1, 0]]), 2, 2),
    "one element": _changed(lambda _, x: x.__setitem__(slice(4), x[3]), 6),
    "fill": _changed(lambda _, x: x.fill_(x[3]), 6),
    "masked_fill": _changed(lambda _, x: x.masked_fill_(x > 3, x[3]), 6),
    "copied onto itself": _changed(lambda _, x: x.copy_(x), 2, 2),
    "assigned to itself": _changed(lambda _, x: x.__setitem__(slice(None), x), 2, 2),
}


@pytest.mark.parametrize("name", REFUSED)
def test_partly_the_same_memory(name: str) -> None:
    assert_same_error(REFUSED[name])


@pytest.mark.parametrize("name", FINE)
def test_allowed(name: str) -> None:
    assert_same_result(FINE[name])


def _differentiated(name: str, operand: Any) -> Any:
    def function(e: Any) -> Any:
        x = e.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
        y = x * 1
        getattr(y, name)(operand(y))
        y.sum().backward()
        return x.grad

    return function


@pytest.mark.parametrize("operand", [lambda y: y, lambda y: y.detach()], ids=["same", "detached"])
@pytest.mark.parametrize("name", ["mul_", "div_", "pow_", "atan2_", "xlogy_"])
def test_what_backward_needs_is_overwritten(name: str, operand: Any) -> None:
    assert_same_error(_differentiated(name, operand))


@pytest.mark.parametrize("operand", [lambda y: y, lambda y: y.detach()], ids=["same", "detached"])
@pytest.mark.parametrize("name", ["add_", "sub_", "copy_"])
def test_backward_needs_nothing_of_it(name: str, operand: Any) -> None:
    assert_same_result(_differentiated(name, operand))
