"""Averaged models against PyTorch: weights, buffers, batch norms measured anew."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.engine.nn.pairing import copy_state, numbers, ours, torch_or_skip

AVERAGES: dict[str, Any] = {
    "plain": lambda u: {},
    "swa": lambda u: {"avg_fn": u.get_swa_avg_fn()},
    "ema": lambda u: {"avg_fn": u.get_ema_avg_fn(0.8)},
    "multi swa": lambda u: {"multi_avg_fn": u.get_swa_multi_avg_fn()},
    "multi ema": lambda u: {"multi_avg_fn": u.get_ema_multi_avg_fn(0.8), "use_buffers": True},
    "own": lambda u: {"avg_fn": lambda a, w, n: 0.25 * a + 0.75 * w, "use_buffers": True},
}


def network(engine: Any) -> Any:
    nn = engine.nn
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2)).double()


@pytest.mark.torch
@pytest.mark.parametrize("name", AVERAGES)
def test_an_averaged_model_equals_torchs(name: str) -> None:
    torch = torch_or_skip()
    torch.manual_seed(0)
    models = [network(ours), network(torch)]
    copy_state(*models)
    averaged = []
    batches = [numbers(6, 3, seed=n) for n in range(5)]
    for engine, model in zip((ours, torch), models, strict=True):
        utils = engine.optim.swa_utils
        average = utils.AveragedModel(model, **AVERAGES[name](utils))
        optimizer = engine.optim.SGD(model.parameters(), lr=0.1)
        for batch in batches:
            optimizer.zero_grad()
            (model(engine.tensor(batch)) ** 2).sum().backward()
            optimizer.step()
            average.update_parameters(model)
        utils.update_bn([engine.tensor(batch) for batch in batches], average)
        averaged.append(average)
    mine, theirs = (model.state_dict() for model in averaged)
    assert list(mine) == list(theirs)
    for key, value in theirs.items():
        np.testing.assert_allclose(mine[key].numpy(), value.numpy(), rtol=1e-5, atol=1e-6)
    x = numbers(4, 3, seed=99)
    results = [m.eval()(e.tensor(x)) for e, m in zip((ours, torch), averaged, strict=True)]
    np.testing.assert_allclose(results[0].detach().numpy(), results[1].detach().numpy(), rtol=1e-4)


def test_norms_are_as_they_were_after_measuring() -> None:
    model = network(ours)
    model.eval()
    batches = [[ours.tensor(numbers(6, 3, seed=n)), None] for n in range(3)]
    ours.optim.swa_utils.update_bn(batches, model)
    assert not model.training
    assert model[1].momentum == 0.1
    assert model[1].num_batches_tracked == 3


WRONG: dict[str, Any] = {
    "decay": lambda e, u: u.get_ema_avg_fn(1.5),
    "multi decay": lambda e, u: u.get_ema_multi_avg_fn(-1),
    "both": lambda e, u: u.AveragedModel(
        network(e), avg_fn=u.get_swa_avg_fn(), multi_avg_fn=u.get_swa_multi_avg_fn()
    ),
    "strategy": lambda e, u: u.SWALR(sgd(e), 0.1, anneal_strategy="sine"),
    "epochs": lambda e, u: u.SWALR(sgd(e), 0.1, anneal_epochs=-1),
    "rates": lambda e, u: u.SWALR(sgd(e), [0.1, 0.2]),
}


def sgd(engine: Any) -> Any:
    return engine.optim.SGD([engine.zeros(2, requires_grad=True)], lr=0.1)


@pytest.mark.torch
@pytest.mark.parametrize("name", WRONG)
def test_mistakes_are_reported_in_torchs_words(name: str) -> None:
    raised = []
    for engine in (ours, torch_or_skip()):
        with pytest.raises(Exception) as caught:  # noqa: PT011 (compared below)
            WRONG[name](engine, engine.optim.swa_utils)
        raised.append((type(caught.value).__name__, str(caught.value)))
    assert raised[0] == raised[1]
