"""Views of runs that the real engine recorded; and what importing views must not bring along."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from gradstep.trace.reader import Trace
from gradstep.views.explain import explain
from gradstep.views.glyphs import UNICODE
from gradstep.views.graph import graph_view
from gradstep.views.source import source_view
from gradstep.views.text import plain
from gradstep.views.title import title_line
from tests.scenario_recordings import RecordScenario


@pytest.mark.parametrize(
    "name", ["two_scalars", "linear_cross_entropy", "sgd_variants", "scheduler"]
)
def test_every_number_on_a_card_is_what_the_engine_computed(
    name: str, record_scenario: RecordScenario
) -> None:
    path = record_scenario(name).trace
    with Trace.open(path) as trace:
        run = trace.run()
        for row in run.events(1, None, {"op"}):
            card = explain(run.at(row.seq))
            assert card.matches is not False, plain(card.lines)
        checked = 0
        for row in run.events(1, None, {"node", "accumulated", "updated"}):
            card = explain(run.at(row.seq))
            assert card.matches is True, plain(card.lines)
            checked += 1
        assert checked
        for row in run.events(1):
            moment = run.at(row.seq)
            view = graph_view(moment)
            assert all(view.render(index, 60) for index in range(len(view.rows)))
            assert source_view(moment).lines
            assert explain(moment).lines


def test_a_parameter_put_into_a_model_later_has_the_model_s_name(
    record_scenario: RecordScenario,
) -> None:
    path = record_scenario("stale_optimizer").trace
    with Trace.open(path) as trace:
        run = trace.run()
        steps = [row for row in run.events(1, None, {"phase_exited"}) if row.phase == "step"]
        stale, cured = (plain(explain(run.at(steps[n].seq)).lines) for n in (0, 3))
    assert "weight (old): .grad is None, skipped" in stale
    assert "weight got a gradient, but no optimizer holds it" in stale
    assert "weight  0.5000 → " in cured
    assert "no optimizer" not in cured


def test_views_import_neither_textual_nor_numpy_nor_the_engine(
    python: str, child_environment: dict[str, str]
) -> None:
    code = (
        "import sys, pkgutil, importlib, gradstep.views as views\n"
        "for found in pkgutil.walk_packages(views.__path__, 'gradstep.views.'):\n"
        "    importlib.import_module(found.name)\n"
        "print([n for n in ('textual', 'rich', 'numpy', 'gradstep_engine') if n in sys.modules])"
    )
    done = subprocess.run(
        [python, "-c", code],
        env=child_environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.strip() == "[]"


PENALTY = """\
import torch

w = torch.tensor([1.0, 2.0], requires_grad=True)
loss = (w**3).sum()
(first,) = torch.autograd.grad(loss, w, create_graph=True)
(first**2).sum().backward()
print(w.grad)
"""


def test_a_gradient_that_autograd_grad_returns_accumulates_nowhere(
    tmp_path: Path, python: str, child_environment: dict[str, str]
) -> None:
    script, path = tmp_path / "penalty.py", tmp_path / "run.gradstep"
    script.write_text(PENALTY, encoding="utf-8")
    command = [python, "-m", "gradstep", "record", "--engine", "builtin", "-o", str(path)]
    done = subprocess.run(
        [*command, str(script)],
        env=child_environment,
        capture_output=True,
        check=True,
        timeout=120,
        text=True,
    )
    # (3 w²)² by w is 36 w³.
    assert done.stdout == "tensor([ 36., 288.])\n"
    with Trace.open(path) as trace:
        run = trace.run()
        nodes = [row for row in run.events(1, None, {"node"}) if row.name == "PowBackward0"]
        cards = [plain(explain(run.at(row.seq)).lines) for row in nodes]
        assert "goes to autograd.grad: w.grad stays as it is" in cards[0]
        assert "accumulates into w.grad" in cards[-1]
        inside = {row.name for row in run.events(1, None, {"op"}) if row.phase == "backward"}
        assert "pow" in inside  # what a recorded backward computes is told as operations


def test_the_title_compares_a_loss_with_the_last_one_of_its_line(
    record_scenario: RecordScenario,
) -> None:
    path = record_scenario("two_models").trace
    last: dict[int, float] = {}
    fell = 0
    with Trace.open(path) as trace:
        run = trace.run()
        for seq, _, _, value in run.losses(run.head):
            line = run.event(seq).line
            text = plain([title_line(run.at(seq), state="recorded", width=200)])
            before = last.get(line, value)
            assert (UNICODE.down in text) == (value < before), text
            assert (UNICODE.up in text) == (value > before), text
            fell += value < before
            last[line] = value
    assert len(last) == 2
    assert fell
