"""Every op of the engine: its card has a formula whose numbers are right, or words.

The cases are those that hold every op's derivatives to PyTorch's, recorded as a script runs them.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from gradstep.protocol.row import EventRow
from gradstep.trace.reader import RunTrace
from gradstep.views.explain import explain
from gradstep.views.formulas import rule_of
from gradstep.views.formulas.words import WORDS, words_of
from gradstep.views.text import plain
from tests.provenance.recorded import record

SCRIPT = """\
import warnings

import torch
from tests.engine.derivatives import layer_cases, tensor_cases
from tests.engine.parity import arrays, leaves, outputs

warnings.simplefilter("ignore")
for name, (function, shapes) in (tensor_cases.CASES | layer_cases.CASES).items():
    made = leaves(torch, arrays(*shapes))
    found = [out for out in outputs(function(torch, *made)) if out.requires_grad]
    sum((out * out).sum() for out in found).backward()

# Short enough that what they pick is noted in full.
x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
x.masked_select(x > 1.5).sum().backward()
(x * 1).masked_scatter(x > 1.5, x * 2).sum().backward()
"""

WITHOUT: dict[str, str] = {
    "svd": "its factors have free signs, and hold only together",
    "qr": "its factors have free signs, and hold only together",
    "fractional_max_pool2d": "where its windows begin is drawn by chance",
    "grid_sampler": "a chain of many small steps, none of them recorded",
    "multi_head_attention_forward": "three projections, attention and another, none of it recorded",
}
"""Ops without numbers, forward and backward, and why."""

WITHOUT_BACKWARD: dict[str, str] = {
    "eigh": "its vectors have free signs, so that their slopes cannot be measured",
}

FORMS: dict[str, str] = {
    "getitem": "an index that is a long mask is not noted in full",
    "setitem_": "an index that is a long mask is not noted in full",
    "masked_select": "an index that is a long mask is not noted in full",
    "masked_scatter": "an index that is a long mask is not noted in full",
    "einsum": "a letter that stands twice in a term",
    "uniform_": "so many numbers drawn are not noted in full",
}
"""Ops that some ways of calling them are not worked out for: the card says why."""


@pytest.fixture(scope="module")
def run(
    tmp_path_factory: pytest.TempPathFactory, child_environment: dict[str, str], root: Path
) -> Iterator[RunTrace]:
    path = f"{child_environment['PYTHONPATH']}:{root}"
    environment = {**child_environment, "PYTHONPATH": path}
    with record(tmp_path_factory.mktemp("ops"), SCRIPT, environment) as trace:
        yield trace.run()


def ops(run: RunTrace) -> list[EventRow]:
    return [row for row in run.events(1, None, ("op",)) if row.detail.get("nodes")]


def test_every_op_has_a_formula_or_words(run: RunTrace) -> None:
    missing = {
        (op.name, node)
        for op in ops(run)
        for node in op.detail["nodes"]
        if rule_of(op, node) is None and not words_of(op)
    }
    assert not missing, "add a Rule to views/formulas, or words to formulas/words.py"


def test_words_are_only_for_ops_without_a_formula(run: RunTrace) -> None:
    worded: defaultdict[str, set[bool]] = defaultdict(set)
    for op in ops(run):
        for node in op.detail["nodes"]:
            worded[op.name].add(rule_of(op, node) is not None)
    needless = {name for name in WORDS if worded.get(name) == {True}}
    assert not needless


def test_every_op_has_numbers_forward_and_backward_that_hold(run: RunTrace) -> None:
    """A card's arithmetic holds against the recorded value, or the op is a named exception."""
    names = {op.seq: op.name for op in run.events(1, None, ("op",))}
    seen: defaultdict[tuple[str, str, int], int] = defaultdict(int)
    worked: defaultdict[tuple[str, str], set[bool]] = defaultdict(set)
    wrong = []
    for row in run.events(1, None, ("op", "node")):
        # Every way of calling an op stands in some case; the sums behind them say nothing new.
        key = (row.kind, row.name + names.get(row.op, ""), len(str(row.detail)))
        seen[key] += 1
        if seen[key] > 4:
            continue
        card = explain(run.at(row.seq), width=100)
        text = plain(card.lines)
        if card.matches is False:
            wrong.append(text)
        if row.kind == "node":
            assert re.search(r"→|grad stays|no input needs|not recorded|None", text), text
        if row.kind == "op" or row.op in names:
            name = names[row.op] if row.kind == "node" else row.name
            says = "not worked out" in text or "recorded numbers only" in text
            worked[row.kind, name].add(card.matches is not None and not says)
            assert card.matches is not None or says or name in WITHOUT, text
    assert not wrong, "\n\n".join(wrong)
    without = {key for key, found in worked.items() if True not in found}
    assert without == {(kind, name) for kind in ("op", "node") for name in WITHOUT} | {
        ("node", name) for name in WITHOUT_BACKWARD
    }
    partly = {name for (_, name), found in worked.items() if found == {True, False}}
    assert partly == set(FORMS)


def test_a_value_that_was_not_computed_so_is_told(
    run: RunTrace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every op's card notices another recorded result, forward and backward."""
    from gradstep.views.cards import card as cards

    agrees = cards.agrees

    def altered(value: float, recorded: float, scale: float, dtype: str) -> bool:
        return agrees(value, recorded + 0.5 * (abs(recorded) + 1), scale, dtype)

    monkeypatch.setattr(cards, "agrees", altered)
    seen: set[str] = set()
    for row in run.events(1, None, ("op", "node")):
        if row.name in seen:
            continue
        seen.add(row.name)
        card = explain(run.at(row.seq), width=100)
        assert card.matches is not True, plain(card.lines)
        assert (card.matches is False) == ("✗ What was recorded" in plain(card.lines))
