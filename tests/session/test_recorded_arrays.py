"""Expressions about the past: arithmetic on recorded contents, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from gradstep.session.recorded_names import evaluate_recorded
from gradstep.trace.moment import Moment
from tests.views.conftest import scalars
from tests.views.tracing import find


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("x * 2 + y", "tensor([4.0], dtype=float32)"),
        ("(x.grad * x).sum().item()", "6.0"),
        ("(1 - x.grad).abs()", "tensor([5.0], dtype=float32)"),
        ("(x.grad - x.grad).log()[0]", "tensor(-inf, dtype=float32)"),
        ("(x @ y).tolist()", "2.0"),
        ("x > 0.5", "True"),
        ("(x + 0 > 0.5).any()", "tensor(True, dtype=bool)"),
        ("len(x), x.sum(0).item(), x.norm(0)", "(1, 1.0, tensor(1.0, dtype=float32))"),
        ("-x", "tensor([-1.0], dtype=float32)"),
    ],
)
def test_arithmetic(tmp_path: Path, text: str, answer: str) -> None:
    with scalars(tmp_path / "scalars.gradstep") as trace:
        found = evaluate_recorded(find(trace, "phase_exited", "backward"), text)
        assert (found.text, found.error) == (answer, "")


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("x.numpy()", "x.numpy cannot be answered from the recording"),
        ("(x * 2).tofile('here')", "what is computed from recorded values has no tofile"),
        ("x.zero_()", "x.zero_ cannot be answered from the recording"),
        ("open('file')", "'open' is not recorded"),
        ("__import__('os')", "'__import__' is not recorded"),
        ("x.reshape(2, 2)", "ValueError: cannot reshape"),
    ],
)
def test_what_is_not_on_the_list_does_not_exist(tmp_path: Path, text: str, error: str) -> None:
    with scalars(tmp_path / "scalars.gradstep") as trace:
        moment: Moment = find(trace, "phase_exited", "backward")
        found = evaluate_recorded(moment, text)
        assert not found.ok
        assert error in found.error
