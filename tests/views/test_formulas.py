"""Every formula against the gradients that PyTorch computes for the same op."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gradstep.views.explain import Card, explain
from gradstep.views.formulas import BY_NODE
from gradstep.views.text import plain
from tests.views.tracing import TraceBuilder, find

pytestmark = pytest.mark.torch

RNG = np.random.default_rng(0)


def r(*shape: int, low: float = -2.0, high: float = 2.0) -> Any:
    return RNG.uniform(low, high, shape).astype(np.float32)


TARGET = np.array([2, 0, 1], dtype=np.int64)
BINARY = (RNG.random((3, 4)) > 0.5).astype(np.float32)

# id: (op, node, function, arguments, attributes); a plain number among the arguments stays one.
CASES: dict[str, tuple[str, str, Callable[..., Any], list[Any], dict[str, Any]]] = {
    "add": ("add", "AddBackward0", lambda a, b: a + b, [r(3, 4), r(4)], {}),
    "add alpha": ("add", "AddBackward0", lambda a, b: a.add(b, alpha=3), [r(3), r(3)],
                  {"alpha": "3"}),
    "sub": ("sub", "SubBackward0", lambda a, b: a - b, [r(3, 1), r(3, 4)], {}),
    "rsub": ("rsub", "RsubBackward1", lambda a, b: a - b, [1.5, r(3)], {}),
    "mul": ("mul", "MulBackward0", lambda a, b: a * b, [r(2, 3, 4), r(3, 1)], {}),
    "mul number": ("mul", "MulBackward0", lambda a, b: a * b, [r(3), 3], {}),
    "div": ("div", "DivBackward0", lambda a, b: a / b, [r(3, 4), r(4, low=1.0)], {}),
    "neg": ("neg", "NegBackward0", lambda a: -a, [r(3)], {}),
    "pow": ("pow", "PowBackward0", lambda a: a**3, [r(3)], {"exponent": "3"}),
    "pow tensor": ("pow", "PowBackward1", lambda a, b: a**b, [r(3, low=0.5), r(3)], {}),
    "mm": ("matmul", "MmBackward0", lambda a, b: a @ b, [r(3, 4), r(4, 2)], {}),
    "bmm": ("matmul", "BmmBackward0", lambda a, b: a @ b, [r(2, 3, 4), r(2, 4, 2)], {}),
    "mv": ("mv", "MvBackward0", lambda a, b: a @ b, [r(3, 4), r(4)], {}),
    "dot": ("dot", "DotBackward0", lambda a, b: a @ b, [r(4), r(4)], {}),
    "linear": ("linear", "AddmmBackward0", lambda x, w, b: x @ w.T + b,
               [r(5, 3), r(2, 3), r(2)], {}),
    "linear 3d": ("linear", "AddmmBackward0", lambda x, w, b: x @ w.T + b,
                  [r(2, 5, 3), r(2, 3), r(2)], {}),
    "linear without bias": ("linear", "MmBackward0", lambda x, w: x @ w.T, [r(5, 3), r(2, 3)], {}),
    "addmm": ("addmm", "AddmmBackward0", lambda c, a, b: c + a @ b, [r(2), r(5, 3), r(3, 2)], {}),
    "sum": ("sum", "SumBackward0", lambda a: a.sum(), [r(3, 4)], {}),
    "sum dim": ("sum", "SumBackward1", lambda a: a.sum(1), [r(3, 4)], {"dim": "1"}),
    "mean": ("mean", "MeanBackward0", lambda a: a.mean(), [r(3, 4)], {}),
    "mean dims": ("mean", "MeanBackward1", lambda a: a.mean((0, 2)), [r(3, 4, 2)],
                  {"dim": "(0, 2)", "keepdim": "False"}),
    "max": ("max", "MaxBackward1", lambda a: a.max(), [r(3, 4)], {}),
    "max dim": ("amax", "AmaxBackward0", lambda a: a.amax(1), [r(3, 4)], {"dim": "1"}),
    "min": ("min", "MinBackward1", lambda a: a.min(), [r(3, 4)], {}),
    "relu": ("relu", "ReluBackward0", lambda a: a.relu(), [r(3, 4)], {}),
    "sigmoid": ("sigmoid", "SigmoidBackward0", lambda a: a.sigmoid(), [r(3)], {}),
    "tanh": ("tanh", "TanhBackward0", lambda a: a.tanh(), [r(3)], {}),
    "exp": ("exp", "ExpBackward0", lambda a: a.exp(), [r(3)], {}),
    "log": ("log", "LogBackward0", lambda a: a.log(), [r(3, low=0.5)], {}),
    "sqrt": ("sqrt", "SqrtBackward0", lambda a: a.sqrt(), [r(3, low=0.5)], {}),
    "sin": ("sin", "SinBackward0", lambda a: a.sin(), [r(3)], {}),
    "cos": ("cos", "CosBackward0", lambda a: a.cos(), [r(3)], {}),
    "abs": ("abs", "AbsBackward0", lambda a: a.abs(), [r(3)], {}),
    "clamp": ("clamp", "ClampBackward1", lambda a: a.clamp(-1, 1), [r(9)],
              {"min": "-1", "max": "1"}),
    "gelu": ("gelu", "GeluBackward0", lambda a: F().gelu(a), [r(3, 4)], {}),
    "gelu tanh": ("gelu", "GeluBackward0", lambda a: F().gelu(a, approximate="tanh"), [r(3, 4)],
                  {}),
    "silu": ("silu", "SiluBackward0", lambda a: F().silu(a), [r(3, 4)], {}),
    "mish": ("mish", "MishBackward0", lambda a: F().mish(a), [r(3, 4)], {}),
    "softplus": ("softplus", "SoftplusBackward0", lambda a: F().softplus(a, 2.0, 1.0), [r(9)],
                 {"beta": "2.0", "threshold": "1.0"}),
    "logsigmoid": ("logsigmoid", "LogSigmoidBackward0", lambda a: F().logsigmoid(a), [r(3)], {}),
    "elu": ("elu", "EluBackward0", lambda a: F().elu(a, 0.5), [r(9)], {"alpha": "0.5"}),
    "selu": ("selu", "EluBackward0", lambda a: F().selu(a), [r(9)], {}),
    "relu6": ("relu6", "HardtanhBackward0", lambda a: F().relu6(a), [r(9, high=9.0)],
              {"min_val": "0.0", "max_val": "6.0"}),
    "log1p": ("log1p", "Log1PBackward0", lambda a: a.log1p(), [r(3, low=-0.5)], {}),
    "log2": ("log2", "Log2Backward0", lambda a: a.log2(), [r(3, low=0.5)], {}),
    "log10": ("log10", "Log10Backward0", lambda a: a.log10(), [r(3, low=0.5)], {}),
    "expm1": ("expm1", "Expm1Backward0", lambda a: a.expm1(), [r(3)], {}),
    "rsqrt": ("rsqrt", "RsqrtBackward0", lambda a: a.rsqrt(), [r(3, low=0.5)], {}),
    "reciprocal": ("reciprocal", "ReciprocalBackward0", lambda a: a.reciprocal(), [r(3, low=0.5)],
                   {}),
    "tan": ("tan", "TanBackward0", lambda a: a.tan(), [r(3, low=-1.0, high=1.0)], {}),
    "atan": ("atan", "AtanBackward0", lambda a: a.atan(), [r(3)], {}),
    "sinh": ("sinh", "SinhBackward0", lambda a: a.sinh(), [r(3)], {}),
    "cosh": ("cosh", "CoshBackward0", lambda a: a.cosh(), [r(3)], {}),
    "huber": ("huber_loss", "HuberLossBackward0", lambda a, y: F().huber_loss(a, y, delta=0.7),
              [r(3, 4), r(3, 4)], {"reduction": "'mean'", "delta": "0.7"}),
    "smooth l1": ("smooth_l1_loss", "SmoothL1LossBackward0",
                  lambda a, y: F().smooth_l1_loss(a, y, reduction="sum", beta=0.5),
                  [r(3, 4), r(3, 4)], {"reduction": "'sum'", "beta": "0.5"}),
    "kl div": ("kl_div", "KlDivBackward0",
               lambda a, y: F().kl_div(a, y.detach(), reduction="sum"), [r(3, 4), BINARY],
               {"reduction": "'sum'", "log_target": "False"}),
    "kl div of logs": ("kl_div", "KlDivBackward0",
                       lambda a, y: F().kl_div(a, y.detach(), log_target=True, reduction="sum"),
                       [r(3, 4), r(3, 4)], {"reduction": "'sum'", "log_target": "True"}),
    "bce logits weight": ("binary_cross_entropy_with_logits",
                          "BinaryCrossEntropyWithLogitsBackward0",
                          lambda a, y, w, p: F().binary_cross_entropy_with_logits(
                              a, y.detach(), w.detach(), pos_weight=p.detach()),
                          [r(3, 4), BINARY, r(4, low=0.5), r(4, low=0.5)],
                          {"reduction": "'mean'"}),
    "erf": ("erf", "ErfBackward0", lambda a: a.erf(), [r(3)], {}),
    "prod": ("prod", "ProdBackward0", lambda a: a.prod(), [r(2, 3)], {}),
    "prod dim": ("prod", "ProdBackward1", lambda a: a.prod(1), [r(3, 4)], {"dim": "(1,)"}),
    "var": ("var", "VarBackward0", lambda a: a.var(), [r(3, 4)], {"correction": "1"}),
    "var dims": ("var", "VarBackward0", lambda a: a.var((0, 2), correction=0), [r(3, 4, 2)],
                 {"dim": "(0, 2)", "correction": "0"}),
    "std": ("std", "StdBackward0", lambda a: a.std(1, keepdim=True), [r(3, 4)],
            {"dim": "(1,)", "keepdim": "True", "correction": "1"}),
    "layer norm": ("layer_norm", "NativeLayerNormBackward0",
                   lambda a, w, b: F().layer_norm(a, (4,), w, b), [r(3, 4), r(4), r(4)],
                   {"axes": "1", "eps": "1e-05"}),
    "layer norm plain": ("layer_norm", "NativeLayerNormBackward0",
                         lambda a: F().layer_norm(a, (4, 2)), [r(3, 4, 2)],
                         {"axes": "2", "eps": "1e-05"}),
    "batch norm": ("batch_norm", "NativeBatchNormBackward0",
                   lambda a, w, b: F().batch_norm(a, None, None, w, b, training=True),
                   [r(4, 3, 2, 2), r(3), r(3)], {"training": "True", "eps": "1e-05"}),
    "batch norm eval": ("batch_norm", "NativeBatchNormBackward0",
                        lambda a, w, b, m, v: F().batch_norm(
                            a, m.detach(), v.detach(), w, b, training=False),
                        [r(4, 3), r(3), r(3), r(3), r(3, low=0.5)],
                        {"training": "False", "eps": "1e-05"}),
    "embedding": ("embedding", "EmbeddingBackward0", lambda w, i: F().embedding(i, w),
                  [r(5, 3), np.array([[1, 4, 1], [0, 1, 2]])], {}),
    "embedding padding": ("embedding", "EmbeddingBackward0",
                          lambda w, i: F().embedding(i, w, padding_idx=4),
                          [r(5, 3), np.array([1, 4, 1])], {"padding_idx": "4"}),
    "gather": ("gather", "GatherBackward0", lambda a, i: a.gather(1, i),
               [r(4, 3), np.array([[0, 2, 2], [1, 1, 0]])], {"dim": "1"}),
    "clone": ("clone", "CloneBackward0", lambda a: a.clone(), [r(3)], {}),
    "view": ("view", "ViewBackward0", lambda a: a.view(4, 3), [r(3, 4)], {"shape": "(4, 3)"}),
    "flatten": ("flatten", "ViewBackward0", lambda a: a.flatten(1), [r(2, 3, 4)], {}),
    "unsqueeze": ("unsqueeze", "UnsqueezeBackward0", lambda a: a.unsqueeze(1), [r(3)],
                  {"dim": "1"}),
    "t": ("t", "TBackward0", lambda a: a.t(), [r(3, 4)], {}),
    "transpose": ("transpose", "TransposeBackward0", lambda a: a.transpose(0, 2), [r(2, 3, 4)],
                  {"dims": "(2, 1, 0)"}),
    "permute": ("permute", "PermuteBackward0", lambda a: a.permute(1, 2, 0), [r(2, 3, 4)],
                {"dims": "(1, 2, 0)"}),
    "expand": ("expand", "ExpandBackward0", lambda a: a.expand(5, 3), [r(1, 3)],
               {"shape": "(5, 3)"}),
    "index": ("getitem", "SliceBackward0", lambda a: a[:, 1:3], [r(3, 4)],
              {"index": "(slice(None, None, None), slice(1, 3, None))"}),
    "select": ("getitem", "SelectBackward0", lambda a: a[1], [r(3, 4)], {"index": "(1,)"}),
    "cat": ("cat", "CatBackward0", lambda a, b: np_cat(a, b), [r(2, 3), r(1, 3)], {"dim": "0"}),
    "stack": ("stack", "StackBackward0", lambda a, b: np_stack(a, b), [r(3), r(3)], {"dim": "1"}),
    "softmax": ("softmax", "SoftmaxBackward0", lambda a: a.softmax(1), [r(3, 4)], {"dim": "1"}),
    "log_softmax": ("log_softmax", "LogSoftmaxBackward0", lambda a: a.log_softmax(-1), [r(3, 4)],
                    {"dim": "-1"}),
    "nll_loss": ("nll_loss", "NllLossBackward0", lambda a, t: F().nll_loss(a, t),
                 [r(3, 4), TARGET], {"reduction": "'mean'"}),
    "cross_entropy": ("cross_entropy", "CrossEntropyBackward0",
                      lambda a, t: F().cross_entropy(a, t), [r(3, 4), TARGET],
                      {"reduction": "'mean'"}),
    "cross_entropy sum": ("cross_entropy", "CrossEntropyBackward0",
                          lambda a, t: F().cross_entropy(a, t, reduction="sum"),
                          [r(3, 4), TARGET], {"reduction": "'sum'"}),
    "mse_loss": ("mse_loss", "MseLossBackward0", lambda a, b: F().mse_loss(a, b),
                 [r(3, 4), r(3, 4)], {"reduction": "'mean'"}),
    "mse_loss sum": ("mse_loss", "MseLossBackward0",
                     lambda a, b: F().mse_loss(a, b, reduction="sum"), [r(3, 4), r(3, 4)],
                     {"reduction": "'sum'"}),
    "bce": ("binary_cross_entropy", "BinaryCrossEntropyBackward0",
            lambda a, b: F().binary_cross_entropy(a, b.detach()),
            [r(3, 4, low=0.1, high=0.9), BINARY], {"reduction": "'mean'"}),
    "bce_with_logits": ("binary_cross_entropy_with_logits",
                        "BinaryCrossEntropyWithLogitsBackward0",
                        lambda a, b: F().binary_cross_entropy_with_logits(a, b.detach()),
                        [r(3, 4), BINARY], {"reduction": "'mean'"}),
    "conv2d": ("conv2d", "ConvolutionBackward0",
               lambda x, w, b: F().conv2d(x, w, b, stride=2, padding=1),
               [r(2, 3, 6, 6), r(4, 3, 3, 3), r(4)],
               {"stride": "(2, 2)", "padding": "(1, 1)", "groups": "1"}),
    "conv2d groups": ("conv2d", "ConvolutionBackward0",
                      lambda x, w: F().conv2d(x, w, groups=2, dilation=2),
                      [r(2, 4, 6, 6), r(6, 2, 2, 2)],
                      {"stride": "(1, 1)", "dilation": "(2, 2)", "groups": "2"}),
    "max_pool2d": ("max_pool2d", "MaxPool2DWithIndicesBackward0",
                   lambda x: F().max_pool2d(x, 3, stride=2, padding=1), [r(1, 2, 6, 6)],
                   {"kernel_size": "(3, 3)", "stride": "(2, 2)", "padding": "(1, 1)"}),
    "dropout": ("dropout", "MulBackward0", lambda x: F().dropout(x, 0.5), [r(4, 4)],
                {"p": "0.5"}),
}  # fmt: skip


def F() -> Any:
    import torch

    return torch.nn.functional


def np_cat(*pieces: Any) -> Any:
    import torch

    return torch.cat(pieces)


def np_stack(*pieces: Any) -> Any:
    import torch

    return torch.stack(pieces, dim=1)


def record(path: Path, case: str) -> list[Card]:
    """Run a case on PyTorch, write its op and its node, explain it at several elements."""
    import torch

    torch.manual_seed(0)
    op, node, function, arguments, attributes = CASES[case]
    given = [
        torch.tensor(a, requires_grad=a.dtype == np.float32) if isinstance(a, np.ndarray) else a
        for a in arguments
    ]
    out = function(*given)
    grad_out = torch.rand(out.shape) + 0.5
    wanted = [a for a in given if isinstance(a, torch.Tensor) and a.requires_grad]
    found = iter(torch.autograd.grad(out, wanted, grad_out, allow_unused=True))
    grads = [next(found) if any(a is w for w in wanted) else None for a in given]
    b = TraceBuilder(path)
    b.iteration = 1
    b.enter("forward", "forward")
    numbers = {f"input_{i}": repr(a) for i, a in enumerate(given) if isinstance(a, (int, float))}
    inputs = [
        b.tensor(a.detach().numpy(), f"arg{i}", leaf=True)
        for i, a in enumerate(given)
        if isinstance(a, torch.Tensor)
    ]
    seq = b.op(op, inputs, b.tensor(out.detach().numpy()), [node], {**numbers, **attributes})
    b.leave("forward")
    b.enter("backward", "backward")
    b.node(
        node,
        seq,
        [b.tensor(grad_out.numpy())],
        [None if g is None else b.tensor(g.numpy()) for g in grads],
        ["" if g is None else "AccumulateGrad" for g in grads],
    )
    with b.done() as trace:
        moment = find(trace, "node")
        places: list[tuple[int, ...] | None] = [None]
        for grad in grads:
            if grad is not None and grad.dim():
                places += [tuple(0 for _ in grad.shape), tuple(s - 1 for s in grad.shape)]
        return [explain(moment, element=place, width=100) for place in places]


@pytest.mark.parametrize("case", CASES)
def test_the_numbers_of_a_formula_give_the_gradient_that_torch_computed(
    case: str, tmp_path: Path
) -> None:
    for card in record(tmp_path / "trace.gradstep", case):
        assert card.matches is True, plain(card.lines)
        assert "not worked out" not in plain(card.lines)


def test_a_wrong_gradient_is_said_to_differ(tmp_path: Path) -> None:
    b = TraceBuilder(tmp_path / "trace.gradstep")
    a, out = b.tensor([2.0], "a", leaf=True), b.tensor([4.0])
    seq = b.op("pow", [a], out, ["PowBackward0"], {"exponent": "2"})
    b.node("PowBackward0", seq, [b.tensor([1.0])], [b.tensor([4.5])], ["AccumulateGrad"])
    with b.done() as trace:
        card = explain(find(trace, "node"))
    assert card.matches is False
    assert "1.0000 · 2 · 2.0000 = 4.0000  recorded: 4.5000" in plain(card.lines)


def test_every_rule_has_a_formula_in_symbols() -> None:
    for name, rule in BY_NODE.items():
        assert rule.forward.startswith("out"), name
        assert all(symbols.startswith("grad_") for symbols in rule.backward), name
