"""`|g|`: of which gradients it is, against what the script itself works out."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from gradstep.trace.gradient_norm import gradient_norm
from gradstep.trace.reader import Trace
from gradstep.views.text import plain
from gradstep.views.title import title_line

HEAD = """
import torch

def line():
    return torch.nn.Linear(2, 1)

def sgd(model, lr=0.1):
    return torch.optim.SGD(model.parameters(), lr)

def tell(*leaves):
    print(torch.cat([leaf.grad.flatten() for leaf in leaves]).norm().item())

def backward(*models):
    x = torch.tensor([[1.0, 2.0]])
    sum(model(x).sum() ** 2 for model in models).backward()

torch.manual_seed(0)
"""

SCRIPTS = {
    "one model after the other": """
for lr in (0.1, 0.2):
    model = line()
    optimizer = sgd(model, lr)
    for _ in range(2):
        optimizer.zero_grad()
        backward(model)
        tell(*model.parameters())
        optimizer.step()
""",
    "two optimizers side by side": """
one, two = line(), line()
first, second = sgd(one), sgd(two)
for _ in range(2):
    for optimizer in (first, second):
        optimizer.zero_grad()
    backward(one, two)
    tell(*one.parameters(), *two.parameters())
    for optimizer in (first, second):
        optimizer.step()
""",
    "an optimizer that comes later and stays": """
one, two = line(), line()
first = sgd(one)
for step in range(3):
    if step == 1:
        second = sgd(two)
    both = step > 0
    first.zero_grad()
    if both:
        second.zero_grad()
    backward(one, *([two] if both else []))
    tell(*one.parameters(), *(two.parameters() if both else []))
    first.step()
    if both:
        second.step()
""",
    "a parameter in no optimizer": """
model = torch.nn.Sequential(line(), torch.nn.Linear(1, 1))
optimizer = torch.optim.SGD(model[0].parameters(), 0.1)
for _ in range(2):
    optimizer.zero_grad()
    backward(model)
    tell(*model[0].parameters())
    optimizer.step()
""",
    "updates by hand that make other leaves": """
w = torch.tensor([1.0, 2.0], requires_grad=True)
for _ in range(3):
    ((w - 3) ** 2).sum().backward()
    tell(w)
    w = (w - 0.1 * w.grad).detach().requires_grad_()
""",
}


@pytest.mark.parametrize("case", SCRIPTS)
def test_it_is_what_the_script_trains_with(
    case: str, tmp_path: Path, python: str, child_environment: dict[str, str]
) -> None:
    (tmp_path / "train.py").write_text(HEAD + SCRIPTS[case])
    done = subprocess.run(
        [python, "-m", "gradstep", "record", "train.py"],
        env=child_environment, cwd=tmp_path, capture_output=True, text=True, timeout=60,
        check=True,
    )  # fmt: skip
    with Trace.open(tmp_path / "train.gradstep") as trace:
        run = trace.run()
        ends = [e.seq for e in run.events(1, None, {"phase_exited"}) if e.phase == "backward"]
        found = [gradient_norm(run, seq) for seq in ends]
        assert found == pytest.approx([float(text) for text in done.stdout.split()])
        # Asked in another order, a trace answers alike.
        assert [gradient_norm(run, seq) for seq in reversed(ends)] == found[::-1]
        beside = [run.loss_facts.beside(loss[0], run.head) for loss in run.losses(run.head)]
        assert [one.grad_norm for one in beside] == found
        if case == "one model after the other":
            title = plain([title_line(run.at(ends[-1]), state="recorded", width=120)])
            assert title.count("lr ") == 1
            assert "lr 0.2 " in title
