"""What a test script trains with: real ops and backward, and an optimizer of a few lines.

It emits the facts that the engine's own optimizers emit, so that the debuggee can be tested against
exactly known events. Written into the script's folder as a module whose code has no file, so that
only the script's own lines count as the user's.
"""

from __future__ import annotations

from pathlib import Path

_SOURCE = """
import numpy as np
import torch
from gradstep_engine import events
from gradstep_engine.autograd.function import apply
from gradstep_engine.ops.elementwise import Add, Mul

def tell(event):
    if events.listener is not None:
        events.listener(event)

def leaf(numbers, requires_grad=True):
    tensor = torch.Tensor.__new__(torch.Tensor)
    tensor._array = np.array(numbers, dtype=np.float32)
    tensor._requires_grad = requires_grad
    return tensor

def copy(tensor):
    return leaf(tensor._array.copy(), False)

def mul(a, b):
    return apply(Mul, a, b)

def add(a, b):
    return apply(Add, a, b)

class SGD:
    def __init__(self, params, lr, momentum=0.0):
        self.param_groups = [{"params": list(params), "lr": lr, "momentum": momentum}]
        self.state = {}
        tell(events.OptimizerCreated(self))

    def zero_grad(self):
        tell(events.PhaseEntered("zero_grad", "SGD.zero_grad", self))
        for p in self.param_groups[0]["params"]:
            p.grad = None
        tell(events.PhaseExited("zero_grad", "SGD.zero_grad", self))

    def step(self):
        tell(events.PhaseEntered("step", "SGD.step", self))
        group = self.param_groups[0]
        for index, p in enumerate(group["params"]):
            state = self.state.setdefault(p.uid, {})
            before = copy(p)
            was = {k: copy(v) if hasattr(v, "_array") else v for k, v in state.items()}
            if group["momentum"]:
                if not state:
                    state["momentum_buffer"] = copy(p.grad)
                else:
                    buffer = state["momentum_buffer"]
                    buffer._array *= group["momentum"]
                    buffer._array += p.grad._array
                    buffer._bump()
                state["count"] = state.get("count", 0) + 1
            delta = state["momentum_buffer"] if group["momentum"] else p.grad
            p._array -= group["lr"] * delta._array
            p._bump()
            hyper = {k: v for k, v in group.items() if k != "params"}
            tell(events.Updated(self, 0, index, p, p.grad, before, was, dict(state), hyper))
        tell(events.PhaseExited("step", "SGD.step", self))

class Module:
    calls = 0

    def named_modules(self, prefix=""):
        yield prefix, self
        for name, child in vars(self).items():
            if isinstance(child, Module):
                yield from child.named_modules(f"{prefix}.{name}" if prefix else name)

    def modules(self):
        return [module for _, module in self.named_modules()]

    def named_parameters(self):
        for path, module in self.named_modules():
            for name, value in vars(module).items():
                if isinstance(value, torch.Tensor):
                    yield (f"{path}.{name}" if path else name), value

    def parameters(self):
        return [value for _, value in self.named_parameters()]

    def named_buffers(self):
        return []

    def __call__(self, *inputs):
        from gradstep_engine.autograd.function import _Emission
        Module.calls += 1
        outer = _Emission.call
        _Emission.call = events.ModuleCall(self, Module.calls, outer)
        try:
            return self.forward(*inputs)
        finally:
            _Emission.call = outer

class Scale(Module):
    def __init__(self, factor):
        self.weight = leaf(factor)

    def forward(self, x):
        return mul(x, self.weight)
"""

LOOP = """
import torch
from toy import SGD, leaf, mul

w = leaf([2.0])
x = leaf([1.0], requires_grad=False)
opt = SGD([w], lr=0.1)
for i in range(3):
    opt.zero_grad()
    y = mul(w, x)
    loss = mul(y, y)
    loss.backward()
    opt.step()
    print("round", i)
"""
"""One parameter, three rounds; line 9 is zero_grad, 10 and 11 the forward, 12 backward, 13 step."""


def write(folder: Path) -> None:
    """Put the module `toy` beside a script."""
    text = f'exec(compile({_SOURCE!r}, "<toy>", "exec"))\n'
    folder.joinpath("toy.py").write_text(text)
