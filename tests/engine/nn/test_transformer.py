"""Transformers against PyTorch: layers, stacks, the whole model, and language models learning."""

from __future__ import annotations

import copy
import warnings
from typing import Any

import numpy as np
import pytest

from tests.engine.nn.language_models import character_model, encoder_model, translation_model
from tests.engine.nn.pairing import close, compare_modules, copy_state, numbers, ours, torch_or_skip

pytestmark = pytest.mark.filterwarnings("ignore:enable_nested_tensor")

SIZE = {"d_model": 8, "nhead": 2, "dim_feedforward": 16, "dropout": 0.0}
OPTIONS: dict[str, dict[str, Any]] = {
    "plain": {},
    "batch first": {"batch_first": True},
    "norm first": {"norm_first": True},
    "gelu": {"activation": "gelu", "norm_first": True, "batch_first": True},
    "without bias": {"bias": False},
    "eps": {"layer_norm_eps": 0.1},
}


@pytest.mark.torch
@pytest.mark.parametrize("name", OPTIONS)
@pytest.mark.parametrize("mode", ["train", "eval"])
def test_layers_equal_torch(name: str, mode: str) -> None:
    options = SIZE | OPTIONS[name]
    source, target = numbers(4, 3, 8), numbers(4, 3, 8, seed=1)
    compare_modules(
        lambda nn: getattr(nn.TransformerEncoderLayer(**options), mode)(), [source], 1e-8
    )
    compare_modules(
        lambda nn: getattr(nn.TransformerDecoderLayer(**options), mode)(), [target, source], 1e-8
    )


@pytest.mark.torch
@pytest.mark.parametrize("name", OPTIONS)
@pytest.mark.parametrize("mode", ["train", "eval"])
def test_transformer_equals_torch(name: str, mode: str) -> None:
    options = SIZE | OPTIONS[name]
    compare_modules(
        lambda nn: getattr(
            nn.Transformer(num_encoder_layers=2, num_decoder_layers=2, **options), mode
        )(),
        [numbers(4, 4, 8), numbers(4, 4, 8, seed=1)],
        1e-8,
    )


def masks(engine: Any, kind: str) -> dict[str, Any]:
    causal = engine.nn.Transformer.generate_square_subsequent_mask(5, dtype=engine.float64)
    later = engine.tensor(np.triu(np.ones((5, 5), dtype=bool), 1))
    padded = engine.tensor(np.arange(5)[None, :] >= np.array([[5], [3], [4]]))
    return {
        "causal": {"tgt_mask": causal, "src_mask": causal},
        "causal of bool": {"tgt_mask": later, "memory_mask": later},
        "said to be causal": {"tgt_mask": causal, "tgt_is_causal": True},
        "said not to be causal": {"tgt_mask": causal, "tgt_is_causal": False},
        "padded": {
            "src_key_padding_mask": padded,
            "tgt_key_padding_mask": padded,
            "memory_key_padding_mask": padded,
        },
        "padded and causal": {
            "tgt_mask": later,
            "src_key_padding_mask": padded,
            "tgt_key_padding_mask": padded,
        },
    }[kind]


KINDS = [
    "causal",
    "causal of bool",
    "said to be causal",
    "said not to be causal",
    "padded",
    "padded and causal",
]


def pair(make: Any) -> tuple[Any, Any]:
    theirs = make(torch_or_skip().nn).double()
    mine = make(ours.nn).double()
    copy_state(mine, theirs)
    return mine, theirs


@pytest.mark.torch
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("gradients", [True, False])
@pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors")
def test_masks_equal_torchs(kind: str, gradients: bool) -> None:
    torch = torch_or_skip()
    models = pair(lambda nn: nn.Transformer(8, 2, 2, 1, 16, 0.0, batch_first=True))
    outputs = []
    for engine, model in zip((ours, torch), models, strict=True):
        model.train(gradients)
        with engine.set_grad_enabled(gradients):
            arguments = [engine.tensor(numbers(3, 5, 8, seed=i)) for i in range(2)]
            outputs.append(model(*arguments, **masks(engine, kind)))
        if gradients:
            outputs[-1].square().sum().backward()
    close(outputs[0], outputs[1], 1e-8)
    for a, b in zip(models[0].parameters(), models[1].parameters(), strict=True):
        if gradients:
            close(a.grad, b.grad, 1e-8)


@pytest.mark.torch
@pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors")
@pytest.mark.parametrize("norm", [True, False])
@pytest.mark.parametrize(("mask_check", "where"), [(True, "end"), (False, "end"), (True, "start")])
def test_padding_in_evaluation_equals_torch(norm: bool, mask_check: bool, where: str) -> None:
    torch = torch_or_skip()
    models = pair(
        lambda nn: nn.TransformerEncoder(
            nn.TransformerEncoderLayer(8, 2, 16, 0.0, batch_first=True),
            2,
            nn.LayerNorm(8) if norm else None,
            mask_check=mask_check,
        ).eval()
    )
    padded = np.arange(5)[None, :] >= np.array([[5], [3], [2]])
    if where == "start":
        padded = padded[:, ::-1].copy()
    outputs = []
    for engine, model in zip((ours, torch), models, strict=True):
        with engine.no_grad():
            x = engine.tensor(numbers(3, 5, 8))
            outputs.append(model(x, src_key_padding_mask=engine.tensor(padded)))
    close(outputs[0], outputs[1], 1e-8)


