"""help(x) in the console."""

from __future__ import annotations

import pydoc
import sys
from collections.abc import Callable
from types import FrameType

import pytest

from gradstep.debuggee.evaluation import evaluate, execute


@pytest.mark.parametrize("ask", [evaluate, execute])
def test_help_prints_at_once_instead_of_waiting_in_a_pager(
    ask: Callable[[str, FrameType], object],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def pager(*_: str) -> None:
        raise AssertionError("nobody can press its keys")

    monkeypatch.setattr(pydoc, "pager", pager)
    ask("help(len)", sys._getframe())
    assert "Help on built-in function len" in capsys.readouterr().out
    assert pydoc.pager is pager
