"""The passes of the loop in short, and what is odd about them; what stood beside losses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gradstep.trace.gradient_norm import gradient_norm
from gradstep.trace.loss_table import loss_lines
from gradstep.trace.passes import (
    CLEARED,
    FINE,
    NO_BACKWARD,
    NO_STEP,
    NO_ZERO_GRAD,
    SEVERAL,
    Passes,
    carried,
    oddity,
    phase_code,
)
from tests.views.conftest import scalars
from tests.views.tracing import TraceBuilder


@pytest.mark.parametrize(
    ("phases", "odd"),
    [
        ("z1fbs1", FINE),
        ("zfbs1", FINE),
        ("fbs1z1", FINE),
        ("fbs1", NO_ZERO_GRAD),
        ("z1fbz2fbs1s2", SEVERAL),
        ("z1fbfbs1s2", NO_ZERO_GRAD),
        ("z1fb", NO_STEP),
        ("z1fs1", NO_BACKWARD),
        ("fff", FINE),
        ("", FINE),
        ("fbz1s1", CLEARED),
        ("z1fbz1bs1", SEVERAL),
        ("z1fbs1z2fbz2s2", CLEARED),
        ("z1z2fbz2s1", FINE),
        ("fbzs1", FINE),  # what a module clears may be another optimizer's
        ("s1z1fb", FINE),  # a closure inside step
    ],
)
def test_what_stands_out(phases: str, odd: int) -> None:
    assert oddity(phases) == odd


@pytest.mark.parametrize(
    ("iterations", "odd"),
    [
        (("fbs1z1", "fbs1z1", "fbs1", "fz1", "fbs1"), (FINE, FINE, FINE, FINE, FINE)),
        (("z1fbs1", "f", "fbs1"), (FINE, FINE, NO_ZERO_GRAD)),
        (("fbs1z2", "fbs1s2"), (NO_ZERO_GRAD, NO_ZERO_GRAD)),
        (("fbs1", "fbs1"), (NO_ZERO_GRAD, NO_ZERO_GRAD)),
    ],
)
def test_what_was_cleared_since_the_last_backward_counts_for_the_next(
    iterations: tuple[str, ...], odd: tuple[int, ...]
) -> None:
    before, found = "", []
    for phases in iterations:
        found.append(oddity(phases, before))
        before = carried(phases, before)
    assert tuple(found) == odd


def test_what_is_carried_on_does_not_grow() -> None:
    assert carried("fz1z2z", carried("fbs1z1z1")) == "z1z2z"
    assert carried("fz1b", "z2") == ""


def test_an_iteration_that_is_not_over_may_still_get_what_it_lacks() -> None:
    assert oddity("fb", is_over=False) == FINE
    assert oddity("fbfb", is_over=False) == SEVERAL
    assert phase_code("step", {"optimizer": 3}) == "s3"
    assert phase_code("other", {"optimizer": 3}) == ""


def test_passes_are_read_in_pieces(tmp_path: Path) -> None:
    with scalars(tmp_path / "a.gradstep", clears=False, iterations=5) as trace:
        run = trace.run()
        whole, pieces = Passes(run), Passes(run)
        assert whole.read(run.head, 1000)
        rounds = 0
        while not pieces.read(run.head, 2):
            rounds += 1
        assert rounds > 3
        assert (pieces.numbers, pieces.starts, pieces.phases) == (
            whole.numbers,
            whole.starts,
            whole.phases,
        )
        assert whole.numbers == [1, 2, 3, 4, 5]
        assert list(whole.odd) == [NO_ZERO_GRAD] * 4 + [FINE]
        assert pieces.odd == whole.odd
        assert whole.place_of(whole.starts[2] + 1) == 2
        assert whole.place_of(1) == 0


def test_the_norm_of_all_gradients_and_the_rate_stand_beside_a_loss(tmp_path: Path) -> None:
    with scalars(tmp_path / "a.gradstep", iterations=2) as trace:
        run = trace.run()
        (first, *_), (second, *_) = run.losses(run.head)
        found = run.loss_facts.beside(first, run.head)
        assert found.lr == 0.1
        # d z / d x = 6 and d z / d y = 12 at (1, 2)
        assert found.grad_norm == pytest.approx(np.hypot(6, 12))
        unknown = run.loss_facts.beside(second, second)
        assert unknown.grad_norm is None
        assert run.loss_facts.beside(second, run.head).grad_norm is not None
        assert gradient_norm(run, 1) is None
        lines = [line.rstrip("\n").split(",") for line in loss_lines(run, run.head)]
        assert lines[0] == ["file", "line", "event", "iteration", "step", "loss", "lr", "grad_norm"]
        assert lines[1][:4] == ["train.py", "7", str(first), "1"]
        assert [float(cell) for cell in lines[1][5:]] == [11.0, 0.1, found.grad_norm]
        assert len(lines) == 3


def test_a_gradient_that_is_not_finite_is_no_norm(tmp_path: Path) -> None:
    b = TraceBuilder(tmp_path / "a.gradstep")
    w = b.tensor([1.0], "w", parameter=True)
    bad = b.tensor([np.nan])
    b.accumulate("w", w, bad, None, bad)
    with b.done() as trace:
        run = trace.run()
        norm = gradient_norm(run, run.head)
        assert norm is not None
        assert np.isnan(norm)