WARNINGS: dict[str, Any] = {
    "batch second": lambda nn: nn.TransformerEncoderLayer(8, 2),
    "norm first": lambda nn: nn.TransformerEncoderLayer(8, 2, norm_first=True, batch_first=True),
    "odd heads": lambda nn: nn.TransformerEncoderLayer(9, 3, batch_first=True),
    "activation": lambda nn: nn.TransformerEncoderLayer(
        8, 2, batch_first=True, activation=nn.Tanh()
    ),
    "bias": lambda nn: nn.TransformerEncoderLayer(8, 2, batch_first=True, bias=False),
    "none": lambda nn: nn.TransformerEncoderLayer(8, 2, batch_first=True, activation=nn.GELU()),
}


@pytest.mark.torch
@pytest.mark.parametrize("name", WARNINGS)
def test_warning_is_torchs(name: str) -> None:
    said = []
    for engine in (ours, torch_or_skip()):
        layer = WARNINGS[name](engine.nn)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            engine.nn.TransformerEncoder(layer, 1)
            quiet = len(caught)
            engine.nn.TransformerEncoder(layer, 1, enable_nested_tensor=False)
        assert len(caught) == quiet
        said.append([str(warning.message) for warning in caught])
    assert said[0] == said[1]


ERRORS: dict[str, Any] = {
    "activation": lambda e: e.nn.TransformerEncoderLayer(8, 2, activation="tanh"),
    "batch": lambda e: e.nn.Transformer(8, 2, 1, 1)(e.zeros(3, 5, 8), e.zeros(2, 4, 8)),
    "source": lambda e: e.nn.Transformer(8, 2, 1, 1)(e.zeros(3, 5, 7), e.zeros(3, 5, 8)),
    "target": lambda e: e.nn.Transformer(8, 2, 1, 1)(e.zeros(3, 5, 8), e.zeros(3, 5, 7)),
    "rank": lambda e: e.nn.TransformerEncoderLayer(8, 2)(e.zeros(5)),
    "mask type": lambda e: e.nn.TransformerEncoderLayer(8, 2)(
        e.zeros(5, 2, 8), src_mask=e.zeros(5, 5).long()
    ),
    "causal without mask": lambda e: e.nn.TransformerEncoderLayer(8, 2)(
        e.zeros(5, 2, 8), is_causal=True
    ),
}


@pytest.mark.torch
@pytest.mark.parametrize("name", ERRORS)
def test_error_is_torchs(name: str) -> None:
    torch = torch_or_skip()
    with pytest.raises(Exception) as theirs:  # noqa: PT011 (torch says which)
        ERRORS[name](torch)
    with pytest.raises(type(theirs.value)) as mine:
        ERRORS[name](ours)
    assert str(mine.value) == str(theirs.value)


def test_mismatched_masks_are_warned_of_once() -> None:
    encoder = ours.nn.TransformerEncoder(ours.nn.TransformerEncoderLayer(8, 2), 2)
    mask = ours.nn.Transformer.generate_square_subsequent_mask(5)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        encoder(ours.randn(5, 3, 8), mask, ours.zeros(3, 5).bool())
    assert [str(each.message)[:56] for each in caught] == [
        "Support for mismatched src_key_padding_mask and mask is "
    ]


def test_layers_are_independent_copies() -> None:
    layer = ours.nn.TransformerEncoderLayer(8, 2)
    encoder = ours.nn.TransformerEncoder(layer, 2)
    first, second = encoder.layers
    assert first is not layer
    assert len({id(x) for x in (*layer.parameters(), *encoder.parameters())}) == 36
    assert first.linear1.weight.equal(second.linear1.weight)
    twin = copy.deepcopy(encoder)
    with ours.no_grad():
        twin.layers[0].linear1.weight.zero_()
    assert float(first.linear1.weight.abs().sum()) > 0


def test_subsequent_mask() -> None:
    mask = ours.nn.Transformer.generate_square_subsequent_mask(3)
    inf = float("inf")
    assert mask.tolist() == [[0.0, -inf, -inf], [0.0, 0.0, -inf], [0.0, 0.0, 0.0]]
    mask[0, 0] = 1.0
    assert ours.nn.Transformer.generate_square_subsequent_mask(3)[0, 0] == 0


def test_dropout_and_modes() -> None:
    model = ours.nn.Transformer(8, 2, 1, 1, 16, dropout=0.5)
    x = ours.randn(4, 2, 8)
    assert not model(x, x).equal(model(x, x))
    model.eval()
    assert model(x, x).equal(model(x, x))


@pytest.mark.torch
@pytest.mark.parametrize("build", [character_model, encoder_model, translation_model])
def test_language_model_learns_as_in_torch(build: Any) -> None:
    torch = torch_or_skip()
    theirs, mine = build(torch), build(ours)
    copy_state(mine, theirs)
    random = np.random.default_rng(3)
    batches = [random.integers(1, 11, (4, 10)) for _ in range(10)]
    for batch in batches:
        batch[0, 8:] = 0 if build is translation_model else batch[0, 8:]
    losses = []
    for engine, model in ((torch, theirs), (ours, mine)):
        optimizer = engine.optim.AdamW(model.parameters(), lr=1e-2, betas=(0.9, 0.95))
        history = []
        for batch in batches:
            loss = model(engine.tensor(batch))
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            engine.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            history.append(loss.item())
        losses.append(history)
    np.testing.assert_allclose(losses[1], losses[0], rtol=2e-4)
    assert losses[0][-1] < losses[0][0]
