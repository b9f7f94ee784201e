"""The factor before the tensors, as scripts of PyTorch's first years write it."""

from typing import Any

import pytest

import gradstep_engine
from gradstep_engine.tensor import number_first

torch: Any = gradstep_engine


@pytest.fixture(autouse=True)
def not_yet_warned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(number_first, "_warned", False)


@pytest.mark.parametrize(
    ("method", "arguments", "expected"),
    [
        ("add_", (-0.1, [2.0, 4.0]), [0.8, 1.6]),
        ("add", (-0.1, [2.0, 4.0]), [0.8, 1.6]),
        ("sub_", (0.5, [2.0, 4.0]), [0.0, 0.0]),
        ("addcmul_", (2.0, [1.0, 2.0], [3.0, 3.0]), [7.0, 14.0]),
        ("addcdiv_", (2.0, [3.0, 6.0], [1.0, 2.0]), [7.0, 8.0]),
    ],
)
def test_a_factor_may_come_first(method: str, arguments: Any, expected: list[float]) -> None:
    x = torch.tensor([1.0, 2.0])
    number, *tensors = arguments
    with pytest.warns(UserWarning, match=f"This overload of {method} is deprecated"):
        result = getattr(x, method)(number, *(torch.tensor(t) for t in tensors))
    assert result.tolist() == pytest.approx(expected)
    assert (result is x) == method.endswith("_")


def test_it_warns_once() -> None:
    x = torch.tensor([1.0])
    with pytest.warns(UserWarning, match="deprecated"):
        x.add_(1, x)
    x.add_(1, x)  # warnings are errors here: a second one would fail
    assert x.tolist() == [4.0]


def test_two_tensors_are_refused() -> None:
    x = torch.tensor([1.0])
    with pytest.raises(TypeError, match=r"add_\(\) takes 1 positional argument but 2 were given"):
        x.add_(x, x)
