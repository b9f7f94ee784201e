"""Short texts of values: never by code of the script's."""

from __future__ import annotations

import enum
from pathlib import PurePosixPath
from typing import Any

import numpy as np
import pytest

import gradstep_engine as torch
from gradstep.debuggee.brief import brief, children, has_children
from gradstep.debuggee.completion import complete


class Trap:
    """Whatever is asked of it fails the test."""

    def __init__(self) -> None:
        object.__setattr__(self, "size", 3)

    def __getattribute__(self, name: str) -> Any:
        raise AssertionError(f"asked for {name}")

    def __repr__(self) -> str:
        raise AssertionError("its repr was run")

    def __len__(self) -> int:
        raise AssertionError("its length was asked for")

    @property
    def slow(self) -> int:
        raise AssertionError("its property was run")


class Slotted:
    __slots__ = ("a", "b")

    def __init__(self) -> None:
        self.a = 1


class Colour(enum.Enum):
    RED = 1


class MyList(list[int]):
    def __repr__(self) -> str:
        raise AssertionError("its repr was run")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.5, "1.5"),
        (None, "None"),
        ("a" * 70, f"'{'a' * 60}'… 70 long"),
        (2**4000, "int of 4001 bits"),
        ([1, [2, [3]]], "[1, [2, […]]]"),
        (list(range(9)), "[0, 1, 2, 3, 4, 5, … 9 items]"),
        ((1,), "(1,)"),
        (set(), "set()"),
        ({"a": {"b": 1}}, "{'a': {'b': 1}}"),
        (np.float32(0.5), "float32(0.5)"),
        (np.arange(8), "array int64[8] 0, 1, 2, 3, 4, 5, …"),
        (PurePosixPath("a/b"), "PurePosixPath('a/b')"),
        (Colour.RED, "Colour.RED"),
        (Trap, "class Trap"),
        (torch.zeros(2, 3), "tensor [2,3] float32"),
        (torch.tensor(1.5), "tensor [] 1.5"),
    ],
)
def test_brief(value: Any, text: str) -> None:
    assert brief(value) == text


def test_nothing_of_the_scripts_is_run() -> None:
    assert brief(Trap()) == "Trap object"
    assert brief([Trap()]) == "[Trap object]"
    assert brief(MyList([1])) == "MyList object"


def test_what_a_value_holds() -> None:
    assert list(children(Trap())) == [("size", 3)]
    assert list(children(Slotted())) == [("a", 1)]
    assert list(children({"k": 1})) == [("['k']", 1)]
    assert list(children([5])) == [("[0]", 5)]
    net = torch.nn.Sequential(torch.nn.Linear(2, 1))
    assert "0" in dict(children(net))
    assert {"weight", "bias"} <= set(dict(children(net[0])))
    assert not has_children(torch.zeros(3))
    assert not has_children(3)


def test_completion_runs_nothing() -> None:
    names = {"trap": Trap(), "net": torch.nn.Linear(2, 1), "number": 3, "name": "x"}
    assert complete("print(nu", names) == ("nu", ["number"])
    assert complete("n", names)[1][:3] == ["net", "name", "number"]
    assert complete("net.wei", names) == ("wei", ["weight"])
    assert "grad" in complete("net.weight.gr", names)[1]
    assert complete("number.real.bit", names) == ("bit", [])
    assert complete("trap.slow.", names) == ("", [])
    assert complete("'nu", names) == ("", [])
    assert complete("nosuch.a", names) == ("a", [])
