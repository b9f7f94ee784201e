"""Lessons over recorded scenarios: what is asked, and which answers are right."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from gradstep.teaching import Lesson
from gradstep.teaching.lesson import BANK, ENOUGH
from gradstep.teaching.scene import went
from gradstep.teaching.view import lesson_view
from gradstep.trace.reader import RunTrace, Trace
from gradstep.views.glyphs import UNICODE
from gradstep.views.text import plain, width_of
from tests.conftest import ROOT

SCENARIOS = (
    "detached_prediction",
    "float16_products",
    "forgotten_zero_grad",
    "gradient_accumulation",
    "hundred_x",
    "linear_cross_entropy",
    "scheduler",
    "sgd_variants",
    "stale_optimizer",
    "two_models",
    "two_scalars",
)
ADAM = """\
import torch
x = torch.tensor([3.0], requires_grad=True)
optimizer = torch.optim.Adam([x], lr=0.01)
for _ in range(3):
    optimizer.zero_grad(set_to_none=False)
    (x ** 2).sum().backward()
    optimizer.step()
"""


@dataclass(frozen=True)
class Played:
    """A question as it came up, with the choice that turned out right."""

    id: str
    text: str
    right: str
    because: str


def play(run: RunTrace, lesson: Lesson, *, rightly: bool = False) -> Iterator[Played]:
    """Go through a run as a learner does: answer at each beginning, look at each end."""
    for event in run.events(1, None, {"phase_entered", "phase_exited"}):
        lesson.look(run.at(event.seq))
        if not lesson.waits:
            continue
        assert lesson.question is not None
        assert lesson.asked is not None
        question, asked = lesson.question.id, lesson.asked
        answered = lesson.answered
        chosen = 0
        if rightly:
            chosen = next(
                number
                for number in range(len(asked.choices))
                if would_be_right(run, lesson, number)
            )
        assert lesson.answer(chosen)
        end = next(
            row.seq
            for row in run.events(event.seq, None, {"phase_exited"})
            if row.enclosing == event.seq
        )
        lesson.look(run.at(end))
        assert lesson.answered == answered + 1, f"{question} of {asked.text} was not judged"
        assert lesson.result is not None
        verdict = lesson.result.verdict
        assert verdict is not None
        yield Played(question, asked.text, asked.choices[verdict.right], verdict.because)


def would_be_right(run: RunTrace, lesson: Lesson, number: int) -> bool:
    from gradstep.teaching.scene import Stretch

    assert lesson.asked is not None
    begin = lesson._begin
    assert begin is not None
    ends = run.events(begin.seq, None, {"phase_exited"})
    end = next(row.seq for row in ends if row.enclosing == begin.seq)
    verdict = lesson.asked.judge(Stretch(begin, run.at(end)))
    assert verdict is not None
    return verdict.right == number


@pytest.fixture(scope="module")
def recordings(
    tmp_path_factory: pytest.TempPathFactory, python: str, child_environment: dict[str, str]
) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("lessons")
    (folder / "adam.py").write_text(ADAM)
    scripts = [ROOT / "scenarios" / f"{name}.py" for name in SCENARIOS] + [folder / "adam.py"]

    def record(script: Path) -> tuple[str, Path]:
        path = folder / f"{script.stem}.gradstep"
        command = [python, "-m", "gradstep", "record", "--steps", "12", "-o", str(path)]
        subprocess.run(
            [*command, str(script)],
            env=child_environment, check=True, capture_output=True, timeout=120,
        )  # fmt: skip
        return script.stem, path

    with ThreadPoolExecutor(2) as pool:
        return dict(pool.map(record, scripts))


@pytest.mark.parametrize("name", SCENARIOS)
def test_each_scenario_has_questions_that_its_run_answers(
    name: str, recordings: dict[str, Path]
) -> None:
    with Trace.open(recordings[name]) as trace:
        played = list(play(trace.run(), Lesson()))
    assert len({one.id for one in played}) >= 6
    for one in played:
        assert one.text
        assert one.because
        assert one.text.count("`") % 2 == one.because.count("`") % 2 == 0


@pytest.mark.parametrize(
    ("name", "question", "right"),
    [
        ("two_scalars", "step.amount", "`0.0640`"),
        ("two_scalars", "zero_grad.grad", "`None`"),
        ("two_scalars", "backward.sign", "positive: the loss would rise"),
        ("two_scalars", "backward.first", "`AddBackward0`, of the last operation"),
        ("two_scalars", "step.direction", "makes it smaller"),
        ("two_scalars", "forward.loss", "smaller"),
        ("two_scalars", "step.reads", "from .grad of the parameters that it was given"),
        ("two_scalars", "backward.result", "`None`"),
        ("forgotten_zero_grad", "backward.accumulates", "`-6.0000` + the new gradient"),
        ("stale_optimizer", "step.not_held", "no"),
        ("stale_optimizer", "step.none", "pass it over"),
        ("stale_optimizer", "forward.loss", "the same"),
        ("stale_optimizer", "zero_grad.others", "no"),
        ("sgd_variants", "step.momentum", "farther than that"),
        ("sgd_variants", "zero_grad.memory", "no"),
        ("adam", "step.first", "`0.01`, the lr"),
        ("adam", "zero_grad.grad", "`0`"),
        ("adam", "zero_grad.memory", "no"),
    ],
)
def test_the_right_answer_is_what_the_run_did(
    name: str, question: str, right: str, recordings: dict[str, Path]
) -> None:
    with Trace.open(recordings[name]) as trace:
        played = [one for one in play(trace.run(), Lesson()) if one.id == question]
    assert played, f"{question} did not come up"
    assert right in {one.right for one in played}


def test_what_a_reason_says_is_of_this_run(recordings: dict[str, Path]) -> None:
    def reasons(name: str, question: str) -> str:
        with Trace.open(recordings[name]) as trace:
            played = play(trace.run(), Lesson())
            return "\n".join(one.because for one in played if one.id == question)

    assert "it read `x.grad`, `y.grad`, which" in reasons("two_scalars", "step.reads")
    assert "no step() changed what it depends on" in reasons("stale_optimizer", "forward.loss")
    assert "another one by the name weight" in reasons("stale_optimizer", "step.none")
    assert "detach() at line 24" in reasons("detached_prediction", "step.none")
    assert "numbers of float16 lie so far apart" in reasons("float16_products", "step.amount")


def test_questions_about_values_leave_replaced_parameters_alone(
    recordings: dict[str, Path],
) -> None:
    wanted = {"forward.values", "backward.values", "backward.sign"}
    for name in ("stale_optimizer", "sgd_variants"):
        with Trace.open(recordings[name]) as trace:
            asked = [one.text for one in play(trace.run(), Lesson()) if one.id in wanted]
        assert asked
        assert not [text for text in asked if "(old)" in text]


def test_a_change_looks_like_one() -> None:
    assert went(0.4, 0.16) == "`0.4000` to `0.1600`"
    assert went(-0.06971, -0.06972) == "`-0.06971` to `-0.06972`"


def test_a_wrong_answer_is_told_what_is_mistaken_in_it(recordings: dict[str, Path]) -> None:
    with Trace.open(recordings["two_scalars"]) as trace:
        run = trace.run()
        for event in run.events(1, None, {"phase_entered", "phase_exited"}):
            lesson = Lesson()
            lesson.look(run.at(event.seq))
            if lesson.question is None or lesson.question.id != "zero_grad.nothing":
                continue
            assert lesson.asked is not None
            zeros = lesson.asked.choices.index("makes every .grad a 0")
            lesson.answer(zeros)
            lesson.look(run.at(_end_of(run, event.seq)))
            assert lesson.result is not None
            assert lesson.result.asked.remark(zeros) == "where no tensor is, none is made."
            said = plain(lesson_view(lesson, 60, UNICODE, "T").lines)
            assert "makes every .grad a 0\n  where no tensor is, none is made.\n" in said
            return
    raise AssertionError("the question did not come up")


def _end_of(run: RunTrace, begin: int) -> int:
    ends = run.events(begin, None, {"phase_exited"})
    return next(row.seq for row in ends if row.enclosing == begin)


def test_every_kind_of_question_comes_up_somewhere(recordings: dict[str, Path]) -> None:
    seen = set()
    for path in recordings.values():
        with Trace.open(path) as trace:
            seen |= {one.id for one in play(trace.run(), Lesson())}
    assert seen == {one.id for one in BANK}


def test_what_was_answered_right_twice_does_not_come_again(recordings: dict[str, Path]) -> None:
    lesson = Lesson()
    with Trace.open(recordings["two_scalars"]) as trace:
        played = [one.id for one in play(trace.run(), lesson, rightly=True)]
    assert lesson.right == lesson.answered == len(played) > 10
    assert max(played.count(one) for one in played) <= ENOUGH


def test_going_elsewhere_drops_the_question(recordings: dict[str, Path]) -> None:
    with Trace.open(recordings["two_scalars"]) as trace:
        run = trace.run()
        begin = next(run.events(1, None, {"phase_entered"}))
        lesson = Lesson()
        lesson.look(run.at(begin.seq))
        assert lesson.waits
        assert not lesson.answer(7)
        assert lesson.answer(0)
        assert not lesson.answer(0)
        lesson.look(run.at(1))
        assert not lesson.is_watching
        assert lesson.result is None
        assert lesson.answered == 0


def test_without_contents_questions_about_numbers_are_left_out(
    tmp_path: Path, python: str, child_environment: dict[str, str]
) -> None:
    path = tmp_path / "events.gradstep"
    command = [python, "-m", "gradstep", "record", "--detail", "events", "-o", str(path)]
    script = ROOT / "scenarios" / "hundred_x.py"
    subprocess.run(
        [*command, str(script)],
        env=child_environment, check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    with Trace.open(path) as trace:
        played = {one.id for one in play(trace.run(), Lesson())}
    assert "backward.first" in played
    assert not {"step.amount", "step.direction", "zero_grad.grad"} & played


def test_nothing_is_asked_about_numbers_that_are_not_finite(
    tmp_path: Path, python: str, child_environment: dict[str, str]
) -> None:
    script = tmp_path / "diverged.py"
    script.write_text(ADAM.replace("[3.0]", "[float('nan')]"))
    path = tmp_path / "diverged.gradstep"
    command = [python, "-m", "gradstep", "record", "-o", str(path), str(script)]
    subprocess.run(command, check=True, capture_output=True, timeout=60, env=child_environment)
    with Trace.open(path) as trace:
        played = {one.id for one in play(trace.run(), Lesson())}
    assert "forward.gradients" in played
    numbers = {"zero_grad.values", "backward.values", "step.direction", "zero_grad.grad"}
    numbers.add("forward.loss")
    assert not numbers & played


def test_lines_fit_the_width_and_say_what_to_press(recordings: dict[str, Path]) -> None:
    lesson = Lesson()
    with Trace.open(recordings["two_scalars"]) as trace:
        run = trace.run()
        for event in run.events(1, 200, {"phase_entered", "phase_exited"}):
            lesson.look(run.at(event.seq))
            view = lesson_view(lesson, 30, UNICODE, "T")
            assert all(width_of(one) <= 34 for one in view.lines), plain(view.lines)
            if lesson.asked is not None:
                assert view.first_choice is not None
                assert {one for one in view.choices if one is not None} == set(
                    range(len(lesson.asked.choices))
                )
                lesson.answer(0)
                assert "p goes to where it shows" in plain(
                    lesson_view(lesson, 60, UNICODE, "T").lines
                )
    assert "T begins a lesson" in plain(lesson_view(None, 60, UNICODE, "T").lines)


def test_without_an_answer_the_end_says_what_was_right(recordings: dict[str, Path]) -> None:
    with Trace.open(recordings["two_scalars"]) as trace:
        run = trace.run()
        lesson = Lesson()
        for event in run.events(1, None, {"phase_entered", "phase_exited"}):
            lesson.look(run.at(event.seq))
            if lesson.result is not None:
                break
        assert lesson.result is not None
        verdict, asked = lesson.result.verdict, lesson.result.asked
        assert verdict is not None
        assert (lesson.result.chosen, lesson.result.is_right, lesson.answered) == (None, False, 0)
        text = plain(lesson_view(lesson, 60, UNICODE, "T").lines)
        assert f"{UNICODE.arrow} {asked.choices[verdict.right]}" in text.replace("`", "")
        assert UNICODE.cross not in text
        assert "right" not in text.split("next question")[-1]
