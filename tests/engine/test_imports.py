"""Public names are torch's whatever was imported first, and events need no numpy."""

from __future__ import annotations

import subprocess
import sys

import pytest

ORDERS = [
    "import gradstep_engine as torch",
    "import gradstep_engine.tensor; import gradstep_engine as torch",
    "import gradstep_engine.events; import gradstep_engine as torch",
    "from gradstep_engine.tensor import Tensor; import gradstep_engine as torch",
    "from gradstep_engine.device import device; import gradstep_engine as torch",
    "from gradstep_engine import nn; import gradstep_engine as torch",
    "from gradstep_engine.optim import SGD; import gradstep_engine as torch",
    "import gradstep_engine.autograd.walk; import gradstep_engine as torch",
    "import gradstep_engine.dtypes; import gradstep_engine as torch",
    "import gradstep_engine.creation; import gradstep_engine as torch",
    "import gradstep_engine.ops.elementwise; import gradstep_engine as torch",
]
USE = (
    "x = torch.tensor([1.0], requires_grad=True, device=torch.device('cpu'));"
    "torch.autograd.backward(x * 2); assert x.grad.item() == 2;"
    "assert torch.autograd.gradcheck(torch.exp, (x.detach().double().requires_grad_(),));"
    "from gradstep_engine.autograd import grad, Function;"
    "assert isinstance(x, torch.Tensor)"
)


@pytest.mark.parametrize("first", ORDERS)
def test_any_import_order(first: str, child_environment: dict[str, str]) -> None:
    command = [sys.executable, "-W", "error", "-c", f"{first}; {USE}"]
    subprocess.run(command, env=child_environment, check=True, timeout=60)


def test_events_do_not_import_numpy(child_environment: dict[str, str]) -> None:
    code = "import sys, gradstep_engine.events; assert 'numpy' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], env=child_environment, check=True, timeout=60)
