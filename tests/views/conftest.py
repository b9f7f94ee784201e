"""Hand-written traces that several tests of views look at."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from gradstep.trace.reader import Trace
from tests.views.tracing import T, TraceBuilder

SCALARS = """\
x = torch.tensor([1.0], requires_grad=True)
y = torch.tensor([2.0], requires_grad=True)
optimizer = torch.optim.SGD([x, y], lr=0.1)
for _ in range(2):
    optimizer.zero_grad()
    z = 3 * x**2 + y**3
    z.backward()
    optimizer.step()
print(x, y)
"""


def scalars(path: Path, *, clears: bool = True, iterations: int = 2) -> Trace:
    """z = 3x² + y³ from (1, 2) with SGD(lr=0.1); `clears` False forgets zero_grad()."""
    b = TraceBuilder(path, source=SCALARS)
    b.line = 1
    x = b.tensor([1.0], "x", parameter=True)
    y = b.tensor([2.0], "y", parameter=True)
    b.line = 3
    b.optimizer(7, "SGD", [{"params": [x.id, y.id], "lr": 0.1, "momentum": 0}])
    grads: dict[str, T | None] = {"x": None, "y": None}
    for b.iteration in range(1, iterations + 1):
        if clears:
            b.line = 5
            b.enter("zero_grad", "SGD.zero_grad", detail={"optimizer": 7})
            for name, param in (("x", x), ("y", y)):
                b.zero(name, param, grads[name])
                grads[name] = None
            b.leave("SGD.zero_grad", detail={"optimizer": 7})
        b.line = 6
        b.enter("forward", "forward")
        squared = b.tensor(x.array**2)
        pow_x = b.op("pow", [x], squared, ["PowBackward0"], {"input_1": 2})
        tripled = b.tensor(3 * squared.array)
        mul = b.op("mul", [squared], tripled, ["MulBackward0"], {"input_1": 3})
        cubed = b.tensor(y.array**3)
        pow_y = b.op("pow", [y], cubed, ["PowBackward0"], {"input_1": 3})
        z = b.tensor(tripled.array + cubed.array, "z")
        add = b.op("add", [tripled, cubed], z, ["AddBackward0"])
        b.leave("forward")
        b.line = 7
        b.enter("backward", "backward", tensors=[("root", z)])
        b.line = 6
        one = b.tensor(np.ones(1, np.float32))
        b.node("AddBackward0", add, [one], [one, one], ["MulBackward0", "PowBackward0"])
        gy = b.tensor(3 * y.array**2)
        b.node("PowBackward0", pow_y, [one], [gy, None], ["AccumulateGrad", None])
        add_up(b, "y", y, gy, grads)
        three = b.tensor(np.full(1, 3.0, np.float32))
        b.node("MulBackward0", mul, [one], [three, None], ["PowBackward0", None])
        gx = b.tensor(3 * 2 * x.array)
        b.node("PowBackward0", pow_x, [three], [gx, None], ["AccumulateGrad", None])
        add_up(b, "x", x, gx, grads)
        b.line = 7
        b.leave("backward")
        b.line = 8
        b.enter("step", "SGD.step", detail={"optimizer": 7})
        for index, (name, param) in enumerate((("x", x), ("y", y))):
            grad = grads[name]
            assert grad is not None
            before = T(param.id, param.array, param.version)
            b.write(param, param.array - 0.1 * grad.array)
            b.event(
                "updated",
                name,
                [("param", param), ("before", before), ("grad", grad)],
                detail={
                    "optimizer": 7,
                    "class": "SGD",
                    "group": 0,
                    "index": index,
                    "hyper": {"lr": 0.1, "momentum": 0, "dampening": 0, "weight_decay": 0},
                    "state": {},
                    "state_before": {},
                },
            )
        b.leave("SGD.step", detail={"optimizer": 7})
    b.line = 9
    b.event("output", "stdout", detail={"text": "done\n"})
    b.event("run_finished", "", detail={"exit_status": 0, "error": None})
    return b.done()


def add_up(b: TraceBuilder, name: str, param: T, added: T, grads: dict[str, T | None]) -> None:
    held = grads[name]
    if held is None:
        grads[name] = after = b.tensor(added.array)
        b.accumulate(name, param, added, None, after)
        return
    before = T(held.id, held.array, held.version)
    b.write(held, held.array + added.array)
    b.accumulate(name, param, added, before, held)


@pytest.fixture
def trace(tmp_path: Path) -> Iterator[Trace]:
    with scalars(tmp_path / "scalars.gradstep") as found:
        yield found


@pytest.fixture
def uncleared(tmp_path: Path) -> Iterator[Trace]:
    with scalars(tmp_path / "uncleared.gradstep", clears=False) as found:
        yield found
