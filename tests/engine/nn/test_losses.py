"""Each loss against PyTorch, over reductions and kinds of targets; and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.engine.nn.pairing import numbers, ours, run_both, torch_or_skip

pytestmark = pytest.mark.torch

REDUCTIONS = ["none", "mean", "sum"]


def probabilities(*shape: int, seed: int = 3) -> Any:
    raw = np.exp(numbers(*shape, seed=seed))
    return raw / raw.sum(axis=min(1, len(shape) - 1), keepdims=True)


def same_nodes(a: Any, b: Any) -> None:
    """Check that both graphs have the same chain of first nodes."""
    mine, theirs = a.grad_fn, b.grad_fn
    while theirs is not None and "AccumulateGrad" not in theirs.name():
        assert mine.name() == theirs.name()
        nexts = [
            next((n for n, _ in node.next_functions if n is not None), None)
            for node in (mine, theirs)
        ]
        mine, theirs = nexts


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize(
    "name",
    ["mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss", "binary_cross_entropy_with_logits"],
)
@pytest.mark.parametrize("shape", [(), (4,), (3, 4)])
def test_pointwise_losses(name: str, reduction: str, shape: tuple[int, ...]) -> None:
    got = run_both(
        lambda e, xs: getattr(e.nn.functional, name)(*xs, reduction=reduction),
        [numbers(*shape) * 2, numbers(*shape, seed=1) * 2],
    )
    same_nodes(*got)


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_pointwise_options(reduction: str) -> None:
    arrays = [numbers(3, 4) * 2, numbers(3, 4, seed=1) * 2]
    run_both(
        lambda e, xs: e.nn.functional.smooth_l1_loss(*xs, reduction=reduction, beta=0.5), arrays
    )
    run_both(lambda e, xs: e.nn.functional.smooth_l1_loss(*xs, reduction=reduction, beta=0), arrays)
    run_both(lambda e, xs: e.nn.functional.huber_loss(*xs, reduction=reduction, delta=0.5), arrays)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("name", ["mse_loss", "l1_loss", "huber_loss"])
def test_weighted_elements(name: str, reduction: str) -> None:
    arrays = [numbers(3, 4) * 2, numbers(3, 4, seed=1) * 2]

    def run(engine: Any, xs: Any) -> Any:
        weight = engine.tensor(numbers(3, 4, seed=7) ** 2)
        return getattr(engine.nn.functional, name)(*xs, reduction=reduction, weight=weight)

    run_both(run, arrays)
    with pytest.raises(ValueError, match="Weights and input must have the same size"):
        getattr(ours.nn.functional, name)(ours.zeros(2), ours.zeros(2), weight=ours.zeros(1))


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("weighted", [False, True])
def test_binary_cross_entropies(reduction: str, weighted: bool) -> None:
    p, t = probabilities(3, 4), probabilities(3, 4, seed=5)
    t[0, 0], p[0, 1], p[1, 1] = 1.0, 0.0, 1.0

    def run(engine: Any, xs: Any) -> Any:
        weight = engine.tensor(numbers(4, seed=7) ** 2) if weighted else None
        return engine.nn.functional.binary_cross_entropy(*xs, weight, reduction=reduction)

    def run_logits(engine: Any, xs: Any) -> Any:
        weight = engine.tensor(numbers(4, seed=7) ** 2) if weighted else None
        positive = engine.tensor(numbers(4, seed=8) ** 2)
        return engine.nn.functional.binary_cross_entropy_with_logits(
            *xs, weight, reduction=reduction, pos_weight=positive
        )

    run_both(run, [p, t])
    run_both(run_logits, [numbers(3, 4) * 20, t])


@pytest.mark.filterwarnings("ignore:reduction:UserWarning")
@pytest.mark.parametrize("reduction", [*REDUCTIONS, "batchmean"])
@pytest.mark.parametrize("log_target", [False, True])
def test_kl_div(reduction: str, log_target: bool) -> None:
    run_both(
        lambda e, xs: e.nn.functional.kl_div(*xs, reduction=reduction, log_target=log_target),
        [np.log(probabilities(3, 4)), probabilities(3, 4, seed=5)],
    )


SHAPES = [((5,), ()), ((4, 5), (4,)), ((2, 5, 3), (2, 3)), ((2, 5, 3, 2), (2, 3, 2))]


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("ignored", [False, True])
@pytest.mark.parametrize("smoothing", [0.0, 0.3])
@pytest.mark.parametrize(("shape", "targets"), SHAPES)
def test_cross_entropy_of_class_indices(
    reduction: str,
    weighted: bool,
    ignored: bool,
    smoothing: float,
    shape: tuple[int, ...],
    targets: tuple[int, ...],
) -> None:
    target = np.random.default_rng(1).integers(0, 5, targets)
    if ignored and targets:
        target = target.copy()
        target.flat[0] = 2

    def run(engine: Any, xs: Any) -> Any:
        weight = engine.tensor(numbers(5, seed=7) ** 2) if weighted else None
        return engine.nn.functional.cross_entropy(
            *xs,
            weight=weight,
            reduction=reduction,
            ignore_index=2 if ignored and targets else -100,
            label_smoothing=smoothing,
        )

    mine, theirs = run_both(run, [numbers(*shape) * 3, target])
    if not smoothing and len(shape) != 3:  # torch adds views there
        same_nodes(mine, theirs)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("smoothing", [0.0, 0.3])
@pytest.mark.parametrize("shape", [(5,), (4, 5), (2, 5, 3)])
def test_cross_entropy_of_probabilities(
    reduction: str, weighted: bool, smoothing: float, shape: tuple[int, ...]
) -> None:
    def run(engine: Any, xs: Any) -> Any:
        weight = engine.tensor(numbers(5, seed=7) ** 2) if weighted else None
        return engine.nn.functional.cross_entropy(
            *xs, weight=weight, reduction=reduction, label_smoothing=smoothing
        )

    run_both(run, [numbers(*shape) * 3, probabilities(*shape)])


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_nll_loss(reduction: str) -> None:
    got = run_both(
        lambda e, xs: e.nn.functional.nll_loss(*xs, reduction=reduction),
        [numbers(4, 5), np.array([1, 0, 4, 2])],
    )
    same_nodes(*got)


def test_all_targets_ignored_gives_nan_and_no_gradient() -> None:
    torch = torch_or_skip()
    for engine in (ours, torch):
        x = engine.tensor(numbers(2, 3), requires_grad=True)
        loss = engine.nn.functional.cross_entropy(x, engine.tensor([-100, -100]))
        assert np.isnan(loss.item())


def test_losses_as_layers_have_torchs_signatures() -> None:
    torch = torch_or_skip()
    x, t = numbers(4, 5), np.array([1, 0, 4, 2])
    for make in (
        lambda nn, e: nn.CrossEntropyLoss(weight=e.ones(5).double(), label_smoothing=0.1),
        lambda nn, e: nn.NLLLoss(ignore_index=1, reduction="sum"),
    ):
        values = [make(e.nn, e)(e.tensor(x), e.tensor(t)).item() for e in (ours, torch)]
        assert values[0] == pytest.approx(values[1])
    for name in ("MSELoss", "L1Loss", "SmoothL1Loss", "HuberLoss", "BCEWithLogitsLoss"):
        values = [
            getattr(e.nn, name)(reduction="sum")(e.tensor(x), e.tensor(x * 2)).item()
            for e in (ours, torch)
        ]
        assert values[0] == pytest.approx(values[1])
        assert repr(getattr(ours.nn, name)()) == f"{name}()"


WRONG: dict[str, Any] = {
    "dtype": lambda e, f: f.cross_entropy(e.zeros(2, 3), e.tensor([0, 1]).int()),
    "float target": lambda e, f: f.cross_entropy(e.zeros(2, 3), e.tensor([0.0, 1.0])),
    "out of range": lambda e, f: f.cross_entropy(e.zeros(2, 3), e.tensor([0, 5])),
    "negative": lambda e, f: f.cross_entropy(e.zeros(2, 3), e.tensor([0, -1])),
    "batch": lambda e, f: f.cross_entropy(e.zeros(2, 3), e.tensor([0, 1, 2])),
    "batch of probabilities": lambda e, f: f.cross_entropy(e.zeros(2, 3), e.zeros(3, 3)),
    "integer probabilities": lambda e, f: f.cross_entropy(e.zeros(2, 3), e.zeros(2, 3).long()),
    "multi target": lambda e, f: f.cross_entropy(e.zeros(2, 3), e.zeros(2, 1).long()),
    "reduction": lambda e, f: f.cross_entropy(e.zeros(2, 3), e.tensor([0, 1]), reduction="foo"),
    "bce range": lambda e, f: f.binary_cross_entropy(e.zeros(2) + 2, e.zeros(2)),
    "bce target range": lambda e, f: f.binary_cross_entropy(e.zeros(2), e.zeros(2) + 2),
    "bce size": lambda e, f: f.binary_cross_entropy(e.zeros(2, 3), e.zeros(2)),
    "bce dtype": lambda e, f: f.binary_cross_entropy(e.zeros(2), e.zeros(2).long()),
    "logits size": lambda e, f: f.binary_cross_entropy_with_logits(e.zeros(2, 3), e.zeros(2)),
    "linear": lambda e, f: f.linear(e.zeros(3, 5), e.zeros(4, 3)),
    "linear of 3": lambda e, f: f.linear(e.zeros(2, 3, 5), e.zeros(4, 3)),
    "linear dtype": lambda e, f: f.linear(e.zeros(2, 3).double(), e.zeros(4, 3)),
    "linear dtype with bias": lambda e, f: f.linear(
        e.zeros(2, 3).double(), e.zeros(4, 3), e.zeros(4)
    ),
    "linear bias": lambda e, f: f.linear(e.zeros(2, 3), e.zeros(4, 3), e.zeros(3)),
    "conv channels": lambda e, f: f.conv2d(e.zeros(1, 2, 8, 8), e.zeros(4, 3, 3, 3)),
    "conv dimensions": lambda e, f: f.conv2d(e.zeros(8, 8), e.zeros(4, 3, 3, 3)),
    "conv size": lambda e, f: f.conv2d(e.zeros(1, 3, 2, 2), e.zeros(4, 3, 3, 3)),
    "conv dtype": lambda e, f: f.conv2d(
        e.zeros(1, 3, 8, 8).double(), e.zeros(4, 3, 3, 3), e.zeros(4)
    ),
    "pool size": lambda e, f: f.max_pool2d(e.zeros(1, 3, 8, 8), 9),
    "pool padding": lambda e, f: f.max_pool2d(e.zeros(1, 3, 8, 8), 2, padding=2),
    "dropout": lambda e, f: f.dropout(e.zeros(3), 1.5),
    "batch norm": lambda e, f: e.nn.BatchNorm1d(3)(e.zeros(1, 3)),
    "batch norm dimensions": lambda e, f: e.nn.BatchNorm2d(3)(e.zeros(1, 3)),
    "batch norm channels": lambda e, f: e.nn.BatchNorm1d(3)(e.zeros(2, 4)),
    "layer norm": lambda e, f: e.nn.LayerNorm(3)(e.zeros(2, 4)),
    "embedding": lambda e, f: e.nn.Embedding(3, 3)(e.tensor([3])),
    "embedding dtype": lambda e, f: e.nn.Embedding(3, 3)(e.tensor([0.0])),
    "no forward": lambda e, f: e.nn.Module()(1),
    "groups": lambda e, f: e.nn.Conv2d(3, 4, 3, groups=2),
}


@pytest.mark.parametrize("name", WRONG)
def test_mistakes_are_reported_in_torchs_words(name: str) -> None:
    torch = torch_or_skip()
    raised = []
    for engine in (ours, torch):
        with pytest.raises(Exception) as caught:  # noqa: PT011 (compared below)
            WRONG[name](engine, engine.nn.functional)
        raised.append((type(caught.value).__name__, str(caught.value)))
    assert raised[0] == raised[1]


def test_a_target_of_another_shape_warns() -> None:
    f = ours.nn.functional
    for loss in (f.mse_loss, f.l1_loss, f.smooth_l1_loss, f.huber_loss):
        with pytest.warns(UserWarning, match=r"Using a target size \(torch.Size\(\[2, 1\]\)\)"):
            loss(ours.zeros(2, 3), ours.zeros(2, 1))
    with (
        pytest.warns(UserWarning, match="different to the input size"),
        pytest.raises(RuntimeError, match=r"tensor a \(3\) must match the size of tensor b \(4\)"),
    ):
        f.mse_loss(ours.zeros(2, 3), ours.zeros(4))


def test_softmax_without_dim_warns() -> None:
    with pytest.warns(UserWarning, match="Implicit dimension choice for softmax"):
        ours.nn.functional.softmax(ours.zeros(2, 3))
