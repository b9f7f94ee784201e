"""Which entry of a phase begins the next iteration, by place and optimizer."""

from __future__ import annotations

from gradstep.debuggee.clock import Clock


def pass_by(clock: Clock, phase: str, line: int, optimizer: int = 0, newest: int = 0) -> int:
    """Enter and leave a phase; return the iteration that it lies in."""
    clock.arrive(phase, "train.py", line, optimizer, newest)
    clock.enter(phase, phase, 1)
    clock.leave(phase, completed=True)
    return clock.iteration


def test_a_loop_over_two_optimizers_stays_in_one_iteration() -> None:
    clock = Clock()
    for iteration in (1, 2, 3):
        assert pass_by(clock, "zero_grad", 3, 1, newest=2) == iteration
        assert pass_by(clock, "zero_grad", 3, 2, newest=2) == iteration
        assert pass_by(clock, "backward", 5) == iteration
        assert pass_by(clock, "step", 7, 1, newest=2) == iteration
        assert pass_by(clock, "step", 7, 2, newest=2) == iteration


def test_an_optimizer_made_after_its_line_was_passed_begins_a_round() -> None:
    clock = Clock()
    for iteration in (1, 2):
        assert pass_by(clock, "zero_grad", 3, 1, newest=1) == iteration
        assert pass_by(clock, "step", 7, 1, newest=1) == iteration
    for iteration in (3, 4):
        assert pass_by(clock, "zero_grad", 3, 2, newest=2) == iteration
        assert pass_by(clock, "step", 7, 2, newest=2) == iteration


def test_each_of_two_new_optimizers_of_a_loop_body_is_in_its_round() -> None:
    clock = Clock()
    for iteration in (1, 2, 3):
        first, second = 2 * iteration - 1, 2 * iteration
        for line, optimizer in ((3, first), (4, second)):
            assert pass_by(clock, "zero_grad", line, optimizer, newest=second) == iteration
        for line, optimizer in ((8, first), (9, second)):
            assert pass_by(clock, "step", line, optimizer, newest=second) == iteration


def test_an_evaluation_between_epochs_does_not_take_the_next_zero_grad() -> None:
    clock, iteration = Clock(), 0
    for _epoch in range(3):
        for _batch in range(2):
            iteration += 1
            for phase, line in (("zero_grad", 3), ("forward", 20), ("backward", 5), ("step", 6)):
                assert pass_by(clock, phase, line) == iteration
        # The metrics call the same model: its line begins a round of its own.
        iteration += 1
        assert pass_by(clock, "forward", 20) == iteration


def test_small_batches_that_are_cleared_now_and_then_keep_their_rounds() -> None:
    clock, found = Clock(), []
    for batch in range(4):
        if batch % 2 == 0:
            pass_by(clock, "zero_grad", 3)
        pass_by(clock, "forward", 20)
        found.append(pass_by(clock, "backward", 5))
    assert found == [1, 2, 3, 4]
