"""Tensors without a shape yet, or without a version, are recorded too."""

from __future__ import annotations

from pathlib import Path

from tests.debuggee.children import record

SCRIPT = """\
import torch
net = torch.nn.LazyLinear(2, bias=False)
opt = torch.optim.SGD(net.parameters(), lr=0.1)
for _ in range(2):
    opt.zero_grad()
    net(torch.ones(4, 3)).sum().backward()
    opt.step()
"""


def test_a_lazy_layer_gets_its_shape_in_the_first_forward(tmp_path: Path) -> None:
    done = record(tmp_path, SCRIPT)
    assert (done.status, done.stderr) == (0, "")
    run = done.run
    (made,) = run.events(1, kinds=("optimizer_created",))
    (first, second) = run.events(1, kinds=("updated",))
    (weight,) = run.at(made.seq).parameters()
    before, after = run.at(made.seq).value(weight), run.at(first.seq).value(weight)
    assert before is not None
    assert after is not None
    assert (tuple(before.shape), tuple(after.shape)) == ((0,), (2, 3))
    assert run.at(second.seq).parameters() == [weight]
    assert first.name == second.name == "weight"


INFERENCE = """\
import torch
net = torch.nn.Linear(2, 1)
with torch.inference_mode():
    y = net(torch.ones(3, 2))
    y.mul_(2)
print((y == y).all().item())
net(torch.ones(1, 2)).sum().backward()
"""


def test_tensors_without_a_version_are_recorded_too(tmp_path: Path) -> None:
    done = record(tmp_path, INFERENCE)
    assert (done.status, done.stdout, done.stderr) == (0, "True\n", "")
    assert len(list(done.run.events(1, kinds=("accumulated",)))) == 2
