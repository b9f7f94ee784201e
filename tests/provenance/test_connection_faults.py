"""What the connection shows of training loops that do not learn."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gradstep.trace.wiring import Wire, wiring
from gradstep.views.connection import connection_view
from gradstep.views.text import plain
from tests.provenance.recorded import record

HEAD = """\
import torch
from torch import nn

torch.manual_seed(0)
x, y = torch.randn(6, 3), torch.randn(6, 1)
"""

CLEARED_TOO_LATE = """
net = nn.Linear(3, 1)
opt = torch.optim.SGD(net.parameters(), lr=0.1)
for index in range(3):
    nn.functional.mse_loss(net(x), y).backward()
    opt.zero_grad()
    opt.step()
opt.add_param_group({"params": [torch.ones(1, requires_grad=True)]})
"""

PLAIN_LIST = """
class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.up = nn.Linear(3, 3)

    def forward(self, x):
        return self.up(x)

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = [Block(), Block()]
        self.by_name = {"last": Block()}
        self.head = nn.Linear(3, 1)

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        return self.head(self.by_name["last"](x))

net = Net()
opt = torch.optim.SGD(net.parameters(), lr=0.1)
for index in range(2):
    opt.zero_grad()
    nn.functional.mse_loss(net(x), y).backward()
    opt.step()
"""

REBOUND = """
def layer(fan_in, fan_out):
    weight = torch.randn(fan_in, fan_out)
    weight.requires_grad_()
    return weight

def step(parameters):
    with torch.no_grad():
        for w in parameters:
            w = w - 0.1 * w.grad
    for w in parameters:
        w.grad.zero_()

parameters = [layer(3, 2), layer(2, 1)]
for index in range(3):
    (x @ parameters[0] @ parameters[1] - y).square().mean().backward()
    step(parameters)
"""

WRITTEN = REBOUND.replace("w = w - 0.1", "w -= 0.1")

DEAD = """
net = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 1))
nn.init.constant_(net[0].bias, -100.0)
scale = torch.ones(1, requires_grad=True)
opt = torch.optim.SGD([*net.parameters(), scale], lr=0.1)
for index in range(2):
    opt.zero_grad()
    (nn.functional.mse_loss(net(x), y) + (scale * float("inf")).sum()).backward()
    opt.step()
"""


Wires = Callable[[str], tuple[dict[str, Wire], str]]


@pytest.fixture
def wires(tmp_path: Path, child_environment: dict[str, str]) -> Wires:
    """Record a script; return its wires at the end by name, and the table as text."""

    def made(script: str) -> tuple[dict[str, Wire], str]:
        with record(tmp_path, HEAD + script, child_environment) as trace:
            run = trace.run()
            moment = run.at(run.head)
            found = wiring(moment)
            names = {wire.name: wire for wire in found.wires}
            assert len(names) == len(found.wires), "each row has a name of its own"
            return names, plain(connection_view(moment, width=200).report())

    return made


def test_a_step_that_finds_every_gradient_cleared_never_changes_anything(wires: Wires) -> None:
    found, text = wires(CLEARED_TOO_LATE)
    passed_over = {name for name, wire in found.items() if wire.holes == ("not_changed",)}
    # What was added to the optimizer after its last step has not been passed over.
    assert passed_over == {"weight", "bias"}
    assert len(found) == 3
    assert text.count("▲ never") == 2
    assert "2 have never changed" in text
    assert "passed over it: its .grad was None then." in text
    assert "SGD.zero_grad() cleared it at line 11" in text


def test_layers_in_plain_containers_are_called_by_their_place(wires: Wires) -> None:
    found, text = wires(PLAIN_LIST)
    hidden = {name for name, wire in found.items() if wire.holes == ("no_optimizer",)}
    layers = ("blocks.0", "blocks.1", "by_name.last")
    assert hidden == {f"{layer}.up.{kind}" for layer in layers for kind in ("weight", "bias")}
    assert found["blocks.1.up.bias"].modules == ("blocks.1.up",)
    assert not found["head.weight"].holes
    assert "(old)" not in text


def test_weights_that_are_bound_anew_never_change(wires: Wires) -> None:
    found, text = wires(REBOUND)
    assert set(found) == {"w", "w (earlier)"}
    assert {wire.holes for wire in found.values()} == {("not_changed",)}
    assert text.count("cleared  0") == 2
    assert "no line of the script writes into it" in text


def test_weights_that_the_script_writes_into_are_no_hole(wires: Wires) -> None:
    found, text = wires(WRITTEN)
    assert not any(wire.holes for wire in found.values())
    assert "never" not in text.replace("never meet", "")


def test_a_gradient_of_nothing_but_zeros_stands_out(wires: Wires) -> None:
    found, text = wires(DEAD)
    assert {name for name, wire in found.items() if wire.holes == ("zeros",)} == {
        "0.weight",
        "0.bias",
        "2.weight",
    }
    assert text.count("▲ all zeros, used by step 2") == 3
    assert not found["2.bias"].holes
    assert found["scale"].holes == ("not_finite",)
    assert "1 parameter has a .grad that is not finite; 3 have a .grad of nothing" in text
