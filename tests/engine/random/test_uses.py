"""What draws random numbers draws torch's: initial values, dropout, samplers, whole trainings."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest

from tests.engine.random.test_streams import assert_same_stream

pytestmark = [
    pytest.mark.torch,
    pytest.mark.filterwarnings("ignore:mean is more than 2 std"),
    pytest.mark.filterwarnings("ignore:dropout2d. Received a 3D input"),
]

SHAPES = ((3, 4), (40, 30), (8, 4, 3, 3))
INITIALISERS: dict[str, Callable[[Any, Any], Any]] = {
    "uniform_": lambda i, x: i.uniform_(x, -0.3, 0.2),
    "normal_": lambda i, x: i.normal_(x, 0.1, 2.0),
    "xavier_uniform_": lambda i, x: i.xavier_uniform_(x),
    "xavier_normal_": lambda i, x: i.xavier_normal_(x, gain=2.0),
    "kaiming_uniform_": lambda i, x: i.kaiming_uniform_(x, a=5**0.5),
    "kaiming_normal_": lambda i, x: i.kaiming_normal_(x, mode="fan_out", nonlinearity="relu"),
    "trunc_normal_": lambda i, x: i.trunc_normal_(x, std=0.7, a=-1, b=1),
    "trunc_normal_ of a small part": lambda i, x: i.trunc_normal_(x, a=-0.5, b=0.1),
    "trunc_normal_ of the tail": lambda i, x: i.trunc_normal_(x, a=2.5, b=4),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", INITIALISERS)
def test_initialisers(name: str, shape: tuple[int, ...]) -> None:
    assert_same_stream(lambda t: INITIALISERS[name](t.nn.init, t.empty(shape)), 1e-6)


@pytest.mark.parametrize("shape", [(3, 4), (30, 40), (8, 4, 3, 3)])
def test_orthogonal(shape: tuple[int, ...]) -> None:
    assert_same_stream(lambda t: t.nn.init.orthogonal_(t.empty(shape), gain=1.5), 1e-5)


def test_sparse_and_dirac() -> None:
    assert_same_stream(lambda t: t.nn.init.sparse_(t.empty(20, 7), 0.3), 1e-6)
    for shape in ((8, 4, 3), (4, 6, 3, 3), (6, 2, 3, 3, 2)):
        assert_same_stream(partial(_dirac, shape))


def _dirac(shape: tuple[int, ...], t: Any) -> Any:
    return t.nn.init.dirac_(t.empty(shape), groups=2)


LAYERS: dict[str, Callable[[Any], Any]] = {
    "Linear": lambda nn: nn.Linear(100, 50),
    "Linear small": lambda nn: nn.Linear(3, 4),
    "Conv1d": lambda nn: nn.Conv1d(3, 4, 5),
    "Conv2d": lambda nn: nn.Conv2d(4, 4, 3, groups=2, bias=False),
    "Embedding": lambda nn: nn.Embedding(10, 7, padding_idx=2),
    "Bilinear": lambda nn: nn.Bilinear(3, 4, 5),
}


@pytest.mark.parametrize("name", LAYERS)
def test_layers_start_as_torchs(name: str) -> None:
    assert_same_stream(
        lambda t: t.cat([p.detach().reshape(-1) for p in LAYERS[name](t.nn).parameters()]), 1e-6
    )


DROPOUTS = {
    "dropout": (3, 40),
    "alpha_dropout": (3, 40),
    "feature_alpha_dropout": (3, 40, 2),
    "dropout1d": (3, 40, 2),
    "dropout2d": (3, 4, 5, 2),
    "dropout3d": (3, 4, 5, 2, 2),
}


@pytest.mark.parametrize("inplace", [False, True])
@pytest.mark.parametrize("p", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("name", DROPOUTS)
def test_dropouts(name: str, p: float, inplace: bool) -> None:
    def dropped(t: Any, shape: tuple[int, ...] = DROPOUTS[name]) -> Any:
        leaf = (t.arange(float(np.prod(shape))) + 1).reshape(shape).requires_grad_()
        out = getattr(t.nn.functional, name)(leaf * 1, p, True, inplace)
        out.sum().backward()
        return t.cat([out.detach().reshape(-1), leaf.grad.reshape(-1)])

    assert_same_stream(dropped, 1e-6)


@pytest.mark.parametrize(("name", "shape"), [("dropout1d", (3, 4)), ("dropout3d", (3, 4, 5, 2))])
@pytest.mark.parametrize("inplace", [False, True])
def test_dropout_without_a_batch(name: str, shape: tuple[int, ...], inplace: bool) -> None:
    assert_same_stream(
        lambda t: getattr(t.nn.functional, name)(t.ones(shape), 0.4, True, inplace), 1e-6
    )


def test_other_noise() -> None:
    assert_same_stream(lambda t: t.nn.functional.dropout(t.ones(3, 4).t(), 0.4), 1e-6)
    assert_same_stream(lambda t: t.nn.functional.dropout2d(t.ones(3, 4, 5), 0.4), 1e-6)
    assert_same_stream(lambda t: t.nn.functional.rrelu(t.arange(20.0) - 9, training=True), 1e-6)
    assert_same_stream(lambda t: t.nn.functional.gumbel_softmax(t.arange(20.0).reshape(4, 5)), 1e-6)


def indices(t: Any, found: Any) -> Any:
    return t.tensor([int(index) for index in found])


def epochs(t: Any, loader: Any, count: int = 3) -> Any:
    return indices(t, [index for _ in range(count) for batch in loader for index in batch])


ORDERS: dict[str, Callable[[Any, Any], Any]] = {
    "shuffle": lambda t, d: epochs(t, d.DataLoader(range(100), 7, shuffle=True)),
    "shuffle by a generator": lambda t, d: epochs(
        t, d.DataLoader(range(100), 7, shuffle=True, generator=t.Generator().manual_seed(5))
    ),
    "in order": lambda t, d: epochs(t, d.DataLoader(range(100), 7)),
    "random_split": lambda t, d: indices(
        t, [index for part in d.random_split(range(9), [6, 3]) for index in part]
    ),
    "random_split by a generator": lambda t, d: indices(
        t, d.random_split(range(99), [0.7, 0.3], generator=t.Generator().manual_seed(42))[0]
    ),
    "with replacement": lambda t, d: indices(t, d.RandomSampler(range(100), True, 77)),
    "more than there are": lambda t, d: indices(t, d.RandomSampler(range(100), num_samples=250)),
    "fewer than there are": lambda t, d: indices(t, d.RandomSampler(range(100), num_samples=40)),
    "subset": lambda t, d: indices(t, d.SubsetRandomSampler(range(10, 40))),
    "weighted": lambda t, d: indices(t, d.WeightedRandomSampler([0.1, 0.5, 0.9, 2], 30)),
    "weighted, each once": lambda t, d: indices(
        t, d.WeightedRandomSampler([0.1, 0.5, 0.9, 2], 3, replacement=False)
    ),
}


@pytest.mark.parametrize("name", ORDERS)
def test_orders(name: str) -> None:
    assert_same_stream(lambda t: ORDERS[name](t, t.utils.data))


def test_a_training_has_the_same_losses() -> None:
    def losses(t: Any) -> Any:
        model = t.nn.Sequential(
            t.nn.Linear(10, 20), t.nn.ReLU(), t.nn.Dropout(0.3), t.nn.Linear(20, 3)
        )
        x, y = t.randn(64, 10), t.randint(0, 3, (64,))
        optimizer = t.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
        loader = t.utils.data.DataLoader(t.utils.data.TensorDataset(x, y), 16, shuffle=True)
        found = []
        for _ in range(3):
            for batch, labels in loader:
                optimizer.zero_grad()
                loss = t.nn.functional.cross_entropy(model(batch), labels)
                loss.backward()
                optimizer.step()
                found.append(loss.item())
        return t.tensor(found)

    assert_same_stream(losses, 1e-5)
