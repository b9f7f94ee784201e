"""Every reason why a `.grad` is None, each with its line, from small scripts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gradstep.trace.reasons import why_none
from tests.provenance.recorded import Recorded, record

SCRIPT = """\
import torch

def leaf(*numbers):
    return torch.tensor(numbers, requires_grad=True)

a = leaf(1.0, 2.0)
b = leaf(3.0, 4.0)
data = torch.tensor([1.0, 2.0])
whole = torch.tensor([1, 2])
print("nothing yet")

middle = a * data
loss = (middle * b).sum()
print("before backward")
loss.backward()
print("after backward")
a.grad = None
print("set to None")

off = leaf(1.0, 1.0)
off.requires_grad_(False)
idle = leaf(5.0, 5.0)
aside = leaf(6.0, 6.0)
side = aside * 2
print("before the second")
second = (a * b * off).sum()
second.backward()
print("after the second")

c, d, e, f, g = leaf(1.0), leaf(2.0), leaf(3.0), leaf(4.0), leaf(5.0)
h, k = leaf(6.0), leaf(7.0)
base = leaf(1.0)
parts = base * (c * 1).detach() * (d * 1).item()
parts = parts * torch.tensor((e * 1).item()) * (f * 1).data
with torch.no_grad():
    inside = g * 2
parts = parts * inside * torch.from_numpy((h * 1).detach().numpy())
parts = parts * (k * 1).argmax()
cut_loss = parts.sum()
cut_loss.backward()
print("after the cuts")

p, q = leaf(1.0), leaf(2.0)
chosen = (p * q).sum()
chosen.backward(inputs=[p])
print("after inputs")

r = leaf(2.0)
returned = (r * r).sum()
torch.autograd.grad(returned, [r])
print("after grad")

s = leaf(2.0)
broken = (s.exp() * 2).sum()
broken.register_hook(lambda grad: 1 / 0)
try:
    broken.backward()
except ZeroDivisionError:
    print("after the error")

u, v = leaf(1.0), leaf(2.0)
loss_u = (u * 2).sum()
loss_v = (v * 2).sum()
loss_u.backward()
print("between the losses")
loss_v.backward()

late = leaf(1.0).requires_grad_(False)
uses = (late * base).sum()
late.requires_grad_(True)
uses.backward()
print("switched on too late")
"""

CASES = [
    ("before backward", "a", ["no_backward", "coming"], "loss.backward() at line 15 will bring"),
    ("before backward", "middle", ["not_a_leaf"], "line 12 computed it"),
    ("before backward", "data", ["requires_no_grad"], "without requires_grad=True"),
    ("nothing yet", "whole", [], "no tensor"),
    ("set to None", "a", ["cleared", "coming"], "the script cleared it at line 17"),
    ("after the second", "off", ["frozen"], "switched off at line 21"),
    ("after the second", "aside", ["leads_elsewhere"], "line 24 used it"),
    ("after the cuts", "c", ["cut"], "detach() at line 33 cuts the graph"),
    ("after the cuts", "d", ["cut"], "item(), a plain number, at line 33 cuts"),
    ("after the cuts", "e", ["cut"], "item(), a plain number, at line 34 cuts"),
    ("after the cuts", "f", ["cut"], ".data at line 34 cuts"),
    ("after the cuts", "g", ["cut"], "no_grad() at line 36 cuts"),
    ("after the cuts", "h", ["cut"], "numpy() at line 37 cuts"),
    ("after the cuts", "k", ["cut"], "argmax at line 38 has no derivative"),
    ("after inputs", "q", ["not_wanted"], "chosen.backward() at line 45 was called with inputs"),
    ("after grad", "r", ["returned"], "autograd.grad() at line 50"),
    ("after the error", "s", ["failed"], "ended with an error: ZeroDivisionError"),
    ("between the losses", "v", ["other_loss"], "graph of loss_v.backward() at line 66"),
    ("switched on too late", "late", ["was_frozen"], "did not require a gradient when uses"),
]


@pytest.fixture(scope="module")
def recorded(
    tmp_path_factory: pytest.TempPathFactory, child_environment: dict[str, str]
) -> Iterator[Recorded]:
    with record(tmp_path_factory.mktemp("none"), SCRIPT, child_environment) as trace:
        yield Recorded(trace.run())


@pytest.mark.parametrize(
    ("mark", "name", "codes", "text"), CASES, ids=[f"{mark}: {name}" for mark, name, *_ in CASES]
)
def test_the_reason_and_its_line(
    recorded: Recorded, mark: str, name: str, codes: list[str], text: str
) -> None:
    if codes:
        moment = recorded.at(mark)
        reasons = why_none(moment, recorded.tensor(moment, name))
        assert [reason.code for reason in reasons] == codes
        assert text in recorded.why(mark, name)
    else:
        assert recorded.at(mark).tensor_named(name) is None


def test_a_gradient_that_is_there_needs_no_reason(recorded: Recorded) -> None:
    moment = recorded.at("after backward")
    assert why_none(moment, recorded.tensor(moment, "a")) == ()


def test_a_leaf_that_no_operation_took(recorded: Recorded) -> None:
    moment = recorded.at("after the second")
    named = [one for one in moment.parameters() if moment.name(one) == "idle"]
    assert named == []  # Nothing has told of it: what never took part has no row at all.


def test_without_operations_that_is_said(
    tmp_path_factory: pytest.TempPathFactory, child_environment: dict[str, str]
) -> None:
    script = """
        import torch
        w = torch.tensor(1.0, requires_grad=True)
        v = torch.tensor(1.0, requires_grad=True)
        optimizer = torch.optim.SGD([w, v], lr=0.1)
        loss = w * w
        loss.backward()
        print("done")
    """
    folder = tmp_path_factory.mktemp("phases")
    with record(folder, script, child_environment, "--detail", "phases") as trace:
        found = Recorded(trace.run())
        assert "--detail phases" in found.why("done", "v")
