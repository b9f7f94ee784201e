"""Losses of margins, likelihoods and distances against PyTorch, as functions and as layers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.engine.nn.pairing import (
    close,
    compare_modules,
    leaf,
    numbers,
    ours,
    run_both,
    torch_or_skip,
)

pytestmark = pytest.mark.torch

SIGNS = np.array([1, -1, 1, -1, 1])
A, B, C = (numbers(5, 3, seed=seed) for seed in (1, 2, 3))
CLASSES = np.array([2, 0, 1, 1, 0])
LABELS = np.array([[2, 0, -1], [1, -1, 0], [-1, 0, 1], [0, 1, 2], [0, -1, -1]])


def of(name: str, **options: Any) -> Any:
    return lambda e, xs, reduction: getattr(e.nn.functional, name)(
        *xs, reduction=reduction, **options
    )


LOSSES: dict[str, tuple[Any, list[Any]]] = {
    "ranking": (of("margin_ranking_loss", margin=0.3), [A[:, 0], B[:, 0], SIGNS]),
    "hinge": (of("hinge_embedding_loss", margin=0.5), [A[:, 0], SIGNS]),
    "cosine": (of("cosine_embedding_loss", margin=0.1), [A, B, SIGNS]),
    "cosine of one": (of("cosine_embedding_loss"), [A[0], B[0], np.array(-1)]),
    "triplet": (of("triplet_margin_loss"), [A, B, C]),
    "triplet swapped": (of("triplet_margin_loss", swap=True, p=1, margin=2.0), [A, B, C]),
    "triplet of distance": (of("triplet_margin_with_distance_loss", swap=True), [A, B, C]),
    "multi margin": (of("multi_margin_loss"), [A, CLASSES]),
    "multi margin squared": (of("multi_margin_loss", p=2, margin=0.5), [A, CLASSES]),
    "multi margin of one": (of("multi_margin_loss"), [A[0], np.array(2)]),
    "labels": (of("multilabel_margin_loss"), [A, LABELS]),
    "labels of one": (of("multilabel_margin_loss"), [A[0], LABELS[0]]),
    "soft labels": (of("multilabel_soft_margin_loss"), [A, (B > 0).astype(float)]),
    "soft margin": (of("soft_margin_loss"), [A, np.sign(B).astype(int)]),
    "poisson": (of("poisson_nll_loss"), [A, np.exp(B)]),
    "poisson full": (of("poisson_nll_loss", full=True), [A, np.exp(2 * B)]),
    "poisson rate": (of("poisson_nll_loss", log_input=False), [np.exp(A), np.exp(B)]),
    "gaussian": (of("gaussian_nll_loss"), [A, B, C**2]),
    "gaussian full": (of("gaussian_nll_loss", full=True, eps=0.5), [A, B, C**2]),
    "gaussian by row": (of("gaussian_nll_loss"), [A, B, C[:, 0] ** 2]),
    "gaussian number": (of("gaussian_nll_loss", var=0.5), [A, B]),
}


@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
@pytest.mark.parametrize("name", LOSSES)
def test_losses(name: str, reduction: str) -> None:
    function, arrays = LOSSES[name]
    run_both(lambda e, xs: function(e, xs, reduction), arrays)


def test_weights_of_classes() -> None:
    def multi(engine: Any, xs: Any) -> Any:
        weight = engine.tensor([0.1, 2.0, 3.0]).double()
        return engine.nn.functional.multi_margin_loss(*xs, weight=weight)

    def soft(engine: Any, xs: Any) -> Any:
        weight = engine.tensor([0.1, 2.0, 3.0]).double()
        return engine.nn.MultiLabelSoftMarginLoss(weight)(*xs)

    run_both(multi, [A, CLASSES])
    run_both(soft, [A, (B > 0).astype(float)])


DISTANCES: dict[str, tuple[Any, list[Any]]] = {
    "cosine": (lambda e, xs: e.nn.functional.cosine_similarity(*xs), [A, B]),
    "cosine stretched": (
        lambda e, xs: e.nn.functional.cosine_similarity(xs[0].unsqueeze(1), xs[1], dim=-1),
        [A, B],
    ),
    "cosine eps": (lambda e, xs: e.nn.functional.cosine_similarity(*xs, eps=2.0), [A, B]),
    "pairwise": (lambda e, xs: e.nn.functional.pairwise_distance(*xs), [A, B]),
    "pairwise 1": (lambda e, xs: e.nn.functional.pairwise_distance(*xs, 1, keepdim=True), [A, B]),
    "pdist": (lambda e, xs: e.nn.functional.pdist(xs[0]), [A]),
    "cosine layer": (lambda e, xs: e.nn.CosineSimilarity(dim=0)(*xs), [A, B]),
    "pairwise layer": (lambda e, xs: e.nn.PairwiseDistance(p=3)(*xs), [A, B]),
}


@pytest.mark.parametrize("name", DISTANCES)
def test_distances(name: str) -> None:
    run_both(*DISTANCES[name])


LAYERS: dict[str, tuple[Any, list[Any]]] = {
    "MarginRankingLoss": (lambda nn: nn.MarginRankingLoss(0.2), [A[:, 0], B[:, 0], SIGNS]),
    "CosineEmbeddingLoss": (lambda nn: nn.CosineEmbeddingLoss(0.2), [A, B, SIGNS]),
    "HingeEmbeddingLoss": (lambda nn: nn.HingeEmbeddingLoss(2.0), [A[:, 0], SIGNS]),
    "TripletMarginLoss": (lambda nn: nn.TripletMarginLoss(swap=True), [A, B, C]),
    "TripletMarginWithDistanceLoss": (
        lambda nn: nn.TripletMarginWithDistanceLoss(
            distance_function=lambda x, y: ((x - y) ** 2).sum(-1)
        ),
        [A, B, C],
    ),
    "MultiMarginLoss": (lambda nn: nn.MultiMarginLoss(p=2), [A, CLASSES]),
    "MultiLabelMarginLoss": (lambda nn: nn.MultiLabelMarginLoss(), [A, LABELS]),
    "SoftMarginLoss": (lambda nn: nn.SoftMarginLoss(reduction="sum"), [A, np.sign(B).astype(int)]),
    "PoissonNLLLoss": (lambda nn: nn.PoissonNLLLoss(), [A, np.exp(B)]),
    "GaussianNLLLoss": (lambda nn: nn.GaussianNLLLoss(full=True), [A, B, C**2]),
    "NLLLoss2d": (
        lambda nn: nn.NLLLoss(),
        [numbers(2, 3, 2, 2), np.array([[[0, 1], [2, 0]], [[1, 1], [0, 2]]])],
    ),
}


@pytest.mark.parametrize("name", LAYERS)
def test_layers(name: str) -> None:
    compare_modules(*LAYERS[name])


CTC_TARGETS: dict[str, Any] = {
    "rows": ([[1, 2, 2], [3, 1, 1]], [7, 6], [3, 2]),
    "repeated": ([[1, 1, 1], [2, 2, 2]], [7, 7], [3, 3]),
    "joined": ([1, 2, 2, 3, 1], [7, 5], [3, 2]),
    "one empty": ([[1, 2, 2], [3, 1, 1]], [7, 6], [3, 0]),
    "long": ([[1, 2, 3, 1, 2, 3], [1, 2, 3, 1, 2, 3]], [6, 7], [6, 2]),
}


@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
@pytest.mark.parametrize("name", CTC_TARGETS)
def test_ctc(name: str, reduction: str) -> None:
    targets, steps, lengths = CTC_TARGETS[name]

    def run(engine: Any, xs: Any) -> Any:
        logs = engine.nn.functional.log_softmax(xs[0], 2)
        return engine.nn.functional.ctc_loss(
            logs,
            engine.tensor(targets),
            engine.tensor(steps),
            engine.tensor(lengths),
            reduction=reduction,
        )

    run_both(run, [numbers(7, 2, 4)])


def test_ctc_of_one_sequence_and_of_one_that_cannot_fit() -> None:
    run_both(
        lambda e, xs: e.nn.functional.ctc_loss(
            e.nn.functional.log_softmax(xs[0], 1), e.tensor([1, 2]), (6,), (2,), blank=3
        ),
        [numbers(6, 4)],
    )
    results = []
    for engine in (ours, torch_or_skip()):
        x = leaf(engine, numbers(3, 2, 4))
        logs = engine.nn.functional.log_softmax(x, 2)
        targets = engine.tensor([[1, 1, 1], [1, 2, 3]])
        plain = engine.nn.CTCLoss(reduction="none")(logs, targets, (3, 3), (3, 3))
        loss = engine.nn.CTCLoss(zero_infinity=True)(logs, targets, (3, 3), (3, 3))
        loss.backward()
        results.append((plain, loss, x.grad))
    assert np.isinf(results[0][0].tolist()[0])
    for a, b in zip(*results, strict=True):
        close(a, b)


def test_adaptive_softmax() -> None:
    results: list[Any] = []
    torch = torch_or_skip()
    theirs = torch.nn.AdaptiveLogSoftmaxWithLoss(6, 12, [3, 7], div_value=2.0).double()
    mine = ours.nn.AdaptiveLogSoftmaxWithLoss(6, 12, [3, 7], div_value=2.0).double()
    mine.load_state_dict({k: ours.tensor(v.numpy()) for k, v in theirs.state_dict().items()})
    assert repr(mine) == repr(theirs)
    for engine, layer in ((ours, mine), (torch, theirs)):
        x = leaf(engine, numbers(8, 6))
        output, loss = layer(x, engine.tensor([0, 5, 11, 2, 3, 7, 1, 6]))
        loss.backward()
        results.append((output, loss, x.grad, layer.tail[1][1].weight.grad, layer.log_prob(x)))
        assert tuple(layer.predict(x).shape) == (8,)
    for a, b in zip(*results, strict=True):
        close(a, b)


POINTWISE: dict[str, Any] = {
    "mse": lambda f, x, t: f.mse_loss(x, t),
    "mse sum": lambda f, x, t: f.mse_loss(x, t, reduction="none"),
    "smooth": lambda f, x, t: f.smooth_l1_loss(x, t, beta=0.7),
    "huber": lambda f, x, t: f.huber_loss(x, t, reduction="none"),
    "bce": lambda f, x, t: f.binary_cross_entropy(x, t, reduction="sum"),
    "logits": lambda f, x, t: f.binary_cross_entropy_with_logits(x, t),
    "kl": lambda f, x, t: f.kl_div(x, t, reduction="sum"),
    "kl log": lambda f, x, t: f.kl_div(x, t, reduction="sum", log_target=True),
}


@pytest.mark.parametrize("name", POINTWISE)
def test_second_derivatives(name: str) -> None:
    rng = np.random.default_rng(0)
    x, t = rng.uniform(0.1, 0.9, (3, 4)), rng.uniform(0.1, 0.9, (3, 4))
    scale = 3 if name in ("mse", "mse sum", "smooth", "huber", "logits") else 1
    results = []
    for engine in (ours, torch_or_skip()):
        inputs = (leaf(engine, x * scale), leaf(engine, t))
        loss = POINTWISE[name](engine.nn.functional, *inputs)
        v = leaf(engine, np.asarray(np.cos(np.arange(loss.numel()))).reshape(tuple(loss.shape)))
        grads = engine.autograd.grad(loss, inputs, v, create_graph=True)
        for grad in grads:
            if grad.requires_grad:
                grad.backward(leaf(engine, np.sin(x)).detach(), retain_graph=True)
        found = [each.grad for each in (*inputs, v) if each.grad is not None]
        results.append((*grads, *found))
    for a, b in zip(*results, strict=True):
        close(a, b, 1e-8)


@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
def test_second_derivative_of_cross_entropy(reduction: str) -> None:
    for shape, target in (((4, 3), [0, 2, 1, 1]), ((2, 3, 2), [[0, -100], [2, 1]]), ((3,), 1)):
        results = []
        for engine in (ours, torch_or_skip()):
            x = leaf(engine, numbers(*shape))
            loss = engine.nn.functional.cross_entropy(x, engine.tensor(target), reduction=reduction)
            v = leaf(engine, np.ones(tuple(loss.shape)) * 1.5)
            (grad,) = engine.autograd.grad(loss, x, v, create_graph=True)
            grad.backward(leaf(engine, np.sin(numbers(*shape))).detach())
            results.append((grad, x.grad, v.grad))
        for a, b in zip(*results, strict=True):
            close(a, b)


WRONG: dict[str, Any] = {
    "ranking": lambda e, f: f.margin_ranking_loss(e.zeros(2), e.zeros(2), e.zeros(1, 2)),
    "cosine": lambda e, f: f.cosine_embedding_loss(e.zeros(2, 3), e.zeros(2, 3), e.zeros(1, 2)),
    "multi margin p": lambda e, f: f.multi_margin_loss(e.zeros(2, 3), e.tensor([0, 1]), p=3),
    "variance": lambda e, f: f.gaussian_nll_loss(e.zeros(2), e.zeros(2), e.zeros(2) - 1),
    "variance size": lambda e, f: f.gaussian_nll_loss(e.zeros(2), e.zeros(2), e.zeros(3)),
    "triplet": lambda e, f: f.triplet_margin_loss(e.zeros(2), e.zeros(2), e.zeros(2), margin=-1.0),
    "triplet layer": lambda e, f: e.nn.TripletMarginLoss(margin=0.0),
    "ctc steps": lambda e, f: f.ctc_loss(e.zeros(3, 1, 4), e.tensor([[1]]), (4,), (1,)),
    "ctc blank": lambda e, f: f.ctc_loss(e.zeros(3, 1, 4), e.tensor([[1]]), (3,), (1,), blank=4),
    "ctc batch": lambda e, f: f.ctc_loss(e.zeros(3, 1, 4), e.tensor([[1]]), (3, 3), (1,)),
    "cutoffs": lambda e, f: e.nn.AdaptiveLogSoftmaxWithLoss(4, 8, [5, 3]),
}


@pytest.mark.parametrize("name", WRONG)
def test_mistakes_are_reported_in_torchs_words(name: str) -> None:
    raised = []
    for engine in (ours, torch_or_skip()):
        with pytest.raises(Exception) as caught:  # noqa: PT011 (compared below)
            WRONG[name](engine, engine.nn.functional)
        raised.append((type(caught.value).__name__, str(caught.value)))
    assert raised[0] == raised[1]
