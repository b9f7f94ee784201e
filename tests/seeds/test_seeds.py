"""What the questions of learners print, through `gradstep record` with the built-in engine."""

import re
import subprocess
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parent / "scripts"

# A # stands for any number: the value depends on random weights.
EXPECTED = {
    "hundredfold": """\
None
tensor([100., 100.])
tensor([1., 2.], requires_grad=True)
tensor([0.9000, 1.9000], requires_grad=True)
""",
    "square_and_cube": """\
a.grad:  None
b.grad:  None
surface.grad:  None
a.grad:  tensor([6.])
b.grad:  tensor([12.])
surface.grad:  None
a: tensor([0.4000], requires_grad=True)
b: tensor([0.8000], requires_grad=True)
""",
    "half_precision": """\
tensor(10., dtype=torch.float16, grad_fn=<AddBackward0>)
gradient of p = 3.0
gradient of q = 2.0
gradient of r = 4.0
gradient of s = 1.0
tensor(3., dtype=torch.float16)
""",
    "sine_fit": """\
499 #
999 #
1499 #
1999 #
Result: y = # + # x + # x^2 + # x^3
True
""",
    "prediction_cut": """\
AddmmBackward0 True
None False
element 0 of tensors does not require grad and does not have a grad_fn
[None, None]
True
""",
    "isolated_pairs": """\
a [False, False] b [True, True]
True
False
a [False, False] b [False, False]
""",
    "probabilities": """\
None
None
(2, 5)
(2,)
True
True
True
True
None
None
""",
    "added_twice": """\
True
None
True
tensor([0., 0., 0.])
""",
    "negative_likelihood": """\
True
True
""",
    "parameter_groups": """\
epoch 1: #
epoch 2: #
lr 0.001
momentum 0.9
dampening 0
weight_decay 0.0001
nesterov False
True
[(3, 4), (3,)]
""",
    "optimizer_by_hand": """\
tensor([0.5120, 1.0240], requires_grad=True) tensor([0., 0.])
tensor([0.5120, 1.0240], requires_grad=True) None
True
tensor([0.0620, 0.1240], requires_grad=True) tensor([0., 0.])
tensor([0.0620, 0.1240], requires_grad=True) None
True
tensor([-0.1084, -0.2167], requires_grad=True) tensor([0., 0.])
tensor([-0.1084, -0.2167], requires_grad=True) None
True
tensor([0.0950, 0.1900], requires_grad=True) tensor([0., 0.])
tensor([0.0950, 0.1900], requires_grad=True) None
True
""",
    "small_batches": """\
True
False False
""",
    "image_loop": """\
[1,     4] loss: #
[1,     8] loss: #
[2,     4] loss: #
[2,     8] loss: #
Finished
""",
    "adam_moves": """\
0.0010
""",
}


def pattern(expected: str) -> re.Pattern[str]:
    return re.compile(re.escape(expected).replace(r"\#", r"-?\d+(\.\d+)?(e-?\d+)?"))


def test_every_script_has_an_expectation():
    assert {path.stem for path in SCRIPTS.glob("*.py")} == set(EXPECTED)


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_record_prints_what_pytorch_prints(
    name: str, tmp_path: Path, python: str, child_environment: dict[str, str]
):
    trace = tmp_path / "run.gradstep"
    script = SCRIPTS / f"{name}.py"

    done = subprocess.run(
        [python, "-m", "gradstep", "record", "-o", str(trace), str(script)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=240,
        cwd=tmp_path,
        env=child_environment,
    )

    assert done.returncode == 0, done.stderr
    assert pattern(EXPECTED[name]).fullmatch(done.stdout), done.stdout
    assert done.stderr == ""
    assert trace.stat().st_size > 0


@pytest.mark.torch
@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_pytorch_prints_what_is_expected_of_us(name: str, python: str):
    done = subprocess.run(
        [python, str(SCRIPTS / f"{name}.py")],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=240,
    )

    assert done.returncode == 0, done.stderr
    assert pattern(EXPECTED[name]).fullmatch(done.stdout), done.stdout
