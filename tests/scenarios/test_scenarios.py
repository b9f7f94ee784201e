"""Every bundled scenario runs through `gradstep record` and prints what PyTorch makes it print."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

from tests.scenario_recordings import RecordScenario

ROOT = Path(__file__).resolve().parents[2]
SCENARIOS = sorted((ROOT / "scenarios").glob("*.py"))

# First lines that do not depend on random numbers, or none.
FACTS = {
    "two_scalars": [
        "iteration 0: x.grad tensor([6.]), y.grad tensor([12.])",
        "  x tensor([0.4000], requires_grad=True), y tensor([0.8000], requires_grad=True)",
    ],
    "hundred_x": [
        "before backward: None",
        "after backward: tensor([100., 100.])",
        "after step: tensor([0.9000, 1.9000], requires_grad=True)",
    ],
    "sgd_variants": [
        "plain              3.2000, 2.5600, 2.0480, 1.6384",
        "momentum           3.2000, 1.8400, 0.2480, -1.2344",
        "dampening          3.2000, 2.1600, 1.0080, -0.1296",
        "nesterov           2.4800, 0.8896, -0.4334, -1.2993",
        "weight decay       3.1600, 2.4964, 1.9722, 1.5580",
        "momentum and decay 3.1600, 1.7404, 0.0973, -1.4020",
    ],
    "scheduler": [
        "iteration 0: lr 0.40, grad 16.0000, x 1.6000",
        "iteration 1: lr 0.40, grad 3.2000, x 0.3200",
        "iteration 2: lr 0.20, grad 0.6400, x 0.1920",
        "iteration 3: lr 0.20, grad 0.3840, x 0.1152",
        "iteration 4: lr 0.10, grad 0.2304, x 0.0922",
        "iteration 5: lr 0.10, grad 0.1843, x 0.0737",
    ],
    "float16_products": [
        "iteration 0: total 10.0",
        "  gradients 3.0, 2.0, 4.0, 1.0",
        "  factors 1.7002, 2.8008, 0.6001, 3.9004",
    ],
    "forgotten_zero_grad": [
        "iteration  0: forgetful   1.200 (grad  -6.000), careful  1.200 (grad  -6.000)",
        "iteration  1: forgetful   3.120 (grad  -9.600), careful  1.920 (grad  -3.600)",
    ],
    "gradient_accumulation": [
        "  rows 0 and 1: tensor([-0.5000,  0.2500])",
        "  rows 2 and 3: tensor([-2.2500, -0.7500])",
        "  rows 4 and 5: tensor([-2.2500,  0.2500])",
        "  rows 6 and 7: tensor([-4.,  1.])",
        "iteration 0: whole tensor([ 0.4000, -0.1000]), pieces tensor([ 0.4000, -0.1000])",
    ],
    "stale_optimizer": [
        "iteration 0: loss 15.6250, weight 0.5000, grad -12.5000",
        "iteration 1: loss 15.6250, weight 0.5000, grad -25.0000",
        "iteration 2: loss 15.6250, weight 0.5000, grad -37.5000",
        "a new optimizer, with the parameters that the model has now",
        "iteration 3: loss 15.6250, weight 1.7500, grad -12.5000",
    ],
    "detached_prediction": [
        *(
            f"iteration {n}: cut False, model.weight.grad is None False, weight moved True"
            for n in range(3)
        ),
        *(
            f"iteration {n}: cut True, model.weight.grad is None True, weight moved False"
            for n in range(3, 6)
        ),
    ],
    "two_models": [
        "iteration 0",
        "  after the backward of loss a: a has a gradient, b has no gradient",
        "  after the backward of loss b: a has a gradient, b has a gradient",
        "  the step of optimizer a left model b alone: True",
    ],
}

# What these print depends on the random stream, which is the engine's own.
RANDOM = {"cifar_net", "linear_cross_entropy", "sine_polynomial"}


def run(command: list[str], environment: dict[str, str], place: Path) -> list[str]:
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=240,
        cwd=place,
        env=environment,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout.splitlines()


def without_numbers(lines: list[str]) -> list[str]:
    return [re.sub(r"\s*-?\d+\.\d+", " #", line) for line in lines]


def test_every_scenario_is_held_to_facts_or_known_to_be_random():
    assert {path.stem for path in SCENARIOS} == RANDOM | set(FACTS)


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_docstring_is_one_line_that_fits_the_list_of_demos(path: Path):
    described = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))

    assert described
    assert "\n" not in described
    # With two spaces before and after the longest name: 80 columns.
    assert len(described) <= 76 - max(len(one.stem) for one in SCENARIOS)


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_scenario_runs_under_record(path: Path, record_scenario: RecordScenario):
    done = record_scenario(path.stem)
    lines = done.stdout.splitlines()

    assert done.stderr == ""
    facts = FACTS.get(path.stem, [])
    assert lines[: len(facts)] == facts
    assert len(lines) >= 4
    assert done.trace.stat().st_size > 0


@pytest.mark.torch
@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_scenario_prints_the_same_on_pytorch(
    path: Path, tmp_path: Path, python: str, child_environment: dict[str, str]
):
    on_torch = run([python, str(path)], child_environment, tmp_path)
    trace = tmp_path / "run.gradstep"
    with_gradstep = run(
        [python, "-m", "gradstep", "record", "-o", str(trace), str(path)],
        child_environment,
        tmp_path,
    )

    if path.stem in RANDOM:
        assert without_numbers(with_gradstep) == without_numbers(on_torch)
    else:
        assert with_gradstep == on_torch
